//! `make bench-core`: what the core costs by itself, natively: parse, read, plan's trial, translate, stream per event.
#![allow(clippy::unwrap_used, reason = "a bench may fail by panicking")]

use switchover::dialect::{Surface, Turn, exchange};
use switchover::failure::Head;
use switchover::filter::Runtime;
use switchover::json::{Document, Raw};

fn main() {
    divan::main();
}

const CONFIG: &str = r#"{"version": 1, "targets": [
    {"id": "openai", "provider": "openai", "endpoint": "http://127.0.0.1:1/v1", "model": "gpt-5.4-mini"},
    {"id": "claude", "provider": "anthropic", "endpoint": "http://127.0.0.1:1", "model": "claude", "max_output_tokens": 8192}],
    "model_groups": [{"name": "production-llm", "targets": [{"id": "openai"}, {"id": "claude"}]}]}"#;

const SIZES: [usize; 3] = [1 << 10, 1 << 15, 1 << 20];

/// A chat of about so many bytes, with an escape every sixteen or so, as prose in JSON has.
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
    format!(r#"{{"model": "production-llm", "temperature": 0.2, "messages": [{}]}}"#, messages.join(", "))
}

fn turn(stream: bool) -> Turn {
    Turn { requested_model: "production-llm".to_owned(), stream, id: "0".to_owned(), ..turn_of_a_chat() }
}

fn turn_of_a_chat() -> Turn {
    Turn {
        surface: Surface::Chat,
        requested_model: String::new(),
        stream: false,
        stream_usage: false,
        id: String::new(),
        created: 0,
        unsupported: switchover::dialect::Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

#[divan::bench(args = SIZES)]
fn validate(bencher: divan::Bencher, bytes: usize) {
    let body = chat(bytes);
    bencher
        .with_inputs(|| body.clone().into_bytes())
        .bench_local_values(|body| Document::parse(body).unwrap());
}

#[divan::bench(args = SIZES)]
fn read(bencher: divan::Bencher, bytes: usize) {
    let body = Document::parse(chat(bytes).into_bytes()).unwrap();
    bencher.bench_local(|| exchange::read(Surface::Chat, body.root()).unwrap().messages.len());
}

#[divan::bench(args = SIZES)]
fn plain(bencher: divan::Bencher, bytes: usize) {
    let body = chat(bytes);
    let request = exchange::read(Surface::Chat, Raw::trusted(&body)).unwrap();
    bencher.bench_local(|| (request.is_plain(), request.needs()));
}

#[divan::bench(args = SIZES)]
fn to_openai(bencher: divan::Bencher, bytes: usize) {
    let (runtime, turn) = (Runtime::load(CONFIG.as_bytes()).unwrap(), turn(false));
    let body = Document::parse(chat(bytes).into_bytes()).unwrap();
    let target = runtime.wire(0).unwrap();
    bencher.bench_local(|| exchange::request(&turn, body.root(), target).unwrap().body.len());
}

#[divan::bench(args = SIZES)]
fn to_anthropic(bencher: divan::Bencher, bytes: usize) {
    let (runtime, turn) = (Runtime::load(CONFIG.as_bytes()).unwrap(), turn(false));
    let body = Document::parse(chat(bytes).into_bytes()).unwrap();
    let target = runtime.wire(1).unwrap();
    bencher.bench_local(|| exchange::request(&turn, body.root(), target).unwrap().body.len());
}

const EVENT: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5.4-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
const CLAUDES: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" token\"}}\n\n";
const BEGIN: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";

/// One event of a stream that flows.
#[divan::bench(args = [0, 1])]
fn event(bencher: divan::Bencher, target: usize) {
    let (runtime, turn, body) = (Runtime::load(CONFIG.as_bytes()).unwrap(), turn(true), chat(1024));
    let wire = runtime.wire(target).unwrap();
    let memo = exchange::request(&turn, Raw::trusted(&body), wire).unwrap().memo;
    let mut pipe = exchange::stream(&turn, wire, &memo).unwrap();
    let mut out = Vec::new();
    if target == 1 {
        pipe.push(BEGIN.as_bytes(), &mut out).unwrap();
    }
    let bytes = if target == 0 { EVENT } else { CLAUDES };
    bencher.bench_local(|| {
        out.clear();
        pipe.push(bytes.as_bytes(), &mut out).unwrap()
    });
}

/// A whole answer of a provider that speaks the caller's dialect.
#[divan::bench]
fn reply(bencher: divan::Bencher) {
    let (runtime, turn) = (Runtime::load(CONFIG.as_bytes()).unwrap(), turn(false));
    let wire = runtime.wire(0).unwrap();
    let body = br#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5.4-mini","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there, how are you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#;
    let head = Head { status: 200, headers: &[(b"content-type", b"application/json")] };
    let memo = Default::default();
    bencher.bench_local(|| exchange::reply(&turn, wire, &memo, &head, body).unwrap().body.len());
}
