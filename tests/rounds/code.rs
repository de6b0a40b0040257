//! Code that a maker ran for its model: the caller is told of it in its own dialect, it comes back to its maker as it was, and reaches
//! nobody else.

use crate::joined::joined;
use crate::maker::{Maker, Wire, everybody, makers};
use serde_json::{Value, json};
use switchover::dialect::{Memo, Surface, Turn, Unsupported, exchange};
use switchover::failure::Head;
use switchover::json::Raw;

const CODE: &str = "print(6 * 7)";
const OUTPUT: &str = "forty-two";

/// Who runs code, and what of its own names must come back.
const RUNNERS: [(&str, Wire, &[&str]); 3] = [
    ("anthropic", Wire::Messages, &["srvtoolu_own"]),
    ("gemini", Wire::Gemini, &["PYTHON", "OUTCOME_OK"]),
    ("openai", Wire::Responses, &["ci_own", "cntr_own"]),
];

fn answer(wire: Wire, streams: bool) -> Vec<u8> {
    let whole = match wire {
        Wire::Messages => {
            json!({"type": "message", "role": "assistant", "stop_reason": "end_turn", "content": [
                {"type": "server_tool_use", "id": "srvtoolu_own", "name": "code_execution", "input": {"code": CODE}},
                {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_own", "content":
                    {"type": "code_execution_result", "stdout": OUTPUT, "stderr": "", "return_code": 0, "content": []}},
                {"type": "text", "text": "It is 42."},
            ]})
        }
        Wire::Gemini => json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
            {"executableCode": {"language": "PYTHON", "code": CODE}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": OUTPUT}},
            {"text": "It is 42."},
        ]}}]}),
        _ => json!({"object": "response", "status": "completed", "output": [
            {"type": "code_interpreter_call", "id": "ci_own", "container_id": "cntr_own", "status": "completed", "code": CODE,
                "outputs": [{"type": "logs", "logs": OUTPUT}]},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content":
                [{"type": "output_text", "text": "It is 42.", "annotations": []}]},
        ]}),
    };
    if !streams {
        return whole.to_string().into_bytes();
    }
    let events = match wire {
        Wire::Messages => blocks(&whole),
        Wire::Gemini => vec![whole],
        _ => items(&whole),
    };
    events.iter().map(|event| format!("data: {event}\n\n")).collect::<String>().into_bytes()
}

fn blocks(message: &Value) -> Vec<Value> {
    let mut events = vec![json!({"type": "message_start", "message": {"content": []}})];
    for (index, block) in message["content"].as_array().unwrap().iter().enumerate() {
        let mut begun = block.clone();
        if !block["input"].is_null() {
            begun["input"] = json!({});
        }
        events.push(json!({"type": "content_block_start", "index": index, "content_block": begun}));
        if !block["input"].is_null() {
            let delta = json!({"type": "input_json_delta", "partial_json": block["input"].to_string()});
            events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}));
    events.push(json!({"type": "message_stop"}));
    events
}

