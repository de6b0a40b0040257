//! Bedrock's Converse. <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use serde_json::{Value, json};

use super::{
    Endpoint, Event, Family, Fault, Part, Received, eventstream, known, required_list, schema_or_empty,
};
use crate::answer::{Asked, Choice, SIGNATURE, Said, Stop, Tool};
use crate::behaviour::Failure;

pub struct Converse;

const KNOWN: &[&str] = &[
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "guardrailConfig",
    "additionalModelRequestFields",
    "promptVariables",
    "additionalModelResponseFieldPaths",
    "requestMetadata",
    "performanceConfig",
    "serviceTier",
    "outputConfig",
];
/// A content block is exactly one of these.
const BLOCKS: &[&str] = &[
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "citationsContent",
    "searchResult",
    "toolAddition",
    "toolRemoval",
];

impl Endpoint for Converse {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        let extra = |fault: Fault| {
            Fault::new(format!("extraneous key [{}] is not permitted", fault.param.unwrap_or_default()))
        };
        known(body, KNOWN).map_err(extra)?;
        let config = &body["inferenceConfig"];
        known(config, &["maxTokens", "temperature", "topP", "stopSequences"]).map_err(extra)?;
        if config["temperature"].as_f64().is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            return Err(Fault::new(
                "Value at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value less than or equal to 1",
            ));
        }
        let messages = required_list(body, "messages").map_err(|_| Fault::new("A conversation must start with a user message. Try again with a conversation that starts with a user message."))?;
        let uses_tools = check_messages(messages)?;
        if uses_tools && !body["toolConfig"].is_object() {
            return Err(Fault::new(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
            ));
        }
        check_system(&body["system"])?;
        let tools = tools(&body["toolConfig"])?;
        let choice = choice(&body["toolConfig"]["toolChoice"], &tools)?;
        let last = messages.last().unwrap_or(&Value::Null);
        let user = messages.iter().rev().find(|message| message["role"] == "user").unwrap_or(last);
        let blocks = |message: &Value| message["content"].as_array().cloned().unwrap_or_default();
        let results = blocks(last).into_iter().filter(|block| block["toolResult"].is_object());
        let texts: Vec<String> =
            blocks(user).iter().filter_map(|block| block["text"].as_str().map(str::to_owned)).collect();
        let more = &body["additionalModelRequestFields"];
        let thinks =
            [&more["thinking"]["type"], &more["reasoning_config"]["type"], &more["reasoningConfig"]["type"]];
        Ok(Asked {
            model: received.model.clone().unwrap_or_default(),
            stream: received.stream.unwrap_or(false),
            last_text: texts.join(" "),
            tool_results: results.map(|block| result_text(&block["toolResult"]["content"])).collect(),
            tools,
            choice,
            schema: schema(&body["outputConfig"]["textFormat"])?,
            thinking: thinks.into_iter().any(|kind| kind == "enabled" || kind == "adaptive"),
            max_tokens: config["maxTokens"].as_u64(),
            count: 1,
            prompt_bytes: body["messages"].to_string().len() + body["system"].to_string().len(),
            ..Asked::default()
        })
    }

    fn whole(&self, _: &Asked, said: &Said) -> Value {
        let mut content = Vec::new();
        if !said.thinking.is_empty() {
            content.push(json!({"reasoningContent": {"reasoningText": {"text": said.whole_thinking(), "signature": SIGNATURE}}}));
        }
        if !said.text.is_empty() {
            content.push(json!({"text": said.whole_text()}));
        }
        for call in &said.calls {
            content.push(json!({"toolUse": {"toolUseId": format!("tooluse_{}", call.id), "name": call.name, "input": call.arguments}}));
        }
        json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop(said.stop),
            "usage": usage(said), "metrics": {"latencyMs": 7}})
    }

    fn events(&self, _: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut event = |kind: &str, mut payload: Value, part| {
            // Bedrock pads its events, to hide how long the tokens are.
            payload["p"] = json!("abcdefghijkl");
            events.push(eventstream::event(kind, &payload, part));
        };
        let delta = |index: usize, delta: Value| json!({"contentBlockIndex": index, "delta": delta});
        event("messageStart", json!({"role": "assistant"}), Part::Lifecycle);
        let mut index = 0;
        if !said.thinking.is_empty() {
            for piece in &said.thinking {
                event(
                    "contentBlockDelta",
                    delta(index, json!({"reasoningContent": {"text": piece}})),
                    Part::Token,
                );
            }
            event(
                "contentBlockDelta",
                delta(index, json!({"reasoningContent": {"signature": SIGNATURE}})),
                Part::Token,
            );
            event("contentBlockStop", json!({"contentBlockIndex": index}), Part::Token);
            index += 1;
        }
        if !said.text.is_empty() {
            // Texts begin without a contentBlockStart.
            for piece in &said.text {
                event("contentBlockDelta", delta(index, json!({"text": piece})), Part::Token);
            }
            event("contentBlockStop", json!({"contentBlockIndex": index}), Part::Token);
            index += 1;
        }
        for call in &said.calls {
            let start = json!({"toolUse": {"toolUseId": format!("tooluse_{}", call.id), "name": call.name}});
            event("contentBlockStart", json!({"contentBlockIndex": index, "start": start}), Part::Token);
            for piece in super::openai::pieces(&call.arguments.to_string()) {
                event("contentBlockDelta", delta(index, json!({"toolUse": {"input": piece}})), Part::Token);
            }
            event("contentBlockStop", json!({"contentBlockIndex": index}), Part::Token);
            index += 1;
        }
        event("messageStop", json!({"stopReason": stop(said.stop)}), Part::Terminator);
        event("metadata", json!({"usage": usage(said), "metrics": {"latencyMs": 7}}), Part::Closing);
        events
    }

    fn failure_event(&self, _: Family, failure: Failure, message: Option<&str>) -> Event {
        eventstream::failure(failure, message)
    }

    fn malformed_event(&self) -> Event {
        eventstream::malformed("contentBlockDelta")
    }

    fn stream_type(&self) -> &'static str {
        eventstream::TYPE
    }
}

