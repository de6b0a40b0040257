//! OpenAI Chat Completions, also Azure's and every compatible provider's.
//! <https://platform.openai.com/docs/api-reference/chat>

use serde_json::{Value, json};

use super::{Endpoint, Event, Fault, Part, Received, required, required_list, schema_or_empty, sse};
use crate::answer::{Asked, Choice, Said, Stop, Tool};

pub struct Chat;

const KNOWN: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

impl Endpoint for Chat {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        super::known(body, KNOWN)?;
        let model = match &received.model {
            Some(model) => model.clone(),
            None => required(body, "model")?.to_owned(),
        };
        // <https://github.com/pydantic/pydantic-ai/issues/2822>
        if !body["web_search_options"].is_null() && !model.contains("-search") {
            return Err(Fault::at("web_search_options", "Unknown parameter: 'web_search_options'."));
        }
        let messages = required_list(body, "messages")?;
        check_messages(messages)?;
        check_marks(body)?;
        let stream = body["stream"].as_bool().unwrap_or(false);
        if body["stream_options"].is_object() && !stream {
            return Err(Fault::at(
                "stream_options",
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            ));
        }
        check_numbers(body)?;
        let tools = tools(body)?;
        check_thinking(&model, &tools, body)?;
        let choice = choice(&body["tool_choice"], &tools)?;
        if tools.is_empty() && !body["tool_choice"].is_null() {
            return Err(Fault::at(
                "tool_choice",
                "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
            ));
        }
        let schema = schema(&body["response_format"])?;
        let last = messages.last().unwrap_or(&Value::Null);
        let results = messages.iter().rev().take_while(|message| message["role"] == "tool");
        let mut tool_results: Vec<String> = results.map(|message| text(&message["content"])).collect();
        tool_results.reverse();
        let user = messages.iter().rev().find(|message| message["role"] == "user").unwrap_or(last);
        Ok(Asked {
            model,
            stream,
            last_text: text(&user["content"]),
            tool_results,
            tools,
            choice,
            one_tool: body["parallel_tool_calls"] == false,
            schema,
            json_object: body["response_format"]["type"] == "json_object",
            max_tokens: body["max_completion_tokens"].as_u64().or_else(|| body["max_tokens"].as_u64()),
            count: usize::try_from(body["n"].as_u64().unwrap_or(1)).unwrap_or(1),
            usage: body["stream_options"]["include_usage"] == true,
            prompt_bytes: body["messages"].to_string().len(),
            ..Asked::default()
        })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let content = if said.text.is_empty() { Value::Null } else { json!(said.whole_text()) };
        let mut message =
            json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
        if !said.calls.is_empty() {
            let calls = said.calls.iter().map(|call| {
                json!({"id": format!("call_{}", call.id), "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments.to_string()}})
            });
            message["tool_calls"] = calls.collect();
        }
        let choices = (0..asked.count.max(1)).map(|index| {
            json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish(said.stop)})
        });
        json!({
            "id": format!("chatcmpl-{}", said.id), "object": "chat.completion", "created": said.created,
            "model": asked.model, "choices": choices.collect::<Value>(), "usage": usage(said),
            "service_tier": "default", "system_fingerprint": "fp_standin",
        })
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut chunk = |part, choices: Value, last: bool| {
            let mut data = json!({
                "id": format!("chatcmpl-{}", said.id), "object": "chat.completion.chunk", "created": said.created,
                "model": asked.model, "service_tier": "default", "system_fingerprint": "fp_standin", "choices": choices,
            });
            if asked.usage {
                data["usage"] = if last { usage(said) } else { Value::Null };
            }
            events.push(sse(None, &data, part));
        };
        for index in 0..asked.count.max(1) {
            let choice = |delta: Value, finish: Value| json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]);
            let first = if said.calls.is_empty() { json!("") } else { Value::Null };
            let start = json!({"role": "assistant", "content": first, "refusal": null});
            chunk(Part::Lifecycle, choice(start, Value::Null), false);
            for delta in &said.text {
                chunk(Part::Token, choice(json!({"content": delta}), Value::Null), false);
            }
            for delta in call_deltas(said) {
                chunk(Part::Token, choice(json!({"tool_calls": [delta]}), Value::Null), false);
            }
            chunk(Part::Closing, choice(json!({}), json!(finish(said.stop))), false);
        }
        if asked.usage {
            chunk(Part::Closing, json!([]), true);
        }
        events.push(Event { bytes: bytes::Bytes::from_static(b"data: [DONE]\n\n"), part: Part::Terminator });
        events
    }
}

