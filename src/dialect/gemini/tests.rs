//! What the tests of this dialect share, and what no golden case shows: paths, Vertex, older models, and that a stream
//! says what a whole answer says.

use crate::chat::{Event, Features, Finish, PartKind};
use crate::dialect::{
    Body, Endpoint, Memo, Outgoing, Refusal, Surface, Target, Turn, Unsupported, exchange, provider,
};
use crate::failure::Head;
use crate::json::{Raw, Text};

pub(super) fn target(name: &str, model: &str) -> Target {
    let row = provider(name).unwrap();
    Target {
        id: name.to_owned(),
        row,
        model: Some(model.to_owned()),
        endpoint: Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: String::new() },
        capabilities: row.carries,
        denied: Features::NONE,
        context_window: None,
        max_output_tokens: None,
        api: Default::default(),
        api_version: None,
        project: Some("acme".into()),
        location: Some("us-central1".into()),
        instructions: Default::default(),
    }
}

fn write(target: &Target, body: &str, unsupported: Unsupported) -> Result<Outgoing, Refusal> {
    let body = Raw::parse(body.as_bytes()).unwrap();
    let turn = Turn {
        surface: Surface::Chat,
        requested_model: "asked".into(),
        stream: false,
        stream_usage: true,
        id: "1".into(),
        created: 7,
        unsupported,
        caller_headers: Vec::new(),
    };
    exchange::request(&turn, body, target)
}

