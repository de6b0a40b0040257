//! A stream that the caller gets, put together as its SDK does it.

use serde_json::{Value, json};
use switchover::dialect::Surface;

pub fn joined(surface: Surface, bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    let events = events.map(|data| serde_json::from_str(data).unwrap());
    match surface {
        Surface::Chat => chunks(events),
        Surface::Messages => blocks(events),
        _ => items(events),
    }
}

fn append(to: &mut Value, name: &str, piece: &Value) {
    let Some(piece) = piece.as_str() else { return };
    let known = to[name].as_str().unwrap_or_default().to_owned();
    to[name] = json!(known + piece);
}

fn place(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or(0)).unwrap()
}

fn chunks(events: impl Iterator<Item = Value>) -> Value {
    let mut message = json!({"role": "assistant", "content": null});
    for event in events {
        let delta = &event["choices"][0]["delta"];
        for name in ["content", "reasoning_content", "reasoning"] {
            append(&mut message, name, &delta[name]);
        }
        for list in ["tool_calls", "reasoning_details"] {
            for piece in delta[list].as_array().into_iter().flatten() {
                join(&mut message, list, piece);
            }
        }
    }
    json!({"choices": [{"message": message}]})
}

/// Adds a piece to the element that has its index.
fn join(message: &mut Value, list: &str, piece: &Value) {
    if message[list].is_null() {
        message[list] = json!([]);
    }
    let all = message[list].as_array_mut().unwrap();
    let mut whole = piece.clone();
    let index = whole.as_object_mut().unwrap().remove("index");
    let Some(known) = all.get_mut(place(&json!(index))) else {
        // Of thoughts it belongs to what is sent back.
        all.push(if list == "tool_calls" { whole } else { piece.clone() });
        return;
    };
    if list == "tool_calls" {
        return append(&mut known["function"], "arguments", &piece["function"]["arguments"]);
    }
    for name in ["text", "signature", "data"] {
        append(known, name, &piece[name]);
    }
    if let Some(format) = piece.get("format") {
        known["format"] = format.clone();
    }
}

fn blocks(events: impl Iterator<Item = Value>) -> Value {
    let mut content: Vec<Value> = Vec::new();
    let mut inputs: Vec<String> = Vec::new();
    for event in events {
        let at = place(&event["index"]);
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                content.push(event["content_block"].clone());
                inputs.push(String::new());
            }
            "content_block_delta" => {
                for name in ["text", "thinking", "signature"] {
                    append(&mut content[at], name, &event["delta"][name]);
                }
                inputs[at].push_str(event["delta"]["partial_json"].as_str().unwrap_or_default());
            }
            "error" => panic!("{event}"),
            _ => {}
        }
    }
    for (block, input) in content.iter_mut().zip(inputs) {
        if !block["input"].is_null() && !input.is_empty() {
            block["input"] = serde_json::from_str(&input).unwrap();
        }
    }
    json!({"content": content})
}

/// The end of a stream has all of it; the items that came one by one are the same.
fn items(events: impl Iterator<Item = Value>) -> Value {
    let mut done = Vec::new();
    let mut whole = Value::Null;
    for mut event in events {
        match event["type"].as_str().unwrap() {
            "response.output_item.done" => done.push(event["item"].take()),
            "response.completed" => whole = event["response"].take(),
            _ => {}
        }
    }
    assert_eq!(whole["output"], json!(done));
    whole
}
