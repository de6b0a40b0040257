//! How many of each thing one request may have: counted before anything is made of them, on every path.

use super::{Refusal, Surface};
use crate::json::{Kind, Raw};

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
}

/// A list needs so many bytes at least for each of its elements.
const SHORTEST: usize = 2;

impl Limits {
    /// Anything goes.
    pub const NONE: Limits =
        Limits { messages: usize::MAX, tools: usize::MAX, parts: usize::MAX, inputs: usize::MAX };

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
        Ok(())
    }
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

    const LIMITS: Limits = Limits { messages: 3, tools: 2, parts: 4, inputs: 5 };

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