fn usage(said: &Said) -> Value {
    json!({"inputTokens": said.prompt_tokens, "outputTokens": said.output_tokens,
        "totalTokens": said.prompt_tokens + said.output_tokens, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0})
}

fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::Length => "max_tokens",
        Stop::Tools => "tool_use",
        Stop::Filtered => "content_filtered",
    }
}

fn result_text(content: &Value) -> String {
    let texts = content.as_array().into_iter().flatten().map(|block| match &block["text"] {
        Value::String(text) => text.clone(),
        _ => block["json"].to_string(),
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn check_system(system: &Value) -> Result<(), Fault> {
    let blank = |block: &Value| block["text"].as_str().is_some_and(|text| text.trim().is_empty());
    match system {
        Value::Null => Ok(()),
        Value::Array(blocks) if !blocks.iter().any(blank) => Ok(()),
        _ => Err(Fault::new(
            "The text field in the system field is blank. Add text to the text field, and try again.",
        )),
    }
}

/// Roles take turns, blocks are one thing each, results answer the calls of the turn before. Whether tools are used.
fn check_messages(messages: &[Value]) -> Result<bool, Fault> {
    let mut open: Vec<&str> = Vec::new();
    let mut before = "assistant";
    let mut uses_tools = false;
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role == before || !["user", "assistant"].contains(&role) {
            return Err(Fault::new(match at {
                0 => {
                    "A conversation must start with a user message. Try again with a conversation that starts with a user message."
                }
                _ => {
                    "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again."
                }
            }));
        }
        before = role;
        let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice);
        if blocks.is_empty() {
            return Err(Fault::new(format!(
                "The content field in the Message object at messages.{at} is empty. Add a ContentBlock object to the content field and try again."
            )));
        }
        for (place, block) in blocks.iter().enumerate() {
            check_block(block).map_err(|problem| {
                Fault::new(format!("The ContentBlock object at messages.{at}.content.{place}: {problem}"))
            })?;
        }
        let results: Vec<&str> =
            blocks.iter().filter_map(|block| block["toolResult"]["toolUseId"].as_str()).collect();
        if let Some(missing) = open.iter().find(|id| !results.contains(id)) {
            return Err(Fault::new(format!(
                "Expected toolResult blocks at messages.{at}.content for the following Ids: {missing}"
            )));
        }
        if results.len() != open.len() {
            return Err(Fault::new(format!(
                "The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks of previous turn."
            )));
        }
        open = blocks.iter().filter_map(|block| block["toolUse"]["toolUseId"].as_str()).collect();
        uses_tools |= !open.is_empty() || !results.is_empty();
    }
    match open.first() {
        Some(id) => Err(Fault::new(format!(
            "Expected toolResult blocks at messages.{}.content for the following Ids: {id}",
            messages.len()
        ))),
        None => Ok(uses_tools),
    }
}

fn check_block(block: &Value) -> Result<(), &'static str> {
    let kinds: Vec<&String> = block.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    if kinds.len() != 1 || !kinds.iter().all(|kind| BLOCKS.contains(&kind.as_str())) {
        return Err("must have exactly one known member");
    }
    let (call, result, thought) =
        (&block["toolUse"], &block["toolResult"], &block["reasoningContent"]["reasoningText"]);
    match () {
        () if block["text"].as_str().is_some_and(|text| text.trim().is_empty()) => {
            Err("the text field is blank")
        }
        () if call.is_object()
            && !(call["input"].is_object() && call["name"].is_string() && call["toolUseId"].is_string()) =>
        {
            Err("toolUse needs toolUseId, name and an object as input")
        }
        () if result.is_object() && !(result["content"].is_array() && result["toolUseId"].is_string()) => {
            Err("toolResult needs toolUseId and a list as content")
        }
        () if thought.is_object() && thought["signature"] != SIGNATURE => {
            Err("Invalid `signature` in `thinking` block")
        }
        () => Ok(()),
    }
}

