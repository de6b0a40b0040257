//! What one exchange makes the core do, so many times over: what `make test-speed` counts the instructions of.
//!
//! `workloads NAME ROUNDS`. From the bytes that come to the bytes that go, as the filter's two roles do it.
#![allow(clippy::unwrap_used, reason = "a bench may fail by panicking")]

use std::hint::black_box;
use std::rc::Rc;
use switchover::dialect::{Limits, Surface, Target, Turn, Unsupported, ask, exchange};
use switchover::failure::Head;
use switchover::filter::{Moment, Runtime, explain};
use switchover::json::{Document, Raw};

const CONFIG: &str = r#"{"version": 1, "targets": [
    {"id": "openai", "provider": "openai", "endpoint": "http://127.0.0.1:1/v1", "model": "gpt-5.4-mini"},
    {"id": "anthropic", "provider": "anthropic", "endpoint": "http://127.0.0.1:1", "model": "claude", "max_output_tokens": 8192}],
    "model_groups": [{"name": "production-llm", "targets": [{"id": "openai"}, {"id": "anthropic"}]}]}"#;

fn main() {
    let mut words = std::env::args().skip(1);
    let (name, rounds) = (words.next().unwrap(), words.next().unwrap().parse::<u32>().unwrap());
    let (kind, target) = name.split_once(" to ").unwrap();
    if kind == "picture" {
        return plan(target.parse().unwrap(), rounds);
    }
    let runtime = Runtime::load(CONFIG.as_bytes()).unwrap();
    let target = runtime.wire(usize::from(target == "anthropic")).unwrap();
    match kind {
        "1 KB" => request(target, &runtime.config.listen.limits, &chat(1 << 10), rounds),
        "32 KB" => request(target, &runtime.config.listen.limits, &chat(1 << 15), rounds),
        "1 MB" => request(target, &runtime.config.listen.limits, &chat(1 << 20), rounds),
        "50 events" => stream(target, rounds),
        "reply" => reply(target, rounds),
        _ => std::process::exit(2),
    }
}

