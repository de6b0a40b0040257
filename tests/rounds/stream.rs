//! A maker's answer in its own wire form, as a stream: each text comes in two pieces.

use crate::answer::{blocks, converse, items, parted, parts, whole};
use crate::frames;
use crate::maker::{DETAILS, Wire};
use crate::script::Said;
use serde_json::{Value, json};

/// A text in two, cut between characters.
fn halves(text: &str) -> [String; 2] {
    let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let (head, tail) = text.split_at(middle);
    [head.to_owned(), tail.to_owned()]
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn streamed(wire: Wire, said: &[Said], told: &[String], thinks_in: Option<&str>) -> Vec<u8> {
    let whole = whole(wire, said, told, thinks_in);
    match wire {
        Wire::Chat => data(chat(&whole)) + "data: [DONE]\n\n",
        Wire::Responses => named(responses(&items(said, told), &whole)),
        Wire::Messages => named(messages(&blocks(said, told), &whole)),
        Wire::Gemini => data(gemini(&parts(said, told))),
        Wire::Converse => return frames(&blocks_of_converse(&converse(said, told), &whole)),
        Wire::Cohere => named(cohere(said, told, &whole)),
    }
    .into_bytes()
}

fn data(events: Vec<Value>) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

fn named(events: Vec<Value>) -> String {
    let event = |event: &Value| format!("event: {}\ndata: {event}\n\n", text_of(&event["type"]));
    events.iter().map(event).collect()
}

fn frames(events: &[(&str, Value)]) -> Vec<u8> {
    let json = (":content-type", "application/json");
    let frame = |(name, payload): &(&str, Value)| {
        frames::encode_frame(&[(":event-type", name), json, (":message-type", "event")], &payload.to_string())
    };
    events.iter().flat_map(frame).collect()
}

fn chat(whole: &Value) -> Vec<Value> {
    let message = &whole["choices"][0]["message"];
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    for name in ["reasoning_content", "reasoning", "content"] {
        if let Some(text) = message[name].as_str() {
            deltas.extend(halves(text).map(|half| json!({name: half})));
        }
    }
    for detail in message[DETAILS].as_array().into_iter().flatten() {
        let mut rest = detail.clone();
        if let Some(text) = detail["text"].as_str() {
            let mut begun = detail.clone();
            begun.as_object_mut().unwrap().remove("signature");
            let [head, tail] = halves(text);
            begun["text"] = json!(head);
            rest["text"] = json!(tail);
            deltas.push(json!({DETAILS: [begun]}));
        }
        deltas.push(json!({DETAILS: [rest]}));
    }
    for (at, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let function = &call["function"];
        deltas.push(json!({"tool_calls": [{"index": at, "id": call["id"], "type": "function",
            "function": {"name": function["name"], "arguments": ""}}]}));
        deltas.extend(
            halves(text_of(&function["arguments"]))
                .map(|half| json!({"tool_calls": [{"index": at, "function": {"arguments": half}}]})),
        );
    }
    let chunk = |delta: Value, finish: &Value| {
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let mut chunks: Vec<Value> = deltas.into_iter().map(|delta| chunk(delta, &Value::Null)).collect();
    chunks.push(chunk(json!({}), &whole["choices"][0]["finish_reason"]));
    chunks
}

fn responses(items: &[Value], whole: &Value) -> Vec<Value> {
    let mut events = vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "object": "response", "model": "m", "status": "in_progress", "output": []}}),
    ];
    for (at, item) in items.iter().enumerate() {
        let mut begun = item.clone();
        for (name, empty) in [("summary", json!([])), ("content", json!([])), ("arguments", json!(""))] {
            if item.get(name).is_some() {
                begun[name] = empty;
            }
        }
        events.push(json!({"type": "response.output_item.added", "output_index": at, "item": begun}));
        let id = &item["id"];
        for part in item["summary"].as_array().into_iter().flatten() {
            events.push(json!({"type": "response.reasoning_summary_part.added", "item_id": id, "output_index": at, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}));
            events.extend(halves(text_of(&part["text"])).map(|half| json!({"type": "response.reasoning_summary_text.delta", "item_id": id, "output_index": at, "summary_index": 0, "delta": half})));
            events.push(json!({"type": "response.reasoning_summary_text.done", "item_id": id, "output_index": at, "summary_index": 0, "text": part["text"]}));
        }
        for part in item["content"].as_array().into_iter().flatten() {
            events.push(json!({"type": "response.content_part.added", "item_id": id, "output_index": at, "content_index": 0, "part": {"type": "output_text", "text": "", "annotations": []}}));
            events.extend(halves(text_of(&part["text"])).map(|half| json!({"type": "response.output_text.delta", "item_id": id, "output_index": at, "content_index": 0, "delta": half})));
            events.push(json!({"type": "response.output_text.done", "item_id": id, "output_index": at, "content_index": 0, "text": part["text"]}));
        }
        if let Some(arguments) = item["arguments"].as_str() {
            events.extend(halves(arguments).map(|half| json!({"type": "response.function_call_arguments.delta", "item_id": id, "output_index": at, "delta": half})));
        }
        events.push(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": whole}));
    events
}

fn messages(blocks: &[Value], whole: &Value) -> Vec<Value> {
    let mut begun = whole.clone();
    begun["content"] = json!([]);
    begun["stop_reason"] = Value::Null;
    let mut events = vec![json!({"type": "message_start", "message": begun})];
    for (at, block) in blocks.iter().enumerate() {
        let mut start = block.clone();
        let mut deltas = Vec::new();
        for (name, kind) in
            [("thinking", "thinking_delta"), ("text", "text_delta"), ("signature", "signature_delta")]
        {
            let Some(text) = block[name].as_str() else { continue };
            start[name] = json!("");
            let pieces = if name == "signature" { vec![text.to_owned()] } else { halves(text).to_vec() };
            deltas.extend(pieces.into_iter().map(|piece| json!({"type": kind, name: piece})));
        }
        if block["type"] == "tool_use" {
            start["input"] = json!({});
            let halves = halves(&block["input"].to_string());
            deltas.extend(halves.map(|half| json!({"type": "input_json_delta", "partial_json": half})));
        }
        events.push(json!({"type": "content_block_start", "index": at, "content_block": start}));
        let delta = |delta: Value| json!({"type": "content_block_delta", "index": at, "delta": delta});
        events.extend(deltas.into_iter().map(delta));
        events.push(json!({"type": "content_block_stop", "index": at}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": null}, "usage": {"output_tokens": 1}}));
    events.push(json!({"type": "message_stop"}));
    events
}

/// A part an event; a text in two, and its seal with the second.
fn gemini(parts: &[Value]) -> Vec<Value> {
    let mut events = Vec::new();
    let mut event = |part: Value| {
        events.push(json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}], "responseId": "r"}));
    };
    for part in parts {
        match part["text"].as_str() {
            None => event(part.clone()),
            Some(text) => {
                let [head, tail] = halves(text);
                let (mut first, mut second) = (part.clone(), part.clone());
                first["text"] = json!(head);
                first.as_object_mut().unwrap().remove("thoughtSignature");
                second["text"] = json!(tail);
                event(first);
                event(second);
            }
        }
    }
    let usage = json!({"promptTokenCount": 1, "candidatesTokenCount": 1});
    events.push(json!({"candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": ""}]}}], "usageMetadata": usage}));
    events
}

