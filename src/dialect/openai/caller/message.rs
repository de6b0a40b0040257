//! The messages of a Chat Completions request into the model.

use super::part;
use crate::chat::{Message, Part, PartKind, Role, ToolResult};
use crate::dialect::loss::at::At;
use crate::dialect::openai::{calls, reasoning};
use crate::dialect::{Place, Refusal, Spot};
use crate::json::{Kind, Raw, Text};

/// Reads `messages`.
///
/// # Errors
/// What is wrong with the first bad one, with its place.
pub(super) fn read_all<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Vec<Message<'a>>, Refusal> {
    let mut reader = MessageReading { messages: Vec::new(), legacy_calls: 0 };
    for (index, message) in at.array(value)?.items().enumerate() {
        let at = at.index(index);
        reader.read(at.object(message)?, &at)?;
    }
    if reader.messages.is_empty() {
        return Err(at.refuse("is empty: give at least one message."));
    }
    Ok(reader.messages)
}

/// The caller's names of places in the messages that [`read_all`] makes.
pub(super) fn places(messages: Raw<'_>) -> Box<dyn Fn(Place) -> String> {
    let starts = starts(messages);
    Box::new(move |place| {
        let Some(FirstOf { index, is_result, thoughts, is_array }) = starts.get(place.message) else {
            return place.to_string();
        };
        match place.spot {
            Spot::Part(part) if *is_result => format!("messages[{}].content", index.saturating_add(part)),
            // Thoughts come before the content.
            Spot::Part(part) => match part.checked_sub(*thoughts).filter(|_| *is_array) {
                Some(part) => Place { message: *index, spot: Spot::Part(part) }.to_string(),
                None => format!("messages[{index}].content"),
            },
            _ => Place { message: *index, ..place }.to_string(),
        }
    })
}

/// The first of the caller's messages that are one of the model's.
struct FirstOf {
    index: usize,
    /// Results of tools that follow one another are one message.
    is_result: bool,
    thoughts: usize,
    is_array: bool,
}

fn starts(messages: Raw<'_>) -> Vec<FirstOf> {
    let mut starts = Vec::new();
    let mut after_result = false;
    for (index, message) in messages.items().enumerate() {
        let members = MessageMembers::of(message);
        let role = members.role.and_then(Raw::text);
        let is_result = role.is_some_and(|role| role == "tool" || role == "function");
        if !(after_result && is_result) {
            let is_array = members.content.is_some_and(|content| content.kind() == Kind::Array);
            starts.push(FirstOf { index, is_result, thoughts: members.thoughts.read().len(), is_array });
        }
        after_result = is_result;
    }
    starts
}

struct MessageReading<'a> {
    messages: Vec<Message<'a>>,
    /// Calls in the legacy form so far; it has no ids, so they are counted.
    legacy_calls: usize,
}

/// The members of a message, before its role says which of them count.
#[derive(Default)]
struct MessageMembers<'a> {
    role: Option<Raw<'a>>,
    content: Option<Raw<'a>>,
    name: Option<Raw<'a>>,
    refusal: Option<Raw<'a>>,
    tool_calls: Option<Raw<'a>>,
    tool_call_id: Option<Raw<'a>>,
    function_call: Option<Raw<'a>>,
    cache: Option<Raw<'a>>,
    thoughts: reasoning::ThoughtMembers<'a>,
    extra: Vec<(Text<'a>, Raw<'a>)>,
}

