//! Chat Completions with an accent: Mistral's, which refuses what it doesn't know, and DeepSeek's, which wants its
//! thoughts back. <https://docs.mistral.ai/api/#tag/chat>, <https://api-docs.deepseek.com/guides/thinking_mode>

use serde_json::{Value, json};

use super::openai::Chat;
use super::{Endpoint, Event, Fault, Part, Received, sse};
use crate::answer::{Asked, Call, Said};

pub struct Mistral;

const KNOWN: &[&str] = &[
    "frequency_penalty",
    "guardrails",
    "logprobs",
    "max_tokens",
    "messages",
    "metadata",
    "min_tokens",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_mode",
    "random_seed",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "safe_prompt",
    "service_tier",
    "stop",
    "stream",
    "temperature",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
];

/// The members of a message of each role.
const ROLES: &[(&str, &[&str])] = &[
    ("system", &["role", "content"]),
    ("user", &["role", "content"]),
    ("assistant", &["role", "content", "tool_calls", "prefix"]),
    ("tool", &["role", "content", "tool_call_id", "name"]),
];

impl Endpoint for Mistral {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        super::known(body, KNOWN)?;
        let messages = super::required_list(body, "messages")?;
        messages.iter().enumerate().try_for_each(|(at, message)| check_message(at, message))?;
        check_end(messages)?;
        for (at, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
            if !tool["function"]["parameters"].is_object() {
                let place = format!("tools[{at}].function.parameters");
                return Err(Fault::at(place, "Field required"));
            }
        }
        let mut known = body.clone();
        for name in ["random_seed", "safe_prompt", "prompt_mode", "guardrails", "top_k", "min_tokens"] {
            known.as_object_mut().into_iter().for_each(|members| _ = members.remove(name));
        }
        if known["tool_choice"] == "any" {
            known["tool_choice"] = json!("required");
        }
        let asked = Chat.read(&Received { body: &known, model: received.model.clone(), ..*received })?;
        Ok(Asked { usage: true, thinking: thinks(body), ..asked })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let mut answer = Chat.whole(asked, said);
        for name in ["service_tier", "system_fingerprint"] {
            answer.as_object_mut().into_iter().for_each(|members| _ = members.remove(name));
        }
        answer["usage"] = usage(said);
        for choice in answer["choices"].as_array_mut().into_iter().flatten() {
            let mut content = json!(said.whole_text());
            if !said.thinking.is_empty() {
                content = json!([chunk_of_thought(&said.whole_thinking()), {"type": "text", "text": said.whole_text()}]);
            }
            choice["message"] = json!({"role": "assistant", "content": content,
                "tool_calls": if said.calls.is_empty() { Value::Null } else { calls(&said.calls) }});
            choice.as_object_mut().into_iter().for_each(|members| _ = members.remove("logprobs"));
        }
        answer
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut chunk = |part, delta: Value, last: Option<&Value>| {
            let mut data = json!({
                "id": said.id, "object": "chat.completion.chunk", "created": said.created, "model": asked.model,
                "choices": [{"index": 0, "delta": delta, "finish_reason": last.unwrap_or(&Value::Null)}],
            });
            if last.is_some() {
                data["usage"] = usage(said);
            }
            events.push(sse(None, &data, part));
        };
        chunk(Part::Lifecycle, json!({"role": "assistant", "content": ""}), None);
        for thought in &said.thinking {
            chunk(Part::Token, json!({"content": [chunk_of_thought(thought)]}), None);
        }
        for delta in &said.text {
            chunk(Part::Token, json!({"content": delta}), None);
        }
        let whole = Chat.whole(asked, said);
        let reason = &whole["choices"][0]["finish_reason"];
        // All calls come whole, in one event with the end.
        let delta = if said.calls.is_empty() {
            json!({"content": ""})
        } else {
            json!({"content": "", "tool_calls": calls(&said.calls)})
        };
        chunk(Part::Closing, delta, Some(reason));
        events.push(Event { bytes: bytes::Bytes::from_static(b"data: [DONE]\n\n"), part: Part::Terminator });
        events
    }
}

fn thinks(body: &Value) -> bool {
    body["reasoning_effort"].as_str().is_some_and(|effort| effort != "none")
}

fn chunk_of_thought(text: &str) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": text}], "closed": true})
}

fn calls(calls: &[Call]) -> Value {
    let call = |(index, call): (usize, &Call)| {
        // Nine letters and digits, of which the last ones differ.
        let id: String = call.id.chars().rev().filter(char::is_ascii_alphanumeric).take(9).collect();
        json!({"id": id, "function": {"name": call.name, "arguments": call.arguments.to_string()}, "index": index})
    };
    calls.iter().enumerate().map(call).collect()
}

