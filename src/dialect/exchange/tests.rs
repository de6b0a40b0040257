//! A law over the whole table of providers: planning knows what each writer does with what its target lacks.

use super::*;
use crate::chat::Features;
use crate::dialect::Declared;
use crate::dialect::loss::Unsupported;
use crate::dialect::providers::PROVIDERS;
use crate::dialect::seam::Endpoint;

const SAID: &str = r#""messages":[{"role":"user","content":"JSON, please."}]"#;

/// A feature, and members of a request that need it.
fn asks() -> [(Features, String); 7] {
    let beside = |members: &str| format!("{SAID},{members}");
    let part = |part: &str| {
        format!(r#""messages":[{{"role":"user","content":[{{"type":"text","text":"a"}},{part}]}}]"#)
    };
    [
        (Features::CANDIDATES, beside(r#""n":2"#)),
        (Features::LOGPROBS, beside(r#""logprobs":true"#)),
        (Features::JSON_MODE, beside(r#""response_format":{"type":"json_object"}"#)),
        (
            Features::JSON_SCHEMA,
            beside(
                r#""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}"#,
            ),
        ),
        (Features::AUDIO, part(r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#)),
        (
            Features::DOCUMENTS,
            part(
                r#"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}}"#,
            ),
        ),
        (
            Features::TOOLS,
            beside(r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#),
        ),
    ]
}

fn target_without(row: &'static Row, feature: Features, api: Api) -> Target {
    Target {
        model: Some(row.example_model.to_owned()),
        capabilities: row.carries.without(feature),
        denied: feature,
        max_output_tokens: Some(100),
        api,
        project: Some("acme".to_owned()),
        location: Some("us-east-1".to_owned()),
        ..Target::at(
            row.name,
            row,
            Endpoint { tls: true, host: "e.test".to_owned(), port: 443, base_path: String::new() },
        )
    }
}

fn turn(unsupported: Unsupported) -> Turn {
    Turn {
        surface: Surface::Chat,
        requested_model: "m".to_owned(),
        stream: false,
        stream_usage: false,
        id: "law".to_owned(),
        created: 0,
        unsupported,
        caller_headers: Vec::new(),
    }
}

#[test]
fn what_a_writer_refuses_can_be_dropped_and_nothing_else() {
    let by_responses = PROVIDERS.iter().filter(|row| row.has_responses()).map(|row| (row, Api::Responses));
    for (row, api) in PROVIDERS.iter().map(|row| (row, Api::Auto)).chain(by_responses) {
        for (feature, members) in asks() {
            let target = target_without(row, feature, api);
            let body = format!(r#"{{"model":"m",{members}}}"#);
            let body = Raw::parse(body.as_bytes()).unwrap();
            let is_droppable = target.droppable().contains(feature) && !target.planned().contains(feature);
            let refused = request(&turn(Unsupported::Refuse), body, &target).is_err();
            let dropped = request(&turn(Unsupported::Drop), body, &target).unwrap().dropped;
            assert_eq!(
                (refused, !dropped.is_empty()),
                (is_droppable, is_droppable),
                "{} {api:?}: {feature:?}",
                row.name
            );
        }
    }
}

/// What only one target gets is weighed too.
/// What a target without a model lacks is known once the caller's is.
#[test]
fn what_the_callers_model_lacks_is_tried_in_planning() {
    let body = r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}"#;
    let body = Raw::parse(body.as_bytes()).unwrap();
    let may_refuse = |model: &str| {
        let row = PROVIDERS.iter().find(|row| row.name == "openai").unwrap();
        let target = target_without(row, Features::NONE, Api::Chat);
        let target = Target { model: None, said: Some(Declared::default()), ..target };
        let turn = Turn { requested_model: model.to_owned(), ..turn(Unsupported::Refuse) };
        may_refuse(&turn, body, &target)
    };
    assert!(!may_refuse("gpt-4o"));
    assert!(may_refuse("o1-mini"));
}

#[test]
fn what_is_weighed_is_what_goes_out() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"x"}}]},
        {"role":"tool","tool_call_id":"c","content":"y"}],"tools":[{"type":"custom","custom":{"name":"f"}}]}"#;
    let body = Raw::parse(body.as_bytes()).unwrap();
    let read = read(Surface::Chat, body).unwrap();
    for name in ["openai", "groq", "mistral", "anthropic", "gemini", "bedrock", "cohere"] {
        let mut target = target_without(crate::dialect::provider(name).unwrap(), Features::NONE, Api::Auto);
        let plain = weigh(&turn(Unsupported::Refuse), body, Some(&read), &target).unwrap();
        target.instructions.append = Some("Be brief.".to_owned());
        let turn = turn(Unsupported::Refuse);
        let sent = request(&turn, body, &target).unwrap();
        assert_eq!(weigh(&turn, body, Some(&read), &target).unwrap(), sent.body.len(), "{name}");
        assert!(sent.body.len() > plain, "{name}");
        assert_eq!(sent.memo.free_form.as_functions, name != "openai", "{name}");
    }
}

#[test]
fn what_is_cited_late_is_told() {
    use crate::chat::{Citation, Event, Finish};
    let cited = |url: &'static str| {
        let citation = Citation { start: 0, end: 2, url: url.into(), title: "A page".into() };
        Event::Citation { choice: 0, citation }
    };
    let (id, name) = ("c".into(), "f".into());
    let events = [
        Event::Start { id: None, model: None },
        Event::Text { choice: 0, text: "Hi".into() },
        Event::ToolStart { choice: 0, index: 0, id, name, signature: None },
        Event::ToolArguments { choice: 0, index: 0, fragment: "{}".into() },
        cited("https://a.test"),
        Event::Finish { choice: 0, finish: Finish::ToolCalls },
        cited("https://b.test"),
    ];
    for surface in [Surface::Chat, Surface::Messages, Surface::Responses] {
        let turn = Turn {
            surface,
            requested_model: "m".to_owned(),
            stream: true,
            stream_usage: false,
            id: "1".to_owned(),
            created: 0,
            unsupported: Unsupported::Refuse,
            caller_headers: Vec::new(),
        };
        let mut writer = caller(surface).unwrap().stream(&turn, &Memo::default());
        let mut out = Vec::new();
        events.iter().for_each(|event| writer.event(event, &mut out));
        writer.end(&mut out);
        let out = String::from_utf8(out).unwrap();
        for page in ["https://a.test", "https://b.test"] {
            assert!(out.contains(page), "{surface:?}: {out}");
        }
    }
}
