//! OpenAI's Responses. <https://platform.openai.com/docs/api-reference/responses>

use serde_json::{Value, json};

use super::openai::{pieces, text};
use super::{Endpoint, Event, Family, Fault, Part, Received, known, required, schema_or_empty, sse};
use crate::answer::{Asked, Choice, Said, Stop, Tool};
use crate::behaviour::Failure;

pub struct Responses;

const KNOWN: &[&str] = &[
    "access_programs",
    "background",
    "context_management",
    "conversation",
    "image",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "moderation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

impl Endpoint for Responses {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        known(body, KNOWN)?;
        let model = match &received.model {
            Some(model) => model.clone(),
            None => required(body, "model")?.to_owned(),
        };
        let items = body["input"].as_array().map_or(&[][..], Vec::as_slice);
        let last_text = match &body["input"] {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Array(_) if !items.is_empty() => {
                let user = items.iter().rev().find(|item| item["role"] == "user");
                user.map(|item| text(&item["content"])).unwrap_or_default()
            }
            Value::Null => return Err(Fault::at("input", "Missing required parameter: 'input'.")),
            _ => {
                return Err(Fault::at(
                    "input",
                    "Invalid 'input': a string or an array that is not empty is expected.",
                ));
            }
        };
        check_calls(items, !body["previous_response_id"].is_null())?;
        check_reasoning(items, body["store"] == false)?;
        check_limit(&body["max_output_tokens"])?;
        let tools = tools(body)?;
        let choice = match (body["tool_choice"].as_str(), body["tool_choice"]["name"].as_str()) {
            (Some("none"), _) => Choice::None,
            (Some("required"), _) => Choice::Any,
            (_, Some(name)) if tools.iter().any(|tool| tool.name == name) => Choice::Named(name.to_owned()),
            (_, Some(name)) => {
                return Err(Fault::at(
                    "tool_choice",
                    format!("Tool choice '{name}' not found in 'tools' parameter."),
                ));
            }
            _ => Choice::Auto,
        };
        let format = &body["text"]["format"];
        if format["type"] == "json_schema" && !(format["schema"].is_object() && format["name"].is_string()) {
            return Err(Fault::at(
                "text.format.schema",
                "Missing required parameter: 'text.format.schema' or '.name'.",
            ));
        }
        let results = items.iter().rev().take_while(|item| item["type"] == "function_call_output");
        Ok(Asked {
            model,
            stream: body["stream"] == true,
            last_text,
            tool_results: results.map(|item| text(&item["output"])).collect(),
            tools,
            choice,
            one_tool: body["parallel_tool_calls"] == false,
            schema: Some(&format["schema"]).filter(|schema| schema.is_object()).cloned(),
            json_object: format["type"] == "json_object",
            thinking: body["reasoning"]["summary"].is_string(),
            sealed: is_sealed(body),
            max_tokens: body["max_output_tokens"].as_u64(),
            count: 1,
            prompt_bytes: body["input"].to_string().len(),
            ..Asked::default()
        })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let output: Vec<Value> = items(asked, said).into_iter().map(|item| item.whole).collect();
        response(asked, said, &output, true)
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut event = |mut data: Value, part| {
            data["sequence_number"] = json!(events.len());
            events.push(sse(data["type"].as_str(), &data, part));
        };
        let start = response(asked, said, &[], false);
        event(json!({"type": "response.created", "response": start}), Part::Lifecycle);
        event(json!({"type": "response.in_progress", "response": start}), Part::Lifecycle);
        let items = items(asked, said);
        for (at, item) in items.iter().enumerate() {
            let part =
                if at == 0 && item.whole["type"] != "function_call" { Part::Lifecycle } else { Part::Token };
            event(
                json!({"type": "response.output_item.added", "output_index": at, "item": item.start}),
                part,
            );
            let id = &item.whole["id"];
            for (mut data, told) in item.deltas.iter().cloned() {
                data["item_id"] = id.clone();
                data["output_index"] = json!(at);
                event(data, if told { Part::Token } else { part });
            }
            event(
                json!({"type": "response.output_item.done", "output_index": at, "item": item.whole}),
                Part::Token,
            );
        }
        let output: Vec<Value> = items.into_iter().map(|item| item.whole).collect();
        let kind = if said.stop == Stop::Length { "response.incomplete" } else { "response.completed" };
        event(json!({"type": kind, "response": response(asked, said, &output, true)}), Part::Terminator);
        events
    }

    fn failure_event(&self, family: Family, failure: Failure, message: Option<&str>) -> Event {
        let refused = super::refusal(family, failure, message, None, "the-model");
        let error = &refused.body["error"];
        let code = error["code"].as_str().or_else(|| error["type"].as_str());
        let data = json!({"type": "error", "code": code, "message": error["message"], "param": null, "sequence_number": 3});
        sse(Some("error"), &data, Part::Token)
    }
}

