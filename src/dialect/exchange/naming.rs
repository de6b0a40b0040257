//! The caller's names of places in the model, in refusals and in the list of what was left out.

use crate::dialect::loss::{Place, Refusal, Spot};
use crate::dialect::seam::Caller;
use crate::json::Raw;
use std::borrow::Cow;

/// A refusal in the caller's words.
pub(super) fn refusal(refusal: Refusal, caller: &dyn Caller, body: Raw<'_>) -> Refusal {
    let mut names = Names { caller, body, places: None };
    Refusal {
        param: refusal.param.map(|param| names.renamed(&param).into_owned()),
        message: names.renamed(&refusal.message).into_owned(),
        ..refusal
    }
}

/// What was left out, in the caller's words.
pub(super) fn dropped(
    dropped: Vec<Cow<'static, str>>,
    caller: &dyn Caller,
    body: Raw<'_>,
) -> Vec<Cow<'static, str>> {
    let mut names = Names { caller, body, places: None };
    let rename = |name: Cow<'static, str>| match names.renamed(&name) {
        Cow::Owned(renamed) => Cow::Owned(renamed),
        Cow::Borrowed(_) => name,
    };
    dropped.into_iter().map(rename).collect()
}

/// A caller's names. Its request is walked when the first is asked for, and never again.
struct Names<'a> {
    caller: &'a dyn Caller,
    body: Raw<'a>,
    places: Option<Box<dyn Fn(Place) -> String + 'a>>,
}

impl Names<'_> {
    fn renamed<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let (all, list) = ("messages[]", self.caller.list_name());
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, place, after)) = find(rest) {
            let places = self.places.get_or_insert_with(|| self.caller.places(self.body));
            out.push_str(before);
            out.push_str(&places(place));
            rest = after;
        }
        if rest.contains(all) && list != "messages" {
            out.push_str(&rest.replace(all, &format!("{list}[]")));
        } else if rest.len() == text.len() {
            return Cow::Borrowed(text);
        } else {
            out.push_str(rest);
        }
        Cow::Owned(out)
    }
}

/// The first place in a text, and what stands around it.
fn find(text: &str) -> Option<(&str, Place, &str)> {
    const MESSAGES: &str = "messages[";
    let at = text.find(MESSAGES)?;
    let (before, rest) = text.split_at_checked(at)?;
    let (message, rest) = number(rest.strip_prefix(MESSAGES)?)?;
    let part = rest.strip_prefix(".content[").and_then(number);
    let call = || {
        let (call, rest) = number(rest.strip_prefix(".tool_calls[")?)?;
        Some((call, rest.strip_prefix(".function.arguments")?))
    };
    let (spot, rest) = match (part, call()) {
        (Some((part, rest)), _) => (Spot::Part(part), rest),
        (None, Some((call, rest))) => (Spot::Call(call), rest),
        (None, None) => (Spot::Message, rest),
    };
    Some((before, Place { message, spot }, rest))
}

/// `2]…`
fn number(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.split_once(']')?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Surface, exchange};

    fn named(surface: Surface, body: &str, text: &str) -> String {
        let body = Raw::parse(body.as_bytes()).unwrap();
        let caller = exchange::caller(surface).unwrap();
        Names { caller, body, places: None }.renamed(text).into_owned()
    }

    #[test]
    fn of_chat() {
        let body = r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"t","content":[{"type":"text","text":"b"}],"tool_calls":[]},
            {"role":"tool"},{"role":"tool"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"x"}]}]}"#;
        let named = |text| named(Surface::Chat, body, text);
        assert_eq!(named("messages[0] is"), "messages[0] is");
        assert_eq!(named("messages[1].content[1] is"), "messages[1].content[0] is");
        assert_eq!(
            named("messages[1].tool_calls[0].function.arguments."),
            "messages[1].tool_calls[0].function.arguments."
        );
        assert_eq!(named("messages[2].content[1] is"), "messages[3].content is");
        assert_eq!(named("messages[3].content[1], messages[9]"), "messages[4].content[1], messages[9]");
        assert_eq!(named("messages[].name"), "messages[].name");
    }

    #[test]
    fn of_messages() {
        let body = r#"{"system":"s","messages":[{"role":"user","content":"a"}]}"#;
        assert_eq!(named(Surface::Messages, body, "messages[1].content[0] is"), "messages[0].content[0] is");
        assert_eq!(named(Surface::Messages, body, "messages[0].content[2]"), "system[2]");
        assert_eq!(named(Surface::Messages, r#"{"messages":[]}"#, "messages[1]"), "messages[1]");
    }

    #[test]
    fn of_responses() {
        let body = r#"{"instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"x"}]},
            {"type":"reasoning","summary":[{"type":"summary_text","text":"t"}]},{"role":"assistant","content":"b"},{"type":"function_call","call_id":"c","name":"f","arguments":"["},
            {"type":"function_call_output","call_id":"c","output":"1"},{"type":"function_call_output","call_id":"d","output":"1"}]}"#;
        let named = |text| named(Surface::Responses, body, text);
        assert_eq!(named("messages[0].content[0] is"), "instructions is");
        assert_eq!(named("messages[1].content[1] is"), "input[0].content[1] is");
        assert_eq!(named("messages[2].content[1] is"), "input[2] is");
        assert_eq!(named("messages[2].tool_calls[0].function.arguments"), "input[3].arguments");
        assert_eq!(named("messages[3].content[1] is"), "input[5] is");
        assert_eq!(named("messages[3]"), "input[4]");
    }
}
