//! A maker's answer in its own wire form, whole.

use crate::maker::{DETAILS, Wire};
use crate::script::Said;
use serde_json::{Value, json};

/// What of an answer is said where the text is one member.
pub struct Parted {
    pub thoughts: Vec<String>,
    pub text: String,
    /// Id, name and arguments.
    pub calls: Vec<(String, String, Value)>,
}

/// `told`: the names that the maker was told of the tools.
pub fn parted(said: &[Said], told: &[String]) -> Parted {
    let mut parted = Parted { thoughts: Vec::new(), text: String::new(), calls: Vec::new() };
    for piece in said {
        match piece {
            Said::Thought { text, .. } => parted.thoughts.push(text.clone()),
            Said::Sealed(_) => {}
            Said::Text(text) => parted.text.push_str(text),
            Said::Call { tool, id, arguments } => {
                parted.calls.push((id.clone(), told[*tool].clone(), arguments.clone()));
            }
        }
    }
    parted
}

/// `thinks_in`: the member of a chat's message that has thoughts.
pub fn whole(wire: Wire, said: &[Said], told: &[String], thinks_in: Option<&str>) -> Value {
    let has_calls = said.iter().any(|piece| matches!(piece, Said::Call { .. }));
    match wire {
        Wire::Chat => {
            let finish = if has_calls { "tool_calls" } else { "stop" };
            json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                "choices": [{"index": 0, "finish_reason": finish, "message": chat(said, told, thinks_in)}]})
        }
        Wire::Responses => {
            json!({"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "error": null,
                "incomplete_details": null, "output": items(said, told), "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}})
        }
        Wire::Messages => {
            let stop = if has_calls { "tool_use" } else { "end_turn" };
            json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": blocks(said, told),
                "stop_reason": stop, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
        }
        Wire::Gemini => {
            json!({"candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": parts(said, told)}}],
                "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}, "responseId": "r"})
        }
        Wire::Converse => {
            let stop = if has_calls { "tool_use" } else { "end_turn" };
            json!({"output": {"message": {"role": "assistant", "content": converse(said, told)}}, "stopReason": stop,
                "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}})
        }
        Wire::Cohere => {
            let finish = if has_calls { "TOOL_CALL" } else { "COMPLETE" };
            json!({"id": "c", "finish_reason": finish, "message": cohere(&parted(said, told)), "usage": {"tokens": {"input_tokens": 1, "output_tokens": 1}}})
        }
    }
}

fn functions(parted: &Parted) -> Vec<Value> {
    let call = |(id, name, arguments): &(String, String, Value)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments.to_string()}});
    parted.calls.iter().map(call).collect()
}

fn chat(said: &[Said], told: &[String], thinks_in: Option<&str>) -> Value {
    let parted = &parted(said, told);
    let content = if parted.text.is_empty() { Value::Null } else { json!(parted.text) };
    let mut message = json!({"role": "assistant", "content": content});
    if !parted.calls.is_empty() {
        message["tool_calls"] = json!(functions(parted));
    }
    if thinks_in == Some(DETAILS) {
        message[DETAILS] = json!(details(said));
    } else if let Some(name) = thinks_in.filter(|_| !parted.thoughts.is_empty()) {
        message[name] = json!(parted.thoughts.concat());
    }
    message
}

/// Claude's thoughts, as OpenRouter tells them.
pub fn details(said: &[Said]) -> Vec<Value> {
    let thoughts = said.iter().filter_map(|piece| match piece {
        Said::Thought { text, seal } => {
            Some(json!({"type": "reasoning.text", "text": text, "signature": seal}))
        }
        Said::Sealed(seal) => Some(json!({"type": "reasoning.encrypted", "data": seal})),
        _ => None,
    });
    let placed = thoughts.enumerate().map(|(at, mut detail)| {
        detail["format"] = json!("anthropic-claude-v1");
        detail["index"] = json!(at);
        detail
    });
    placed.collect()
}

