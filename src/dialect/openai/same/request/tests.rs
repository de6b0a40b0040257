//! Requests between equals: what is edited and what stays.

use super::super::super::tests::{target, turn};
use super::*;
use crate::dialect::{CacheMarks, Row, Thoughts, Unsupported};

fn edited(body: &str, stream: bool, quirks: &'static [Quirk]) -> Result<(String, Vec<String>), Refusal> {
    let mut target = target("openai_compatible");
    let row = Row { quirks, ..*target.row };
    target.row = Box::leak(Box::new(row));
    target.model = Some("there".into());
    let turn = Turn { stream, ..turn(false) };
    let mut losses = Losses::new(Unsupported::Refuse);
    let body = Raw::parse(body.as_bytes()).unwrap();
    let mut outgoing = edit(body, &turn, &target, &mut losses)?;
    outgoing.complete(body.as_json().as_bytes());
    assert_eq!(outgoing.path, "/v1/chat/completions");
    let dropped = losses
        .into_dropped(&mut crate::dialect::loss::InChat)
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect();
    Ok((String::from_utf8(outgoing.body).unwrap(), dropped))
}

#[test]
fn nobody_elses_thoughts() {
    let body = r#"{"model":"m","messages":[{"role":"assistant","content":"a","reasoning_content":"t","reasoning_details":[{"signature":"s"}]}]}"#;
    let (sent, dropped) = edited(body, false, &[Quirk::Thoughts(Thoughts::Never)]).unwrap();
    assert_eq!(sent, r#"{"model":"there","messages":[{"role":"assistant","content":"a"}]}"#);
    assert_eq!(dropped, ["messages[].thinking"]);
}

#[test]
fn members_that_say_nothing() {
    let body = r#"{"model":"there","messages":[{"role":"assistant","content":"null","tool_calls":null},{"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"a"}]}"#;
    assert_eq!(edited(body, false, &[Quirk::EmptyMembers]).unwrap(), (body.to_owned(), vec![]));
    let plain = r#"{"model":"there","messages":[{"role":"assistant","content":"null"},{"role":"assistant","content":"no"},{"role":"user","content":"a"}]}"#;
    assert_eq!(edited(body, false, &[]).unwrap(), (plain.to_owned(), vec![]));
}

#[test]
fn marks_of_texts_that_become_one() {
    let body = r#"{"model":"there","messages":[{"role":"system","content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}},{"type":"text","text":"b"}]},{"role":"user","content":[{"type":"text","text":"c","cache_control":{"type":"ephemeral"}}]}]}"#;
    let all = CacheMarks { in_parts: &[CacheMarks::ANTHROPICS, CacheMarks::OPENAIS], around: true };
    const SYSTEM: Quirk = Quirk::Strings(&["system"]);
    let quirks: &'static [Quirk] = Box::leak(Box::new([SYSTEM, Quirk::CacheMarks(all)]));
    let (sent, dropped) = edited(body, false, quirks).unwrap();
    let joined = body.replace(
        r#"[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}},{"type":"text","text":"b"}]"#,
        r#""a\n\nb""#,
    );
    assert_eq!((sent, dropped), (joined, vec!["prompt_cache_breakpoint".to_owned()]));
    let (_, dropped) = edited(body, false, &[Quirk::Strings(&["system", "user"])]).unwrap();
    assert_eq!(dropped, ["prompt_cache_breakpoint", "cache_control"]);
}

#[test]
fn members_that_nobody_knows() {
    let body =
        r#"{"model":"there","messages":[{"role":"user","content":"a","name":"b","cache":[],"mood":"c"}]}"#;
    let known = &[Quirk::MessageMembers(&["role", "content"])];
    let (sent, dropped) = edited(body, false, known).unwrap();
    assert_eq!(sent, r#"{"model":"there","messages":[{"role":"user","content":"a","name":"b"}]}"#);
    assert_eq!(dropped, ["messages[].mood"]);
}

#[test]
fn no_more_than_the_target_gives() {
    let sent = |body: &str, most, quirks| {
        let mut target = target("openai_compatible");
        target.row = Box::leak(Box::new(Row { quirks, ..*target.row }));
        target.max_output_tokens = Some(most);
        let mut losses = Losses::new(Unsupported::Refuse);
        let body = Raw::parse(body.as_bytes()).unwrap();
        let mut outgoing = edit(body, &turn(false), &target, &mut losses).unwrap();
        outgoing.complete(body.as_json().as_bytes());
        (String::from_utf8(outgoing.body).unwrap(), losses.dropped().len())
    };
    let body = r#"{"model":"asked","max_tokens":9}"#;
    assert_eq!(sent(body, 9, &[]), (body.to_owned(), 0));
    assert_eq!(sent(body, 8, &[]), (r#"{"model":"asked","max_tokens":8}"#.to_owned(), 1));
    let renamed = r#"{"model":"asked","max_tokens":8}"#.to_owned();
    let body = r#"{"model":"asked","max_completion_tokens":9}"#;
    assert_eq!(sent(body, 8, &[Quirk::MaxTokensIs("max_tokens")]), (renamed, 1));
}

#[test]
fn only_the_model_changes() {
    let body = r#"{ "model" : "asked" , "temperature": 1.00, "n":1e0,
        "messages": [ {"role":"developer","content":"\u00e9 \/", "x": -0.0} ], "brand_new": {"b":[ ]} }"#;
    assert_eq!(edited(body, false, &[]).unwrap().0, body.replace("\"asked\"", "\"there\""));
}

#[test]
fn asks_for_usage() {
    let options = |options: &str| {
        let body = format!(r#"{{"model":"m"{options},"stream":true}}"#);
        edited(&body, true, &[]).unwrap().0
    };
    assert_eq!(options(""), r#"{"model":"there","stream_options":{"include_usage":true},"stream":true}"#);
    for given in ["null", "{ }", r#"{"include_usage":false}"#, r#"{"include_usage":true}"#] {
        let out = options(&format!(r#","stream_options":{given}"#)).replace(' ', "");
        assert_eq!(out, r#"{"model":"there","stream_options":{"include_usage":true},"stream":true}"#);
    }
    assert!(
        options(r#","stream_options":{"include_obfuscation":false}"#)
            .contains(r#"{"include_obfuscation":false,"include_usage":true}"#)
    );
}

#[test]
fn a_strict_provider() {
    const QUIRKS: &[Quirk] =
        &[Quirk::NoNames, Quirk::Only(&["model", "messages"]), Quirk::MaxTokensIs("max_tokens")];
    let (body, dropped) = edited(
        r#"{"model":"m","max_completion_tokens":5,"brand_new":1,"n":1,"messages":[{"role":"user","name":"a","content":"name"},{"role":"tool","name":"t"}]}"#,
        false,
        QUIRKS,
    )
    .unwrap();
    assert_eq!(
        body,
        r#"{"model":"there","max_tokens":5,"messages":[{"role":"user","content":"name"},{"role":"tool","name":"t"}]}"#
    );
    assert_eq!(dropped, ["brand_new", "messages[].name"]);
}

#[test]
fn quirks() {
    const QUIRKS: &[Quirk] = &[
        Quirk::MaxTokensIs("max_tokens"),
        Quirk::DeveloperIsSystem,
        Quirk::NoStreamUsage,
        Quirk::Without("seed"),
        Quirk::Without("n"),
    ];
    let (body, dropped) = edited(
        r#"{"model":"m","seed":1,"n":1,"max_completion_tokens":5,"max_tokens":null,"messages":[{"role":"developer","content":"developer"}, {"role":"user"}],"stream_options":{"include_usage":true}}"#,
        true,
        QUIRKS,
    )
    .unwrap();
    assert_eq!(
        body,
        r#"{"model":"there","max_tokens":5,"messages":[{"role":"system","content":"developer"},{"role":"user"}]}"#
    );
    assert_eq!(dropped, ["seed", "stream_options"]);
    let both = edited(r#"{"model":"m","max_tokens":1,"max_completion_tokens":2}"#, false, QUIRKS).unwrap();
    assert_eq!(both.0, r#"{"model":"there","max_tokens":2}"#);
    let refusal = edited(r#"{"model":"m","n":2}"#, false, QUIRKS).unwrap_err();
    assert!(refusal.message.starts_with("asks for several answers, and this provider gives one."));
}
