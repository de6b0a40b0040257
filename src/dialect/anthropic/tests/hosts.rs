//! Claude on Vertex and on Bedrock.

use super::super::ON_BEDROCK;
use super::streams::EVENTS;
use super::{beta, send, target, turn};
use crate::chat::Features;
use crate::dialect::{Memo, Surface, Target, provider};
use crate::dialect::{exchange, seam::Native};
use crate::failure::{Class, Head};
use crate::stream::eventstream::encode;

fn hosted(name: &str) -> Target {
    let row = provider(name).unwrap();
    Target {
        row,
        model: Some("claude-x@1".to_owned()),
        project: Some("acme".to_owned()),
        location: Some("us-east5".to_owned()),
        capabilities: row.carries,
        denied: Features::NONE,
        ..target(Features::NONE)
    }
}

#[test]
fn vertex_has_the_model_in_the_path() {
    let body =
        r#"{"model":"asked","stream":true,"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}"#;
    let outgoing = send(&beta(Surface::Messages, true), &hosted("anthropic_vertex"), body).unwrap();
    assert_eq!(
        outgoing.path,
        "/v1/projects/acme/locations/us-east5/publishers/anthropic/models/claude-x%401:streamRawPredict"
    );
    assert_eq!(outgoing.headers, [("anthropic-beta", "a-2025, b-2026".to_owned())]);
    assert_eq!(
        String::from_utf8(outgoing.body).unwrap(),
        r#"{"stream":true,"max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"anthropic_version":"vertex-2023-10-16"}"#
    );
    let outgoing =
        send(&turn(Surface::Chat), &hosted("anthropic_vertex"), &body.replace("true", "false")).unwrap();
    assert!(outgoing.path.ends_with(":rawPredict") && outgoing.headers.is_empty());
    assert!(outgoing.body.starts_with(br#"{"anthropic_version":"vertex-2023-10-16","max_tokens":1,"#));
}

#[test]
fn tokens_are_counted_where_there_is_a_call_for_it() {
    let body = r#"{"model":"asked","messages":[{"role":"user","content":"Hi"}],"brand_new":1}"#;
    let turn = beta(Surface::CountTokens, false);
    let outgoing = send(&turn, &target(Features::NONE), body).unwrap();
    assert_eq!(outgoing.path, "/v1/messages/count_tokens");
    assert_eq!(outgoing.headers.last().unwrap(), &("anthropic-beta", "a-2025, b-2026".to_owned()));
    let outgoing = send(&turn, &hosted("anthropic_vertex"), body).unwrap();
    assert_eq!(
        outgoing.path,
        "/v1/projects/acme/locations/us-east5/publishers/anthropic/models/count-tokens:rawPredict"
    );
    assert_eq!(
        String::from_utf8(outgoing.body).unwrap(),
        r#"{"model":"claude-x@1","anthropic_version":"vertex-2023-10-16","messages":[{"role":"user","content":"Hi"}],"brand_new":1}"#
    );
    for name in ["anthropic_bedrock", "openai", "gemini", "bedrock"] {
        let refusal = send(&turn, &hosted(name), body).unwrap_err();
        assert_eq!(
            refusal.message,
            format!(
                "Provider `{name}` has nothing like /v1/messages/count_tokens. Choose a model group with a target that has it."
            )
        );
    }
    let reply = |body: &str| {
        let head = Head { status: 200, headers: &[] };
        exchange::reply(&turn, &target(Features::NONE), &Memo::default(), &head, body.as_bytes())
    };
    assert_eq!(reply(r#"{"input_tokens": 14, "x": 1}"#).unwrap().body, br#"{"input_tokens": 14, "x": 1}"#);
    for body in ["", "{}", "[]", "<html></html>", r#"{"input_tokens":null}"#] {
        assert_eq!(reply(body).unwrap_err().class, Class::Malformed, "{body}");
    }
}

#[test]
fn bedrock_has_the_stream_in_the_path_too() {
    let body =
        r#"{"model":"asked","stream":true,"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}"#;
    let outgoing = send(&beta(Surface::Messages, true), &hosted("anthropic_bedrock"), body).unwrap();
    assert_eq!(outgoing.path, "/model/claude-x%401/invoke-with-response-stream");
    assert!(outgoing.headers.is_empty());
    assert_eq!(
        String::from_utf8(outgoing.body).unwrap(),
        r#"{"max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a-2025","b-2026"]}"#
    );
    let outgoing = send(&turn(Surface::Chat), &hosted("anthropic_bedrock"), body).unwrap();
    let body = String::from_utf8(outgoing.body).unwrap();
    assert!(!body.contains("stream") && !body.contains("model"), "{body}");
}

fn base64(bytes: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32, at: u32| char::from(DIGITS[usize::try_from(bits >> (18 - 6 * at) & 63).unwrap()]);
    let mut out = String::new();
    for group in bytes.as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        let digits = u32::try_from(group.len()).unwrap() + 1;
        (0..4).for_each(|at| out.push(if at < digits { digit(bits, at) } else { '=' }));
    }
    out
}

fn aws_frames() -> Vec<u8> {
    EVENTS
        .iter()
        .flat_map(|event| {
            let payload = format!(r#"{{"bytes":"{}","p":"abc"}}"#, base64(event));
            encode::event("chunk", payload.as_bytes())
        })
        .collect()
}

#[test]
fn bedrocks_stream_is_anthropics_in_frames() {
    let bytes = aws_frames();
    for cut in 0..bytes.len() {
        let mut pipe = Native::stream(&ON_BEDROCK, &turn(Surface::Messages), &Memo::default());
        let mut out = Vec::new();
        pipe.push(&bytes[..cut], &mut out).unwrap();
        pipe.push(&bytes[cut..], &mut out).unwrap();
        pipe.finish(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("event: message_start\ndata: {\"type\":\"message_start\""));
        assert!(
            text.contains(r#""model":"asked""#) && text.ends_with("data: {\"type\":\"message_stop\"}\n\n")
        );
        assert_eq!((pipe.seen().usage.output, pipe.seen().model.as_deref()), (Some(2), Some("claude")));
    }
    let target = hosted("anthropic_bedrock");
    let mut pipe = exchange::stream(&turn(Surface::Chat), &target, &Memo::default()).unwrap();
    let mut out = Vec::new();
    assert!(pipe.push(&bytes, &mut out).unwrap());
    pipe.finish(&mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains(r#""content":"Hi""#));
}

#[test]
fn bedrocks_exceptions_are_failures() {
    let mut pipe = Native::stream(&ON_BEDROCK, &turn(Surface::Messages), &Memo::default());
    let frame = encode::exception("throttlingException", br#"{"message":"Too many requests"}"#);
    let failure = pipe.push(&frame, &mut Vec::new()).unwrap_err();
    assert_eq!((failure.class, failure.message.as_str()), (Class::RateLimited, "Too many requests"));
    let mut pipe = Native::stream(&ON_BEDROCK, &turn(Surface::Messages), &Memo::default());
    assert_eq!(
        pipe.push(b"<html>502 Bad Gateway</html>", &mut Vec::new()).unwrap_err().class,
        Class::Malformed
    );
}
