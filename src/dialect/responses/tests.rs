//! Laws: what is written reads back; a stream is the whole answer; bytes between equals stay.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::Responses;
use super::edited::Restored;
use crate::chat::{
    Arguments, Choice, Event, Features, Finish, Maker, Message, Part, PartKind, Reply, Role, Thought,
    ToolCall, Usage,
};
use crate::dialect::{Caller, Endpoint, Memo, Surface, Target, Turn, Unsupported, provider};
use crate::dialect::{exchange, seam::Pipe};
use crate::json::{Raw, Text};
use proptest::prelude::*;

fn turn() -> Turn {
    Turn {
        surface: Surface::Responses,
        requested_model: "asked".to_owned(),
        stream: true,
        stream_usage: true,
        id: "law".to_owned(),
        created: 7,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

fn target(name: &str, base: &str) -> Target {
    let row = provider(name).unwrap();
    Target {
        model: Some("theirs".to_owned()),
        max_output_tokens: Some(1000),
        ..Target::at(
            name,
            row,
            Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: base.into() },
        )
    }
}

fn text() -> impl Strategy<Value = Text<'static>> {
    "[a-z\"\\\\\n\u{0}-\u{1f}é😀/<{ ]{1,12}".prop_map(Text::from)
}

fn maker() -> impl Strategy<Value = Maker> {
    prop::sample::select(vec![Maker::Anthropic, Maker::Gemini, Maker::OpenAi, Maker::Bedrock])
}

fn kind() -> impl Strategy<Value = PartKind<'static>> {
    let data = || "[A-Za-z0-9+/=.:]{1,12}".prop_map(Text::from);
    let thought =
        |text, signature, sealed, maker| PartKind::Thought(Thought { text, signature, sealed, maker });
    let signature = prop::option::of((maker(), data()));
    let call = ("[a-z0-9_-]{1,8}", "[a-z_]{1,8}", "[{\"a:1}é\\\\]{1,10}", signature);
    prop_oneof![
        text().prop_map(PartKind::Text),
        text().prop_map(PartKind::Refusal),
        text().prop_map(move |text| thought(text, None, None, None)),
        (prop_oneof![text(), Just(Text::default())], data(), maker())
            .prop_map(move |(text, signature, maker)| thought(text, Some(signature), None, Some(maker))),
        (data(), maker()).prop_map(move |(data, maker)| thought(
            Text::default(),
            None,
            Some(data),
            Some(maker)
        )),
        call.prop_map(|(id, name, arguments, signature)| {
            let arguments = Arguments::Encoded(arguments.into());
            PartKind::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments, signature })
        }),
    ]
}

/// Text after text is one text in this dialect, and an unsigned thought goes on in the one after it.
fn joins(before: &PartKind<'_>, next: &PartKind<'_>) -> bool {
    match (before, next) {
        (PartKind::Text(_), PartKind::Text(_)) | (PartKind::Refusal(_), PartKind::Refusal(_)) => true,
        (PartKind::Thought(before), PartKind::Thought(_)) => before.maker.is_none(),
        _ => false,
    }
}

fn parts() -> impl Strategy<Value = Vec<Part<'static>>> {
    prop::collection::vec(kind(), 1..7).prop_map(|mut kinds| {
        kinds.dedup_by(|next, before| joins(before, next));
        kinds.into_iter().map(Part::from).collect()
    })
}

fn reply(parts: &[Part<'static>], finish: &Finish<'static>, usage: Usage) -> Reply<'static> {
    let choice =
        Choice { parts: parts.to_vec(), finish: finish.clone(), logprobs: None, citations: Vec::new() };
    Reply { choices: vec![choice], usage, ..Reply::default() }
}

