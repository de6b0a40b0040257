//! A Responses request into the model: the members of the request itself.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create>. Unknown members are kept, never an error; a `null`
//! counts as absent, as it does at OpenAI.

use super::input::InputItems;
use super::tools;
use crate::chat::{Effort, Message, PartKind, Request, Role};
use crate::dialect::Refusal;
use crate::dialect::loss::at::At;
use crate::json::{Kind, Raw, Text, Writer};

/// What an answer can be about without any input.
const STANDS_FOR_INPUT: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

/// Reads a request.
///
/// # Errors
/// What is wrong with it, with its place.
pub(super) fn read(body: Raw<'_>) -> Result<Request<'_>, Refusal> {
    if body.kind() != Kind::Object {
        return Err(Refusal::invalid("", "The body must be a JSON object with `model` and `input`."));
    }
    let mut reader = ResponsesReading::default();
    reader.request.dialect = super::OWN;
    for (name, value) in body.fields().filter(|(_, value)| !value.is_null()) {
        let key = name.decode();
        let at = At::member(&key);
        if !reader.conversation(&key, value, &at)? && !reader.answer(&key, value, &at)? {
            reader.request.extra.push((name, value));
        }
    }
    reader.finish()
}

#[derive(Default)]
struct ResponsesReading<'a> {
    request: Request<'a>,
    instructions: Option<Text<'a>>,
    safety_identifier: Option<Raw<'a>>,
}

impl<'a> ResponsesReading<'a> {
    fn conversation(&mut self, key: &str, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let request = &mut self.request;
        match key {
            "model" => request.model = at.text(value)?,
            "instructions" => self.instructions = Some(at.text(value)?),
            "input" => {
                let input = InputItems::read(value, at)?;
                request.messages = input.messages;
                let reference = input.reference.map(|item| (Text::from("item_reference"), item));
                request.extra.extend(reference);
            }
            "stream" => request.stream = at.boolean(value)?,
            "tools" => request.tools = tools::read_all(value, at, &mut request.extra)?,
            "tool_choice" => request.tool_choice = Some(tools::read_choice(value, at)?),
            "parallel_tool_calls" => request.parallel_tool_calls = Some(at.boolean(value)?),
            "user" => request.user = Some(at.text(value)?),
            "safety_identifier" => {
                at.text(value)?;
                self.safety_identifier = Some(value);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn answer(&mut self, key: &str, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let request = &mut self.request;
        match key {
            "max_output_tokens" => request.max_tokens = Some(at.whole(value)?),
            "temperature" => request.sampling.temperature = Some(at.number(value)?),
            "top_p" => request.sampling.top_p = Some(at.number(value)?),
            "top_logprobs" => {
                let top = at.whole(value)?;
                request.logprobs.top = Some(top);
                request.logprobs.on |= top > 0;
            }
            "include" => self.include(value, at)?,
            "text" => {
                for (name, member) in at.object(value)?.fields().filter(|(_, member)| !member.is_null()) {
                    if name == "format" {
                        request.format = tools::read_format(member, &at.name("format"))?;
                    } else {
                        request.extra.push((inside("text", &name), member));
                    }
                }
            }
            "reasoning" => self.reasoning(value, at)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What the answer shall hold besides: log probabilities are the model's, sealed reasoning comes unasked, and the
    /// rest is about tools of OpenAI's own.
    fn include(&mut self, value: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        for (index, item) in at.array(value)?.items().enumerate() {
            match at.index(index).text(item)?.decode().as_ref() {
                "reasoning.encrypted_content" => {}
                "message.output_text.logprobs" => self.request.logprobs.on = true,
                _ => self.request.extra.push((Text::from("include"), item)),
            }
        }
        Ok(())
    }

    fn reasoning(&mut self, value: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        for (name, member) in at.object(value)?.fields().filter(|(_, member)| !member.is_null()) {
            let thinking = &mut self.request.thinking;
            let at = at.name(match name.decode().as_ref() {
                "effort" => "effort",
                // What the caller wants to see of it; how much, is each model's own.
                "summary" | "generate_summary" => {
                    thinking.show = Some(true);
                    continue;
                }
                _ => {
                    self.request.extra.push((inside("reasoning", &name), member));
                    continue;
                }
            });
            let effort = Effort::from_name(&at.text(member)?.decode()).ok_or_else(|| {
                at.refuse("must be one of none, minimal, low, medium, high, xhigh and max.")
            })?;
            thinking.effort = Some(effort);
            thinking.off = effort == Effort::None;
        }
        Ok(())
    }

    fn finish(self) -> Result<Request<'a>, Refusal> {
        let mut request = self.request;
        let stands_for_input = |(name, _): &(Text<'_>, Raw<'_>)| {
            *name == "item_reference" || STANDS_FOR_INPUT.iter().any(|known| *name == **known)
        };
        if request.messages.is_empty() && !request.extra.iter().any(stands_for_input) {
            return Err(At::member("input").missing("give a string or an array with at least one item."));
        }
        if let Some(text) = self.instructions {
            let parts = vec![PartKind::Text(text).into()];
            let message = Message { role: Role::System, parts, name: None, extra: Vec::new() };
            request.messages.insert(0, message);
        }
        if let Some(value) = self.safety_identifier {
            match request.user {
                // The newer name for the same thing.
                None => request.user = value.text(),
                Some(_) => request.extra.push((Text::from("safety_identifier"), value)),
            }
        }
        // Every stream of this dialect ends with its usage.
        request.stream_usage = request.stream;
        Ok(request)
    }
}

fn inside(outer: &str, name: &Text<'_>) -> Text<'static> {
    Text::from(format!("{outer}.{}", name.decode()))
}

/// A member that an answer repeats, and what stands there if the request doesn't say it.
const REPEATED: [(&str, &str); 15] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("reasoning", "null"),
    ("safety_identifier", "null"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "null"),
    ("truncation", "\"disabled\""),
    ("user", "null"),
];

/// The members of the request that its answer repeats, as a JSON object.
pub(super) fn repeated(body: Raw<'_>) -> String {
    let mut out = Vec::with_capacity(512);
    Writer::new(&mut out).object(|w| {
        for (name, default) in REPEATED {
            w.key(name).raw(body.present(name).unwrap_or(Raw::trusted(default)));
        }
    });
    String::from_utf8(out).unwrap_or_default()
}