fn tools(config: &Value) -> Result<Vec<Tool>, Fault> {
    if config.is_null() {
        return Ok(Vec::new());
    }
    known(config, &["tools", "toolChoice"])?;
    let mut found = Vec::new();
    for (at, tool) in required_list(config, "tools")?.iter().enumerate() {
        if tool["cachePoint"].is_object() || tool["systemTool"].is_object() {
            continue;
        }
        let spec = &tool["toolSpec"];
        let name = spec["name"].as_str().unwrap_or_default();
        let fits = (1..=64).contains(&name.len())
            && name.chars().all(|one| one.is_ascii_alphanumeric() || "_-".contains(one));
        if !fits || spec["description"] == "" || spec["inputSchema"]["json"]["type"] != "object" {
            return Err(Fault::new(format!(
                "The value at toolConfig.tools.{at}.toolSpec is wrong: name ([a-zA-Z0-9_-]+), a description that is not empty and inputSchema.json.type = object are required."
            )));
        }
        found.push(Tool { name: name.to_owned(), schema: schema_or_empty(&spec["inputSchema"]["json"]) });
    }
    Ok(found)
}

fn choice(choice: &Value, tools: &[Tool]) -> Result<Choice, Fault> {
    let named = choice["tool"]["name"].as_str();
    match choice.as_object().and_then(|choice| choice.keys().next()).map(String::as_str) {
        None | Some("auto") => Ok(Choice::Auto),
        Some("any") => Ok(Choice::Any),
        Some("tool") if tools.iter().any(|tool| Some(tool.name.as_str()) == named) => {
            Ok(Choice::Named(named.unwrap_or_default().to_owned()))
        }
        Some("tool") => Err(Fault::new("The toolChoice names a tool that is not in toolConfig.tools.")),
        Some(other) => {
            Err(Fault::new(format!("The toolChoice {other} is not supported: it is auto, any or tool.")))
        }
    }
}

/// The JSON Schema, which comes as a text.
fn schema(format: &Value) -> Result<Option<Value>, Fault> {
    if format.is_null() {
        return Ok(None);
    }
    let text =
        format["structure"]["jsonSchema"]["schema"].as_str().filter(|_| format["type"] == "json_schema");
    let schema = text.and_then(|text| serde_json::from_str(text).ok());
    schema.map(Some).ok_or_else(|| {
        Fault::new(
            "outputConfig.textFormat needs type json_schema and structure.jsonSchema.schema, a text of JSON.",
        )
    })
}
