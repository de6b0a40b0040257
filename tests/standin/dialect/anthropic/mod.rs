//! Anthropic Messages. <https://platform.claude.com/docs/en/api/messages>

mod check;

use serde_json::{Value, json};

use super::openai::{pieces, text};
use super::{Endpoint, Event, Family, Fault, Part, Received, required, required_list, sse};
use crate::answer::{Asked, SIGNATURE, Said, Stop};
use crate::behaviour::Failure;

pub struct Messages;

/// `anthropic_version` and `anthropic_beta` are in the body on Bedrock and Vertex only.
const KNOWN: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "thinking",
    "tool_choice",
    "tools",
    "user_profile_id",
    "workspace_id",
    // Version 2026-10-21 took them out.
    "temperature",
    "top_p",
    "top_k",
];

impl Endpoint for Messages {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        known(body)?;
        let model = required(body, "model").map_err(field_required)?.to_owned();
        read(body, model, received.stream.unwrap_or(body["stream"] == true), received.version)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let mut content = Vec::new();
        if !said.thinking.is_empty() {
            content
                .push(json!({"type": "thinking", "thinking": said.whole_thinking(), "signature": SIGNATURE}));
        }
        if !said.text.is_empty() {
            content.push(json!({"type": "text", "text": said.whole_text(), "citations": null}));
        }
        for call in &said.calls {
            content.push(json!({"type": "tool_use", "id": format!("toolu_{}", call.id), "name": call.name, "input": call.arguments}));
        }
        let mut message = message(asked, said, usage(said, said.output_tokens));
        message["content"] = Value::Array(content);
        message["stop_reason"] = json!(stop(said.stop));
        message
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut event = |part, data: Value| events.push(sse(data["type"].as_str(), &data, part));
        event(
            Part::Lifecycle,
            json!({"type": "message_start", "message": message(asked, said, usage(said, 1))}),
        );
        let mut opened = false;
        for (index, block) in blocks(said).into_iter().enumerate() {
            // Until something is said, opening a block is lifecycle too.
            let part =
                if opened || block.start["type"] == "tool_use" { Part::Token } else { Part::Lifecycle };
            event(part, json!({"type": "content_block_start", "index": index, "content_block": block.start}));
            if index == 0 {
                event(part, json!({"type": "ping"}));
            }
            for delta in block.deltas {
                event(Part::Token, json!({"type": "content_block_delta", "index": index, "delta": delta}));
                opened = true;
            }
            event(Part::Token, json!({"type": "content_block_stop", "index": index}));
        }
        event(
            Part::Closing,
            json!({"type": "message_delta",
            "delta": {"stop_reason": stop(said.stop), "stop_sequence": null}, "usage": {"input_tokens": said.prompt_tokens, "cache_creation_input_tokens": 0,
"cache_read_input_tokens": 0, "output_tokens": said.output_tokens}}),
        );
        event(Part::Terminator, json!({"type": "message_stop"}));
        events
    }

    fn failure_event(&self, _: Family, failure: Failure, message: Option<&str>) -> Event {
        let refused = super::refusal(Family::Anthropic, failure, message, None, "the-model");
        sse(Some("error"), &refused.body, Part::Token)
    }

    fn malformed_event(&self) -> Event {
        let text =
            "event: content_block_delta\ndata: {\"type\": \"content_block_delta\", \"index\": 0, \"del\n\n";
        Event { bytes: text.into(), part: Part::Token }
    }
}

struct Block {
    start: Value,
    deltas: Vec<Value>,
}

fn blocks(said: &Said) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !said.thinking.is_empty() {
        let mut deltas: Vec<_> =
            said.thinking.iter().map(|delta| json!({"type": "thinking_delta", "thinking": delta})).collect();
        deltas.push(json!({"type": "signature_delta", "signature": SIGNATURE}));
        blocks.push(Block { start: json!({"type": "thinking", "thinking": "", "signature": ""}), deltas });
    }
    if !said.text.is_empty() {
        let deltas = said.text.iter().map(|delta| json!({"type": "text_delta", "text": delta})).collect();
        blocks.push(Block { start: json!({"type": "text", "text": ""}), deltas });
    }
    for call in &said.calls {
        let pieces = pieces(&call.arguments.to_string());
        // The first delta is empty, as Anthropic's is.
        let deltas = std::iter::once(String::new()).chain(pieces);
        blocks.push(Block {
            start: json!({"type": "tool_use", "id": format!("toolu_{}", call.id), "name": call.name, "input": {}}),
            deltas: deltas.map(|piece| json!({"type": "input_json_delta", "partial_json": piece})).collect(),
        });
    }
    blocks
}

fn message(asked: &Asked, said: &Said, usage: Value) -> Value {
    json!({
        "id": format!("msg_{}", said.id), "type": "message", "role": "assistant", "model": asked.model, "content": [],
        "stop_reason": null, "stop_sequence": null, "stop_details": null, "container": null, "usage": usage,
    })
}

fn usage(said: &Said, output: u64) -> Value {
    json!({
        "input_tokens": said.prompt_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output, "service_tier": "standard",
    })
}

fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::Length => "max_tokens",
        Stop::Tools => "tool_use",
        Stop::Filtered => "refusal",
    }
}

fn field_required(fault: Fault) -> Fault {
    let name = fault.param.clone().unwrap_or_default();
    let message = if fault.message.starts_with("Missing") {
        format!("{name}: Field required")
    } else {
        format!("{name}: {}", fault.message)
    };
    Fault::at(name, message)
}

pub fn known(body: &Value) -> Result<(), Fault> {
    super::known(body, KNOWN).map_err(|fault| {
        let name = fault.param.unwrap_or_default();
        Fault::at(name.clone(), format!("{name}: Extra inputs are not permitted"))
    })
}

/// Reads a Messages body; where the model and the wish for a stream come from differs between the hosts.
pub fn read(body: &Value, model: String, stream: bool, version: Option<&str>) -> Result<Asked, Fault> {
    let Some(max_tokens) = body["max_tokens"].as_u64() else {
        return Err(Fault::at("max_tokens", "max_tokens: Field required"));
    };
    let messages = required_list(body, "messages").map_err(field_required)?;
    check::messages(messages)?;
    check::version(body, version)?;
    check::system(&body["system"])?;
    let thinking = check::thinking(&body["thinking"], max_tokens)?;
    let tools = check::tools(body)?;
    let choice = check::choice(&body["tool_choice"], &tools, thinking)?;
    let last = messages.last().unwrap_or(&Value::Null);
    let results =
        last["content"].as_array().into_iter().flatten().filter(|block| block["type"] == "tool_result");
    let user = messages.iter().rev().find(|message| message["role"] == "user").unwrap_or(last);
    Ok(Asked {
        model,
        stream,
        last_text: text(&user["content"]),
        tool_results: results.map(|block| text(&block["content"])).collect(),
        tools,
        choice,
        one_tool: body["tool_choice"]["disable_parallel_tool_use"] == true,
        schema: Some(&body["output_config"]["format"]["schema"]).filter(|schema| schema.is_object()).cloned(),
        thinking,
        max_tokens: Some(max_tokens),
        count: 1,
        prompt_bytes: body["messages"].to_string().len() + body["system"].to_string().len(),
        ..Asked::default()
    })
}
