//! A conversation over two turns: what the model thought comes back to it byte for byte, and the second input begins with the first.

use super::turn;
use crate::chat::Features;
use crate::dialect::{Api, Endpoint, Memo, Outgoing, Surface, Target, Turn, exchange, provider};
use crate::failure::Head;
use serde_json::{Value, json};

fn target(name: &str, host: &str, api: Api) -> Target {
    let row = provider(name).unwrap();
    Target {
        id: name.to_owned(),
        row,
        model: Some("gpt-5.4".to_owned()),
        endpoint: Endpoint { tls: true, host: host.to_owned(), port: 443, base_path: "/v1".to_owned() },
        capabilities: row.carries,
        denied: Features::NONE,
        context_window: None,
        max_output_tokens: None,
        api,
        api_version: None,
        project: None,
        location: None,
        instructions: Default::default(),
    }
}

fn openai() -> Target {
    target("openai", "api.openai.com", Api::Auto)
}

fn first(surface: Surface) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    match surface {
        Surface::Chat => json!({"model": "asked", "reasoning_effort": "medium",
            "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}],
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Rome or Oslo?"}]}),
        _ => {
            json!({"model": "asked", "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000},
            "tools": [{"name": "get_weather", "input_schema": schema}], "system": "Be kind.",
            "messages": [{"role": "user", "content": "Rome or Oslo?"}]})
        }
    }
}

fn output() -> Value {
    let call = |id: &str, city: &str| {
        json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": format!("call_{id}"), "name": "get_weather",
            "arguments": format!("{{\"city\": \"{city}\"}}"), "status": "completed"})
    };
    json!([
        {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAAA-one_==",
            "summary": [{"type": "summary_text", "text": "**Where**"}, {"type": "summary_text", "text": "Both."}]},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "Let me look.", "annotations": []}]},
        {"type": "reasoning", "id": "rs_2", "encrypted_content": "gAAAA-two", "summary": []},
        call("1", "Rome"),
        call("2", "Oslo"),
    ])
}

/// The answer of the provider, as a stream or whole.
fn answer(stream: bool) -> String {
    let response = json!({"id": "resp_1", "object": "response", "model": "gpt-5.4", "status": "completed", "error": null,
        "incomplete_details": null, "output": output(), "usage": {"input_tokens": 5, "output_tokens": 5}});
    if !stream {
        return response.to_string();
    }
    let mut sse = String::new();
    let mut event = |data: Value| {
        sse.push_str(&format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap()));
    };
    event(json!({"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5.4"}}));
    for (at, item) in output().as_array().unwrap().iter().enumerate() {
        event(json!({"type": "response.output_item.added", "output_index": at, "item": item}));
        for (number, part) in item["summary"].as_array().into_iter().flatten().enumerate() {
            event(
                json!({"type": "response.reasoning_summary_text.delta", "output_index": at, "summary_index": number, "delta": part["text"]}),
            );
        }
        for part in item["content"].as_array().into_iter().flatten() {
            event(
                json!({"type": "response.output_text.delta", "output_index": at, "content_index": 0, "delta": part["text"]}),
            );
        }
        if item["arguments"].is_string() {
            event(
                json!({"type": "response.function_call_arguments.delta", "output_index": at, "delta": item["arguments"]}),
            );
        }
        event(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
    }
    event(json!({"type": "response.completed", "response": response}));
    sse
}

/// What the caller gets of it, whole: put together as its SDK does it.
fn told(turn: &Turn, target: &Target, memo: &Memo, stream: bool) -> Value {
    let answer = answer(stream);
    if !stream {
        let head = Head { status: 200, headers: &[] };
        let told = exchange::reply(turn, target, memo, &head, answer.as_bytes()).unwrap();
        return serde_json::from_slice(&told.body).unwrap();
    }
    let mut out = Vec::new();
    let mut pipe = exchange::stream(turn, target, memo).unwrap();
    for piece in answer.as_bytes().chunks(7) {
        pipe.push(piece, &mut out).unwrap();
    }
    pipe.finish(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    let events = events.map(|data| serde_json::from_str(data).unwrap());
    if turn.surface == Surface::Chat { joined_chunks(events) } else { joined_blocks(events) }
}

fn append(to: &mut Value, name: &str, piece: &Value) {
    let Some(piece) = piece.as_str() else { return };
    let known = to[name].as_str().unwrap_or_default().to_owned();
    to[name] = json!(known + piece);
}

fn joined_chunks(events: impl Iterator<Item = Value>) -> Value {
    let mut message =
        json!({"role": "assistant", "content": null, "tool_calls": [], "reasoning_details": []});
    for event in events {
        let delta = &event["choices"][0]["delta"];
        append(&mut message, "content", &delta["content"]);
        for (list, joined) in
            [("tool_calls", &["arguments"][..]), ("reasoning_details", &["text", "signature"][..])]
        {
            for piece in delta[list].as_array().into_iter().flatten() {
                let at = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
                if message[list].get(at).is_none() {
                    message[list].as_array_mut().unwrap().push(piece.clone());
                    continue;
                }
                let known = &mut message[list][at];
                if list == "tool_calls" {
                    append(&mut known["function"], "arguments", &piece["function"]["arguments"]);
                    continue;
                }
                joined.iter().for_each(|name| append(known, name, &piece[*name]));
                if let Some(format) = piece.get("format") {
                    known["format"] = format.clone();
                }
            }
        }
    }
    json!({"choices": [{"message": message}]})
}

fn joined_blocks(events: impl Iterator<Item = Value>) -> Value {
    let mut content: Vec<Value> = Vec::new();
    let mut inputs: Vec<String> = Vec::new();
    for event in events {
        let at = usize::try_from(event["index"].as_u64().unwrap_or(0)).unwrap();
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
            _ => {}
        }
    }
    for (block, input) in content.iter_mut().zip(inputs) {
        if block["type"] == "tool_use" {
            block["input"] = serde_json::from_str(&input).unwrap();
        }
    }
    json!({"content": content})
}