/// The pieces that a provider would stream of these parts.
fn stream(parts: &[Part<'_>], mut each: impl FnMut(Event<'_>)) {
    let choice = 0;
    let mut index = 0;
    for part in parts {
        match &part.kind {
            PartKind::Text(text) => {
                let text = text.decode();
                let (start, end) = text.split_at(text.char_indices().nth(1).map_or(0, |(at, _)| at));
                each(Event::Text { choice, text: start.into() });
                each(Event::Text { choice, text: end.into() });
            }
            PartKind::Refusal(text) => each(Event::Refusal { choice, text: text.clone() }),
            PartKind::Thought(thought) => {
                each(Event::Thought { choice, text: thought.text.clone(), maker: thought.maker });
                if let (Some(maker), Some(signature)) = (thought.maker, thought.signature.clone()) {
                    each(Event::ThoughtSignature { choice, maker, signature });
                }
                if let (Some(maker), Some(data)) = (thought.maker, thought.sealed.clone()) {
                    each(Event::ThoughtSealed { choice, maker, data });
                }
            }
            PartKind::ToolCall(call) => {
                let (id, name, signature) = (call.id.clone(), call.name.clone(), call.signature.clone());
                each(Event::ToolStart { choice, index, id, name, signature });
                each(Event::ToolArguments { choice, index, fragment: call.arguments.text() });
                index += 1;
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn answers_come_back_as_input(parts in parts()) {
        let mut body = Vec::new();
        Responses.write(&reply(&parts, &Finish::Stop, Usage::default()), &turn(), &Memo::default(), &mut body);
        let output = Raw::parse(&body).unwrap().get("output").unwrap();
        let request = format!(r#"{{"model":"m","input":{}}}"#, output.as_json());
        let read = exchange::read(Surface::Responses, Raw::parse(request.as_bytes()).unwrap()).unwrap();
        let expected = Message { role: Role::Assistant, parts, name: None, extra: Vec::new() };
        prop_assert_eq!(read.messages, vec![expected]);
    }

    #[test]
    fn a_stream_ends_with_the_whole_answer(
        parts in parts(),
        finish in prop::sample::select(vec![Finish::Stop, Finish::ToolCalls, Finish::Length, Finish::Refusal]),
        output in 0u64..9,
    ) {
        let usage = Usage { input: Some(3), output: Some(output), ..Usage::default() };
        let mut whole = Vec::new();
        Responses.write(&reply(&parts, &finish, usage), &turn(), &Memo::default(), &mut whole);

        let mut bytes = Vec::new();
        let mut writer = Responses.stream(&turn(), &Memo::default());
        writer.event(&Event::Start { id: None, model: None }, &mut bytes);
        stream(&parts, |event| writer.event(&event, &mut bytes));
        writer.event(&Event::Finish { choice: 0, finish }, &mut bytes);
        writer.event(&Event::Usage(usage), &mut bytes);
        writer.end(&mut bytes);

        let text = String::from_utf8(bytes).unwrap();
        let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        for (event, at) in events.iter().zip(0u64..) {
            let number = Raw::parse(event.as_bytes()).unwrap().get("sequence_number").and_then(Raw::as_u64);
            prop_assert_eq!(number, Some(at));
        }
        let last = Raw::trusted(events.last().unwrap()).get("response").unwrap();
        prop_assert_eq!(last.as_json(), std::str::from_utf8(&whole).unwrap());
    }
}

#[test]
fn answers_repeat_the_request() {
    let body = br#"{"model":"asked","input":"hi","tools":[{"type":"function","name":"f","parameters":{},"strict":null}],"temperature":0.50,"text":{"verbosity":"low"}}"#;
    let target = target("anthropic", "");
    let outgoing = exchange::request(&turn(), Raw::parse(body).unwrap(), &target).unwrap();
    let mut out = Vec::new();
    Responses.write(&Reply::default(), &turn(), &outgoing.memo, &mut out);
    let response = Raw::parse(&out).unwrap();
    let member = |name| response.get(name).unwrap().as_json();
    assert_eq!(member("tools"), r#"[{"type":"function","name":"f","parameters":{},"strict":null}]"#);
    assert_eq!((member("temperature"), member("text")), ("0.50", r#"{"verbosity":"low"}"#));
    assert_eq!((member("tool_choice"), member("output"), member("usage")), ("\"auto\"", "[]", "null"));
}

#[test]
fn between_equals_only_the_model_changes() {
    let body = r#"{ "model" : "asked", "input":[ {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"} ], "x": 1.50 }"#;
    let sent = |name, base, version: Option<&str>| {
        let target = Target { api_version: version.map(str::to_owned), ..target(name, base) };
        let outgoing = exchange::request(&turn(), Raw::parse(body.as_bytes()).unwrap(), &target).unwrap();
        assert_eq!(String::from_utf8(outgoing.body).unwrap(), body.replace("asked", "theirs"));
        outgoing.path
    };
    assert_eq!(sent("openai", "/v1", None), "/v1/responses");
    assert_eq!(sent("azure_openai", "", None), "/openai/v1/responses");
    assert_eq!(sent("azure_openai", "/openai/v1", Some("2024-10-21")), "/openai/v1/responses");
}

#[test]
fn a_model_without_a_role_for_instructions_hears_them_from_the_user() {
    let sent = |members: &str, prepend: Option<&str>| {
        let mut target = target("openai", "/v1");
        target.denied = Features::SYSTEM_ROLE;
        target.instructions.prepend = prepend.map(str::to_owned);
        let body = format!(r#"{{"model":"theirs"{members}}}"#);
        let outgoing = exchange::request(&turn(), Raw::parse(body.as_bytes()).unwrap(), &target).unwrap();
        let sent = String::from_utf8(outgoing.body).unwrap();
        let members = sent.strip_prefix(r#"{"model":"theirs""#).unwrap().strip_suffix('}').unwrap();
        (members.to_owned(), outgoing.memo.repeated)
    };
    let said = |text: &str| format!(r#"{{"role":"user","content":{text}}}"#);
    let (kind, hi) = (said(r#""Be kind.""#), said(r#""Hi""#));
    let repeated = Some(r#""Be kind.""#.to_owned());
    let members = r#","instructions":"Be kind.","input":"Hi""#;
    assert_eq!(sent(members, None), (format!(r#","input":[{kind},{hi}]"#), repeated.clone()));
    let both = said(r#""Be brief.\n\nBe kind.""#);
    assert_eq!(sent(members, Some("Be brief.")), (format!(r#","input":[{both},{hi}]"#), repeated.clone()));
    let brief = said(r#""Be brief.""#);
    let told = (format!(r#","input":[{brief},{hi}]"#), Some("null".to_owned()));
    assert_eq!(sent(r#","input":"Hi""#, Some("Be brief.")), told);
    let list = r#","input":[{"role":"developer","content":"D","x":1},{"role":"assistant","content":"a"}]"#;
    assert_eq!(sent(list, None), (list.replace("developer", "user"), None));
    let alone = sent(r#","prompt":{"id":"p"},"instructions":"Be kind.""#, None);
    assert_eq!(alone, (format!(r#","prompt":{{"id":"p"}},"input":[{kind}]"#), repeated));
    for same in
        [r#","input":"Hi","instructions":null"#, r#","input":"Hi","instructions":[{"role":"system"}]"#, ""]
    {
        assert_eq!(sent(same, None), (same.to_owned(), None));
    }
}

#[test]
fn what_counts_as_a_token() {
    let is_token = |kind: &str, members: &str| {
        let mut pipe = super::passing::Passing::new(Restored::new(&turn(), &Memo::default()));
        let event = format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{members}}}\n\n");
        pipe.push(event.as_bytes(), &mut Vec::new()).unwrap()
    };
    for (kind, members) in [
        ("response.created", r#","response":{"model":"m"}"#),
        ("response.in_progress", r#","response":{"model":"m"}"#),
        ("response.queued", r#","response":{"model":"m"}"#),
        ("response.output_item.added", r#","item":{"type":"message"}"#),
        ("response.output_item.added", r#","item":{"type":"reasoning"}"#),
        ("response.content_part.added", r#","part":{"type":"output_text","text":""}"#),
        ("response.reasoning_summary_part.added", ""),
        ("response.output_text.delta", r#","delta":"""#),
        ("keepalive", ""),
    ] {
        assert!(!is_token(kind, members), "{kind}{members}");
    }
    for (kind, members) in [
        ("response.output_text.delta", r#","delta":"a""#),
        ("response.refusal.delta", r#","delta":"a""#),
        ("response.reasoning_text.delta", r#","delta":"a""#),
        ("response.reasoning_summary_text.delta", r#","delta":"a""#),
        ("response.function_call_arguments.delta", r#","delta":"{""#),
        ("response.output_item.added", r#","item":{"type":"function_call"}"#),
        ("response.output_item.added", r#","item":{"type":"web_search_call"}"#),
        ("response.output_item.done", r#","item":{"type":"message"}"#),
        ("response.completed", r#","response":{"model":"m","output":[]}"#),
        ("response.incomplete", r#","response":{"model":"m","output":[]}"#),
    ] {
        assert!(is_token(kind, members), "{kind}{members}");
    }
}

#[test]
fn what_a_target_lacks_is_not_sent() {
    let sent = |lacks: Features, members: &str, unsupported| {
        let mut target = target("openai", "/v1");
        target.capabilities = target.capabilities.without(lacks);
        target.denied = lacks;
        let body = format!(r#"{{"model":"theirs","input":"Hi"{members}}}"#);
        let turn = Turn { unsupported, ..turn() };
        let outgoing = exchange::request(&turn, Raw::parse(body.as_bytes()).unwrap(), &target)?;
        let dropped: Vec<String> = outgoing.dropped.into_iter().map(|name| name.into_owned()).collect();
        Ok::<_, crate::dialect::Refusal>((String::from_utf8(outgoing.body).unwrap(), dropped.join(" ")))
    };
    let plain = r#"{"model":"theirs","input":"Hi""#;
    let advisory = [
        (Features::SAMPLING, r#","temperature":0.5,"top_p":1"#, "", "temperature top_p"),
        (
            Features::REASONING_EFFORT,
            r#","reasoning":{"effort":"low"}"#,
            r#","reasoning":{}"#,
            "reasoning.effort",
        ),
    ];
    for (lacks, members, left, dropped) in advisory {
        let expected = (format!("{plain}{left}}}"), dropped.to_owned());
        assert_eq!(sent(lacks, members, Unsupported::Refuse).unwrap(), expected);
    }
    let meaning = [
        (Features::LOGPROBS, r#","top_logprobs":2"#, "", "top_logprobs"),
        (
            Features::JSON_SCHEMA,
            r#","text":{"format":{"type":"json_schema"}}"#,
            r#","text":{}"#,
            "text.format",
        ),
        (Features::JSON_MODE, r#","text":{"format":{"type":"json_object"}}"#, r#","text":{}"#, "text.format"),
    ];
    for (lacks, members, left, dropped) in meaning {
        let refusal = sent(lacks, members, Unsupported::Refuse).unwrap_err();
        assert!(refusal.message.starts_with(dropped), "{}", refusal.message);
        let expected = (format!("{plain}{left}}}"), dropped.to_owned());
        assert_eq!(sent(lacks, members, Unsupported::Drop).unwrap(), expected);
    }
}
