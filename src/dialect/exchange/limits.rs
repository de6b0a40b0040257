//! How many of each thing one request may have: counted before anything is made of them, on every path.

use crate::chat::Request;
use crate::dialect::loss::Refusal;
use crate::dialect::surface::Surface;
use crate::json::{Kind, Raw, Text, values};

/// The most that a request may have. The file sets them (`listen.max_…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages of a chat, or items of a response's input.
    pub messages: usize,
    /// Tools, and legacy functions.
    pub tools: usize,
    /// Parts of one message: of its content, of the results in it, and calls; also of a system prompt.
    pub parts: usize,
    /// Texts to embed.
    pub inputs: usize,
    /// Members of all objects, objects, lists and strings in lists, in the arguments of calls too. Each costs little; a million of
    /// them would hold a worker up for seconds.
    pub values: usize,
    /// Members of a chat and of its messages that no place is known for. Each is told of by name where it is left out.
    pub unknown: usize,
}

/// A list needs so many bytes at least for each of its elements.
const SHORTEST: usize = 2;

impl Limits {
    /// Anything goes.
    pub const NONE: Limits = Limits {
        messages: usize::MAX,
        tools: usize::MAX,
        parts: usize::MAX,
        inputs: usize::MAX,
        values: usize::MAX,
        unknown: usize::MAX,
    };

    /// # Errors
    /// There are more of [`Limits::unknown`].
    pub(super) fn hold_unknown(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let of_messages = request.messages.iter().map(|message| message.extra.len());
        let count = of_messages.fold(request.extra.len(), usize::saturating_add);
        within(count, "The request", "members that are not known", self.unknown, "max_unknown")
            .map_err(|refusal| Refusal { param: None, ..refusal })
    }

    /// What a caller is told whose request has more than [`Limits::values`].
    pub fn too_many_values(&self) -> Refusal {
        let most = self.values;
        let message = format!(
            "The request has more than the {most} members, objects, lists and strings in lists that `listen.max_values` allows here. Send fewer in one request."
        );
        Refusal::invalid("", message)
    }

    /// # Errors
    /// What there is too much of, how many there were, and the limit's name.
    pub(super) fn hold(&self, surface: Surface, body: Raw<'_>) -> Result<(), Refusal> {
        let least = self.messages.min(self.tools).min(self.parts).min(self.inputs);
        if body.as_json().len() / SHORTEST <= least {
            return Ok(());
        }
        match surface {
            Surface::Embeddings => {
                return within(inputs(body), "input", "inputs", self.inputs, "max_inputs");
            }
            Surface::Chat | Surface::Messages | Surface::CountTokens | Surface::Responses => {}
        }
        let list = if surface == Surface::Responses { "input" } else { "messages" };
        let messages = body.get(list).unwrap_or(Raw::NULL);
        let what = if surface == Surface::Responses { "items" } else { "messages" };
        within(messages.items().count(), list, what, self.messages, "max_messages")?;
        for name in ["tools", "functions"] {
            let tools = body.get(name).map_or(0, |tools| tools.items().count());
            within(tools, name, "tools", self.tools, "max_tools")?;
        }
        let system = body.get("system").map_or(0, |system| system.items().count());
        within(system, "system", "parts", self.parts, "max_parts")?;
        for (index, message) in messages.items().enumerate() {
            let parts = parts(message);
            if parts > self.parts {
                within(parts, &format!("{list}[{index}]"), "parts", self.parts, "max_parts")?;
            }
        }
        self.hold_arguments(surface, messages)
    }

    /// The arguments of calls are JSON in a string, which translators read. What is in so few bytes is not worth counting.
    fn hold_arguments(&self, surface: Surface, messages: Raw<'_>) -> Result<(), Refusal> {
        const LARGE: usize = 256 << 10;
        let all = || messages.items().flat_map(move |message| arguments(surface, message));
        if all().map(|text| text.as_json().len()).sum::<usize>() < LARGE {
            return Ok(());
        }
        let mut left = self.values;
        for text in all() {
            let text = text.text().map(Text::into_decoded).unwrap_or_default();
            let used = values(&text, left).ok_or_else(|| self.too_many_values())?;
            left = left.saturating_sub(used);
        }
        Ok(())
    }
}

/// The arguments of a message's or an item's calls.
fn arguments(surface: Surface, message: Raw<'_>) -> impl Iterator<Item = Raw<'_>> {
    let is_responses = surface == Surface::Responses;
    let own =
        if is_responses { message.get("arguments") } else { message.at(&["function_call", "arguments"]) };
    let calls = message.get("tool_calls").filter(|_| !is_responses).unwrap_or(Raw::NULL);
    own.into_iter().chain(calls.items().filter_map(|call| call.at(&["function", "arguments"])))
}

fn within(count: usize, path: &str, what: &str, most: usize, limit: &str) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    let message = format!(
        "{path} has {count} {what}, more than the {most} that `listen.{limit}` allows here. Send fewer in one request."
    );
    Err(Refusal::invalid(path, message))
}

