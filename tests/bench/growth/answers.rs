//! Whole answers of any size.

use super::requests::{list, members};

/// (which target's, what it is called, an answer with so many of it)
pub type Shape = (&'static str, &'static str, fn(usize) -> String);

/// The name that a tool of `requests::renamed_tools` goes out with.
pub fn sent(n: usize) -> String {
    format!("tool_{n}")
}

#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    ("openai", "many calls", |n| chat(&choice(0, &format!(r#""content":null,"tool_calls":[{}]"#, list(n, call))))),
    ("openai", "many choices", |n| chat(&list(n, |n| choice(n, r#""content":"a""#)))),
    ("openai", "many choices that a filter emptied", |n| chat(&format!("{},{}", list(n, |n| format!(r#"{{"index":{n},"finish_reason":"content_filter"}}"#)), choice(n, r#""content":"a""#)))),
    ("openai", "many annotations", |n| chat(&choice(0, &format!(r#""content":"a","annotations":[{}]"#, list(n, |n| format!(r#"{{"type":"url_citation","url_citation":{{"url":"https://example.com/{n}","title":"t","start_index":0,"end_index":1}}}}"#)))))),
    ("openai", "many members", |n| chat(&choice(0, &format!(r#""content":"a",{}"#, members(n))))),
    ("openai", "many probabilities", |n| chat(&format!(r#"{{"index":0,"message":{{"role":"assistant","content":"a"}},"finish_reason":"stop","logprobs":{{"content":[{}]}}}}"#, list(n, |_| r#"{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]}"#)))),
    ("responses", "many texts", |n| response(&list(n, |n| format!(r#"{{"type":"message","content":[{{"type":"output_text","text":"a","annotations":[{{"type":"url_citation","url":"https://example.com/{n}","title":"t","start_index":0,"end_index":1}}],"logprobs":[{{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]}}]}}]}}"#)))),
    ("responses", "many calls", |n| response(&list(n, |n| format!(r#"{{"type":"function_call","call_id":"c{n}","name":"{}","arguments":"{{}}"}}"#, sent(n))))),
    ("responses", "many thoughts", |n| response(&list(n, |n| format!(r#"{{"type":"reasoning","id":"rs_{n}","summary":[{{"type":"summary_text","text":"t"}}],"encrypted_content":"g="}}"#)))),
    ("responses", "many runs of code", |n| response(&list(n, |n| format!(r#"{{"type":"code_interpreter_call","id":"ci_{n}","status":"completed","code":"a","container_id":"c","outputs":[{{"type":"logs","logs":"b"}},{{"type":"image","url":"https://example.com/{n}"}}]}}"#)))),
    ("responses", "many parts of a thought", |n| response(&format!(r#"{{"type":"reasoning","id":"rs_1","summary":[{}],"encrypted_content":"g="}}"#, list(n, |_| r#"{"type":"summary_text","text":"t"}"#)))),
    ("chat", "many calls", |n| chat(&choice(0, &format!(r#""content":null,"tool_calls":[{}]"#, list(n, call))))),
    ("chat", "many choices that a filter emptied", |n| chat(&format!("{},{}", list(n, |n| format!(r#"{{"index":{n},"finish_reason":"content_filter"}}"#)), choice(n, r#""content":"a""#)))),
    ("chat", "many calls without an id", |n| chat(&choice(0, &format!(r#""content":null,"tool_calls":[{}]"#, list(n, |_| r#"{"function":{"name":"f","arguments":"{}"}}"#))))),
    ("chat", "many fragments of thoughts", |n| chat(&choice(0, &format!(r#""content":"a","reasoning_details":[{}]"#, list(n, |_| r#"{"type":"reasoning.text","text":"t","format":"unknown"}"#))))),
    ("mistral", "many chunks", |n| chat(&choice(0, &format!(r#""content":[{}]"#, list(n, |n| format!(r#"{{"type":"text","text":"a"}},{{"type":"reference","reference_ids":[{n}]}},{{"type":"thinking","thinking":[{{"type":"text","text":"t"}}]}}"#)))))),
    ("mistral", "many calls", |n| chat(&choice(0, &format!(r#""content":null,"tool_calls":[{}]"#, list(n, call))))),
    ("openai", "many words", |n| chat(&choice(0, &format!(r#""content":"{}""#, r#"a\n\u00e9"#.repeat(n))))),
    ("anthropic", "many texts", |n| message(&list(n, |_| r#"{"type":"text","text":"a"}"#))),
    ("anthropic", "many calls", |n| message(&list(n, |n| format!(r#"{{"type":"tool_use","id":"toolu_{n}","name":"{}","input":{{}}}}"#, sent(n))))),
    ("anthropic", "many thoughts", |n| message(&list(n, |_| r#"{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}"#))),
    ("anthropic", "many citations", |n| message(&list(n, |n| format!(r#"{{"type":"text","text":"a","citations":[{{"type":"web_search_result_location","url":"https://example.com/{n}","title":"t","cited_text":"c"}}]}}"#)))),
    ("anthropic", "many calls of servers", |n| message(&list(n, |n| format!(r#"{{"type":"server_tool_use","id":"s_{n}","name":"web_search","input":{{}}}},{{"type":"web_search_tool_result","tool_use_id":"s_{n}","content":[]}}"#)))),
    ("anthropic", "many runs of code", |n| message(&format!("{},{}", list(n, |n| format!(r#"{{"type":"server_tool_use","id":"s_{n}","name":"bash_code_execution","input":{{"command":"ls"}}}}"#)), list(n, |n| format!(r#"{{"type":"bash_code_execution_tool_result","tool_use_id":"s_{n}","content":{{"type":"bash_code_execution_result","stdout":"a","stderr":"b","return_code":1,"content":[{{"file_id":"f{n}"}}]}}}}"#))))),
    ("gemini", "many parts", |n| candidates(&candidate(0, &list(n, |n| format!(r#"{{"text":"a","thought":{}}}"#, n % 2 == 0)), ""))),
    ("gemini", "many calls", |n| candidates(&candidate(0, &list(n, |n| format!(r#"{{"functionCall":{{"name":"{}","args":{{"a":1}}}}}}"#, sent(n))), ""))),
    ("gemini", "many runs of code", |n| candidates(&candidate(0, &list(n, |_| r#"{"executableCode":{"language":"PYTHON","code":"a"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"b"}}"#), ""))),
    ("gemini", "many candidates", |n| candidates(&list(n, |n| candidate(n, r#"{"text":"a"}"#, "")))),
    ("gemini", "many sources", |n| candidates(&candidate(0, &list(n, |_| r#"{"text":"ab"}"#), &grounding(n)))),
    ("gemini", "many sources of one text", |n| candidates(&candidate(0, &format!(r#"{{"text":"{}"}}"#, "é ".repeat(n)), &grounding(n)))),
    ("nova", "many texts", |n| converse(&list(n, |_| r#"{"text":"a"}"#))),
    ("nova", "many calls", |n| converse(&list(n, |n| format!(r#"{{"toolUse":{{"toolUseId":"t{n}","name":"{}","input":{{}}}}}}"#, sent(n))))),
    ("nova", "many citations", |n| converse(&list(n, |n| format!(r#"{{"citationsContent":{{"content":[{{"text":"a"}}],"citations":[{{"title":"t","location":{{"web":{{"url":"https://example.com/{n}"}}}}}}]}}}}"#)))),
    ("converse", "many thoughts", |n| converse(&list(n, |_| r#"{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}}"#))),
    ("cohere", "many texts", |n| cohere(&format!(r#""content":[{}]"#, list(n, |n| if n % 2 == 0 { r#"{"type":"text","text":"a"}"# } else { r#"{"type":"thinking","thinking":"t"}"# })))),
    ("cohere", "many calls", |n| cohere(&format!(r#""tool_calls":[{}]"#, list(n, call)))),
    ("cohere", "many citations", |n| cohere(&format!(r#""content":[{{"type":"text","text":"a"}}],"citations":[{}]"#, list(n, |n| format!(r#"{{"start":0,"end":1,"text":"a","sources":[{{"type":"document","id":"d{n}","document":{{"url":"https://example.com/{n}","title":"t"}}}}]}}"#))))),
];

pub fn call(n: usize) -> String {
    format!(r#"{{"id":"call_{n}","type":"function","function":{{"name":"{}","arguments":"{{}}"}}}}"#, sent(n))
}

fn choice(n: usize, message: &str) -> String {
    format!(r#"{{"index":{n},"message":{{"role":"assistant",{message}}},"finish_reason":"stop"}}"#)
}

pub fn response(output: &str) -> String {
    format!(
        r#"{{"id":"r","object":"response","model":"m","status":"completed","error":null,"incomplete_details":null,"output":[{output}]}}"#
    )
}

fn chat(choices: &str) -> String {
    format!(r#"{{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{choices}]}}"#)
}

fn message(content: &str) -> String {
    format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"c","content":[{content}],"stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
    )
}

pub fn candidate(n: usize, parts: &str, rest: &str) -> String {
    format!(r#"{{"index":{n},"content":{{"role":"model","parts":[{parts}]}},"finishReason":"STOP"{rest}}}"#)
}

pub fn candidates(candidates: &str) -> String {
    format!(r#"{{"candidates":[{candidates}],"modelVersion":"g","responseId":"r"}}"#)
}

pub fn grounding(size: usize) -> String {
    let chunks = list(size, |n| format!(r#"{{"web":{{"uri":"https://example.com/{n}","title":"t"}}}}"#));
    let supports = list(size, |n| {
        format!(
            r#"{{"segment":{{"startIndex":{},"endIndex":{}}},"groundingChunkIndices":[{n}]}}"#,
            2 * n,
            2 * n + 2
        )
    });
    format!(r#","groundingMetadata":{{"groundingChunks":[{chunks}],"groundingSupports":[{supports}]}}"#)
}

fn converse(content: &str) -> String {
    format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{content}]}}}},"stopReason":"end_turn","usage":{{"inputTokens":1,"outputTokens":1,"totalTokens":2}}}}"#
    )
}

fn cohere(message: &str) -> String {
    format!(r#"{{"id":"c","finish_reason":"COMPLETE","message":{{"role":"assistant",{message}}}}}"#)
}