fn cohere(parted: &Parted) -> Value {
    let mut message = json!({"role": "assistant"});
    if parted.calls.is_empty() {
        message["content"] = json!([{"type": "text", "text": parted.text}]);
    } else {
        message["tool_plan"] = json!(parted.text);
        message["tool_calls"] = json!(functions(parted));
    }
    message
}

/// The items of a response.
pub fn items(said: &[Said], told: &[String]) -> Vec<Value> {
    let item = |(at, piece): (usize, &Said)| match piece {
        Said::Thought { text, seal } => {
            json!({"type": "reasoning", "id": format!("rs_{at}"), "encrypted_content": seal, "summary": [{"type": "summary_text", "text": text}]})
        }
        Said::Sealed(seal) => {
            json!({"type": "reasoning", "id": format!("rs_{at}"), "encrypted_content": seal, "summary": []})
        }
        Said::Text(text) => {
            json!({"type": "message", "id": format!("msg_{at}"), "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}]})
        }
        Said::Call { tool, id, arguments } => {
            json!({"type": "function_call", "id": format!("fc_{at}"), "call_id": id, "name": told[*tool], "arguments": arguments.to_string(), "status": "completed"})
        }
    };
    said.iter().enumerate().map(item).collect()
}

/// The blocks of a message of Anthropic's.
pub fn blocks(said: &[Said], told: &[String]) -> Vec<Value> {
    let block = |piece: &Said| match piece {
        Said::Thought { text, seal } => json!({"type": "thinking", "thinking": text, "signature": seal}),
        Said::Sealed(seal) => json!({"type": "redacted_thinking", "data": seal}),
        Said::Text(text) => json!({"type": "text", "text": text}),
        Said::Call { tool, id, arguments } => {
            json!({"type": "tool_use", "id": id, "name": told[*tool], "input": arguments})
        }
    };
    said.iter().map(block).collect()
}

pub fn converse(said: &[Said], told: &[String]) -> Vec<Value> {
    let block = |piece: &Said| match piece {
        Said::Thought { text, seal } => {
            json!({"reasoningContent": {"reasoningText": {"text": text, "signature": seal}}})
        }
        Said::Sealed(seal) => json!({"reasoningContent": {"redactedContent": seal}}),
        Said::Text(text) => json!({"text": text}),
        Said::Call { tool, id, arguments } => {
            json!({"toolUse": {"toolUseId": id, "name": told[*tool], "input": arguments}})
        }
    };
    said.iter().map(block).collect()
}

/// Gemini's parts. What it seals is the first call, and without calls the last text; with a second seal both.
pub fn parts(said: &[Said], told: &[String]) -> Vec<Value> {
    let is_call = |piece: &&Said| matches!(piece, Said::Call { .. });
    let mut seals = said.iter().filter_map(|piece| match piece {
        Said::Thought { seal, .. } => Some(seal.clone()),
        _ => None,
    });
    let mut of_call = said.iter().find(is_call).and_then(|_| seals.next());
    let mut of_text = seals.next();
    let last_text = said.iter().rposition(|piece| matches!(piece, Said::Text(_)));
    let part = |(at, piece): (usize, &Said)| {
        let (mut part, seal) = match piece {
            Said::Thought { text, .. } => (json!({"text": text, "thought": true}), None),
            Said::Sealed(_) => (json!({}), None),
            Said::Text(text) => (json!({"text": text}), of_text.take_if(|_| last_text == Some(at))),
            Said::Call { tool, id, arguments } => {
                // Older ones come without.
                let call = json!({"name": told[*tool], "args": arguments});
                let mut part = json!({"functionCall": call});
                if id.len().is_multiple_of(2) {
                    part["functionCall"]["id"] = json!(id);
                }
                (part, of_call.take())
            }
        };
        if let Some(seal) = seal {
            part["thoughtSignature"] = json!(seal);
        }
        part
    };
    said.iter().enumerate().map(part).collect()
}