/// The lists that a message has, and those in the parts of its content.
fn parts(message: Raw<'_>) -> usize {
    let mut count = 0usize;
    for (name, value) in message.fields() {
        if value.kind() != Kind::Array
            || !["content", "tool_calls", "output", "summary"].iter().any(|list| name == *list)
        {
            continue;
        }
        for part in value.items() {
            let inner = part.get("content").map_or(0, |content| content.items().count());
            count = count.saturating_add(1).saturating_add(inner);
        }
    }
    count
}

/// A list of numbers is one text's tokens.
fn inputs(body: Raw<'_>) -> usize {
    let input = body.get("input").unwrap_or(Raw::NULL);
    match input.items().next() {
        Some(first) if first.kind() != Kind::Number => input.items().count(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ask;
    use super::*;

    const LIMITS: Limits =
        Limits { messages: 3, tools: 2, parts: 4, inputs: 5, values: usize::MAX, unknown: 2 };

    fn asked(surface: Surface, body: &str) -> Result<(), Refusal> {
        ask(surface, Raw::parse(body.as_bytes()).unwrap(), &LIMITS).map(|_| ())
    }

    fn list(item: &str, count: usize) -> String {
        vec![item; count].join(",")
    }

    #[test]
    fn each_is_held_where_it_stands() {
        let user = r#"{"role":"user","content":"x"}"#;
        let text = r#"{"type":"text","text":"x"}"#;
        let tool = |n: usize| list(r#"{"type":"function","function":{"name":"f"}}"#, n);
        let chat = |messages: &str, rest: &str| format!(r#"{{"model":"m","messages":[{messages}]{rest}}}"#);
        let said = |parts: &str| format!(r#"{{"role":"user","content":[{parts}]}}"#);
        let asked_of = |surface, body: String, path: &str, words: &str| {
            let refusal = asked(surface, &body).unwrap_err();
            assert_eq!((refusal.status, refusal.param.as_deref()), (400, Some(path)), "{body}");
            assert!(refusal.message.starts_with(words), "{}", refusal.message);
        };
        assert!(asked(Surface::Chat, &chat(&list(user, 3), &format!(r#","tools":[{}]"#, tool(2)))).is_ok());
        assert!(asked(Surface::Chat, &chat(&said(&list(text, 4)), "")).is_ok());
        let odd = r#"{"role":"user","content":"x","odd":1}"#;
        assert!(asked(Surface::Chat, &chat(&list(odd, 2), "")).is_ok());
        let refusal = asked(Surface::Chat, &chat(&list(odd, 2), r#","more":1"#)).unwrap_err();
        let words = "The request has 3 members that are not known, more than the 2 that `listen.max_unknown` allows here.";
        assert!(refusal.param.is_none() && refusal.message.starts_with(words), "{}", refusal.message);
        let words = "messages has 4 messages, more than the 3 that `listen.max_messages` allows here.";
        for surface in [Surface::Chat, Surface::Messages, Surface::CountTokens] {
            asked_of(surface, chat(&list(user, 4), ""), "messages", words);
            let words = "messages[1] has 5 parts, more than the 4 that `listen.max_parts`";
            asked_of(surface, chat(&format!("{user},{}", said(&list(text, 5))), ""), "messages[1]", words);
            let words = "tools has 3 tools, more than the 2 that `listen.max_tools`";
            asked_of(surface, chat(user, &format!(r#","tools":[{}]"#, tool(3))), "tools", words);
        }
        let result = format!(r#"{{"type":"tool_result","tool_use_id":"t","content":[{}]}}"#, list(text, 4));
        asked_of(Surface::Messages, chat(&said(&result), ""), "messages[0]", "messages[0] has 5 parts");
        asked_of(
            Surface::Messages,
            chat(user, &format!(r#","system":[{}]"#, list(text, 5))),
            "system",
            "system has 5 parts",
        );
        let functions = format!(r#","functions":[{}]"#, list(r#"{"name":"f"}"#, 3));
        asked_of(Surface::Chat, chat(user, &functions), "functions", "functions has 3 tools");
        let calls = format!(r#"{{"role":"assistant","tool_calls":[{}]}}"#, list("{}", 5));
        asked_of(Surface::Chat, chat(&calls, ""), "messages[0]", "messages[0] has 5 parts");
        let response = |items: &str| format!(r#"{{"model":"m","input":[{items}]}}"#);
        asked_of(
            Surface::Responses,
            response(&list(user, 4)),
            "input",
            "input has 4 items, more than the 3 that `listen.max_messages`",
        );
        asked_of(Surface::Responses, response(&said(&list(text, 5))), "input[0]", "input[0] has 5 parts");
        asked_of(
            Surface::Embeddings,
            response(&list(r#""a""#, 6)),
            "input",
            "input has 6 inputs, more than the 5 that `listen.max_inputs`",
        );
        asked_of(Surface::Embeddings, response(&list("[1,2]", 6)), "input", "input has 6 inputs");
        assert!(asked(Surface::Embeddings, &response(&list("1", 60))).is_ok());
    }
}
