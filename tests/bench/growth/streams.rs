//! Streamed answers of any size.

use super::answers::{candidate, candidates, grounding, response, sent};
use super::frames;
use super::requests::list;
use switchover::json::Raw;

/// (which target's, what it is called, a stream with so many of it)
pub type Shape = (&'static str, &'static str, fn(usize) -> Vec<u8>);

#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    ("openai", "streamed words", |n| chat(many(n, |n| delta(0, &format!(r#"{{"content":"w{n}"}}"#))))),
    ("openai", "streamed calls", |n| chat(many(n, |n| delta(0, &call(n, "{}"))))),
    ("openai", "streamed pieces of a call", |n| chat(delta(0, &call(0, "")) + &many(n, |_| delta(0, r#"{"tool_calls":[{"index":0,"function":{"arguments":" "}}]}"#)))),
    ("openai", "streamed pieces of many calls", |n| chat(many(n, |n| delta(0, &call(n, ""))) + &many(n, |n| delta(0, &format!(r#"{{"tool_calls":[{{"index":{n},"function":{{"arguments":" "}}}}]}}"#))))),
    ("openai", "streamed choices", |n| chat(many(n, |n| delta(n, r#"{"content":"a"}"#)))),
    ("openai", "streamed annotations", |n| chat(many(n, |n| delta(0, &format!(r#"{{"content":"a","annotations":[{{"type":"url_citation","url_citation":{{"url":"https://example.com/{n}","title":"t","start_index":0,"end_index":1}}}}]}}"#))))),
    ("openai", "streamed calls in one event", |n| chat(delta(0, &format!(r#"{{"tool_calls":[{}]}}"#, list(n, |n| format!(r#"{{"index":{n},"id":"c{n}","function":{{"name":"{}","arguments":"{{}}"}}}}"#, sent(n))))))),
    ("responses", "streamed words", |n| responses(&many(n, |n| item("output_text.delta", 0, &format!(r#""content_index":0,"delta":"w{n}""#))))),
    ("responses", "streamed texts with pages", |n| responses(&many(n, |n| item("output_text.delta", n, r#""content_index":0,"delta":"a""#) + &item("output_text.annotation.added", n, r#""content_index":0,"annotation":{"url":"https://example.com/a","start_index":0,"end_index":1}"#)))),
    ("responses", "streamed calls", |n| responses(&many(n, |n| item("output_item.added", n, &format!(r#""item":{{"type":"function_call","call_id":"c{n}","name":"{}","arguments":""}}"#, sent(n))) + &item("function_call_arguments.delta", n, r#""delta":"{}""#)))),
    ("responses", "streamed runs of code", |n| responses(&many(n, |n| item("output_item.done", n, &format!(r#""item":{{"type":"code_interpreter_call","id":"ci_{n}","status":"completed","code":"a","container_id":"c","outputs":[{{"type":"logs","logs":"b"}}]}}"#))))),
    ("responses", "streamed parts of a thought", |n| responses(&many(n, |n| item("reasoning_summary_text.delta", 0, &format!(r#""summary_index":{n},"delta":"t""#))))),
    ("responses", "streamed items that are over", |n| responses(&many(n, |n| item("output_item.done", n, r#""item":{"type":"reasoning","id":"rs","summary":[{"text":"t"}],"encrypted_content":"g="}"#)))),
    ("chat", "streamed calls of one index", |n| chat(many(n, |n| delta(0, &format!(r#"{{"tool_calls":[{{"index":0,"id":"c{n}","function":{{"name":"{}","arguments":"{{}}"}}}}]}}"#, sent(n)))))),
    ("chat", "streamed thoughts", |n| chat(many(n, |n| delta(0, &format!(r#"{{"reasoning_content":"t{n}"}}"#))) + &delta(0, r#"{"content":"a"}"#))),
    ("chat", "streamed thoughts and words", |n| chat(many(n, |_| delta(0, r#"{"reasoning_content":"t"}"#) + &delta(0, r#"{"content":"a"}"#)))),
    ("chat", "streamed pictures, then sound", |n| chat(many(n, |n| delta(0, &format!(r#"{{"images":[{{"image_url":{{"url":"https://example.com/{n}"}}}}]}}"#))) + &many(n, |_| delta(0, r#"{"audio":{"data":"AAAA"}}"#)))),
    ("chat", "streamed pictures of many kinds", |n| chat(delta(0, r#"{"content":"a"}"#) + &many(n, |n| delta(0, &format!(r#"{{"images":[{{"image_url":{{"url":"data:image/x{n};base64,AAAA"}}}}]}}"#))))),
    ("mistral", "streamed calls", |n| chat(many(n, |n| delta(0, &call(n, "{}"))))),
    ("openai", "streamed comments", |n| chat(": x\n\n".repeat(n) + &delta(0, r#"{"content":"a"}"#))),
    ("openai", "streamed lines", |n| chat(delta(0, &format!("{{\"content\":\ndata: \"a\"{}}}", "\ndata: ".repeat(n))))),
    ("openai", "streamed large event", |n| chat(delta(0, &format!(r#"{{"content":"{}"}}"#, "word ".repeat(n))))),
    ("anthropic", "streamed words", |n| message(&(block(0, r#"{"type":"text","text":""}"#, &many(n, |n| block_delta(0, &format!(r#"{{"type":"text_delta","text":"w{n}"}}"#))))))),
    ("anthropic", "streamed blocks", |n| message(&many(n, |n| block(n, r#"{"type":"text","text":""}"#, &block_delta(n, r#"{"type":"text_delta","text":"a"}"#))))),
    ("anthropic", "streamed calls", |n| message(&many(n, |n| block(n, &format!(r#"{{"type":"tool_use","id":"t{n}","name":"{}","input":{{}}}}"#, sent(n)), &block_delta(n, r#"{"type":"input_json_delta","partial_json":"{}"}"#))))),
    ("anthropic", "streamed pieces of a call", |n| message(&block(0, r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#, &many(n, |n| block_delta(0, &format!(r#"{{"type":"input_json_delta","partial_json":"{}\"a{n}\":1"}}"#, if n == 0 { "{" } else { "," })))))),
    ("anthropic", "streamed calls never closed", |n| message(&many(n, |n| sse("content_block_start", &format!(r#"{{"type":"content_block_start","index":{n},"content_block":{{"type":"tool_use","id":"t{n}","name":"{}","input":{{}}}}}}"#, sent(n))) + &block_delta(n, r#"{"type":"input_json_delta","partial_json":"{}"}"#)))),
    ("anthropic", "streamed pieces of code", |n| message(&block(0, r#"{"type":"server_tool_use","id":"s","name":"code_execution","input":{}}"#, &many(n, |n| block_delta(0, &format!(r#"{{"type":"input_json_delta","partial_json":"{}a"}}"#, if n == 0 { r#"{\"code\":\""# } else { "" })))))),
    ("anthropic", "streamed runs of code", |n| message(&format!("{}{}", many(n, |n| block(n, &format!(r#"{{"type":"server_tool_use","id":"s{n}","name":"code_execution","input":{{}}}}"#), &block_delta(n, r#"{"type":"input_json_delta","partial_json":"{\"code\":\"a\"}"}"#))), many(n, |n| block(n * 2, &format!(r#"{{"type":"code_execution_tool_result","tool_use_id":"s{n}","content":{{"type":"code_execution_result","stdout":"a","stderr":"","return_code":0,"content":[]}}}}"#), ""))))),
    ("anthropic", "streamed thoughts", |n| message(&many(n, |n| block(n, r#"{"type":"thinking","thinking":"","signature":""}"#, &(block_delta(n, r#"{"type":"thinking_delta","thinking":"t"}"#) + &block_delta(n, r#"{"type":"signature_delta","signature":"s"}"#)))))),
    ("anthropic", "streamed citations", |n| message(&block(0, r#"{"type":"text","text":"","citations":[]}"#, &many(n, |n| block_delta(0, &format!(r#"{{"type":"citations_delta","citation":{{"type":"web_search_result_location","url":"https://example.com/{n}","title":"t","cited_text":"c"}}}}"#)) + &block_delta(0, r#"{"type":"text_delta","text":"a"}"#))))),
    ("gemini", "streamed words", |n| gemini(&many(n, |n| event(&candidates(&part(&format!(r#"{{"text":"w{n}"}}"#))))))),
    ("gemini", "streamed calls", |n| gemini(&many(n, |n| event(&candidates(&part(&format!(r#"{{"functionCall":{{"name":"{}","args":{{"a":1}}}}}}"#, sent(n)))))))),
    ("gemini", "streamed runs of code", |n| gemini(&many(n, |_| event(&candidates(&part(r#"{"executableCode":{"language":"PYTHON","code":"a"}}"#)))))),
    ("gemini", "streamed candidates", |n| gemini(&(many(n, |n| event(&candidates(&format!(r#"{{"index":{n},"content":{{"role":"model","parts":[{{"text":"a"}}]}}}}"#)))) + &many(n, |n| event(&candidates(&candidate(n, r#"{"text":"a"}"#, "")))))) ),
    ("gemini", "streamed pieces of a call", |n| gemini(&(event(&candidates(&part(r#"{"functionCall":{"name":"f","willContinue":true}}"#))) + &many(n, |n| event(&candidates(&part(&format!(r#"{{"functionCall":{{"partialArgs":[{{"jsonPath":"$.a{n}","stringValue":"x"}}],"willContinue":true}}}}"#))))) + &event(&candidates(&part(r#"{"functionCall":{}}"#)))))),
    ("gemini", "streamed sources", |n| gemini(&(many(n, |_| event(&candidates(&part(r#"{"text":"ab"}"#)))) + &event(&candidates(&candidate(0, r#"{"text":""}"#, &grounding(n))))))),
    ("nova", "streamed words", |n| converse(&list(n, |n| format!(r#"{{"contentBlockDelta":{{"contentBlockIndex":0,"delta":{{"text":"w{n}"}}}}}}"#)))),
    ("nova", "streamed blocks", |n| converse(&list(n, |n| format!(r#"{{"contentBlockDelta":{{"contentBlockIndex":{n},"delta":{{"text":"a"}}}}}},{{"contentBlockStop":{{"contentBlockIndex":{n}}}}}"#)))),
    ("nova", "streamed calls", |n| converse(&list(n, |n| format!(r#"{{"contentBlockStart":{{"contentBlockIndex":{n},"start":{{"toolUse":{{"toolUseId":"t{n}","name":"{}"}}}}}}}},{{"contentBlockDelta":{{"contentBlockIndex":{n},"delta":{{"toolUse":{{"input":"{{}}"}}}}}}}},{{"contentBlockStop":{{"contentBlockIndex":{n}}}}}"#, sent(n))))),
    ("nova", "streamed calls never closed", |n| converse(&list(n, |n| format!(r#"{{"contentBlockStart":{{"contentBlockIndex":{n},"start":{{"toolUse":{{"toolUseId":"t{n}","name":"{}"}}}}}}}},{{"contentBlockDelta":{{"contentBlockIndex":{n},"delta":{{"toolUse":{{"input":"{{}}"}}}}}}}}"#, sent(n))))),
    ("nova", "streamed citations", |n| converse(&list(n, |n| format!(r#"{{"contentBlockDelta":{{"contentBlockIndex":0,"delta":{{"text":"a"}}}}}},{{"contentBlockDelta":{{"contentBlockIndex":0,"delta":{{"citation":{{"location":{{"web":{{"url":"https://example.com/{n}"}}}}}}}}}}}}"#)))),
    ("cohere", "streamed words", |n| cohere(&many(n, |n| event(&format!(r#"{{"type":"content-delta","index":0,"delta":{{"message":{{"content":{{"text":"w{n}"}}}}}}}}"#))))),
    ("cohere", "streamed calls", |n| cohere(&many(n, |n| event(&cohere_call(n)) + &event(&format!(r#"{{"type":"tool-call-end","index":{n}}}"#))))),
    ("cohere", "streamed calls never closed", |n| cohere(&(many(n, |n| event(&cohere_call(n))) + &many(n, |n| event(&format!(r#"{{"type":"tool-call-delta","index":{n},"delta":{{"message":{{"tool_calls":{{"function":{{"arguments":" "}}}}}}}}}}"#)))))),
    ("cohere", "streamed citations", |n| cohere(&many(n, |n| event(r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}"#) + &event(&format!(r#"{{"type":"citation-start","index":{n},"delta":{{"message":{{"citations":{{"start":0,"end":1,"text":"a","sources":[{{"type":"document","id":"d","document":{{"url":"https://example.com/{n}"}}}}]}}}}}}}}"#))))),
];

fn many(size: usize, one: impl Fn(usize) -> String) -> String {
    (0..size).map(one).collect()
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

fn sse(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

fn item(kind: &str, place: usize, members: &str) -> String {
    sse(
        &format!("response.{kind}"),
        &format!(r#"{{"type":"response.{kind}","output_index":{place},{members}}}"#),
    )
}

fn responses(events: &str) -> Vec<u8> {
    let last = format!(r#"{{"type":"response.completed","response":{}}}"#, response(""));
    format!("{events}{}", sse("response.completed", &last)).into_bytes()
}

fn delta(choice: usize, delta: &str) -> String {
    event(&format!(
        r#"{{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":{choice},"delta":{delta},"finish_reason":null}}]}}"#
    ))
}

fn call(n: usize, arguments: &str) -> String {
    format!(
        r#"{{"tool_calls":[{{"index":{n},"id":"call_{n}","type":"function","function":{{"name":"{}","arguments":"{arguments}"}}}}]}}"#,
        sent(n)
    )
}

fn chat(events: String) -> Vec<u8> {
    let end = r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    format!("{events}{}data: [DONE]\n\n", event(end)).into_bytes()
}

fn block_delta(n: usize, delta: &str) -> String {
    sse("content_block_delta", &format!(r#"{{"type":"content_block_delta","index":{n},"delta":{delta}}}"#))
}

fn block(n: usize, start: &str, deltas: &str) -> String {
    let start = format!(r#"{{"type":"content_block_start","index":{n},"content_block":{start}}}"#);
    let stop = format!(r#"{{"type":"content_block_stop","index":{n}}}"#);
    sse("content_block_start", &start) + deltas + &sse("content_block_stop", &stop)
}

fn message(blocks: &str) -> Vec<u8> {
    let start = r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}"#;
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}"#;
    let stop = sse("message_stop", r#"{"type":"message_stop"}"#);
    format!("{}{blocks}{}{stop}", sse("message_start", start), sse("message_delta", end)).into_bytes()
}

fn part(part: &str) -> String {
    format!(r#"{{"index":0,"content":{{"role":"model","parts":[{part}]}}}}"#)
}

fn gemini(events: &str) -> Vec<u8> {
    format!("{events}{}", event(&candidates(&candidate(0, r#"{"text":""}"#, "")))).into_bytes()
}

fn converse(events: &str) -> Vec<u8> {
    let json = format!(
        r#"[{{"messageStart":{{"role":"assistant"}}}},{events},{{"messageStop":{{"stopReason":"end_turn"}}}},{{"metadata":{{"usage":{{"inputTokens":1,"outputTokens":1,"totalTokens":2}}}}}}]"#
    );
    frames::encode(Raw::trusted(&json))
}

fn cohere_call(n: usize) -> String {
    format!(
        r#"{{"type":"tool-call-start","index":{n},"delta":{{"message":{{"tool_calls":{{"id":"c{n}","type":"function","function":{{"name":"{}","arguments":"{{}}"}}}}}}}}}}"#,
        sent(n)
    )
}

fn cohere(events: &str) -> Vec<u8> {
    let start =
        event(r#"{"type":"message-start","id":"c","delta":{"message":{"role":"assistant","content":[]}}}"#);
    let end = event(
        r#"{"type":"message-end","id":"c","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":1,"output_tokens":1}}}}"#,
    );
    (start + events + &end).into_bytes()
}
