//! Chat Completions.

use super::super::Surface::{Chat, Embeddings};
use super::Shape;
use super::parts::{
    PIXEL, all_of, any_of, chained, choices, circles, deep, dots, dotted, foreign, kinds, list, long,
    members, one_prefix, optional, referred, wide,
};

#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    (Chat, "many turns", |n| chat(&list(n, |n| if n % 2 == 0 { r#"{"role":"user","content":"a"}"# } else { r#"{"role":"assistant","content":"b"}"# }), "")),
    (Chat, "many messages of one role", |n| chat(&list(n, |_| r#"{"role":"user","content":"a"}"#), "")),
    (Chat, "many system messages", |n| chat(&list(n, |n| if n % 2 == 0 { r#"{"role":"user","content":"a"}"# } else { r#"{"role":"system","content":"b"}"# }), "")),
    (Chat, "many parts", |n| of_parts(&list(n, |n| format!(r#"{{"type":"text","text":"t{n}"}}"#)))),
    (Chat, "many empty parts", |n| of_parts(&list(n, |_| r#"{"type":"text","text":""}"#))),
    (Chat, "many pictures", |n| of_parts(&list(n, |_| format!(r#"{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{PIXEL}"}}}}"#)))),
    (Chat, "many addresses of pictures", |n| of_parts(&list(n, |n| format!(r#"{{"type":"image_url","image_url":{{"url":"https://example.com/{n}.png"}}}}"#)))),
    (Chat, "many files of one name", |n| of_parts(&list(n, |_| format!(r#"{{"type":"file","file":{{"filename":"a.pdf","file_data":"data:application/pdf;base64,{PIXEL}"}}}}"#)))),
    (Chat, "many files", |n| of_parts(&list(n, |n| format!(r#"{{"type":"file","file":{{"filename":"{n}.pdf","file_data":"data:application/pdf;base64,{PIXEL}"}}}}"#)))),
    (Chat, "many sounds", |n| of_parts(&list(n, |_| r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#))),
    (Chat, "many unknown parts", |n| of_parts(&list(n, |n| format!(r#"{{"type":"unknown_{n}","x":1}}"#)))),
    (Chat, "members of parts", |n| of_parts(&list(n, |n| format!(r#"{{"type":"text","text":"a","unknown_{n}":1}}"#)))),
    (Chat, "members of a part", |n| of_parts(&format!(r#"{{"type":"text","text":"a",{}}}"#, members(n)))),
    (Chat, "cache breakpoints everywhere", |n| of_parts(&list(n, |_| r#"{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}"#))),
    (Chat, "members of a message", |n| chat(&format!(r#"{{"role":"user","content":"a",{}}}"#, members(n)), "")),
    (Chat, "a member of each message", |n| chat(&list(n, |_| r#"{"role":"user","content":"a","unknown":1}"#), "")),
    (Chat, "members of messages", |n| chat(&list(n, |n| format!(r#"{{"role":"user","content":"a","unknown_{n}":1}}"#)), "")),
    (Chat, "members of the request", |n| chat(USER, &format!(",{}", members(n)))),
    (Chat, "members written with escapes", |n| chat(USER, &format!(",{}", list(n, |n| format!(r#""\u0061_{n}":1"#))))),
    (Chat, "an object of many members", |n| chat(USER, &format!(r#","unknown":{{{}}}"#, members(n)))),
    (Chat, "members of one name", |n| chat(USER, &format!(",{}", list(n, |_| r#""unknown":1"#)))),
    (Chat, "names of participants", |n| chat(&list(n, |n| format!(r#"{{"role":"user","name":"user_{n}","content":"a"}}"#)), "")),
    (Chat, "many tools", |n| tools(n, |n| format!("tool_{n}"))),
    (Chat, "many tools of one prefix", |n| tools(n, one_prefix)),
    (Chat, "many tools of a long prefix", |n| tools(n, long)),
    (Chat, "many tools with dots", |n| tools(n, dotted)),
    (Chat, "many tools of nothing but dots", |n| tools(n, dots)),
    (Chat, "many tools of foreign letters", |n| tools(n, foreign)),
    (Chat, "many tools of one name", |n| tools(n, |_| "tool".to_owned())),
    (Chat, "many allowed tools", |n| allowed(n, |n| format!("tool_{n}"))),
    (Chat, "many allowed tools with dots", |n| allowed(n, dotted)),
    (Chat, "many tool rounds", |n| rounds(n, |n| format!("call_{n}"), |_| "tool".to_owned())),
    (Chat, "many tool rounds with odd ids", |n| rounds(n, foreign, |_| "tool".to_owned())),
    (Chat, "many tool rounds with long ids", |n| rounds(n, long, |_| "tool".to_owned())),
    (Chat, "many tools that are gone", |n| rounds(n, |n| format!("call_{n}"), |n| format!("gone_{n}"))),
    (Chat, "many tools with dots that are gone", |n| rounds(n, |n| format!("call.{n}"), dotted)),
    (Chat, "many calls at once", |n| at_once(n, |n, _| n)),
    (Chat, "many results in reverse", |n| at_once(n, |n, all| all - 1 - n)),
    (Chat, "many results of nothing", |n| chat(&list(n, |n| format!(r#"{{"role":"tool","tool_call_id":"c{n}","content":"r"}}"#)), "")),
    (Chat, "many results of one call", |n| chat(&format!("{USER},{},{}", assistant(&call("c", "tool", "{}")), list(n, |_| r#"{"role":"tool","tool_call_id":"c","content":"r"}"#)), "")),
    (Chat, "many parts of a result", |n| chat(&format!(r#"{USER},{},{{"role":"tool","tool_call_id":"c","content":[{}]}}"#, assistant(&call("c", "tool", "{}")), list(n, |_| r#"{"type":"text","text":"r"}"#)), "")),
    (Chat, "large arguments", |n| chat(&format!("{USER},{}", assistant(&call("c", "tool", &format!("{{{}}}", list(n, |n| format!(r#"\"a{n}\":1"#)))))), "")),
    (Chat, "broken arguments", |n| chat(&format!("{USER},{}", list(n, |n| assistant(&call(&format!("c{n}"), "tool", "{")))), "")),
    (Chat, "thoughts that come back", |n| chat(&format!("{USER},{}", list(n, |_| r#"{"role":"assistant","content":"a","reasoning_content":"t"}"#)), "")),
    (Chat, "fragments of thoughts", |n| chat(&format!(r#"{USER},{{"role":"assistant","content":"a","reasoning_details":[{}]}}"#, list(n, |n| format!(r#"{{"type":"reasoning.text","text":"t","index":{n},"format":"anthropic-claude-v1","signature":"s"}}"#))), "")),
    (Chat, "pieces of a thought", |n| chat(&format!(r#"{USER},{{"role":"assistant","content":"a","reasoning_details":[{}]}}"#, list(n, |_| r#"{"type":"reasoning.text","text":"t","index":0}"#)), "")),
    (Chat, "blocks of thoughts", |n| chat(&format!(r#"{USER},{{"role":"assistant","content":"a","thinking_blocks":[{}]}}"#, list(n, |_| r#"{"type":"thinking","thinking":"t","signature":"s"}"#)), "")),
    (Chat, "legacy functions", |n| chat(USER, &format!(r#","functions":[{}]"#, list(n, |n| format!(r#"{{"name":"f.{n}","parameters":{{}}}}"#))))),
    (Chat, "legacy calls", |n| chat(&list(n, |n| format!(r#"{USER},{{"role":"assistant","content":null,"function_call":{{"name":"f.{n}","arguments":"{{}}"}}}},{{"role":"function","name":"f.{n}","content":"r"}}"#)), "")),
    (Chat, "a wide schema", |n| schema(&wide(n))),
    (Chat, "a schema of options", |n| schema(&optional(n))),
    (Chat, "a deep schema", |n| schema(&deep(n))),
    (Chat, "a schema of choices", |n| schema(&choices(n))),
    (Chat, "a schema of schemas", |n| schema(&any_of(n))),
    (Chat, "a schema of types", |n| schema(&kinds(n))),
    (Chat, "a schema of definitions", |n| schema(&referred(n))),
    (Chat, "a schema of a chain", |n| schema(&chained(n))),
    (Chat, "a schema of circles", |n| schema(&circles(n))),
    (Chat, "a schema of all", |n| schema(&all_of(n))),
    (Chat, "tools with schemas", |n| chat(USER, &format!(r#","tools":[{}]"#, list(n, |n| tool(&format!("t{n}"), &referred(2)))))),
    (Chat, "many stops", |n| chat(USER, &format!(r#","stop":[{}]"#, list(n, |n| format!(r#""s{n}""#))))),
    (Chat, "much metadata", |n| chat(USER, &format!(r#","metadata":{{{}}}"#, list(n, |n| format!(r#""k{n}":"v""#))))),
    (Chat, "many biases", |n| chat(USER, &format!(r#","logit_bias":{{{}}}"#, list(n, |n| format!(r#""{n}":1"#))))),
    (Chat, "deep nesting", |n| chat(USER, &format!(r#","unknown":{}1{}"#, "[{\"a\":".repeat(n), "}]".repeat(n)))),
    (Chat, "deep brackets", |n| chat(USER, &format!(r#","unknown":{}{}"#, "[".repeat(n), "]".repeat(n)))),
    (Chat, "many escapes", |n| chat(&format!(r#"{{"role":"user","content":"{}"}}"#, r#"\u00e9\n\\"#.repeat(n)), "")),
    (Chat, "many blanks", |n| chat(USER, &" \n\t".repeat(n))),
    (Chat, "many kinds of answers", |n| chat(USER, &format!(r#","modalities":[{}]"#, list(n, |_| r#""text""#)))),
    (Chat, "many empty messages", |n| chat(&list(n, |_| "{}"), "")),
    (Chat, "many refusals", |n| chat(&format!("{USER},{}", list(n, |_| r#"{"role":"assistant","refusal":"no"}"#)), "")),
    (Embeddings, "many inputs", |n| format!(r#"{{"model":"m","input":[{}]}}"#, list(n, |n| format!(r#""text {n}""#)))),
    (Embeddings, "many tokens", |n| format!(r#"{{"model":"m","input":[{}]}}"#, list(n, |n| n))),
    (Embeddings, "many lists of tokens", |n| format!(r#"{{"model":"m","input":[{}]}}"#, list(n, |n| format!("[{n},1]")))),
    (Embeddings, "many members beside inputs", |n| format!(r#"{{"model":"m","input":"a",{}}}"#, members(n))),
];

const USER: &str = r#"{"role":"user","content":"a"}"#;

fn chat(messages: &str, rest: &str) -> String {
    format!(r#"{{"model":"m","messages":[{messages}]{rest}}}"#)
}

fn of_parts(parts: &str) -> String {
    chat(&format!(r#"{{"role":"user","content":[{parts}]}}"#), "")
}

fn tool(name: &str, schema: &str) -> String {
    format!(r#"{{"type":"function","function":{{"name":"{name}","parameters":{schema}}}}}"#)
}

fn tools(size: usize, name: fn(usize) -> String) -> String {
    chat(USER, &format!(r#","tools":[{}]"#, list(size, |n| tool(&name(n), "{}"))))
}

pub fn dotted_tools(size: usize) -> String {
    tools(size, dotted)
}

fn allowed(size: usize, name: fn(usize) -> String) -> String {
    let all = list(size, |n| tool(&name(n), "{}"));
    let allowed = list(size, |n| format!(r#"{{"type":"function","function":{{"name":"{}"}}}}"#, name(n)));
    let choice =
        format!(r#"{{"type":"allowed_tools","allowed_tools":{{"mode":"auto","tools":[{allowed}]}}}}"#);
    chat(USER, &format!(r#","tools":[{all}],"tool_choice":{choice}"#))
}

fn call(id: &str, name: &str, arguments: &str) -> String {
    format!(r#"{{"id":"{id}","type":"function","function":{{"name":"{name}","arguments":"{arguments}"}}}}"#)
}

fn assistant(calls: &str) -> String {
    format!(r#"{{"role":"assistant","content":null,"tool_calls":[{calls}]}}"#)
}

fn rounds(size: usize, id: fn(usize) -> String, name: fn(usize) -> String) -> String {
    let round = |n: usize| {
        let calls = assistant(&call(&id(n), &name(n), "{}"));
        format!(r#"{USER},{calls},{{"role":"tool","tool_call_id":"{}","content":"r"}}"#, id(n))
    };
    chat(&list(size, round), &format!(r#","tools":[{}]"#, tool("tool", "{}")))
}

fn at_once(size: usize, order: fn(usize, usize) -> usize) -> String {
    let calls = assistant(&list(size, |n| call(&format!("c.{n}"), &format!("t.{n}"), "{}")));
    let results =
        list(size, |n| format!(r#"{{"role":"tool","tool_call_id":"c.{}","content":"r"}}"#, order(n, size)));
    chat(&format!("{USER},{calls},{results}"), "")
}

/// Of the answer, and of a tool.
fn schema(schema: &str) -> String {
    let format = format!(
        r#","response_format":{{"type":"json_schema","json_schema":{{"name":"n","strict":true,"schema":{schema}}}}}"#
    );
    chat(USER, &format!(r#"{format},"tools":[{}]"#, tool("t", schema)))
}
