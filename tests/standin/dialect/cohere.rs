//! Cohere's chat, version 2. <https://docs.cohere.com/reference/chat>

use serde_json::{Value, json};

use super::openai::{pieces, text};
use super::{
    Endpoint, Event, Family, Fault, Part, Received, known, required, required_list, schema_or_empty, sse,
};
use crate::answer::{Asked, Choice, Said, Stop, Tool};
use crate::behaviour::Failure;

pub struct Chat;

const KNOWN: &[&str] = &[
    "citation_options",
    "documents",
    "frequency_penalty",
    "k",
    "logprobs",
    "max_tokens",
    "messages",
    "model",
    "p",
    "presence_penalty",
    "priority",
    "reasoning_effort",
    "response_format",
    "safety_mode",
    "seed",
    "stop_sequences",
    "stream",
    "strict_tools",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
];

impl Endpoint for Chat {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        known(body, KNOWN).map_err(|fault| {
            Fault::new(format!("invalid request: unknown field {}", fault.param.unwrap_or_default()))
        })?;
        let model =
            required(body, "model").map_err(|_| Fault::new("invalid request: model is required"))?.to_owned();
        let messages = required_list(body, "messages")
            .map_err(|_| Fault::new("invalid request: messages must not be empty"))?;
        check_messages(messages)?;
        if body["p"].as_f64().is_some_and(|value| !(0.01..=0.99).contains(&value)) {
            return Err(Fault::new("invalid request: p must be between 0.01 and 0.99"));
        }
        let tools = tools(body)?;
        let choice = match body["tool_choice"].as_str() {
            None => Choice::Auto,
            Some("REQUIRED") if !tools.is_empty() => Choice::Any,
            Some("NONE") if !tools.is_empty() => Choice::None,
            Some(_) => {
                return Err(Fault::new(
                    "invalid request: tool_choice must be REQUIRED or NONE, and needs tools",
                ));
            }
        };
        let format = &body["response_format"];
        let schema =
            [&format["json_schema"], &format["schema"]].into_iter().find(|schema| schema.is_object());
        let user = messages.iter().rev().find(|message| message["role"] == "user").unwrap_or(&Value::Null);
        let mut results: Vec<String> = messages
            .iter()
            .rev()
            .take_while(|message| message["role"] == "tool")
            .map(|message| result(&message["content"]))
            .collect();
        results.reverse();
        Ok(Asked {
            model,
            stream: body["stream"] == true,
            last_text: text(&user["content"]),
            tool_results: results,
            tools,
            choice,
            schema: schema.cloned(),
            json_object: format["type"] == "json_object",
            thinking: body["thinking"]["type"] == "enabled",
            max_tokens: body["max_tokens"].as_u64(),
            count: 1,
            prompt_bytes: body["messages"].to_string().len(),
            ..Asked::default()
        })
    }

    fn whole(&self, _: &Asked, said: &Said) -> Value {
        let mut content = Vec::new();
        if !said.thinking.is_empty() {
            content.push(json!({"type": "thinking", "thinking": said.whole_thinking()}));
        }
        let mut message = json!({"role": "assistant"});
        if said.calls.is_empty() {
            content.push(json!({"type": "text", "text": said.whole_text()}));
        } else {
            // What is said beside a call is the plan.
            message["tool_plan"] = json!(said.whole_text());
            message["tool_calls"] = said
                .calls
                .iter()
                .map(|call| {
                    json!({"id": call.id, "type": "function",
                "function": {"name": call.name, "arguments": call.arguments.to_string()}})
                })
                .collect();
        }
        if !content.is_empty() {
            message["content"] = Value::Array(content);
        }
        json!({"id": said.id, "finish_reason": finish(said.stop), "message": message, "usage": usage(said)})
    }

    fn events(&self, _: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut event = |data: Value, part| events.push(sse(data["type"].as_str(), &data, part));
        event(
            json!({"type": "message-start", "id": said.id, "delta": {"message": {"role": "assistant", "content": [],
            "tool_plan": "", "tool_calls": [], "citations": []}}}),
            Part::Lifecycle,
        );
        let mut index = 0;
        let mut content = |kind: &str, deltas: &[String]| {
            let of = |text: &str| json!({"message": {"content": {kind: text}}});
            let mut start = of("");
            start["message"]["content"]["type"] = json!(kind);
            let part = if index == 0 { Part::Lifecycle } else { Part::Token };
            event(json!({"type": "content-start", "index": index, "delta": start}), part);
            for delta in deltas {
                event(json!({"type": "content-delta", "index": index, "delta": of(delta)}), Part::Token);
            }
            event(json!({"type": "content-end", "index": index}), Part::Token);
            index += 1;
        };
        if !said.thinking.is_empty() {
            content("thinking", &said.thinking);
        }
        if said.calls.is_empty() {
            content("text", &said.text);
        }
        for delta in said.text.iter().filter(|_| !said.calls.is_empty()) {
            event(
                json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": delta}}}),
                Part::Token,
            );
        }
        for (at, call) in said.calls.iter().enumerate() {
            let start =
                json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}});
            event(
                json!({"type": "tool-call-start", "index": at, "delta": {"message": {"tool_calls": start}}}),
                Part::Token,
            );
            for piece in pieces(&call.arguments.to_string()) {
                let delta = json!({"message": {"tool_calls": {"function": {"arguments": piece}}}});
                event(json!({"type": "tool-call-delta", "index": at, "delta": delta}), Part::Token);
            }
            event(json!({"type": "tool-call-end", "index": at}), Part::Token);
        }
        event(
            json!({"type": "message-end", "id": said.id, "delta": {"finish_reason": finish(said.stop), "usage": usage(said)}}),
            Part::Terminator,
        );
        events.push(Event { bytes: bytes::Bytes::from_static(b"data: [DONE]\n\n"), part: Part::Closing });
        events
    }

    /// Cohere says it at the end of the message.
    fn failure_event(&self, family: Family, failure: Failure, message: Option<&str>) -> Event {
        let refused = super::refusal(family, failure, message, None, "the-model");
        let data = json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": refused.body["message"]}});
        sse(Some("message-end"), &data, Part::Token)
    }

    fn malformed_event(&self) -> Event {
        Event {
            bytes: "event: content-delta\ndata: {\"type\":\"content-delta\",\"inde\n\n".into(),
            part: Part::Token,
        }
    }
}