/// The caller goes on with what it got and with what its tools said.
fn second(surface: Surface, mut request: Value, told: &Value) -> Value {
    let said = request["messages"].as_array_mut().unwrap();
    let results = [("call_1", "21 °C"), ("call_2", "4 °C")];
    if surface == Surface::Chat {
        said.push(told["choices"][0]["message"].clone());
        said.extend(results.map(|(id, text)| json!({"role": "tool", "tool_call_id": id, "content": text})));
    } else {
        said.push(json!({"role": "assistant", "content": told["content"]}));
        let results =
            results.map(|(id, text)| json!({"type": "tool_result", "tool_use_id": id, "content": text}));
        said.push(json!({"role": "user", "content": results}));
    }
    request
}

fn sent(turn: &Turn, request: &Value, target: &Target) -> (Outgoing, Value) {
    let text = request.to_string();
    let outgoing =
        exchange::request(turn, crate::json::Raw::parse(text.as_bytes()).unwrap(), target).unwrap();
    let body = serde_json::from_slice(&outgoing.body).unwrap();
    (outgoing, body)
}

fn input_of(outgoing: &Outgoing) -> String {
    let body = crate::json::Raw::parse(&outgoing.body).unwrap();
    body.get("input").unwrap().as_json().to_owned()
}

#[test]
fn what_was_thought_comes_back_and_the_input_goes_on() {
    for (surface, stream) in
        [(Surface::Chat, false), (Surface::Chat, true), (Surface::Messages, false), (Surface::Messages, true)]
    {
        let (turn, target, case) =
            (Turn { stream, ..turn(surface) }, openai(), format!("{surface:?} {stream}"));
        let request = first(surface);
        let (outgoing, _) = sent(&turn, &request, &target);
        assert_eq!(outgoing.path, "/v1/responses", "{case}");
        let told = told(&turn, &target, &outgoing.memo, stream);
        let (next, body) = sent(&turn, &second(surface, request, &told), &target);
        assert_eq!(next.path, "/v1/responses", "{case}");
        assert_eq!(next.dropped, outgoing.dropped, "{case}");
        let begin = input_of(&outgoing);
        assert!(input_of(&next).starts_with(begin.trim_end_matches(']')), "{case}");
        let items = body["input"].as_array().unwrap();
        let kind = |item: &Value| item["type"].as_str().or(item["role"].as_str()).unwrap().to_owned();
        let kinds: Vec<String> = items.iter().skip(2).map(kind).collect();
        let (call, result) = ("function_call", "function_call_output");
        let expected = match surface {
            // A message of theirs has its thoughts before all else.
            Surface::Chat => ["reasoning", "reasoning", "assistant", call, call, result, result],
            _ => ["reasoning", "assistant", "reasoning", call, call, result, result],
        };
        assert_eq!(kinds, expected, "{case}");
        let thoughts: Vec<&Value> = items.iter().filter(|item| item["type"] == "reasoning").collect();
        assert_eq!(thoughts[0]["encrypted_content"], "gAAAA-one_==", "{case}");
        assert_eq!(
            thoughts[0]["summary"],
            json!([{"type": "summary_text", "text": "**Where**\n\nBoth."}]),
            "{case}"
        );
        assert_eq!(
            (&thoughts[1]["encrypted_content"], &thoughts[1]["summary"]),
            (&json!("gAAAA-two"), &json!([]))
        );
        assert_eq!(
            items[items.len() - 3]["arguments"].as_str().unwrap().replace(' ', ""),
            r#"{"city":"Oslo"}"#
        );
    }
}

#[test]
fn what_another_house_sealed_stays_away() {
    let turn = turn(Surface::Messages);
    let request = first(Surface::Messages);
    let (outgoing, _) = sent(&turn, &request, &openai());
    let next = second(Surface::Messages, request, &told(&turn, &openai(), &outgoing.memo, false));
    for other in [
        target("openai", "eu.api.openai.com", Api::Auto),
        target("openrouter", "openrouter.ai", Api::Responses),
        target("azure_openai", "acme.openai.azure.com", Api::Auto),
        target("openai", "api.openai.com", Api::Chat),
    ] {
        let (outgoing, body) = sent(&turn, &next, &other);
        assert!(!body.to_string().contains("gAAAA"), "{}: {body}", other.id);
        assert!(outgoing.dropped.iter().any(|name| name == "messages[].thinking"), "{}", other.id);
    }
    // Whose types want it, gets the item's id.
    let own = target("openrouter", "openrouter.ai", Api::Responses);
    let (outgoing, _) = sent(&turn, &first(Surface::Messages), &own);
    let next = second(Surface::Messages, first(Surface::Messages), &told(&turn, &own, &outgoing.memo, false));
    let (_, body) = sent(&turn, &next, &own);
    assert_eq!(body["input"][2]["id"], "rs_1");
}

#[test]
fn a_thought_that_leads_to_nothing_is_left_out() {
    let turn = turn(Surface::Messages);
    let mark = super::super::mark(&openai());
    let block = json!({"type": "thinking", "thinking": "Hm.", "signature": format!("openai-responses-v1:{mark}rs_1:g=")});
    let request = json!({"model": "asked", "max_tokens": 4000, "messages": [{"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [block]}, {"role": "user", "content": "Go on."}]});
    let (outgoing, body) = sent(&turn, &request, &openai());
    assert_eq!(body["input"].as_array().unwrap().len(), 2);
    assert_eq!(outgoing.dropped, ["messages[].thinking"]);
}