/// Each call begins with its name; its arguments follow in pieces.
fn call_deltas(said: &Said) -> Vec<Value> {
    let mut deltas = Vec::new();
    for (index, call) in said.calls.iter().enumerate() {
        deltas.push(json!({"index": index, "id": format!("call_{}", call.id), "type": "function",
            "function": {"name": call.name, "arguments": ""}}));
        for piece in pieces(&call.arguments.to_string()) {
            deltas.push(json!({"index": index, "function": {"arguments": piece}}));
        }
    }
    deltas
}

/// Cuts the JSON of arguments anywhere but inside a character.
pub fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(7).map(|piece| piece.iter().collect()).collect()
}

fn finish(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "stop",
        Stop::Length => "length",
        Stop::Tools => "tool_calls",
        Stop::Filtered => "content_filter",
    }
}

fn usage(said: &Said) -> Value {
    json!({
        "prompt_tokens": said.prompt_tokens, "completion_tokens": said.output_tokens,
        "total_tokens": said.prompt_tokens + said.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": said.thinking_tokens, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    })
}

/// The text of a content: a string, or parts of which the text ones count.
pub fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

/// Anthropic's marks of cache breakpoints: `Unknown parameter: 'messages[0].content[0].cache_control'.`, in a recorded answer; so says
/// Responses (BerriAI/litellm#28431).
fn check_marks(body: &Value) -> Result<(), Fault> {
    let unknown = |place: String| Err(Fault::at(place.clone(), format!("Unknown parameter: '{place}'.")));
    for (at, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
        if !message["cache_control"].is_null() {
            return unknown(format!("messages[{at}].cache_control"));
        }
        for (part, content) in message["content"].as_array().into_iter().flatten().enumerate() {
            if !content["cache_control"].is_null() {
                return unknown(format!("messages[{at}].content[{part}].cache_control"));
            }
        }
    }
    for (at, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        if !tool["cache_control"].is_null() {
            return unknown(format!("tools[{at}].cache_control"));
        }
    }
    Ok(())
}

/// Roles, contents, and that every tool call is answered right after it.
fn check_messages(messages: &[Value]) -> Result<(), Fault> {
    let mut open: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let place = |name: &str| format!("messages[{at}].{name}");
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let Some(found) = open.iter().position(|known| *known == id) else {
                return Err(Fault::at(
                    place("role"),
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                ));
            };
            open.remove(found);
            continue;
        }
        if !open.is_empty() {
            let ids = open.join(", ");
            return Err(Fault::at(
                place("role"),
                format!(
                    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {ids}"
                ),
            ));
        }
        if !["system", "developer", "user", "assistant", "function"].contains(&role) {
            return Err(Fault::at(
                place("role"),
                format!(
                    "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
                ),
            ));
        }
        let calls = message["tool_calls"].as_array().map_or(&[][..], Vec::as_slice);
        if message["content"].is_null() && calls.is_empty() && message["refusal"].is_null() {
            return Err(Fault::at(
                place("content"),
                format!("Invalid value for 'content': expected a string, got null (role {role})."),
            ));
        }
        for call in calls {
            let whole = call["function"]["name"].is_string() && call["function"]["arguments"].is_string();
            match call["id"].as_str().filter(|_| whole && call["type"] == "function") {
                Some(id) => open.push(id),
                None => {
                    return Err(Fault::at(
                        place("tool_calls"),
                        "Invalid 'tool_calls': id, type 'function', function.name and function.arguments (a string) are required.",
                    ));
                }
            }
        }
    }
    match open.first() {
        Some(id) => Err(Fault::at(
            "messages",
            format!(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {id}"
            ),
        )),
        None => Ok(()),
    }
}