fn usage(said: &Said) -> Value {
    let tokens = json!({"input_tokens": said.prompt_tokens, "output_tokens": said.output_tokens});
    json!({"billed_units": tokens, "tokens": tokens, "cached_tokens": 0})
}

fn finish(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "COMPLETE",
        Stop::Length => "MAX_TOKENS",
        Stop::Tools => "TOOL_CALL",
        Stop::Filtered => "ERROR",
    }
}

/// The text of a tool's result: a text, or documents with one.
fn result(content: &Value) -> String {
    match content {
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| match (&part["text"], &part["document"]["data"]) {
                (Value::String(text), _) | (_, Value::String(text)) => text.clone(),
                (_, data) => data.to_string(),
            });
            texts.collect::<Vec<_>>().join(" ")
        }
        _ => text(content),
    }
}

fn check_messages(messages: &[Value]) -> Result<(), Fault> {
    let mut open: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        let calls = message["tool_calls"].as_array().map_or(&[][..], Vec::as_slice);
        let empty = match &message["content"] {
            Value::String(text) => text.is_empty(),
            Value::Array(parts) => parts.is_empty(),
            _ => true,
        };
        match role {
            "tool" => {
                let id = message["tool_call_id"].as_str().unwrap_or_default();
                let Some(found) = open.iter().position(|known| *known == id) else {
                    return Err(Fault::new(format!(
                        "invalid request: tool call id {id} not found in previous tool calls"
                    )));
                };
                open.remove(found);
            }
            _ if !open.is_empty() => {
                return Err(Fault::new("invalid request: all tool calls must have a result"));
            }
            "system" | "user" | "assistant" => {}
            _ => {
                return Err(Fault::new(format!("invalid request: role {role} of messages[{at}] is unknown")));
            }
        }
        if empty && calls.is_empty() {
            return Err(Fault::new(format!(
                "invalid request: all elements in history must have a message (messages[{at}])"
            )));
        }
        for call in calls {
            if !call["function"]["arguments"].is_string() {
                return Err(Fault::new("invalid request: tool_calls need function.arguments as a string"));
            }
            open.extend(call["id"].as_str());
        }
    }
    if messages
        .last()
        .is_some_and(|last| !["user", "tool"].contains(&last["role"].as_str().unwrap_or_default()))
    {
        return Err(Fault::new("invalid request: the last message must be from the user or a tool"));
    }
    Ok(())
}

fn tools(body: &Value) -> Result<Vec<Tool>, Fault> {
    let mut found = Vec::new();
    for tool in body["tools"].as_array().into_iter().flatten() {
        let function = &tool["function"];
        match function["name"].as_str().filter(|name| tool["type"] == "function" && !name.is_empty()) {
            Some(name) => {
                found.push(Tool { name: name.to_owned(), schema: schema_or_empty(&function["parameters"]) })
            }
            None => {
                return Err(Fault::new("invalid request: tools must have type function and a function.name"));
            }
        }
    }
    Ok(found)
}