/// An item of the output: as it begins, what is streamed of it (and whether that says something), and whole.
struct Item {
    start: Value,
    deltas: Vec<(Value, bool)>,
    whole: Value,
}

fn items(asked: &Asked, said: &Said) -> Vec<Item> {
    let mut items = Vec::new();
    if !said.thinking.is_empty() || asked.sealed {
        items.push(reasoning(asked, said));
    }
    if !said.text.is_empty() {
        items.push(message(said));
    }
    items.extend(said.calls.iter().map(|call| {
        let arguments = call.arguments.to_string();
        let item = |status: &str, arguments: &str| {
            json!({"type": "function_call", "id": format!("fc_{}", call.id), "call_id": format!("call_{}", call.id),
                "name": call.name, "arguments": arguments, "status": status})
        };
        let mut deltas: Vec<_> = pieces(&arguments)
            .into_iter()
            .map(|piece| (json!({"type": "response.function_call_arguments.delta", "delta": piece}), true))
            .collect();
        deltas.push((json!({"type": "response.function_call_arguments.done", "arguments": arguments, "name": call.name}), true));
        Item { start: item("in_progress", ""), deltas, whole: item("completed", &arguments) }
    }));
    items
}

fn message(said: &Said) -> Item {
    let text = said.whole_text();
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
    let item = |status: &str, content: Value| json!({"type": "message", "id": format!("msg_{}", said.id), "role": "assistant", "status": status, "content": content});
    let mut deltas =
        vec![(json!({"type": "response.content_part.added", "content_index": 0, "part": part("")}), false)];
    deltas.extend(said.text.iter().map(|delta| {
        (
            json!({"type": "response.output_text.delta", "content_index": 0, "delta": delta, "logprobs": []}),
            true,
        )
    }));
    deltas.push((
        json!({"type": "response.output_text.done", "content_index": 0, "text": text, "logprobs": []}),
        true,
    ));
    deltas
        .push((json!({"type": "response.content_part.done", "content_index": 0, "part": part(&text)}), true));
    Item { start: item("in_progress", json!([])), deltas, whole: item("completed", json!([part(&text)])) }
}

/// What the reasoning items of a stand-in have sealed.
const SEALED: &str = "gAAAAABstandin_c2VhbGVk==";

/// It thinks, and the caller wants to send that back.
fn is_sealed(body: &Value) -> bool {
    let includes = body["include"].as_array().into_iter().flatten();
    let thinks = body["reasoning"]["effort"].as_str().is_some_and(|effort| effort != "none");
    thinks && includes.into_iter().any(|included| included == "reasoning.encrypted_content")
}

fn reasoning(asked: &Asked, said: &Said) -> Item {
    let text = said.whole_thinking();
    let part = |text: &str| json!({"type": "summary_text", "text": text});
    let item = |summary: Value| {
        let mut item = json!({"type": "reasoning", "id": format!("rs_{}", said.id), "summary": summary});
        if asked.sealed {
            item["encrypted_content"] = json!(SEALED);
        }
        item
    };
    if text.is_empty() {
        return Item { start: item(json!([])), deltas: Vec::new(), whole: item(json!([])) };
    }
    let mut deltas = vec![(
        json!({"type": "response.reasoning_summary_part.added", "summary_index": 0, "part": part("")}),
        false,
    )];
    deltas.extend(said.thinking.iter().map(|delta| {
        (json!({"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": delta}), true)
    }));
    deltas.push((
        json!({"type": "response.reasoning_summary_text.done", "summary_index": 0, "text": text}),
        true,
    ));
    deltas.push((
        json!({"type": "response.reasoning_summary_part.done", "summary_index": 0, "part": part(&text)}),
        true,
    ));
    Item { start: item(json!([])), deltas, whole: item(json!([part(&text)])) }
}

