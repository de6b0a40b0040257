//! The JSON module through its public face, natively and (by way of `wasm.rs`) in Node.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use switchover::json::{Edit, Raw, Writer, edit_object};

/// What a caller might send: numbers in odd forms, escapes, text beyond ASCII, and a key that nobody knows.
const REQUEST: &str = r#"{"model": "gpt-5", "temperature": 7e-1, "seed": 12345678901234567890,
  "messages": [{"role": "user", "content": "na\u00efve — 日本 \ud83d\ude00"}], "x_unknown": {"a": [1.0, 2.50]}}"#;

#[test]
fn a_value_is_found_and_decoded() {
    let request = Raw::parse(REQUEST.as_bytes()).unwrap();
    let message = request.get("messages").unwrap().items().next().unwrap();
    assert_eq!(message.get("content").unwrap().text().unwrap().decode(), "naïve — 日本 😀");
    assert_eq!(request.get("temperature").unwrap().as_f64(), Some(0.7));
    // The largest numbers must not depend on the width of the machine.
    assert_eq!(request.get("seed").unwrap().as_u64(), Some(12_345_678_901_234_567_890));
    assert!(request.get("absent").is_none());
}

#[test]
fn an_edit_leaves_every_other_byte_alone() {
    let request = Raw::parse(REQUEST.as_bytes()).unwrap();
    let mut edited = Vec::new();
    let decide = |name: &switchover::json::Text<'_>, _: Raw<'_>| match name.decode().as_ref() {
        "model" => Edit::Replace(br#""claude-sonnet-4-5""#.to_vec()),
        _ => Edit::Keep,
    };
    edit_object(request, decide, &[("stream", b"true")], &mut edited);
    // New members stand after the last one that changed.
    let expected = REQUEST.replace("\"gpt-5\"", "\"claude-sonnet-4-5\",\"stream\":true");
    assert_eq!(String::from_utf8(edited).unwrap(), expected);
}

#[test]
fn what_is_written_can_be_read() {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).object(|reply| {
        reply.key("text").string("a \"quoted\"\nline\u{1}");
        reply.key("numbers").array(|numbers| {
            numbers.u64(u64::MAX);
            numbers.f64(0.25);
            numbers.f64(f64::NAN);
        });
    });
    let reply = Raw::parse(&bytes).unwrap();
    assert_eq!(reply.get("text").unwrap().text().unwrap().decode(), "a \"quoted\"\nline\u{1}");
    let numbers: Vec<_> = reply.get("numbers").unwrap().items().map(Raw::as_json).collect();
    assert_eq!(numbers, ["18446744073709551615", "0.25", "null"]);
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    let error = Raw::parse(b"{\n  \"a\": nope\n}").unwrap_err();
    assert_eq!(error.line, 2);
    for cut in 1..REQUEST.len() {
        assert!(Raw::parse(&REQUEST.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}