fn check_numbers(body: &Value) -> Result<(), Fault> {
    for (name, least, most) in [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("presence_penalty", -2.0, 2.0),
        ("frequency_penalty", -2.0, 2.0),
        ("n", 1.0, 128.0),
        ("max_tokens", 1.0, 1e9),
        ("max_completion_tokens", 1.0, 1e9),
    ] {
        let value = &body[name];
        let fits = value.as_f64().is_some_and(|number| (least..=most).contains(&number));
        if !value.is_null() && !fits {
            return Err(Fault::at(
                name,
                format!("Invalid '{name}': {value} is not a number from {least} to {most}."),
            ));
        }
    }
    Ok(())
}

/// Newer models take tools and think in Responses only. What they say to it: pipecat-ai/pipecat#4043 (gpt-5.4),
/// charmbracelet/crush#2913 (gpt-5.5), and BerriAI/litellm#34569 (gpt-5.6, which thinks unless told not to). All of a model's
/// sizes say the same.
fn check_thinking(model: &str, tools: &[Tool], body: &Value) -> Result<(), Fault> {
    let is_of = |family: &str| model == family || model.starts_with(&format!("{family}-"));
    let effort = body["reasoning_effort"].as_str();
    let remedy = if ["gpt-5.4", "gpt-5.5"].into_iter().any(is_of) && effort.is_some() {
        "Please use /v1/responses instead."
    } else if is_of("gpt-5.6") {
        "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
    } else {
        return Ok(());
    };
    if tools.is_empty() || effort == Some("none") {
        return Ok(());
    }
    let message = format!(
        "Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. {remedy}"
    );
    Err(Fault::at("reasoning_effort", message))
}

fn tools(body: &Value) -> Result<Vec<Tool>, Fault> {
    let mut tools = Vec::new();
    for (at, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        let (name, schema) = match tool["type"].as_str() {
            Some("function") => (&tool["function"]["name"], &tool["function"]["parameters"]),
            Some("custom") => (&tool["custom"]["name"], &Value::Null),
            _ => {
                return Err(Fault::at(
                    format!("tools[{at}].type"),
                    format!("Missing required parameter: 'tools[{at}].type'."),
                ));
            }
        };
        let Some(name) = name.as_str().filter(|name| !name.is_empty()) else {
            return Err(Fault::at(
                format!("tools[{at}].function.name"),
                format!("Missing required parameter: 'tools[{at}].function.name'."),
            ));
        };
        tools.push(Tool { name: name.to_owned(), schema: schema_or_empty(schema) });
    }
    Ok(tools)
}

fn choice(choice: &Value, tools: &[Tool]) -> Result<Choice, Fault> {
    match (choice.as_str(), choice["function"]["name"].as_str()) {
        (Some("auto"), _) => Ok(Choice::Auto),
        (Some("none"), _) => Ok(Choice::None),
        (Some("required"), _) => Ok(Choice::Any),
        (_, Some(name)) if tools.iter().any(|tool| tool.name == name) => Ok(Choice::Named(name.to_owned())),
        (_, Some(name)) => {
            Err(Fault::at("tool_choice", format!("Tool choice '{name}' not found in 'tools' parameter.")))
        }
        _ if choice.is_null() || choice.is_object() => Ok(Choice::Auto),
        _ => Err(Fault::at(
            "tool_choice",
            format!("Invalid value: {choice}. Supported values are: 'none', 'auto', and 'required'."),
        )),
    }
}

fn schema(format: &Value) -> Result<Option<Value>, Fault> {
    match format["type"].as_str() {
        Some("json_schema")
            if format["json_schema"]["schema"].is_object() && format["json_schema"]["name"].is_string() =>
        {
            Ok(Some(format["json_schema"]["schema"].clone()))
        }
        Some("json_schema") => Err(Fault::at(
            "response_format.json_schema",
            "Missing required parameter: 'response_format.json_schema.name' or '.schema'.",
        )),
        Some("text" | "json_object") => Ok(None),
        None if format.is_null() => Ok(None),
        _ => Err(Fault::at(
            "response_format.type",
            "Invalid value for 'response_format.type'. Supported values are: 'json_object', 'json_schema', and 'text'.",
        )),
    }
}