fn items(response: &Value) -> Vec<Value> {
    let mut events =
        vec![json!({"type": "response.created", "response": {"status": "in_progress", "output": []}})];
    for (index, item) in response["output"].as_array().unwrap().iter().enumerate() {
        events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": response}));
    events
}

fn turn(surface: Surface, stream: bool) -> Turn {
    Turn {
        surface,
        requested_model: "asked".to_owned(),
        stream,
        stream_usage: false,
        id: "law".to_owned(),
        created: 1,
        unsupported: Unsupported::Drop,
        caller_headers: Vec::new(),
    }
}

fn body(surface: Surface, history: &[Value], stream: bool) -> String {
    let tool = match surface {
        Surface::Messages => json!({"type": "code_execution_20250825", "name": "code_execution"}),
        _ => json!({"type": "code_interpreter", "container": {"type": "auto"}}),
    };
    let list = if surface == Surface::Messages { "messages" } else { "input" };
    json!({"model": "asked", "max_tokens": 1000, "tools": [tool], list: history, "stream": stream})
        .to_string()
}

/// What goes out, how, and what of it is listed.
fn sent(turn: &Turn, body: &str, maker: &Maker) -> (Memo, Wire, String, String) {
    let outgoing = exchange::request(turn, Raw::parse(body.as_bytes()).unwrap(), &maker.target);
    let outgoing = outgoing.unwrap_or_else(|refusal| panic!("{}: {}", maker.target.id, refusal.message));
    let (wire, lost) = (maker.wire(&outgoing.path), outgoing.dropped.join(" "));
    (outgoing.memo, wire, String::from_utf8(outgoing.body).unwrap(), lost)
}

/// What the caller gets, put together.
fn told(turn: &Turn, maker: &Maker, memo: &Memo, bytes: &[u8]) -> Value {
    if !turn.stream {
        let head = Head { status: 200, headers: &[] };
        let whole = exchange::reply(turn, &maker.target, memo, &head, bytes).unwrap();
        return serde_json::from_slice(&whole.body).unwrap();
    }
    let mut pipe = exchange::stream(turn, &maker.target, memo).unwrap();
    let mut out = Vec::new();
    for piece in bytes.chunks(7) {
        pipe.push(piece, &mut out).unwrap();
    }
    pipe.finish(&mut out).unwrap();
    joined(turn.surface, &out)
}

fn holds(surface: Surface, (name, wire, own): (&str, Wire, &[&str]), streams: bool) {
    let makers = makers();
    let maker = makers.iter().find(|maker| maker.target.row.name == name).unwrap();
    let mut history = vec![json!({"role": "user", "content": "What is 6 times 7?"})];
    let first = turn(surface, streams);
    let (memo, by, _, _) = sent(&first, &body(surface, &history, streams), maker);
    assert_eq!(by, wire);
    let answer = told(&first, maker, &memo, &answer(wire, streams));
    let case = format!("{name} for {surface:?}, streamed: {streams}: {answer}");
    match surface {
        Surface::Messages => {
            let kinds: Vec<_> =
                answer["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
            assert_eq!(kinds, ["server_tool_use", "code_execution_tool_result", "text"], "{case}");
            assert_eq!(answer["content"][0]["input"]["code"], CODE, "{case}");
            assert_eq!(answer["content"][1]["content"]["stdout"], OUTPUT, "{case}");
            assert_eq!(answer["content"][0]["id"], answer["content"][1]["tool_use_id"], "{case}");
            history.push(json!({"role": "assistant", "content": answer["content"]}));
        }
        _ => {
            let run = &answer["output"][0];
            assert_eq!(
                (&run["type"], &run["code"]),
                (&json!("code_interpreter_call"), &json!(CODE)),
                "{case}"
            );
            assert_eq!(run["outputs"], json!([{"type": "logs", "logs": OUTPUT}]), "{case}");
            assert_eq!(run["status"], "completed", "{case}");
            history.extend(answer["output"].as_array().unwrap().iter().cloned());
        }
    }
    history.push(json!({"role": "user", "content": "Why?"}));
    let next = turn(surface, false);
    let body = body(surface, &history, false);
    let (_, _, out, lost) = sent(&next, &body, maker);
    for known in [CODE, OUTPUT].iter().chain(own) {
        assert!(out.contains(known), "{known} does not come back: {out}\n{case}");
    }
    assert!(!lost.contains('['), "{lost}\n{case}");
    for other in everybody() {
        let (_, by, out, lost) = sent(&next, &body, &other);
        let place = format!("{} gets {out}\n{case}", other.target.id);
        assert!(!out.contains("switchover.run."), "{place}");
        if by != wire {
            assert!(!out.contains(OUTPUT), "{place}");
            assert!(out.contains("It is 42."), "{place}");
            let at = if surface == Surface::Messages { "messages[1].content[0]" } else { "input[1]" };
            assert!(lost.contains(at), "{lost}: {place}");
        }
    }
}

#[test]
fn code_comes_back_to_who_ran_it() {
    for surface in [Surface::Messages, Surface::Responses] {
        for runner in RUNNERS {
            for streams in [false, true] {
                holds(surface, runner, streams);
            }
        }
    }
}

#[test]
fn who_has_no_place_for_code_is_told_in_words() {
    let makers = makers();
    let body = r#"{"model":"asked","messages":[{"role":"user","content":"What is 6 times 7?"}]}"#;
    for (name, wire, _) in RUNNERS {
        for streams in [false, true] {
            let maker = makers.iter().find(|maker| maker.target.row.name == name).unwrap();
            let turn = turn(Surface::Chat, streams);
            let (mut memo, ..) = sent(&turn, body, maker);
            memo.by_responses = wire == Wire::Responses;
            let answer = told(&turn, maker, &memo, &answer(wire, streams));
            let words = answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
            let expected = format!("{CODE}\n```\n\n```output\n{OUTPUT}\n```\nIt is 42.");
            assert!(words.ends_with(&expected), "{name}: {words}");
        }
    }
}