/// A chat of about so many bytes; larger ones have tools and several turns.
fn chat(bytes: usize) -> String {
    let words =
        r#"The quick brown fox said \"hello\" to the lazy dog \u2014 na\u00efve caf\u00e9, 42 times over.\n"#;
    let turns = if bytes < 4096 { 1 } else { 9 };
    let text = words.repeat((bytes / turns / words.len()).max(1));
    let message = |turn: usize| {
        let role = if turn.is_multiple_of(2) { "user" } else { "assistant" };
        format!(r#"{{"role": "{role}", "content": "{text}"}}"#)
    };
    let messages: Vec<String> = (0..turns).map(message).collect();
    let field = |place| {
        format!(r#""field_{place}": {{"type": "string", "description": "Argument {place} of the tool"}}"#)
    };
    let fields: Vec<String> = (0..5).map(field).collect();
    let tool = |number| {
        format!(
            r#"{{"type": "function", "function": {{"name": "tool_{number}", "description": "Does something useful.", "parameters": {{"type": "object", "properties": {{{}}}, "required": ["field_0"]}}}}}}"#,
            fields.join(", ")
        )
    };
    let tools: Vec<String> = (0..10).map(tool).collect();
    let tools = if turns > 1 { format!(r#", "tools": [{}]"#, tools.join(", ")) } else { String::new() };
    format!(
        r#"{{"model": "production-llm", "temperature": 0.2, "messages": [{}]{tools}}}"#,
        messages.join(", ")
    )
}

fn turn(stream: bool) -> Turn {
    Turn {
        surface: Surface::Chat,
        requested_model: "production-llm".to_owned(),
        stream,
        stream_usage: false,
        id: "0".to_owned(),
        created: 0,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

/// The router role reads it, the translator role writes it.
fn request(target: &Target, limits: &Limits, body: &str, rounds: u32) {
    let turn = turn(false);
    for _ in 0..rounds {
        let document = Document::parse(body.as_bytes().to_vec()).unwrap();
        black_box(ask(Surface::Chat, document.root(), limits).unwrap());
        black_box(exchange::front(&turn, document.root(), target).unwrap());
    }
}

/// The router role reads a request with a picture of 4 MB and looks which of so many targets can take it.
fn plan(targets: usize, rounds: u32) {
    const SIX: [&str; 6] = ["anthropic", "gemini", "mistral", "openai", "openrouter", "xai"];
    let entry = |provider: &&str| {
        format!(
            r#"{{"id": "{provider}", "provider": "{provider}", "endpoint": "http://127.0.0.1:1", "model": "m", "max_output_tokens": 8192}}"#
        )
    };
    let list: Vec<String> = SIX.iter().take(targets).map(entry).collect();
    let members: Vec<String> = SIX.iter().take(targets).map(|id| format!(r#"{{"id": "{id}"}}"#)).collect();
    let config = format!(
        r#"{{"version": 1, "targets": [{}], "model_groups": [{{"name": "production-llm", "targets": [{}]}}]}}"#,
        list.join(","),
        members.join(",")
    );
    let runtime = Rc::new(Runtime::load(config.as_bytes()).unwrap());
    let picture = "iVBORw0KGgoAAAANSUhE".repeat((4 << 20) / 20);
    let body = format!(
        r#"{{"model": "production-llm", "messages": [{{"role": "user", "content": [{{"type": "text", "text": "What is this?"}}, {{"type": "image_url", "image_url": {{"url": "data:image/png;base64,{picture}"}}}}]}}]}}"#
    );
    let moment = Moment { now_ms: 0, pick: 0, key: 1, standings: &[] };
    for _ in 0..rounds {
        let said = explain(&runtime, Surface::Chat, &[], body.as_bytes(), &moment);
        assert_eq!(String::from_utf8(said.ok().unwrap()).unwrap().matches(r#""in":true"#).count(), targets);
    }
}

/// Events as they come off a network: a few at a time, cut anywhere.
fn stream(target: &Target, rounds: u32) {
    let turn = turn(true);
    let memo = exchange::front(&turn, Raw::trusted(&chat(1 << 10)), target).unwrap().memo;
    let events = if target.id == "openai" { openai() } else { anthropic() };
    for _ in 0..rounds {
        let mut pipe = exchange::stream(&turn, target, &memo).unwrap();
        for chunk in events.as_bytes().chunks(1460) {
            let mut out = Vec::with_capacity(2048);
            pipe.push(chunk, &mut out).unwrap();
            black_box(out);
        }
        pipe.finish(&mut Vec::new()).unwrap();
    }
}

fn openai() -> String {
    let chunk = |delta: &str, end: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5.4-mini\",\"system_fingerprint\":\"fp_1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{end}}}]}}\n\n"
        )
    };
    let tokens = (0..50).map(|token| chunk(&format!("{{\"content\":\" token{token}\"}}"), "null"));
    let tokens: String = tokens.collect();
    let (first, last) = (chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null"), chunk("{}", "\"stop\""));
    format!("{first}{tokens}{last}data: [DONE]\n\n")
}

fn anthropic() -> String {
    let delta = |token| {
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" token{token}\"}}}}\n\n"
        )
    };
    let tokens: String = (0..50).map(delta).collect();
    format!(
        "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"usage\":{{\"input_tokens\":1,\"output_tokens\":1}}}}}}\n\nevent: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n{tokens}event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\nevent: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\"usage\":{{\"output_tokens\":50}}}}\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
    )
}

fn reply(target: &Target, rounds: u32) {
    let turn = turn(false);
    let memo = exchange::front(&turn, Raw::trusted(&chat(1 << 10)), target).unwrap().memo;
    let head = Head { status: 200, headers: &[(b"content-type", b"application/json")] };
    let body: &[u8] = if target.id == "openai" {
        br#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5.4-mini","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there, how are you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#
    } else {
        br#"{"id":"m","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"Hello there, how are you today?"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":12}}"#
    };
    for _ in 0..rounds {
        black_box(exchange::reply(&turn, target, &memo, &head, body).unwrap());
    }
}
