//! What a house refuses of a conversation, whoever said it.

use crate::maker::Wire;
use serde_json::Value;
use std::collections::BTreeSet;

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Why the request would be refused.
pub fn refusal(wire: Wire, body: &Value) -> Option<String> {
    match wire {
        Wire::Messages => messages(body, &body["thinking"], "type", None),
        Wire::Converse => {
            messages(body, &body["additionalModelRequestFields"]["thinking"], "toolUse", Some(64))
        }
        Wire::Responses => ids(list(&body["input"]).filter_map(|item| item["call_id"].as_str()), 64),
        Wire::Chat | Wire::Gemini | Wire::Cohere => None,
    }
}

fn ids<'i>(mut ids: impl Iterator<Item = &'i str>, most: usize) -> Option<String> {
    ids.find(|id| id.chars().count() > most || id.is_empty()).map(|id| format!("an id {id:?}"))
}

/// Claude's API and Converse: <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>,
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html>.
fn messages(body: &Value, thinking: &Value, tool: &str, most: Option<usize>) -> Option<String> {
    let all: Vec<&Value> = list(&body["messages"]).collect();
    let mut taken = BTreeSet::new();
    for message in &all {
        if message["content"].as_array().is_some_and(Vec::is_empty) {
            return Some("an empty turn".to_owned());
        }
        for block in list(&message["content"]) {
            let text = block["text"].as_str().filter(|_| block["type"] != "thinking");
            if text.is_some_and(|text| text.trim().is_empty()) {
                return Some("text content blocks must contain non-whitespace text".to_owned());
            }
            let called = if tool == "type" {
                Some(&block["id"])
            } else {
                block.get(tool).map(|tool| &tool["toolUseId"])
            };
            let Some(id) = called.and_then(Value::as_str) else { continue };
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if id.is_empty() || !id.chars().all(is_plain) || most.is_some_and(|most| id.len() > most) {
                return Some(format!("an id {id:?}"));
            }
            if !taken.insert(id) {
                return Some(format!("`tool_use` ids must be unique: {id}"));
            }
        }
    }
    let last = all.last()?;
    let kind = |block: &Value| {
        let named = block["type"].as_str().map(str::to_owned);
        named.or_else(|| block.as_object()?.keys().next().cloned()).unwrap_or_default()
    };
    let has = |message: &Value, kinds: [&str; 2]| {
        list(&message["content"]).next().is_some_and(|block| kinds.contains(&kind(block).as_str()))
    };
    let brings = |message: &Value| has(message, ["tool_result", "toolResult"]);
    let goes_on = brings(last);
    // A loop of tools is one turn of the assistant's, in which Claude thinks once: anthropics/claude-cookbooks,
    // `extended_thinking_with_tool_use.ipynb`.
    let mut in_loop = all.iter().rev().take_while(|message| message["role"] != "user" || brings(message));
    let thought = in_loop.any(|message| {
        has(message, ["thinking", "redacted_thinking"]) || has(message, ["reasoningContent", ""])
    });
    (thinking["type"] == "enabled" && goes_on && !thought)
        .then(|| "Expected `thinking` or `redacted_thinking`, but found `tool_use`".to_owned())
}
