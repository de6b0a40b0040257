//! Responses.

use super::super::Surface::Responses;
use super::Shape;
use super::parts::{
    PIXEL, any_of, chained, choices, dots, dotted, foreign, list, long, members, one_prefix, optional,
    referred, wide,
};

#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    (Responses, "many turns", |n| input(&list(n, |n| if n % 2 == 0 { r#"{"role":"user","content":"a"}"# } else { r#"{"role":"assistant","content":"b"}"# }), "")),
    (Responses, "many items of one role", |n| input(&list(n, |_| USER), "")),
    (Responses, "many developer messages", |n| input(&list(n, |n| if n % 2 == 0 { USER } else { r#"{"role":"developer","content":"b"}"# }), r#","instructions":"i""#)),
    (Responses, "many parts", |n| parts(&list(n, |_| r#"{"type":"input_text","text":"t"}"#))),
    (Responses, "many pictures", |n| parts(&list(n, |_| format!(r#"{{"type":"input_image","image_url":"data:image/png;base64,{PIXEL}"}}"#)))),
    (Responses, "many files", |n| parts(&list(n, |n| format!(r#"{{"type":"input_file","filename":"{n}.pdf","file_data":"data:application/pdf;base64,{PIXEL}"}}"#)))),
    (Responses, "many unknown parts", |n| parts(&list(n, |n| format!(r#"{{"type":"unknown_{n}"}}"#)))),
    (Responses, "many unknown items", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"unknown_{n}"}}"#))), "")),
    (Responses, "many items of built-in tools", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"web_search_call","id":"ws_{n}","status":"completed"}}"#))), "")),
    (Responses, "many runs of code", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"code_interpreter_call","id":"ci_{n}","status":"completed","code":"a","container_id":"switchover.run.anthropic-claude-v1.code_execution.s{n}","outputs":[{{"type":"logs","logs":"b"}}]}}"#))), r#","tools":[{"type":"code_interpreter","container":{"type":"auto"}}]"#)),
    (Responses, "many outputs of code", |n| input(&format!(r#"{USER},{{"type":"code_interpreter_call","id":"ci","status":"completed","code":"a","container_id":"switchover.run.google-gemini-v1.python.r","outputs":[{}]}}"#, list(n, |_| r#"{"type":"logs","logs":"b"}"#)), r#","tools":[{"type":"code_interpreter","container":{"type":"auto"}}]"#)),
    (Responses, "many references", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"item_reference","id":"i{n}"}}"#))), "")),
    (Responses, "members of parts", |n| parts(&list(n, |n| format!(r#"{{"type":"input_text","text":"t","unknown_{n}":1}}"#)))),
    (Responses, "members of an item", |n| input(&format!(r#"{{"role":"user","content":"a",{}}}"#, members(n)), "")),
    (Responses, "a member of each item", |n| input(&list(n, |_| r#"{"role":"user","content":"a","unknown":1}"#), "")),
    (Responses, "members of items", |n| input(&list(n, |n| format!(r#"{{"role":"user","content":"a","unknown_{n}":1}}"#)), "")),
    (Responses, "members of the request", |n| input(USER, &format!(",{}", members(n)))),
    (Responses, "many tools", |n| tools(n, |n| format!("tool_{n}"))),
    (Responses, "many tools of one prefix", |n| tools(n, one_prefix)),
    (Responses, "many tools of a long prefix", |n| tools(n, long)),
    (Responses, "many tools with dots", |n| tools(n, dotted)),
    (Responses, "many tools of nothing but dots", |n| tools(n, dots)),
    (Responses, "many tools of foreign letters", |n| tools(n, foreign)),
    (Responses, "many built-in tools", |n| input(USER, &format!(r#","tools":[{}]"#, list(n, |n| format!(r#"{{"type":"mcp","server_label":"s{n}","server_url":"https://example.com"}}"#))))),
    (Responses, "many calls", |n| input(&format!("{USER},{}", list(n, |n| call(&format!("call_{n}"), "tool"))), "")),
    (Responses, "many broken calls", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"function_call","call_id":"c{n}","name":"f","arguments":"["}}"#))), "")),
    (Responses, "many tool rounds", |n| rounds(n, |n| format!("call_{n}"))),
    (Responses, "many tool rounds with odd ids", |n| rounds(n, foreign)),
    (Responses, "many calls at once", |n| input(&format!("{USER},{},{}", list(n, |n| call(&format!("c.{n}"), &dotted(n))), list(n, |m| result(&format!("c.{}", n - 1 - m)))), "")),
    (Responses, "many parts of a result", |n| input(&format!(r#"{USER},{},{{"type":"function_call_output","call_id":"c","output":[{}]}}"#, call("c", "f"), list(n, |_| r#"{"type":"input_text","text":"r"}"#)), "")),
    (Responses, "many thoughts", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"reasoning","id":"rs_{n}","summary":[{{"type":"summary_text","text":"t"}}]}},{{"role":"assistant","content":"b"}},{USER}"#))), "")),
    (Responses, "many thoughts in a row", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"reasoning","id":"rs_{n}","summary":[{{"type":"summary_text","text":"t"}}],"encrypted_content":"switchover.own.00000000:gAAA"}}"#))), "")),
    (Responses, "many sealed thoughts", |n| input(&format!("{USER},{}", list(n, |n| format!(r#"{{"type":"reasoning","id":"rs_{n}","summary":[],"encrypted_content":"switchover.signature.anthropic-claude-v1:c2ln"}}"#))), "")),
    (Responses, "many summaries", |n| input(&format!(r#"{USER},{{"type":"reasoning","id":"rs","summary":[{}]}}"#, list(n, |_| r#"{"type":"summary_text","text":"t"}"#)), "")),
    (Responses, "many annotations", |n| input(&format!(r#"{USER},{{"type":"message","role":"assistant","content":[{{"type":"output_text","text":"a","annotations":[{}]}}]}}"#, list(n, |n| format!(r#"{{"type":"url_citation","url":"https://example.com/{n}","title":"t","start_index":0,"end_index":1}}"#))), "")),
    (Responses, "many includes", |n| input(USER, &format!(r#","include":[{}]"#, list(n, |_| r#""reasoning.encrypted_content""#)))),
    (Responses, "much metadata", |n| input(USER, &format!(r#","metadata":{{{}}}"#, members(n)))),
    (Responses, "a wide schema", |n| schema(&wide(n))),
    (Responses, "a schema of options", |n| schema(&optional(n))),
    (Responses, "a schema of choices", |n| schema(&choices(n))),
    (Responses, "a schema of schemas", |n| schema(&any_of(n))),
    (Responses, "a schema of definitions", |n| schema(&referred(n))),
    (Responses, "a schema of a chain", |n| schema(&chained(n))),
];

const USER: &str = r#"{"role":"user","content":"a"}"#;

fn input(items: &str, rest: &str) -> String {
    format!(r#"{{"model":"m","input":[{items}]{rest}}}"#)
}

fn parts(parts: &str) -> String {
    input(&format!(r#"{{"role":"user","content":[{parts}]}}"#), "")
}

fn tools(size: usize, name: fn(usize) -> String) -> String {
    let tool = |n| format!(r#"{{"type":"function","name":"{}","parameters":{{"type":"object"}}}}"#, name(n));
    input(USER, &format!(r#","tools":[{}]"#, list(size, tool)))
}

pub fn dotted_tools(size: usize) -> String {
    tools(size, dotted)
}

fn call(id: &str, name: &str) -> String {
    format!(r#"{{"type":"function_call","call_id":"{id}","name":"{name}","arguments":"{{}}"}}"#)
}

fn result(id: &str) -> String {
    format!(r#"{{"type":"function_call_output","call_id":"{id}","output":"r"}}"#)
}

fn rounds(size: usize, id: fn(usize) -> String) -> String {
    let round = |n: usize| format!("{},{}", call(&id(n), &dotted(n)), result(&id(n)));
    input(&format!("{USER},{}", list(size, round)), "")
}

fn schema(schema: &str) -> String {
    let format = format!(
        r#","text":{{"format":{{"type":"json_schema","name":"n","strict":true,"schema":{schema}}}}}"#
    );
    let tool = format!(r#"{{"type":"function","name":"t","strict":true,"parameters":{schema}}}"#);
    input(USER, &format!(r#"{format},"tools":[{tool}]"#))
}
