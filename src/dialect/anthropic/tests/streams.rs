//! Streams as they pass, and as they are written.

use super::super::NATIVE;
use super::super::reader::MessageReader;
use super::turn;
use crate::chat::{Event, Finish, Maker};
use crate::dialect::seam::{Native, StreamReader};
use crate::dialect::{Caller, Memo, Surface};
use crate::json::Raw;

pub(super) const EVENTS: [&str; 5] = [
    r#"{"type":"message_start","message":{"id":"msg_1","model":"claude","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}"#,
    r#"{"type":"message_stop"}"#,
];

#[test]
fn tokens_are_seen_and_lifecycle_is_not_one() {
    let token = |event: &str| {
        let mut pipe = Native::stream(&NATIVE, &turn(Surface::Messages), &Memo::default());
        pipe.push(format!("data: {event}\n\n").as_bytes(), &mut Vec::new()).unwrap()
    };
    assert_eq!(EVENTS.map(token), [false, false, true, true, false]);
    assert!(token(
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#
    ));
    assert!(!token(
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}"#
    ));
    assert!(!token(r#"{"type":"ping"}"#));
}

fn written(events: &[Event<'_>]) -> String {
    let (mut writer, mut out) =
        (Caller::stream(&NATIVE, &turn(Surface::Messages), &Memo::default()), Vec::new());
    events.iter().for_each(|event| writer.event(event, &mut out));
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

/// The types and indices of a stream's events.
fn outline(stream: &str) -> String {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let names = data.map(|data| {
        let event = Raw::trusted(data);
        let kind = event.get("type").unwrap().text().unwrap().into_string();
        let index = event.get("index").map(|index| index.as_json().to_owned()).unwrap_or_default();
        format!("{}{index}", kind.trim_start_matches("content_block_"))
    });
    names.collect::<Vec<_>>().join(" ")
}

fn start(index: u32) -> Event<'static> {
    let (id, name) = (format!("c{index}").into(), "f".into());
    Event::ToolStart { choice: 0, index, id, name, signature: None }
}

fn piece(index: u32, fragment: &'static str) -> Event<'static> {
    Event::ToolArguments { choice: 0, index, fragment: fragment.into() }
}

#[test]
fn blocks_follow_one_another_where_they_can() {
    let text = || Event::Text { choice: 0, text: "a".into() };
    let calls =
        [text(), start(0), piece(0, r#"{"x":"}"#), piece(0, r#""}"#), start(1), piece(1, "{}"), text()];
    assert_eq!(
        outline(&written(&calls)),
        "message_start start0 delta0 stop0 start1 delta1 delta1 stop1 start2 delta2 stop2 start3 delta3 stop3 message_delta message_stop"
    );
    let interleaved =
        [start(0), piece(0, "{"), start(1), piece(1, "{"), text(), piece(0, "}"), piece(1, "}")];
    assert_eq!(
        outline(&written(&interleaved)),
        "message_start start0 delta0 start1 delta1 start2 delta2 delta0 stop0 delta1 stop1 stop2 message_delta message_stop"
    );
    let empty = [start(0), piece(0, ""), Event::Ping, start(1)];
    assert_eq!(
        outline(&written(&empty)),
        "message_start start0 ping start1 stop0 stop1 message_delta message_stop"
    );
    assert_eq!(outline(&written(&[Event::Ping])), "message_start message_delta message_stop");
}

#[test]
fn a_stream_says_the_prompts_tokens_first_where_it_knows_them() {
    let usage = crate::chat::Usage { input: Some(9), ..Default::default() };
    let stream = written(&[Event::Start { id: None, model: None }, Event::Usage(usage), start(0)]);
    assert!(stream.contains(r#""usage":{"input_tokens":9,"output_tokens":0}}}"#), "{stream}");
    assert!(stream.contains(r#""id":"msg_t""#) && stream.contains(r#""stop_reason":"tool_use""#));
}

#[test]
fn another_makers_signature_travels_with_its_call() {
    let call = Event::ToolStart {
        choice: 0,
        index: 0,
        id: "a:b".into(),
        name: "f".into(),
        signature: Some((Maker::Gemini, "c2ln".into())),
    };
    let stream = written(&[call, Event::Finish { choice: 0, finish: Finish::ToolCalls }]);
    assert!(stream.contains(r#""signature":"google-gemini-v1+call:c2ln""#), "{stream}");
    assert!(stream.contains(r#""id":"sw_a_3ab""#));
}

#[test]
fn code_that_comes_in_pieces_is_kept_and_counted() {
    let mut reader = MessageReader::new(false, &Memo::default());
    let mut told = Vec::new();
    let mut push = |event: &str| {
        let mut sink = |event: Event<'_>| {
            if let Event::Code { run, .. } = event {
                told.push(run.code.into_string());
            }
        };
        StreamReader::push(&mut reader, format!("data: {event}\n\n").as_bytes(), &mut sink).unwrap();
        (StreamReader::held(&reader), told.clone())
    };
    let begun = r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"code_execution","input":{}}}"#;
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"code\":\"a"}}"#;
    assert_eq!(push(begun).0, 0);
    assert_eq!(push(delta), (10, Vec::new()));
    assert_eq!(push(&delta.replace(r#"{\"code\":\"a"#, r#"b\"}"#)).0, 13);
    assert_eq!(push(r#"{"type":"content_block_stop","index":0}"#), (0, vec!["ab".to_owned()]));
}
