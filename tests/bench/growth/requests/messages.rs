//! Messages.

use super::super::Surface::{CountTokens, Messages};
use super::Shape;
use super::parts::{
    PIXEL, chained, choices, dots, dotted, foreign, list, long, members, one_prefix, optional, referred, wide,
};

#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    (Messages, "many turns", |n| messages(&list(n, |n| if n % 2 == 0 { r#"{"role":"user","content":"a"}"# } else { r#"{"role":"assistant","content":"b"}"# }), "")),
    (Messages, "many messages of one role", |n| messages(&list(n, |_| USER), "")),
    (Messages, "many blocks", |n| blocks(&list(n, |n| format!(r#"{{"type":"text","text":"t{n}"}}"#)))),
    (Messages, "many system blocks", |n| messages(USER, &format!(r#","system":[{}]"#, list(n, |_| r#"{"type":"text","text":"s","cache_control":{"type":"ephemeral"},"unknown":1}"#)))),
    (Messages, "many pictures", |n| blocks(&list(n, |_| format!(r#"{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{PIXEL}"}}}}"#)))),
    (Messages, "many documents", |n| blocks(&list(n, |_| r#"{"type":"document","title":"d","context":"c","citations":{"enabled":true},"source":{"type":"text","media_type":"text/plain","data":"text"}}"#))),
    (Messages, "many documents of blocks", |n| blocks(&format!(r#"{{"type":"document","source":{{"type":"content","content":[{}]}}}}"#, list(n, |_| r#"{"type":"text","text":"x"}"#)))),
    (Messages, "many search results", |n| blocks(&list(n, |n| format!(r#"{{"type":"search_result","title":"t{n}","source":"https://example.com/{n}","content":[{{"type":"text","text":"x"}}]}}"#)))),
    (Messages, "many unknown blocks", |n| blocks(&list(n, |n| format!(r#"{{"type":"unknown_{n}"}}"#)))),
    (Messages, "members of blocks", |n| blocks(&list(n, |n| format!(r#"{{"type":"text","text":"a","unknown_{n}":1}}"#)))),
    (Messages, "a member of each block", |n| blocks(&list(n, |_| r#"{"type":"text","text":"a","unknown":1}"#))),
    (Messages, "members of a block", |n| blocks(&format!(r#"{{"type":"text","text":"a",{}}}"#, members(n)))),
    (Messages, "cache breakpoints everywhere", |n| blocks(&list(n, |_| r#"{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}"#))),
    (Messages, "members of a message", |n| messages(&format!(r#"{{"role":"user","content":"a",{}}}"#, members(n)), "")),
    (Messages, "a member of each message", |n| messages(&list(n, |_| r#"{"role":"user","content":"a","unknown":1}"#), "")),
    (Messages, "members of messages", |n| messages(&list(n, |n| format!(r#"{{"role":"user","content":"a","unknown_{n}":1}}"#)), "")),
    (Messages, "members of the request", |n| messages(USER, &format!(",{}", members(n)))),
    (Messages, "many tools", |n| tools(n, |n| format!("tool_{n}"))),
    (Messages, "many tools of one prefix", |n| tools(n, one_prefix)),
    (Messages, "many tools of a long prefix", |n| tools(n, long)),
    (Messages, "many tools with dots", |n| tools(n, dotted)),
    (Messages, "many tools of nothing but dots", |n| tools(n, dots)),
    (Messages, "many tools of foreign letters", |n| tools(n, foreign)),
    (Messages, "members of tools", |n| messages(USER, &format!(r#","tools":[{}]"#, list(n, |n| format!(r#"{{"name":"t{n}","input_schema":{{}},"cache_control":{{"type":"ephemeral"}},"unknown_{n}":1}}"#))))),
    (Messages, "many server tools", |n| messages(USER, &format!(r#","tools":[{}]"#, list(n, |n| format!(r#"{{"type":"web_search_20250305","name":"web_search_{n}"}}"#))))),
    (Messages, "many tool rounds", |n| rounds(n, |n| format!("toolu_{n}"))),
    (Messages, "many tool rounds with odd ids", |n| rounds(n, foreign)),
    (Messages, "many calls at once", |n| at_once(n)),
    (Messages, "many blocks of a result", |n| messages(&format!(r#"{USER},{{"role":"assistant","content":[{}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":[{}]}}]}}"#, call("t", "f"), list(n, |_| r#"{"type":"text","text":"r","cache_control":{"type":"ephemeral"}}"#)), "")),
    (Messages, "many thoughts", |n| said(&list(n, |_| r#"{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}"#))),
    (Messages, "many calls of servers", |n| said(&list(n, |n| format!(r#"{{"type":"server_tool_use","id":"srv_{n}","name":"web_search","input":{{}}}},{{"type":"web_search_tool_result","tool_use_id":"srv_{n}","content":[]}}"#)))),
    (Messages, "many runs of code", |n| messages(&format!(r#"{USER},{{"role":"assistant","content":[{}]}},{USER}"#, list(n, |n| format!(r#"{{"type":"server_tool_use","id":"srvtoolu_switchover.run.openai-responses-v1.python.ci_{n}@c","name":"code_execution","input":{{"code":"a"}}}},{{"type":"code_execution_tool_result","tool_use_id":"srvtoolu_switchover.run.openai-responses-v1.python.ci_{n}@c","content":{{"type":"code_execution_result","stdout":"b","stderr":"","return_code":0,"content":[]}}}}"#))), r#","tools":[{"type":"code_execution_20250825","name":"code_execution"}]"#)),
    (Messages, "many citations", |n| said(&format!(r#"{{"type":"text","text":"a","citations":[{}]}}"#, list(n, |n| format!(r#"{{"type":"web_search_result_location","url":"https://example.com/{n}","title":"t","cited_text":"c"}}"#))))),
    (Messages, "many servers of tools", |n| messages(USER, &format!(r#","mcp_servers":[{}]"#, list(n, |n| format!(r#"{{"type":"url","name":"s{n}","url":"https://example.com"}}"#))))),
    (Messages, "many stops", |n| messages(USER, &format!(r#","stop_sequences":[{}]"#, list(n, |n| format!(r#""s{n}""#))))),
    (Messages, "much metadata", |n| messages(USER, &format!(r#","metadata":{{"user_id":"u",{}}}"#, members(n)))),
    (Messages, "a wide schema", |n| schema(&wide(n))),
    (Messages, "a schema of options", |n| schema(&optional(n))),
    (Messages, "a schema of choices", |n| schema(&choices(n))),
    (Messages, "a schema of definitions", |n| schema(&referred(n))),
    (Messages, "a schema of a chain", |n| schema(&chained(n))),
    (CountTokens, "many turns to count", |n| messages(&list(n, |_| USER), "")),
];

const USER: &str = r#"{"role":"user","content":"a"}"#;

fn messages(messages: &str, rest: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{messages}]{rest}}}"#)
}

fn blocks(blocks: &str) -> String {
    messages(&format!(r#"{{"role":"user","content":[{blocks}]}}"#), "")
}

fn said(blocks: &str) -> String {
    messages(&format!(r#"{USER},{{"role":"assistant","content":[{blocks}]}},{USER}"#), "")
}

fn tools(size: usize, name: fn(usize) -> String) -> String {
    let all = list(size, |n| format!(r#"{{"name":"{}","input_schema":{{"type":"object"}}}}"#, name(n)));
    messages(USER, &format!(r#","tools":[{all}]"#))
}

pub fn dotted_tools(size: usize) -> String {
    tools(size, dotted)
}

fn call(id: &str, name: &str) -> String {
    format!(r#"{{"type":"tool_use","id":"{id}","name":"{name}","input":{{"a":1}}}}"#)
}

fn result(id: &str) -> String {
    format!(r#"{{"type":"tool_result","tool_use_id":"{id}","content":"r"}}"#)
}

fn rounds(size: usize, id: fn(usize) -> String) -> String {
    let round = |n: usize| {
        format!(
            r#"{{"role":"assistant","content":[{}]}},{{"role":"user","content":[{}]}}"#,
            call(&id(n), &dotted(n)),
            result(&id(n))
        )
    };
    messages(&format!("{USER},{}", list(size, round)), "")
}

fn at_once(size: usize) -> String {
    let calls = list(size, |n| call(&format!("c.{n}"), &format!("t.{n}")));
    let results = list(size, |n| result(&format!("c.{}", size - 1 - n)));
    messages(
        &format!(
            r#"{USER},{{"role":"assistant","content":[{calls}]}},{{"role":"user","content":[{results}]}}"#
        ),
        "",
    )
}

fn schema(schema: &str) -> String {
    let format = format!(r#","output_config":{{"format":{{"type":"json_schema","schema":{schema}}}}}"#);
    messages(USER, &format!(r#"{format},"tools":[{{"name":"t","strict":true,"input_schema":{schema}}}]"#))
}
