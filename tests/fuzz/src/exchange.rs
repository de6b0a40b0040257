//! Both ways of an exchange: what callers send to every kind of target, and what providers answer to every caller.

use crate::frames::ends_message;
use crate::framing::{chunks, frame};
use switchover::chat::Features;
use switchover::dialect::{
    Api, CallerError, Endpoint, Limits, Memo, Surface, Target, Turn, Unsupported, ask, exchange, failure_json, provider,
};
use switchover::failure::{Failure, Head, MAX_RETRY_AFTER_MS};
use switchover::json::Raw;
use switchover::stream::sse::Sse;

/// OpenAI's Responses, for callers of other dialects.
const RESPONSES: &str = "openai_responses";

/// Provider and model: each dialect, and each of its houses with paths of its own.
const TARGETS: [(&str, &str); 13] = [
    ("openai", "gpt-5.4-mini"),
    (RESPONSES, "gpt-5.4-mini"),
    ("openai_compatible", "llama-4"),
    ("azure_openai", "deployed"),
    ("mistral", "mistral-large"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic_vertex", "claude-sonnet-4-5"),
    ("anthropic_bedrock", "us.anthropic.claude-sonnet-4-6-v1:0"),
    ("gemini", "gemini-3-flash"),
    ("gemini_vertex", "gemini-2.5-flash"),
    ("bedrock", "amazon.nova-pro-v1:0"),
    ("bedrock", "us.anthropic.claude-sonnet-4-6-v1:0"),
    ("cohere", "command-a-03-2025"),
];

fn target(name: &str, model: &str) -> Target {
    let api = if name == RESPONSES { Api::Responses } else { Api::Auto };
    let row = provider(if name == RESPONSES { "openai" } else { name }).unwrap();
    let all = ["json_schema", "reasoning", "reasoning_effort"].into_iter().filter_map(Features::from_name);
    Target {
        id: name.to_owned(),
        row,
        model: Some(model.to_owned()),
        endpoint: Endpoint { tls: true, host: "e.test".to_owned(), port: 443, base_path: "/v1".to_owned() },
        capabilities: if model.contains("claude") {
            all.fold(row.carries, Features::with)
        } else {
            row.carries
        },
        denied: Features::NONE,
        context_window: None,
        max_output_tokens: Some(8192),
        api,
        api_version: (name == "azure_openai").then(|| "2024-10-21".to_owned()),
        project: Some("acme".to_owned()),
        location: Some("us-east-1".to_owned()),
        instructions: Default::default(),
    }
}

fn turn(surface: Surface, stream: bool) -> Turn {
    Turn {
        surface,
        requested_model: "production-llm".to_owned(),
        stream,
        stream_usage: true,
        id: "fuzz".to_owned(),
        created: 1_750_000_000,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

pub fn caller_openai(data: &[u8]) {
    caller(Surface::Chat, data);
}

pub fn caller_anthropic(data: &[u8]) {
    caller(Surface::Messages, data);
}

pub fn caller_responses(data: &[u8]) {
    caller(Surface::Responses, data);
}

/// What is sent is JSON; what isn't sent is refused in JSON; allowing losses changes nothing where there are none.
fn caller(surface: Surface, data: &[u8]) {
    let Ok(body) = Raw::parse(data) else { return };
    if let Err(refusal) = exchange::read(surface, body) {
        assert!(Raw::parse(&exchange::error(surface, &CallerError::from(refusal))).is_ok());
        return;
    }
    for (name, model) in TARGETS {
        let target = target(name, model);
        let mut turn = turn(surface, body.get("stream").and_then(Raw::as_bool).unwrap_or(false));
        let strict = exchange::request(&turn, body, &target);
        turn.unsupported = Unsupported::Drop;
        let lax = exchange::request(&turn, body, &target);
        for outgoing in strict.iter().chain(&lax) {
            Raw::parse(&outgoing.body).unwrap_or_else(|error| {
                panic!("{name}: {error}\n{}", String::from_utf8_lossy(&outgoing.body))
            });
            assert!(outgoing.path.starts_with('/'), "{}", outgoing.path);
            assert!(outgoing.path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", outgoing.path);
        }
        match (strict, lax) {
            (Ok(strict), Ok(lax)) => assert_eq!((name, strict.body), (name, lax.body)),
            (Ok(_), Err(refusal)) => panic!("{name}: refused only where losses are allowed: {refusal:?}"),
            (Err(refusal), _) => {
                assert!(Raw::parse(&exchange::error(surface, &CallerError::from(refusal))).is_ok());
            }
        }
    }
}

/// Provider and model of each way to embed.
const EMBEDDERS: [(&str, &str); 8] = [
    ("openai", "text-embedding-3-small"),
    ("mistral", "mistral-embed"),
    ("gemini", "gemini-embedding-001"),
    ("gemini_vertex", "text-embedding-005"),
    ("cohere", "embed-v4.0"),
    ("bedrock", "amazon.titan-embed-text-v2:0"),
    ("bedrock", "amazon.titan-embed-text-v1"),
    ("bedrock", "cohere.embed-multilingual-v3"),
];

pub fn caller_embeddings(data: &[u8]) {
    plain(Surface::Embeddings, &EMBEDDERS, data);
}

pub fn caller_count(data: &[u8]) {
    plain(
        Surface::CountTokens,
        &[("anthropic", "claude-sonnet-4-5"), ("anthropic_vertex", "claude-sonnet-4-5")],
        data,
    );
}

/// A request that is no chat: what is sent is JSON, as is what isn't.
fn plain(surface: Surface, targets: &[(&str, &str)], data: &[u8]) {
    let Ok(body) = Raw::parse(data) else { return };
    let is_fine = ask(surface, body, &Limits::NONE).is_ok();
    for (name, model) in targets {
        for unsupported in [Unsupported::Refuse, Unsupported::Drop] {
            let turn = Turn { unsupported, ..turn(surface, false) };
            match exchange::request(&turn, body, &target(name, model)) {
                Ok(outgoing) if is_fine => assert!(Raw::parse(&outgoing.body).is_ok(), "{name}"),
                Ok(_) => {}
                Err(refusal) => {
                    assert!(Raw::parse(&exchange::error(surface, &CallerError::from(refusal))).is_ok());
                }
            }
        }
    }
}

/// Vectors as numbers and in base64.
pub fn reply_embeddings(data: &[u8]) {
    for (name, model) in EMBEDDERS {
        for form in ["float", "base64"] {
            let asked = format!(r#"{{"model":"m","input":["a","b"],"encoding_format":"{form}"}}"#);
            let (turn, target) = (turn(Surface::Embeddings, false), target(name, model));
            let outgoing = exchange::request(&turn, Raw::trusted(&asked), &target);
            let memo = outgoing.map(|outgoing| outgoing.memo).unwrap_or_default();
            answered(&turn, &target, &memo, data);
        }
    }
}

pub fn reply_count(data: &[u8]) {
    answered(
        &turn(Surface::CountTokens, false),
        &target("anthropic", "claude-sonnet-4-5"),
        &Memo::default(),
        data,
    );
}

fn answered(turn: &Turn, target: &Target, memo: &Memo, data: &[u8]) {
    let head = Head { status: 200, headers: &[(b"content-type", b"application/json")] };
    match exchange::reply(turn, target, memo, &head, data) {
        Ok(answer) => assert!(Raw::parse(&answer.body).is_ok(), "{}", String::from_utf8_lossy(&answer.body)),
        Err(failure) => check(&failure),
    }
}

const CALLERS: [Surface; 3] = [Surface::Chat, Surface::Messages, Surface::Responses];

/// Who answers so, to each caller it can answer.
fn answering(dialect: &str, surface: Surface) -> Option<Target> {
    let (name, model) = match (dialect, surface) {
        ("responses", Surface::Responses) => ("openai", "gpt-5.4-mini"),
        ("responses", _) => (RESPONSES, "gpt-5.4-mini"),
        ("openai", Surface::Responses) => ("openai_compatible", "llama-4"),
        (dialect, _) => *TARGETS.iter().find(|(name, _)| *name == dialect)?,
    };
    Some(target(name, model))
}

fn memo(stream: bool) -> Memo {
    Memo {
        renamed: [("get_weather".to_owned(), "get weather".to_owned())].into(),
        usage_asked: true,
        stream,
        ..Memo::default()
    }
}

/// What the caller gets is JSON, as is the failure.
pub fn reply(dialect: &str, data: &[u8]) {
    let head = Head { status: 200, headers: &[(b"content-type", b"application/json")] };
    for surface in CALLERS {
        let Some(target) = answering(dialect, surface) else { continue };
        for format_tool in [None, Some("json".to_owned())] {
            let memo = Memo { format_tool, ..memo(false) };
            match exchange::reply(&turn(surface, false), &target, &memo, &head, data) {
                Ok(answer) => assert!(
                    Raw::parse(&answer.body).is_ok(),
                    "{surface:?}: {}",
                    String::from_utf8_lossy(&answer.body)
                ),
                Err(failure) => check(&failure),
            }
        }
    }
}

fn check(failure: &Failure) {
    let mut json = Vec::new();
    failure_json(failure, &mut json);
    assert!(Raw::parse(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
    assert!(failure.retry_after_ms.is_none_or(|wait| wait <= MAX_RETRY_AFTER_MS), "{failure:?}");
}

/// What comes out is the same at any split and can be read; the end is a good one only after the terminator.
pub fn stream(dialect: &str, data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    if rest.len() < 2 {
        return;
    }
    let framed = dialect.ends_with("bedrock") && mode & 0x80 != 0;
    let cut = if framed { [&rest[..2], &frame(&rest[2..])].concat() } else { rest.to_vec() };
    let Some((bytes, parts)) = chunks(&cut) else { return };
    let surface = CALLERS[usize::from(mode & 0x0f) % CALLERS.len()];
    let Some(target) = answering(dialect, surface) else { return };
    let format_tool = (mode & 0x10 != 0).then(|| "json".to_owned());
    let memo = Memo { format_tool, ..memo(true) };
    let whole = run(&turn(surface, true), &target, &memo, &[bytes]);
    let split = run(&turn(surface, true), &target, &memo, &parts);
    assert!(
        whole == split,
        "{surface:?}: whole {:?}\n{}\nsplit {:?}\n{}",
        whole.1,
        String::from_utf8_lossy(&whole.0),
        split.1,
        String::from_utf8_lossy(&split.0)
    );
    readable(&whole.0);
    match whole.1 {
        Some(failure) => check(&failure),
        None => assert!(may_end(dialect, bytes), "{surface:?}: ends well without a terminator"),
    }
}

/// What came out, the error event of a failure included, and the failure.
fn run(turn: &Turn, target: &Target, memo: &Memo, chunks: &[&[u8]]) -> (Vec<u8>, Option<Failure>) {
    let mut pipe = exchange::stream(turn, target, memo).unwrap();
    let mut out = Vec::new();
    let pushed = chunks.iter().try_for_each(|chunk| pipe.push(chunk, &mut out).map(|_| ()));
    let failure = pushed.and_then(|()| pipe.finish(&mut out)).err();
    if let Some(failure) = &failure {
        pipe.fail(&CallerError::of_failure(failure, &target.id), &mut out);
    }
    (out, failure)
}

/// Every event is JSON or OpenAI's terminator, and none is cut.
fn readable(out: &[u8]) {
    let mut reader = Sse::new();
    let mut sink = |frame: switchover::stream::sse::Frame<'_>| {
        let fine = frame.data == b"[DONE]" || Raw::parse(frame.data).is_ok();
        assert!(fine, "{}", String::from_utf8_lossy(frame.data));
        Ok::<(), std::convert::Infallible>(())
    };
    reader.push(out, &mut sink).unwrap();
    assert!(reader.leftover().is_empty(), "{}", String::from_utf8_lossy(reader.leftover()));
}

/// Whether the bytes may be a whole answer, told by words that none is without.
fn may_end(dialect: &str, bytes: &[u8]) -> bool {
    if dialect == "anthropic_bedrock" {
        return ends_message(bytes);
    }
    let words: &[&str] = match dialect {
        "openai" => &["[DONE]", "finish_reason"],
        "responses" => &["response.completed", "response.incomplete"],
        "anthropic" => &["message_stop"],
        "gemini" => &["finishReason", "blockReason"],
        "bedrock" => &["messageStop"],
        "cohere" => &["message-end"],
        _ => &[],
    };
    // A word may be written with escapes.
    words.iter().chain(&["\\u"]).any(|word| bytes.windows(word.len()).any(|seen| seen == word.as_bytes()))
}
