//! What the tests of this dialect share.

use super::quirks;
use crate::chat::Features;
use crate::dialect::seam::Sending;
use crate::dialect::seam::openai_path;
use crate::dialect::{
    Dialect, Endpoint, Losses, PROVIDERS, Surface, Target, Turn, Unsupported, exchange, provider,
};
use crate::json::{Raw, Writer};

/// A target of a provider, at a host of its own.
pub(super) fn target(name: &str) -> Target {
    let row = provider(name).unwrap();
    Target::at(name, row, Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: "/v1".into() })
}

/// A caller's turn.
pub(super) fn turn(stream_usage: bool) -> Turn {
    Turn {
        surface: Surface::Chat,
        requested_model: "asked".into(),
        stream: false,
        stream_usage,
        id: "1".into(),
        created: 7,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

/// The simplest request goes to every provider of the dialect whole: nothing dropped, nothing refused.
#[test]
fn every_provider_takes_a_plain_request() {
    let body = r#"{"model":"asked","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"max_tokens":9,"temperature":0.5,"stream":true}"#;
    let body = Raw::parse(body.as_bytes()).unwrap();
    for row in PROVIDERS.iter().filter(|row| row.dialect == Dialect::OpenAi) {
        for surface in [Surface::Chat, Surface::Messages] {
            let turn = Turn { surface, stream: true, ..turn(true) };
            let outgoing = exchange::request(&turn, body, &target(row.name)).unwrap();
            assert_eq!(outgoing.dropped, [""; 0], "{}", row.name);
            let sent = Raw::parse(&outgoing.body).unwrap();
            assert_eq!(sent.get("messages").unwrap().items().count(), 2, "{}", row.name);
            let limits = ["max_tokens", "max_completion_tokens"].map(|name| sent.get(name).is_some());
            assert_ne!(limits[0], limits[1], "{}", row.name);
            assert_eq!(sent.get("stream_options").is_some(), quirks::counts_streams(row), "{}", row.name);
            assert!(outgoing.path.contains("/chat/completions"), "{}", row.name);
        }
    }
}

/// What the row of a provider says is said to it, whether the request is translated or edited.
#[test]
fn quirks_hold_on_both_ways() {
    let body = r#"{"model":"asked","messages":[{"role":"developer","content":"Be brief."},{"role":"user","name":"ann","content":"Hi"}],"max_completion_tokens":9,"verbosity":"low"}"#;
    let body = Raw::parse(body.as_bytes()).unwrap();
    let target = target("groq");
    let edited = exchange::request(&turn(true), body, &target).unwrap();
    let mut losses = Losses::new(Unsupported::Refuse);
    let request = exchange::read(Surface::Chat, body).unwrap();
    let mut written = Vec::new();
    let to = Sending { target: &target, turn: &turn(true), losses: &mut losses };
    (super::provider::PROVIDER.write)(&request, to, &mut Writer::new(&mut written)).unwrap();
    for (sent, dropped) in
        [(edited.body, edited.dropped), (written, losses.into_dropped(&mut crate::dialect::loss::InChat))]
    {
        let text = String::from_utf8(sent).unwrap();
        let expected = r#""messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"max_completion_tokens":9}"#;
        assert!(text.ends_with(expected), "{text}");
        let mut dropped = dropped;
        dropped.sort();
        assert_eq!(dropped, ["messages[].name", "verbosity"]);
    }
}

/// A seal goes to its maker, and to who passes it on to its maker; what is left out is listed, whether the request is translated or edited.
#[test]
fn seals_go_to_their_makers() {
    let detail = |format: &str, seal: &str| {
        format!(r#"{{"type":"reasoning.text","text":"{seal}","signature":"{seal}","format":"{format}"}}"#)
    };
    let body = |details: &str| {
        format!(
            r#"{{"model":"m","messages":[{{"role":"assistant","content":"a","reasoning_content":"t","reasoning_details":[{details}]}},{{"role":"user","content":"b"}}]}}"#
        )
    };
    let sent = |provider: &str, model: &str, details: &str, is_written: bool| {
        let mut target = target(provider);
        target.model = Some(model.to_owned());
        let (turn, body) = (turn(true), body(details));
        let body = Raw::parse(body.as_bytes()).unwrap();
        if !is_written {
            let edited = exchange::request(&turn, body, &target).unwrap();
            let is_listed = edited.dropped.contains(&"messages[].thinking".into());
            return (String::from_utf8(edited.body).unwrap(), is_listed);
        }
        let mut losses = Losses::new(Unsupported::Refuse);
        let request = exchange::read(Surface::Chat, body).unwrap();
        let mut written = Vec::new();
        let to = Sending { target: &target, turn: &turn, losses: &mut losses };
        (super::provider::PROVIDER.write)(&request, to, &mut Writer::new(&mut written)).unwrap();
        let dropped = losses.into_dropped(&mut crate::dialect::loss::InChat);
        (String::from_utf8(written).unwrap(), dropped.contains(&"messages[].thinking".into()))
    };
    let claudes = detail("anthropic-claude-v1", "claude's");
    let house = detail("openai-responses-v1", "switchover.house's");
    let unknown = detail("xai-responses-v1", "grok's");
    let all = [&*claudes, &*house, &*unknown].join(",");
    for (provider, model, kept) in [
        ("openrouter", "anthropic/claude-sonnet-4.5", &["claude's", "grok's"][..]),
        ("openrouter", "~anthropic/claude-sonnet-latest", &["claude's", "grok's"]),
        ("openrouter", "openrouter/auto", &["claude's", "grok's"]),
        ("openrouter", "openai/gpt-5", &["grok's"]),
        ("openrouter", "x-ai/grok-4", &["grok's"]),
    ] {
        for is_written in [false, true] {
            let (body, is_listed) = sent(provider, model, &all, is_written);
            for seal in ["claude's", "house's", "grok's"] {
                assert_eq!(body.contains(seal), kept.contains(&seal), "{model} {seal}: {body}");
            }
            assert!(is_listed, "{model}");
        }
        let (body, is_listed) = sent(provider, model, &unknown, false);
        assert!(
            body.contains("grok's") && body.contains(r#""reasoning_content":"t""#) && !is_listed,
            "{body}"
        );
    }
    // Who seals nothing gets no seal, nor the words that were sealed; who may be anybody gets what may be its own.
    let (body, is_listed) = sent("xai", "grok-4.3", &all, false);
    assert!(is_listed && !body.contains("reasoning"), "{body}");
    let unsealed = r#"{"type":"reasoning.text","text":"u"}"#;
    let (body, is_listed) = sent("xai", "grok-4.3", unsealed, false);
    assert!(!is_listed && body.contains(unsealed), "{body}");
    let (body, is_listed) = sent("openai_compatible", "m", &claudes, false);
    assert!(!is_listed && body.contains("claude's"), "{body}");
    let (body, is_listed) = sent("openai_compatible", "m", &all, false);
    assert!(is_listed && body.contains("claude's") && !body.contains("house's"), "{body}");
}

/// What the body of a caller of the same dialect becomes at a target without these features, and what was left out.
fn without(
    lacks: Features,
    body: &str,
    unsupported: Unsupported,
) -> Result<(String, Vec<String>), crate::dialect::Refusal> {
    let mut target = target("openai");
    target.capabilities = target.capabilities.without(lacks);
    target.denied = lacks;
    let body = Raw::parse(body.as_bytes()).unwrap();
    let turn = Turn { unsupported, requested_model: "m".into(), ..turn(false) };
    let outgoing = exchange::request(&turn, body, &target)?;
    let dropped = outgoing.dropped.into_iter().map(std::borrow::Cow::into_owned).collect();
    Ok((String::from_utf8(outgoing.body).unwrap(), dropped))
}

#[test]
fn what_the_file_takes_away_is_not_sent() {
    let ways = Features::SAMPLING.with(Features::REASONING_EFFORT);
    let body = r#"{"model":"m","temperature":0.5,"top_p":1,"reasoning_effort":"low","seed":1,"messages":[]}"#;
    let (sent, dropped) = without(ways, body, Unsupported::Refuse).unwrap();
    assert_eq!(sent, r#"{"model":"m","seed":1,"messages":[]}"#);
    assert_eq!(dropped, ["temperature", "top_p", "reasoning_effort"]);
    assert_eq!(without(Features::NONE, body, Unsupported::Refuse).unwrap(), (body.to_owned(), vec![]));
}

#[test]
fn what_changes_the_meaning_is_refused_or_dropped() {
    let cases = [
        (Features::CANDIDATES, r#""n":3"#, "n"),
        (Features::LOGPROBS, r#""logprobs":true"#, "logprobs"),
        (Features::JSON_SCHEMA, r#""response_format":{"type":"json_schema"}"#, "response_format"),
        (Features::JSON_MODE, r#""response_format":{"type":"json_object"}"#, "response_format"),
    ];
    for (lacks, member, name) in cases {
        let body = format!(r#"{{"model":"m",{member},"messages":[]}}"#);
        let refusal = without(lacks, &body, Unsupported::Refuse).unwrap_err();
        assert!(refusal.message.starts_with(&format!("{name} ")), "{}", refusal.message);
        let (sent, dropped) = without(lacks, &body, Unsupported::Drop).unwrap();
        assert_eq!((sent.as_str(), dropped), (r#"{"model":"m","messages":[]}"#, vec![name.to_owned()]));
    }
    // What asks for nothing stays.
    let all = Features::CANDIDATES.with(Features::LOGPROBS).with(Features::JSON_SCHEMA);
    let body = r#"{"model":"m","n":1,"logprobs":false,"response_format":{"type":"text"},"top_p":null,"messages":[]}"#;
    assert_eq!(without(all, body, Unsupported::Refuse).unwrap(), (body.to_owned(), vec![]));
}

#[test]
fn paths_at_each_house() {
    let path = |provider: &str, base: &str, version: Option<&str>, model: &str| {
        let mut target = target(provider);
        target.endpoint.base_path = base.to_owned();
        target.api_version = version.map(str::to_owned);
        openai_path(&target, model, "/chat/completions")
    };
    assert_eq!(path("openai", "/v1", None, "m"), "/v1/chat/completions");
    assert_eq!(path("openai_compatible", "", None, "m"), "/chat/completions");
    assert_eq!(path("azure_openai", "", None, "m"), "/openai/v1/chat/completions");
    assert_eq!(path("azure_openai", "/openai/v1", None, "m"), "/openai/v1/chat/completions");
    assert_eq!(
        path("azure_openai", "", Some("2024-10-21"), "../gpt 5"),
        "/openai/deployments/..%2Fgpt%205/chat/completions?api-version=2024-10-21"
    );
}

/// What OpenAI itself gets of a request in another dialect.
fn written(surface: Surface, body: &str) -> String {
    let request = exchange::read(surface, Raw::parse(body.as_bytes()).unwrap()).unwrap();
    let (target, turn) = (target("openai"), turn(false));
    let mut losses = Losses::new(Unsupported::Refuse);
    let to = crate::dialect::Sending { target: &target, turn: &turn, losses: &mut losses };
    let mut written = Vec::new();
    (super::provider::PROVIDER.write)(&request, to, &mut Writer::new(&mut written)).unwrap();
    String::from_utf8(written).unwrap()
}

#[test]
fn free_form_tools_stay_so_where_they_are_known() {
    let body = r#"{"model":"m","input":[{"role":"user","content":"a"},{"type":"custom_tool_call","call_id":"c","name":"f","input":"x\n"},
        {"type":"custom_tool_call_output","call_id":"c","output":"y"}],
        "tools":[{"type":"custom","name":"f","description":"d","format":{"type":"grammar","syntax":"lark","definition":"s"}},{"type":"custom","name":"g"}],
        "tool_choice":{"type":"custom","name":"f"}}"#;
    let sent = written(Surface::Responses, body);
    for part in [
        r#""tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"x\n"}}]"#,
        r#"{"role":"tool","tool_call_id":"c","content":"y"}"#,
        r#"{"type":"custom","custom":{"name":"f","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"s"}}}}"#,
        r#"{"type":"custom","custom":{"name":"g"}}"#,
        r#""tool_choice":{"type":"custom","custom":{"name":"f"}}"#,
    ] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
}

#[test]
fn calls_of_free_form_tools_are_read() {
    use crate::chat::{Arguments, Event, PartKind};
    let memo = crate::dialect::Memo::default();
    let head = crate::failure::Head { status: 200, headers: &[] };
    let body = crate::dialect::Body::new(
        br#"{"choices":[{"message":{"tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"x\n"}}]},"finish_reason":"tool_calls"}]}"#,
    );
    let reply = (super::provider::PROVIDER.read)(&head, &body, &memo).unwrap();
    let PartKind::ToolCall(call) = &reply.choices[0].parts[0].kind else { panic!("{reply:?}") };
    assert_eq!(call.arguments, Arguments::FreeForm("x\n".into()));
    let mut reader = (super::provider::PROVIDER.stream)(&memo);
    let mut told = Vec::new();
    for delta in [
        r#"{"index":0,"id":"c","type":"custom","custom":{"name":"f","input":""}}"#,
        r#"{"index":0,"custom":{"input":"x\n"}}"#,
        r#"{"index":1,"id":"d","type":"custom","custom":{"name":"g","input":""}}"#,
    ] {
        let event = format!(
            "data: {{\"id\":\"i\",\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{delta}]}}}}]}}\n\n"
        );
        reader.push(event.as_bytes(), &mut |event| told.push(format!("{event:?}"))).unwrap();
    }
    let end = b"data: {\"id\":\"i\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    reader
        .push(end, &mut |event| {
            // An empty input is an input.
            assert!(!matches!(event, Event::ToolArguments { .. }), "{event:?}");
        })
        .unwrap();
    let fragments: Vec<_> = told.iter().filter(|event| event.starts_with("ToolArguments")).collect();
    assert_eq!(fragments.len(), 1, "{told:?}");
    assert!(fragments[0].contains(r#""x\n""#), "{told:?}");
}

#[test]
fn only_search_models_of_openai_search() {
    let body = r#"{"model":"m","input":"a","tools":[{"type":"web_search","search_context_size":"low","user_location":{"type":"approximate","city":"Paris"}}],
        "tool_choice":{"type":"web_search_preview"}}"#;
    let request = exchange::read(Surface::Responses, Raw::parse(body.as_bytes()).unwrap()).unwrap();
    let sent = |model: &str| {
        let target = Target { model: Some(model.to_owned()), ..target("openai") };
        let (turn, mut losses) = (turn(false), Losses::new(Unsupported::Refuse));
        let to = crate::dialect::Sending { target: &target, turn: &turn, losses: &mut losses };
        let mut written = Vec::new();
        let sent = (super::provider::PROVIDER.write)(&request, to, &mut Writer::new(&mut written));
        sent.map(|_| String::from_utf8(written).unwrap())
            .map_err(|refusal| refusal.named(&mut crate::dialect::loss::InChat).message)
    };
    let options = r#""web_search_options":{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Paris"}}}"#;
    let searched = sent("gpt-5-search-api").unwrap();
    assert!(searched.contains(options) && !searched.contains("\"tool"), "{searched}");
    let refused = sent("gpt-5.4").unwrap_err();
    assert!(
        refused.starts_with("tools[0] is a search of the web, which this target doesn't make"),
        "{refused}"
    );
}
