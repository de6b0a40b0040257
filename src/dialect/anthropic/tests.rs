//! What the golden cases don't reach: other houses, capabilities, bytes that must survive, streams' odd orders.

mod hosts;
#[cfg(not(target_family = "wasm"))]
mod laws;
#[cfg(not(target_family = "wasm"))]
mod made;
mod streams;

use super::NATIVE;
use crate::chat::Features;
use crate::dialect::Sending;
use crate::dialect::{
    Body, Endpoint, Losses, Memo, Outgoing, Refusal, Surface, Target, Turn, Unsupported, provider,
};
use crate::dialect::{exchange, seam::Native};
use crate::failure::Head;
use crate::json::Raw;

/// What every model takes, or nearly.
const PARAMETERS: Features = Features::STOP.with(Features::FORCED_TOOLS).with(Features::REASONING_ADAPTIVE);

fn target(features: Features) -> Target {
    Target {
        capabilities: features.with(PARAMETERS),
        max_output_tokens: Some(8192),
        ..Target::at(
            "claude",
            provider("anthropic").unwrap(),
            Endpoint { tls: true, host: "h".to_owned(), port: 443, base_path: String::new() },
        )
    }
}

fn turn(surface: Surface) -> Turn {
    Turn {
        surface,
        requested_model: "asked".to_owned(),
        stream: false,
        stream_usage: true,
        id: "t".to_owned(),
        created: 0,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

fn beta(surface: Surface, stream: bool) -> Turn {
    let caller_headers = vec![("anthropic-beta".to_owned(), "a-2025, b-2026".to_owned())];
    Turn { stream, caller_headers, ..turn(surface) }
}

fn send(turn: &Turn, target: &Target, body: &str) -> Result<Outgoing, Refusal> {
    exchange::request(turn, Raw::parse(body.as_bytes()).unwrap(), target)
}

/// The body that a Chat Completions caller's members become, and what was left out.
fn chat(features: Features, members: &str) -> Result<(String, Vec<String>, Memo), Refusal> {
    let body = format!(r#"{{"model":"asked","messages":[{{"role":"user","content":"Hi"}}]{members}}}"#);
    chat_body(features, &body)
}

fn chat_body(features: Features, body: &str) -> Result<(String, Vec<String>, Memo), Refusal> {
    let outgoing = send(&turn(Surface::Chat), &target(features), body)?;
    let dropped = outgoing.dropped.into_iter().map(std::borrow::Cow::into_owned).collect();
    Ok((String::from_utf8(outgoing.body).unwrap(), dropped, outgoing.memo))
}

const HEAD: &str = r#"{"model":"asked","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]"#;

#[test]
fn every_byte_but_the_models_name_survives() {
    let body =
        "{ \"model\" : \"asked\",\n\"max_tokens\":1e3, \"x\": [1.50, \"\\u00e9\\/\"]\t,\"messages\":[] }";
    let named = Target { model: Some("claude-\"x\"".to_owned()), ..target(Features::NONE) };
    let outgoing = send(&turn(Surface::Messages), &named, body).unwrap();
    assert_eq!(String::from_utf8(outgoing.body).unwrap(), body.replace("\"asked\"", r#""claude-\"x\"""#));
    assert_eq!((outgoing.path.as_str(), outgoing.headers.len()), ("/v1/messages", 1));
    let outgoing = send(&turn(Surface::Messages), &target(Features::NONE), body).unwrap();
    assert_eq!(String::from_utf8(outgoing.body).unwrap(), body);
}

#[test]
fn betas_go_on_only_in_their_own_dialect() {
    let body = r#"{"model":"asked","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}"#;
    let said = |outgoing: Outgoing| outgoing.headers.iter().any(|(name, _)| *name == "anthropic-beta");
    assert!(said(send(&beta(Surface::Messages, false), &target(Features::NONE), body).unwrap()));
    assert!(!said(send(&beta(Surface::Chat, false), &target(Features::NONE), body).unwrap()));
}

#[test]
fn a_native_answer_keeps_its_bytes() {
    let body = "{\"type\": \"message\", \"model\":\"claude\", \"content\": [ ], \"stop_reason\":\"end_turn\", \"new\":1.0,\n\"usage\":{\"input_tokens\":1,\"output_tokens\":2} }";
    let answer = NATIVE
        .reply(&turn(Surface::Messages), &Memo::default(), &Head::default(), &Body::new(body.as_bytes()))
        .unwrap();
    assert_eq!(String::from_utf8(answer.body).unwrap(), body.replace("claude", "asked"));
    assert_eq!(answer.seen.finish.as_deref(), Some("stop"));
    assert_eq!((answer.seen.usage.input, answer.seen.model.as_deref()), (Some(1), Some("claude")));
}

#[test]
fn effort_or_budget_or_neither() {
    let effort = r#","reasoning_effort":"high""#;
    let reasoning = Features::REASONING;
    let (body, dropped, _) = chat(reasoning.with(Features::REASONING_EFFORT), effort).unwrap();
    assert_eq!(
        body,
        format!(r#"{HEAD},"thinking":{{"type":"adaptive"}},"output_config":{{"effort":"high"}}}}"#)
    );
    assert!(dropped.is_empty());
    // A budget leaves a quarter of the limit to the answer.
    let (body, ..) = chat(reasoning.with(Features::REASONING_BUDGET), effort).unwrap();
    assert_eq!(body, format!(r#"{HEAD},"thinking":{{"type":"enabled","budget_tokens":6144}}}}"#));
    let small = r#","reasoning_effort":"low","max_completion_tokens":1000"#;
    let (body, dropped, _) = chat(reasoning.with(Features::REASONING_BUDGET), small).unwrap();
    assert!(!body.contains("thinking"));
    assert_eq!(dropped, ["reasoning_effort"]);
    let (body, dropped, _) = chat(Features::NONE, effort).unwrap();
    assert_eq!((body, dropped), (format!("{HEAD}}}"), vec!["reasoning_effort".to_owned()]));
    let (body, dropped, _) = chat(reasoning, r#","reasoning_effort":"none""#).unwrap();
    assert_eq!(body, format!(r#"{HEAD},"thinking":{{"type":"disabled"}}}}"#));
    assert!(dropped.is_empty());
}

#[test]
fn no_budget_where_the_calls_came_without_thoughts() {
    let body = r#"{"model":"asked","reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}],"messages":[
        {"role":"user","content":"Go"},
        {"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"1","content":"ok"}]}"#;
    let features = Features::REASONING.with(Features::REASONING_BUDGET);
    let (sent, dropped, _) = chat_body(features, body).unwrap();
    assert!(!sent.contains("thinking"), "{sent}");
    assert_eq!(dropped, ["reasoning_effort"]);
    let thought = r#""reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"c2ln","format":"anthropic-claude-v1"}],"tool_calls""#;
    let (sent, dropped, _) = chat_body(features, &body.replace(r#""tool_calls""#, thought)).unwrap();
    assert!(
        sent.contains(r#"[{"type":"thinking","thinking":"Hm","signature":"c2ln"},{"type":"tool_use""#),
        "{sent}"
    );
    assert!(sent.contains(r#""thinking":{"type":"enabled","budget_tokens":1024}"#) && dropped.is_empty());
}

#[test]
fn sampling_only_where_it_is_taken() {
    let asked = r#","temperature":1.7,"seed":7,"frequency_penalty":0,"presence_penalty":0.5,"logit_bias":{}"#;
    let (body, dropped, _) = chat(Features::SAMPLING, asked).unwrap();
    assert_eq!(body, format!(r#"{HEAD},"temperature":1}}"#));
    assert_eq!(dropped, ["presence_penalty", "seed"]);
    let (_, dropped, _) = chat(Features::NONE, r#","temperature":0.5,"top_p":0.9"#).unwrap();
    assert_eq!(dropped, ["temperature", "top_p"]);
    // Newer models refuse both together.
    let (body, dropped, _) = chat(Features::SAMPLING, r#","temperature":0.50,"top_p":0.9"#).unwrap();
    assert_eq!((body, dropped), (format!(r#"{HEAD},"temperature":0.50}}"#), vec!["top_p".to_owned()]));
}

#[test]
fn a_form_that_structured_outputs_lack_becomes_a_tool() {
    let open = r#","response_format":{"type":"json_schema","json_schema":{"name":"person","schema":{"type":"object","additionalProperties":{"type":"string"}}}}"#;
    let (body, _, memo) = chat(Features::JSON_SCHEMA, open).unwrap();
    assert_eq!(memo.format_tool.as_deref(), Some("person"));
    assert!(
        body.contains(r#""input_schema":{"type":"object","additionalProperties":{"type":"string"}}}]"#),
        "{body}"
    );
    assert!(body.ends_with(r#""tool_choice":{"type":"tool","name":"person"}}"#), "{body}");
    // With tools of the caller's own, one of them may be called instead.
    let tools = r#","tools":[{"type":"function","function":{"name":"person"}}]"#;
    let (body, _, memo) = chat(Features::JSON_SCHEMA, &format!("{open}{tools}")).unwrap();
    assert_eq!(memo.format_tool.as_deref(), Some("person_2"));
    assert!(body.ends_with(r#""tool_choice":{"type":"any"}}"#), "{body}");
    // Where a tool must be called there is no answer to give a form to.
    let forced = format!(r#"{open}{tools},"tool_choice":"required""#);
    assert_eq!(chat(Features::JSON_SCHEMA, &forced).unwrap().2.format_tool, None);
}

#[test]
fn names_and_ids_that_are_refused_are_changed() {
    let body = r#"{"model":"asked","tools":[{"type":"function","function":{"name":"files.read"}},{"type":"function","function":{"name":"files_read"}}],
        "tool_choice":{"type":"function","function":{"name":"files.read"}},"messages":[{"role":"user","content":"Go"},
        {"role":"assistant","tool_calls":[{"id":"call:1","type":"function","function":{"name":"files.read","arguments":""}}]},
        {"role":"tool","tool_call_id":"call:1","content":"ok"}]}"#;
    let (sent, _, memo) = chat_body(Features::TOOLS, body).unwrap();
    assert_eq!(memo.renamed, [("files_read_2".to_owned(), "files.read".to_owned())].into());
    assert!(
        sent.contains(r#"{"type":"tool_use","id":"sw_call_3a1","name":"files_read_2","input":{}}"#),
        "{sent}"
    );
    assert!(
        sent.contains(r#""tool_use_id":"sw_call_3a1""#)
            && sent.ends_with(r#""tool_choice":{"type":"tool","name":"files_read_2"}}"#)
    );
}

#[test]
fn tools_that_are_not_offered_any_more_are_declared() {
    let body = r#"{"model":"asked","messages":[{"role":"user","content":"Go"},
        {"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"1","content":"ok"},{"role":"user","content":"Sum up"}]}"#;
    let (sent, ..) = chat_body(Features::TOOLS, body).unwrap();
    assert!(
        sent.ends_with(
            r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"none"}}"#
        ),
        "{sent}"
    );
}

#[test]
fn conversations_that_the_api_refuses_are_made_fit() {
    let starts = r#"{"model":"asked","messages":[{"role":"assistant","content":"Welcome!  "}]}"#;
    let (sent, ..) = chat_body(Features::NONE, starts).unwrap();
    assert!(sent.ends_with(r#""messages":[{"role":"user","content":"(The user has not said anything yet.)"},{"role":"assistant","content":[{"type":"text","text":"Welcome!"}]}]}"#), "{sent}");
    let only_system = r#"{"model":"asked","messages":[{"role":"system","content":"Greet."},{"role":"user","content":" \n"}]}"#;
    let (sent, ..) = chat_body(Features::NONE, only_system).unwrap();
    assert!(
        sent.ends_with(r#""messages":[{"role":"user","content":"(The user has not said anything yet.)"}]}"#),
        "{sent}"
    );
}

#[test]
fn refusals_name_the_place() {
    let refused = |members: &str| chat(Features::TOOLS, members).unwrap_err();
    assert_eq!(refused(r#","n":2"#).param.as_deref(), Some("n"));
    assert_eq!(refused(r#","logprobs":true"#).param.as_deref(), Some("logprobs"));
    assert_eq!(refused(r#","stop":["\n"]"#).param.as_deref(), Some("stop"));
    let named = r#","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}"#;
    assert_eq!(refused(named).param.as_deref(), Some("tool_choice"));
    let unlimited = Target { max_output_tokens: None, ..target(Features::NONE) };
    let body = r#"{"model":"asked","messages":[{"role":"user","content":"Hi"}]}"#;
    let refusal = send(&turn(Surface::Chat), &unlimited, body).unwrap_err();
    assert_eq!(refusal.param.as_deref(), Some("max_tokens"));
}

#[test]
fn arguments_that_are_no_object_are_wrapped() {
    let body = br#"{"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":null,"tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"{\"a\": \"cut"}}]}}]}"#;
    let row = provider("openai").unwrap();
    let openai = Target { row, ..target(Features::NONE) };
    let head = Head { status: 200, ..Head::default() };
    let answer = exchange::reply(&turn(Surface::Messages), &openai, &Memo::default(), &head, body).unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains(r#""name":"f","input":{"INVALID_JSON":"{\"a\": \"cut"}"#), "{text}");
    assert!(text.contains(r#""stop_reason":"max_tokens""#));
}

#[test]
fn losses_can_be_allowed() {
    let allowed = Turn { unsupported: Unsupported::Drop, ..turn(Surface::Chat) };
    let body = r#"{"model":"asked","n":2,"stop":["\n","END"],"messages":[{"role":"user","content":[{"type":"text","text":"Hear"},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]}"#;
    let outgoing = send(&allowed, &target(Features::NONE), body).unwrap();
    assert_eq!(outgoing.dropped, ["n", "messages[0].content[1]", "stop"]);
    assert!(outgoing.body.ends_with(br#"[{"type":"text","text":"Hear"}]}],"stop_sequences":["END"]}"#));
    let mut losses = Losses::new(Unsupported::Refuse);
    let raw = Raw::trusted(r#"{"model":"asked","messages":[]}"#);
    let (turn, target) = (turn(Surface::Messages), target(Features::NONE));
    let to = Sending { target: &target, turn: &turn, losses: &mut losses };
    assert!(NATIVE.request(raw, to).is_ok());
}

#[test]
fn documents_of_text_and_misnamed_jpegs_are_taken() {
    let send = |content: &str| {
        let body = format!(r#"{{"model":"asked","messages":[{{"role":"user","content":[{content}]}}]}}"#);
        chat_body(Features::NONE, &body).map(|(sent, ..)| sent.split_once("messages").unwrap().1.to_owned())
    };
    let file = |url: &str| format!(r#"{{"type":"file","file":{{"filename":"a","file_data":"{url}"}}}}"#);
    let text = send(&file("data:text/csv;base64,YSxiCg==")).unwrap();
    assert!(text.contains(r#""source":{"type":"text","media_type":"text/plain","data":"a,b\n"}"#), "{text}");
    assert!(
        send(&file("data:application/zip;base64,UEsDBA==")).unwrap_err().message.contains("application/zip")
    );
    let image = send(r#"{"type":"image_url","image_url":{"url":"data:image/jpg;base64,/9j/"}}"#).unwrap();
    assert!(image.contains(r#""media_type":"image/jpeg""#), "{image}");
}

#[test]
fn what_the_file_takes_away_is_not_sent_in_claudes_own_dialect() {
    let sent = |denied: Features, members: &str| {
        let row = provider("anthropic").unwrap();
        let target = Target { denied, ..target(row.carries.without(denied)) };
        let body = format!(
            r#"{{"model":"asked","max_tokens":9,"messages":[{{"role":"user","content":"Hi"}}]{members}}}"#
        );
        let outgoing = send(&turn(Surface::Messages), &target, &body)?;
        let dropped: Vec<String> = outgoing.dropped.into_iter().map(|name| name.into_owned()).collect();
        Ok::<_, Refusal>((String::from_utf8(outgoing.body).unwrap(), dropped.join(" ")))
    };
    let plain = sent(Features::NONE, "").unwrap().0;
    // The row has no word for sampling, and its own callers are believed; what the file says counts.
    let sampled = r#","temperature":0.5,"top_k":3"#;
    assert!(sent(Features::NONE, sampled).unwrap().0.contains(sampled));
    assert_eq!(sent(Features::SAMPLING, sampled).unwrap(), (plain.clone(), "temperature top_k".to_owned()));
    let effort = r#","output_config":{"effort":"low"}"#;
    assert_eq!(
        sent(Features::REASONING_EFFORT, effort).unwrap(),
        (plain.clone(), "output_config.effort".to_owned())
    );
    let budget = r#","thinking":{"type":"enabled","budget_tokens":2000}"#;
    let adaptive = r#","thinking":{"type":"adaptive"},"output_config":{"effort":"low"}}"#;
    let told = sent(Features::REASONING_BUDGET, budget).unwrap();
    assert!(told.0.ends_with(adaptive) && told.1.is_empty(), "{told:?}");
    assert_eq!(sent(Features::REASONING, budget).unwrap(), (plain.clone(), "thinking".to_owned()));
    let off = r#","thinking":{"type":"disabled"}"#;
    assert!(sent(Features::REASONING, off).unwrap().0.contains(off));
    // A schema changes the meaning.
    let schema = r#","output_config":{"format":{"type":"json_schema","schema":{}}}"#;
    let refusal = sent(Features::JSON_SCHEMA, schema).unwrap_err();
    assert!(refusal.message.starts_with("output_config.format has a schema"), "{}", refusal.message);
}