fn blocks_of_converse(blocks: &[Value], whole: &Value) -> Vec<(&'static str, Value)> {
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    for (at, block) in blocks.iter().enumerate() {
        let mut deltas = Vec::new();
        let thought = &block["reasoningContent"];
        if let Some(tool) = block.get("toolUse") {
            let start = json!({"toolUse": {"toolUseId": tool["toolUseId"], "name": tool["name"]}});
            events.push(("contentBlockStart", json!({"contentBlockIndex": at, "start": start})));
            let halves = halves(&tool["input"].to_string());
            deltas.extend(halves.map(|half| json!({"toolUse": {"input": half}})));
        } else if let Some(text) = block["text"].as_str() {
            deltas.extend(halves(text).map(|half| json!({"text": half})));
        } else if let Some(words) = thought.get("reasoningText") {
            deltas.extend(
                halves(text_of(&words["text"])).map(|half| json!({"reasoningContent": {"text": half}})),
            );
            deltas.push(json!({"reasoningContent": {"signature": words["signature"]}}));
        } else {
            deltas.push(json!({"reasoningContent": {"redactedContent": thought["redactedContent"]}}));
        }
        let delta = |delta: Value| ("contentBlockDelta", json!({"contentBlockIndex": at, "delta": delta}));
        events.extend(deltas.into_iter().map(delta));
        events.push(("contentBlockStop", json!({"contentBlockIndex": at})));
    }
    events.push(("messageStop", json!({"stopReason": whole["stopReason"]})));
    events.push(("metadata", json!({"usage": whole["usage"], "metrics": {"latencyMs": 1}})));
    events
}

fn cohere(said: &[Said], told: &[String], whole: &Value) -> Vec<Value> {
    let parted = parted(said, told);
    let begun =
        json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []});
    let mut events = vec![json!({"type": "message-start", "id": "c", "delta": {"message": begun}})];
    if parted.calls.is_empty() {
        events.push(json!({"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}));
        events.extend(halves(&parted.text).map(|half| json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": half}}}})));
        events.push(json!({"type": "content-end", "index": 0}));
    } else {
        events.extend(
            halves(&parted.text)
                .map(|half| json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": half}}})),
        );
    }
    for (at, (id, name, arguments)) in parted.calls.iter().enumerate() {
        let call = json!({"id": id, "type": "function", "function": {"name": name, "arguments": ""}});
        events.push(
            json!({"type": "tool-call-start", "index": at, "delta": {"message": {"tool_calls": call}}}),
        );
        events.extend(halves(&arguments.to_string()).map(|half| json!({"type": "tool-call-delta", "index": at, "delta": {"message": {"tool_calls": {"function": {"arguments": half}}}}})));
        events.push(json!({"type": "tool-call-end", "index": at}));
    }
    events.push(json!({"type": "message-end", "delta": {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}}));
    events
}