impl<'a> MessageMembers<'a> {
    fn of(message: Raw<'a>) -> MessageMembers<'a> {
        let mut members = MessageMembers::default();
        for (name, value) in message.fields().filter(|(_, value)| !value.is_null()) {
            let place = match name.decode().as_ref() {
                "role" => &mut members.role,
                "content" => &mut members.content,
                "name" => &mut members.name,
                "refusal" => &mut members.refusal,
                "tool_calls" => &mut members.tool_calls,
                "tool_call_id" => &mut members.tool_call_id,
                "function_call" => &mut members.function_call,
                "cache_control" => &mut members.cache,
                key if members.thoughts.take(key, value) => continue,
                // What comes back from an earlier answer without saying anything.
                "annotations" if value.items().next().is_none() => continue,
                _ => {
                    members.extra.push((name, value));
                    continue;
                }
            };
            *place = Some(value);
        }
        members
    }
}

impl<'a> MessageReading<'a> {
    fn read(&mut self, message: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        let mut members = MessageMembers::of(message);
        let role = members.role.ok_or_else(|| at.name("role").missing("say who speaks."))?;
        let role = at.name("role").text(role)?;
        let name = members.name.map(|name| at.name("name").text(name)).transpose()?;
        let role = match role.decode().as_ref() {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" | "function" => return self.result(members, name, role == "function", at),
            _ => {
                let roles = "must be system, developer, user, assistant or tool.";
                return Err(at.name("role").refuse(roles));
            }
        };
        let mut parts = match role {
            Role::Assistant => self.assistant(&members, at)?,
            _ => required_content(members.content, at)?,
        };
        cache_last(&mut parts, members.cache);
        if role != Role::Assistant {
            let calls = [("tool_calls", members.tool_calls), ("function_call", members.function_call)];
            let calls = calls.into_iter().filter_map(|(name, value)| Some((Text::from(name), value?)));
            members.extra.extend(calls);
        }
        self.messages.push(Message { role, parts, name, extra: members.extra });
        Ok(())
    }

    fn assistant(&mut self, members: &MessageMembers<'a>, at: &At<'_>) -> Result<Vec<Part<'a>>, Refusal> {
        let mut parts = members.thoughts.read();
        if let Some(content) = members.content.filter(|content| content.as_json() != "\"\"") {
            parts.extend(part::read_content(content, &at.name("content"))?);
        }
        if let Some(refusal) = members.refusal {
            parts.push(PartKind::Refusal(at.name("refusal").text(refusal)?).into());
        }
        if let Some(calls) = members.tool_calls {
            let at = at.name("tool_calls");
            for (index, call) in at.array(calls)?.items().enumerate() {
                parts.push(calls::read(call, &at.index(index))?.into());
            }
        }
        if let Some(call) = members.function_call.filter(|call| !calls::is_none(*call)) {
            self.legacy_calls += 1;
            let id = legacy_id(self.legacy_calls);
            parts.push(PartKind::ToolCall(calls::read_function(call, id, &at.name("function_call"))?).into());
        }
        Ok(parts)
    }

    /// A `tool` message, or a legacy `function` message. Results that follow each other are parts of one user message:
    /// they answer one turn of calls.
    fn result(
        &mut self,
        members: MessageMembers<'a>,
        name: Option<Text<'a>>,
        legacy: bool,
        at: &At<'_>,
    ) -> Result<(), Refusal> {
        let call_id = match (legacy, members.tool_call_id) {
            (false, Some(id)) => at.name("tool_call_id").text(id)?,
            (false, None) => {
                let what = "a tool message must name the call that it answers.";
                return Err(at.name("tool_call_id").missing(what));
            }
            (true, _) if name.is_none() => {
                return Err(at.name("name").missing("a function message must name its function."));
            }
            (true, _) => legacy_id(self.legacy_calls),
        };
        let parts = match (legacy, members.content) {
            // The one role whose content may be null.
            (true, None) => Vec::new(),
            (_, content) => required_content(content, at)?,
        };
        let result = PartKind::ToolResult(ToolResult { call_id, name, parts, is_error: false });
        let part = Part { kind: result, cache: members.cache };
        match self.messages.last_mut() {
            Some(last) if only_results(last) && members.extra.is_empty() => last.parts.push(part),
            _ => self.messages.push(Message {
                role: Role::User,
                parts: vec![part],
                name: None,
                extra: members.extra,
            }),
        }
        Ok(())
    }
}

fn legacy_id(count: usize) -> Text<'static> {
    Text::from(format!("call_{count}"))
}

/// A result comes alone or behind others: one tells of all.
fn only_results(message: &Message<'_>) -> bool {
    let is_result = |part: &Part<'_>| matches!(part.kind, PartKind::ToolResult(_));
    message.extra.is_empty() && message.parts.last().is_some_and(is_result)
}

fn required_content<'a>(content: Option<Raw<'a>>, at: &At<'_>) -> Result<Vec<Part<'a>>, Refusal> {
    let at = at.name("content");
    match content {
        Some(content) => part::read_content(content, &at),
        None => Err(at.missing("give a string or an array of parts.")),
    }
}

/// A breakpoint on the message stands after its last part.
fn cache_last<'a>(parts: &mut [Part<'a>], cache: Option<Raw<'a>>) {
    if let (Some(last), Some(cache)) = (parts.last_mut(), cache) {
        last.cache.get_or_insert(cache);
    }
}