/// The body that a model gets for these members beside a message, and what was left out.
fn sent(provider: &str, model: &str, members: &str) -> (String, String) {
    let body = format!(r#"{{"model":"asked","messages":[{{"role":"user","content":"Hi"}}]{members}}}"#);
    let outgoing = write(&target(provider, model), &body, Unsupported::Drop).unwrap();
    (String::from_utf8(outgoing.body).unwrap(), outgoing.dropped.join(" "))
}

fn path(target: &Target, stream: bool) -> String {
    let body =
        format!(r#"{{"model":"asked","stream":{stream},"messages":[{{"role":"user","content":"Hi"}}]}}"#);
    write(target, &body, Unsupported::Refuse).unwrap().path
}

#[test]
fn paths() {
    let mut google = target("gemini", "models/gemini-3-flash");
    assert_eq!(path(&google, false), "/v1beta/models/gemini-3-flash:generateContent");
    assert_eq!(path(&google, true), "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse");
    google.model = Some("../x?y".into());
    google.endpoint.base_path = "/proxy".into();
    assert_eq!(path(&google, false), "/proxy/v1beta/models/..%2Fx%3Fy:generateContent");
    google.endpoint.base_path = "/v1beta".into();
    google.model = None;
    assert_eq!(path(&google, false), "/v1beta/models/asked:generateContent");
    for name in ["gemini_vertex", "vertex"] {
        let mut vertex = target(name, "gemini-3-flash");
        let start = "/v1/projects/acme/locations/us-central1/publishers/google/models/gemini-3-flash";
        assert_eq!(path(&vertex, true), format!("{start}:streamGenerateContent?alt=sse"));
        vertex.project = None;
        let refusal =
            write(&vertex, r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#, Unsupported::Drop);
        assert!(refusal.unwrap_err().message.contains("project"));
    }
}

#[test]
fn thinking_by_generation() {
    let config = |model: &str, members: &str| {
        let (body, dropped) = sent("gemini", model, members);
        let config = Raw::trusted(&body).at(&["generationConfig", "thinkingConfig"]).map(Raw::as_json);
        format!("{} {dropped}", config.unwrap_or("-"))
    };
    let effort = |model: &str, effort: &str| config(model, &format!(r#","reasoning_effort":"{effort}""#));
    let cases = [
        ("gemini-3-flash", "medium", r#"{"thinkingLevel":"MEDIUM","includeThoughts":true} "#),
        ("gemini-3-flash", "max", r#"{"thinkingLevel":"HIGH","includeThoughts":true} "#),
        ("gemini-3-flash", "none", r#"{"thinkingLevel":"MINIMAL"} reasoning_effort"#),
        ("gemini-3-pro-preview", "minimal", r#"{"thinkingLevel":"LOW","includeThoughts":true} "#),
        ("gemini-2.5-flash", "low", r#"{"thinkingBudget":1024,"includeThoughts":true} "#),
        ("gemini-2.5-flash", "max", r#"{"thinkingBudget":24576,"includeThoughts":true} "#),
        ("gemini-2.5-flash", "none", r#"{"thinkingBudget":0} "#),
        ("gemini-2.5-pro", "none", r#"{"thinkingBudget":128} reasoning_effort"#),
        ("gemini-2.0-flash", "high", "- reasoning_effort"),
        ("gemini-2.0-flash", "none", "- "),
    ];
    for (model, asked, expected) in cases {
        assert_eq!(effort(model, asked), expected, "{model} {asked}");
    }
    assert_eq!(config("gemini-2.5-flash", ""), "- ");
}

const TOOL_ROUND: &str = r#"{"model":"m","messages":[{"role":"user","content":"Go"},
    {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"seen"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBOR"}}]}],"tools":[]}"#;

#[test]
fn older_models_know_no_ids_and_no_media_in_results() {
    let contents = |model: &str| {
        let outgoing = write(&target("gemini_vertex", model), TOOL_ROUND, Unsupported::Refuse).unwrap();
        String::from_utf8(outgoing.body).unwrap()
    };
    let image = r#"{"inlineData":{"mimeType":"image/png","data":"iVBOR"}}"#;
    let call = r#"{"functionCall":{"name":"f","args":{}}}"#;
    let result = r#"{"functionResponse":{"name":"f","response":{"result":"seen"}}}"#;
    let old = contents("gemini-2.5-flash");
    assert!(old.contains(&format!(r#"[{call}]}},{{"role":"user","parts":[{result},{image}]"#)), "{old}");
    let new = contents("gemini-3-flash");
    assert!(new.contains(&format!(r#""response":{{"result":"seen"}},"parts":[{image}]}}"#)), "{new}");
    assert!(new.contains(r#""functionResponse":{"id":"c1","#), "{new}");
}

#[test]
fn older_models_take_no_schema_beside_tools() {
    let members = |choice: &str| {
        format!(
            r#","tools":[{{"type":"function","function":{{"name":"f"}}}}],"tool_choice":"{choice}","response_format":{{"type":"json_object"}}"#
        )
    };
    let (body, dropped) = sent("gemini", "gemini-2.5-flash", &members("auto"));
    assert!(!body.contains("responseMimeType") && dropped == "response_format", "{body} {dropped}");
    let (body, dropped) = sent("gemini", "gemini-2.5-flash", &members("none"));
    assert!(body.contains("responseMimeType") && !body.contains("tools") && dropped.is_empty(), "{body}");
    let (body, dropped) = sent("gemini", "gemini-3-flash", &members("auto"));
    assert!(body.contains("responseMimeType") && body.contains("tools") && dropped.is_empty(), "{body}");
    let (body, _) = sent("gemini", "gemini-2.5-flash", &members("required"));
    assert!(!body.contains("responseMimeType") && body.contains("ANY"), "{body}");
}

#[test]
fn numbers_that_do_not_fit_are_listed() {
    let (body, dropped) = sent("gemini", "gemini-3-flash", r#","seed":5000000000,"presence_penalty":0"#);
    assert_eq!((body.contains("generationConfig"), dropped.as_str()), (false, "seed"));
}

/// What an answer says, however it came.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    text: String,
    thoughts: String,
    sealed: Vec<String>,
    /// Id, name, arguments, signature.
    calls: Vec<(String, String, String, Option<String>)>,
    finish: Option<Finish<'static>>,
    output: Option<u64>,
}

fn owned(text: &Text<'_>) -> String {
    text.decode().into_owned()
}

fn of_reply(body: &str) -> Heard {
    let target = target("gemini", "m");
    let body = Body::new(body.as_bytes());
    let reply =
        (exchange::provider(target.row).read)(&Head { status: 200, headers: &[] }, &body, &Memo::default())
            .unwrap();
    let mut heard = Heard { output: reply.usage.output, ..Heard::default() };
    let choice = reply.choices.first().unwrap();
    for part in &choice.parts {
        match &part.kind {
            PartKind::Text(text) => heard.text += &owned(text),
            PartKind::Thought(thought) => {
                heard.thoughts += &owned(&thought.text);
                heard.sealed.extend(thought.sealed.as_ref().map(owned));
            }
            PartKind::ToolCall(call) => heard.calls.push((
                owned(&call.id),
                owned(&call.name),
                owned(&call.arguments.text()),
                call.signature.as_ref().map(|(_, signature)| owned(signature)),
            )),
            other => panic!("{other:?}"),
        }
    }
    heard.finish = Some(choice.finish.clone().into_owned());
    heard
}

fn of_stream(bytes: &[u8]) -> Heard {
    let target = target("gemini", "m");
    let mut reader = (exchange::provider(target.row).stream)(&Memo::default());
    let mut heard = Heard::default();
    let mut sink = |event: Event<'_>| match event {
        Event::Text { text, .. } => heard.text += &owned(&text),
        Event::Thought { text, .. } => heard.thoughts += &owned(&text),
        Event::ThoughtSealed { data, .. } => heard.sealed.push(owned(&data)),
        Event::ToolStart { id, name, signature, .. } => heard.calls.push((
            owned(&id),
            owned(&name),
            String::new(),
            signature.map(|(_, signature)| owned(&signature)),
        )),
        Event::ToolArguments { index, fragment, .. } => {
            heard.calls[usize::try_from(index).unwrap()].2 += &owned(&fragment);
        }
        Event::Usage(usage) => heard.output = usage.output,
        Event::Finish { finish, .. } => heard.finish = Some(finish.into_owned()),
        Event::Start { .. } => {}
        other => panic!("{other:?}"),
    };
    reader.push(bytes, &mut sink).unwrap();
    reader.finish(&mut sink).unwrap();
    heard
}

#[test]
fn a_stream_says_what_a_whole_answer_says() {
    let answers: [&[&str]; 4] = [
        &[r#"{"text":"Hel"}"#, r#"{"text":"lo"}"#],
        &[
            r#"{"text":"Hm. ","thought":true}"#,
            r#"{"text":"So.","thought":true}"#,
            r#"{"text":"Yes"}"#,
            r#"{"text":"","thoughtSignature":"c2ln"}"#,
        ],
        &[
            r#"{"text":"Look: "}"#,
            r#"{"functionCall":{"name":"f","args":{ "a": [1, 2] }},"thoughtSignature":"c2ln"}"#,
            r#"{"functionCall":{"name":"f","args":{"a":[1,2]}}}"#,
            r#"{"functionCall":{"name":"g","id":"x"}}"#,
        ],
        &[],
    ];
    let tail = r#""modelVersion":"m","responseId":"r","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2}"#;
    let whole = |parts: &[&str], end: &str| {
        format!(r#"{{"candidates":[{{"content":{{"parts":[{}]}}{end}}}],{tail}}}"#, parts.join(","))
    };
    for parts in answers {
        let end = r#","finishReason":"STOP""#;
        let reply = of_reply(&whole(parts, end));
        let at_once = format!("data: {}\n\n", whole(parts, end));
        assert_eq!(of_stream(at_once.as_bytes()), reply);
        let mut piecewise: String =
            parts.iter().map(|part| format!("data: {}\n\n", whole(&[part], ""))).collect();
        piecewise += &format!("data: {}\n\n", whole(&[], end));
        assert_eq!(of_stream(piecewise.as_bytes()), reply);
    }
}
