//! A caller's names of what is lost of its request, in refusals and in the list of what was left out.

use crate::dialect::loss::{Member, Naming, Place};
use crate::dialect::seam::Caller;
use crate::json::Raw;

/// A caller's names. Its request is walked when the first place is asked for, and never again.
pub(super) struct CallerNames<'a> {
    caller: &'a dyn Caller,
    body: Raw<'a>,
    places: Option<Box<dyn Fn(Place) -> String + 'a>>,
    /// How many messages there are before the caller's first.
    pub(super) before: usize,
}

impl<'a> CallerNames<'a> {
    pub(super) fn new(caller: &'a dyn Caller, body: Raw<'a>) -> CallerNames<'a> {
        CallerNames { caller, body, places: None, before: 0 }
    }
}

impl Naming for CallerNames<'_> {
    fn member(&self, member: Member) -> &'static str {
        const NEWER: &str = "safety_identifier";
        let name = self.caller.name_of(member);
        // OpenAI has two names for it; the caller knows the one that it wrote.
        let is_newer = member == Member::User && self.body.present(name).is_none();
        if is_newer && self.body.present(NEWER).is_some() { NEWER } else { name }
    }

    fn place(&mut self, place: Place) -> String {
        let place = Place { message: place.message.saturating_sub(self.before), ..place };
        self.places.get_or_insert_with(|| self.caller.places(self.body))(place)
    }

    fn list(&self) -> &'static str {
        self.caller.list_name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::loss::Loss;
    use crate::dialect::{Surface, exchange};

    fn named(surface: Surface, body: &str, lost: impl Into<Loss>) -> String {
        let body = Raw::parse(body.as_bytes()).unwrap();
        let caller = exchange::caller(surface).unwrap();
        lost.into().into_name(&mut CallerNames::new(caller, body)).into_owned()
    }

    #[test]
    fn of_chat() {
        let body = r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"t","content":[{"type":"text","text":"b"}],"tool_calls":[]},
            {"role":"tool"},{"role":"tool"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"x"}]}]}"#;
        let named = |lost| named(Surface::Chat, body, lost);
        assert_eq!(named(Loss::message(0)), "messages[0]");
        assert_eq!(named(Loss::part(1, 1)), "messages[1].content[0]");
        assert_eq!(named(Loss::part(2, 1)), "messages[3].content");
        assert_eq!(named(Loss::part(3, 1)), "messages[4].content[1]");
        assert_eq!(named(Loss::message(9)), "messages[9]");
        assert_eq!(named(Loss::NAMES), "messages[].name");
        assert_eq!(named(Loss::OfTool(2, Member::Arguments)), "tools[2].function.parameters");
    }

    #[test]
    fn a_user_has_the_name_that_was_written() {
        for surface in [Surface::Chat, Surface::Responses] {
            assert_eq!(named(surface, r#"{"safety_identifier":"a"}"#, Member::User), "safety_identifier");
            assert_eq!(named(surface, r#"{"safety_identifier":"a","user":"b"}"#, Member::User), "user");
        }
    }

    #[test]
    fn of_messages() {
        let body = r#"{"system":"s","messages":[{"role":"user","content":"a"}]}"#;
        assert_eq!(named(Surface::Messages, body, Loss::part(1, 0)), "messages[0].content[0]");
        assert_eq!(named(Surface::Messages, body, Loss::part(0, 2)), "system[2]");
        assert_eq!(named(Surface::Messages, body, Member::Stop), "stop_sequences");
        assert_eq!(named(Surface::Messages, r#"{"messages":[]}"#, Loss::message(1)), "messages[1]");
    }

    #[test]
    fn of_responses() {
        let body = r#"{"instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"x"}]},
            {"type":"reasoning","summary":[{"type":"summary_text","text":"t"}]},{"role":"assistant","content":"b"},{"type":"function_call","call_id":"c","name":"f","arguments":"["},
            {"type":"function_call_output","call_id":"c","output":"1"},{"type":"function_call_output","call_id":"d","output":"1"}]}"#;
        let named = |lost| named(Surface::Responses, body, lost);
        assert_eq!(named(Loss::part(0, 0)), "instructions");
        assert_eq!(named(Loss::part(1, 1)), "input[0].content[1]");
        assert_eq!(named(Loss::part(2, 1)), "input[2]");
        assert_eq!(named(Loss::part(2, 2)), "input[3]");
        assert_eq!(named(Loss::part(3, 1)), "input[5]");
        assert_eq!(named(Loss::message(3)), "input[4]");
        assert_eq!(named(Loss::THOUGHTS), "input[].thinking");
        assert_eq!(named(Member::MaxTokens.into()), "max_output_tokens");
    }
}