fn usage(said: &Said) -> Value {
    json!({"prompt_tokens": said.prompt_tokens, "completion_tokens": said.output_tokens,
        "total_tokens": said.prompt_tokens + said.output_tokens})
}

fn check_message(at: usize, message: &Value) -> Result<(), Fault> {
    let role = message["role"].as_str().unwrap_or_default();
    let Some((_, members)) = ROLES.iter().find(|(known, _)| *known == role) else {
        let words = format!(
            "Input tag '{role}' found using 'role' does not match any of the expected tags: 'assistant', 'system', 'tool', 'user'"
        );
        return Err(Fault::at(format!("messages[{at}].role"), words));
    };
    if let Some(unknown) =
        message.as_object().and_then(|all| all.keys().find(|key| !members.contains(&key.as_str())))
    {
        return Err(Fault::at(format!("messages[{at}].{unknown}"), "Extra inputs are not permitted"));
    }
    for part in message["content"].as_array().into_iter().flatten() {
        let kind = part["type"].as_str().unwrap_or_default();
        let fits = match kind {
            "text" => part["text"].is_string(),
            "image_url" => part["image_url"].is_string() || part["image_url"]["url"].is_string(),
            "document_url" | "input_audio" => part[kind].is_string(),
            "file" => part["file_id"].is_string(),
            "thinking" => part["thinking"].is_array(),
            "reference" => part["reference_ids"].is_array(),
            _ => false,
        };
        let extra = part.as_object().map_or(0, |members| members.len()) > 3;
        if !fits || extra {
            return Err(Fault::at(
                format!("messages[{at}].content"),
                format!("Input should be a valid chunk: {part}"),
            ));
        }
    }
    let ids = message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["id"]);
    for id in ids.chain((role == "tool").then_some(&message["tool_call_id"])) {
        let id = id.as_str().unwrap_or("null");
        if id.len() != 9 || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
            let words = format!("Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9.");
            return Err(Fault::at("messages", words));
        }
    }
    Ok(())
}

fn check_end(messages: &[Value]) -> Result<(), Fault> {
    match messages.last().and_then(|message| message["role"].as_str()) {
        Some("user" | "tool") => Ok(()),
        Some("assistant") if messages.last().is_some_and(|last| last["prefix"] == true) => Ok(()),
        role => Err(Fault::at(
            "messages",
            format!(
                "Expected last role User or Tool (or Assistant with prefix True) for serving but got {}",
                role.unwrap_or_default()
            ),
        )),
    }
}

pub struct DeepSeek;

/// What it thinks before it calls a tool.
const THOUGHT: &str = "I should look that up.";

impl Endpoint for DeepSeek {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        if !body["max_completion_tokens"].is_null() {
            return Err(Fault::at("max_completion_tokens", "Unknown parameter: 'max_completion_tokens'."));
        }
        for (at, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
            if message["role"] == "developer" {
                return Err(Fault::new(format!(
                    "Failed to deserialize the JSON body into the target type: messages[{at}].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`"
                )));
            }
            // Seen of all but the user's (QwenLM/qwen-code#2318, tailcallhq/forgecode#2008); the column is not ours to know.
            if message["role"] != "user" && message["content"].is_array() {
                return Err(Fault::new(format!(
                    "Failed to deserialize the JSON body into the target type: messages[{at}]: invalid type: sequence, expected a string at line 1 column 1"
                )));
            }
            if message["tool_calls"].is_array() && !message["reasoning_content"].is_string() {
                return Err(Fault::new(format!(
                    "Missing `reasoning_content` field in the assistant message at message index {at}."
                )));
            }
        }
        // <https://github.com/github/copilot-cli/issues/4840>
        for (at, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
            if tool["type"] == "custom" {
                return Err(Fault::new(format!(
                    "Failed to deserialize the JSON body into the target type: tools[{at}].type: unknown variant `custom`, expected `function`"
                )));
            }
        }
        Chat.read(received)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let mut answer = Chat.whole(asked, said);
        if !said.calls.is_empty() {
            answer["choices"][0]["message"]["reasoning_content"] = json!(THOUGHT);
        }
        answer["usage"]["prompt_cache_hit_tokens"] = json!(0);
        answer["usage"]["prompt_cache_miss_tokens"] = json!(said.prompt_tokens);
        answer
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Chat.events(asked, said);
        if !said.calls.is_empty() {
            let data = json!({
                "id": format!("chatcmpl-{}", said.id), "object": "chat.completion.chunk", "created": said.created,
                "model": asked.model, "choices": [{"index": 0, "logprobs": null, "finish_reason": null,
                    "delta": {"content": null, "reasoning_content": THOUGHT}}],
            });
            events.insert(1, sse(None, &data, Part::Token));
        }
        events
    }
}