fn response(asked: &Asked, said: &Said, output: &[Value], ended: bool) -> Value {
    let usage = json!({
        "input_tokens": said.prompt_tokens, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": said.output_tokens, "output_tokens_details": {"reasoning_tokens": said.thinking_tokens},
        "total_tokens": said.prompt_tokens + said.output_tokens,
    });
    let (status, details) = match said.stop {
        _ if !ended => ("in_progress", Value::Null),
        Stop::Length => ("incomplete", json!({"reason": "max_output_tokens"})),
        Stop::Filtered => ("incomplete", json!({"reason": "content_filter"})),
        _ => ("completed", Value::Null),
    };
    json!({
        "id": format!("resp_{}", said.id), "object": "response", "created_at": said.created, "status": status,
        "error": null, "incomplete_details": details, "instructions": null, "max_output_tokens": asked.max_tokens,
        "model": asked.model, "output": output, "parallel_tool_calls": !asked.one_tool, "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null}, "temperature": 1.0, "text": {"format": {"type": "text"}},
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "truncation": "disabled",
        "usage": if ended { usage } else { Value::Null }, "user": null, "metadata": {},
    })
}

/// Each output answers a call before it; of those of an earlier response the stand-in knows nothing.
fn check_calls(items: &[Value], continues: bool) -> Result<(), Fault> {
    let calls: Vec<&Value> =
        items.iter().filter(|item| item["type"] == "function_call").map(|item| &item["call_id"]).collect();
    for item in items {
        let kind = item["type"].as_str().unwrap_or("message");
        if kind == "message"
            && !["user", "assistant", "system", "developer"]
                .contains(&item["role"].as_str().unwrap_or_default())
        {
            return Err(Fault::at("input", format!("Invalid value: {} is no role.", item["role"])));
        }
        if kind == "function_call_output" && !continues && !calls.contains(&&item["call_id"]) {
            return Err(Fault::at(
                "input",
                format!("No tool call found for function call output with call_id {}.", item["call_id"]),
            ));
        }
    }
    let answered = |id: &Value| {
        items.iter().any(|item| item["type"] == "function_call_output" && item["call_id"] == *id)
    };
    match calls.into_iter().find(|id| !answered(id)) {
        Some(id) => Err(Fault::at("input", format!("No tool output found for function call {id}."))),
        None => Ok(()),
    }
}

/// Reasoning that comes back is what was sealed here, and leads to something: openai/codex#8145, openai/openai-agents-js#546,
/// continuedev/continue#8933.
fn check_reasoning(items: &[Value], is_stateless: bool) -> Result<(), Fault> {
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item["type"] == "reasoning") {
        let id = item["id"].as_str().unwrap_or_default();
        let sealed = item["encrypted_content"].as_str();
        if let Some(sealed) = sealed.filter(|sealed| *sealed != SEALED) {
            let start: String = sealed.chars().take(4).collect();
            return Err(Fault::new(format!("The encrypted content {start}... could not be verified.")));
        }
        if sealed.is_none() && is_stateless {
            return Err(Fault::at(
                "input",
                format!(
                    "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."
                ),
            ));
        }
        let leads = items.get(at + 1).is_some_and(|next| {
            ["reasoning", "function_call", "custom_tool_call"].iter().any(|kind| next["type"] == *kind)
                || next["role"] == "assistant"
        });
        if !leads {
            return Err(Fault::at(
                "input",
                format!("Item '{id}' of type 'reasoning' was provided without its required following item."),
            ));
        }
    }
    Ok(())
}

/// vectorize-io/hindsight#58.
fn check_limit(limit: &Value) -> Result<(), Fault> {
    match limit.as_i64().filter(|limit| *limit < 16) {
        Some(limit) => Err(Fault::at(
            "max_output_tokens",
            format!(
                "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {limit} instead."
            ),
        )),
        None => Ok(()),
    }
}

/// Functions are flat here.
fn tools(body: &Value) -> Result<Vec<Tool>, Fault> {
    let mut found = Vec::new();
    for (at, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        match (tool["type"].as_str(), tool["name"].as_str()) {
            (Some("function" | "custom"), Some(name)) => {
                found.push(Tool { name: name.to_owned(), schema: schema_or_empty(&tool["parameters"]) })
            }
            (Some("function" | "custom"), None) => {
                return Err(Fault::at(
                    format!("tools[{at}].name"),
                    format!("Missing required parameter: 'tools[{at}].name'."),
                ));
            }
            (Some(_), _) => {}
            (None, _) => {
                return Err(Fault::at(
                    format!("tools[{at}].type"),
                    format!("Missing required parameter: 'tools[{at}].type'."),
                ));
            }
        }
    }
    Ok(found)
}
