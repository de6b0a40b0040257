//! Streams event by event, and how answers end.

use super::super::reply;
use super::{Gathered, gather};
use crate::chat::{Citation, Event, Finish, Maker, Source, Usage};
use crate::failure::Class;
use crate::json::{Raw, Text};

fn events(kinds: &[(&str, &str)]) -> Gathered {
    let mut bytes = Vec::new();
    for (kind, members) in kinds {
        bytes.extend_from_slice(
            format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{members}}}\n\n").as_bytes(),
        );
    }
    gather(&bytes, &[])
}

const BEGUN: (&str, &str) = ("response.created", r#","response":{"id":"resp_1","model":"m"}"#);
const DONE: (&str, &str) = (
    "response.completed",
    r#","response":{"id":"resp_1","status":"completed","output":[],"error":null,"service_tier":"priority","usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":3}}}"#,
);

#[test]
fn what_only_the_ends_of_items_tell_is_told() {
    let item = |json: &'static str| ("response.output_item.done", json);
    let gathered = events(&[
        BEGUN,
        item(
            r#","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"g="}"#,
        ),
        item(
            r#","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"hé","annotations":[]},{"type":"output_text","text":"llo","annotations":[{"type":"url_citation","url":"https://e.test","title":"E","start_index":0,"end_index":3}]}]}"#,
        ),
        item(
            r#","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}"#,
        ),
        item(r#","output_index":3,"item":{"type":"function_call","call_id":"c2","name":"g","arguments":""}"#),
        item(
            r#","output_index":4,"item":{"type":"image_generation_call","result":"AAAA","output_format":"webp"}"#,
        ),
        item(r#","output_index":5,"item":{"type":"web_search_call"}"#),
        DONE,
    ]);
    assert_eq!(gathered.failure, None);
    let seal = Text::from("switchover.0a.rs_1:g=");
    let citation = Citation { start: 2, end: 5, url: Text::from("https://e.test"), title: Text::from("E") };
    let call = |index, id: &'static str, name: &'static str| {
        let (id, name) = (Text::from(id), Text::from(name));
        format!("{:?}", Event::ToolStart { choice: 0, index, id, name, signature: None })
    };
    let source = Source::Base64 { media_type: Text::from("image/webp"), data: Text::from("AAAA") };
    let image = Event::Image { choice: 0, source };
    assert_eq!(
        gathered.said,
        [
            "thought:a\n\nb".to_owned(),
            format!("{:?}", Event::ThoughtSignature { choice: 0, maker: Maker::OpenAi, signature: seal }),
            "text:héllo".to_owned(),
            format!("{:?}", Event::Citation { choice: 0, citation }),
            call(0, "c1", "f"),
            "arguments 0:{\"a\":1}".to_owned(),
            call(1, "c2", "g"),
            "arguments 1:{}".to_owned(),
            format!("{image:?}"),
        ]
    );
    let usage = Usage {
        input: Some(9),
        cache_read: Some(4),
        output: Some(5),
        reasoning: Some(3),
        ..Usage::default()
    };
    assert!(gathered.rest.contains(&format!("{:?}", Event::Usage(usage))));
    assert!(gathered.rest.contains(&format!("{:?}", Event::ServiceTier(Text::from("priority")))));
    assert!(gathered.rest.last().unwrap().contains("ToolCalls"), "{:?}", gathered.rest);
}

#[test]
fn what_came_in_pieces_is_told_once() {
    let at = |members: &str| format!(r#","output_index":0,"item_id":"i"{members}"#);
    let told = |kinds: &[(&'static str, String)]| {
        let kinds: Vec<(&str, &str)> =
            kinds.iter().map(|(kind, members)| (*kind, members.as_str())).collect();
        events(&[&[BEGUN], kinds.as_slice(), &[DONE]].concat()).said
    };
    let summary = told(&[
        ("response.output_item.added", at(r#","item":{"type":"reasoning","summary":[]}"#)),
        ("response.reasoning_summary_text.delta", at(r#","summary_index":0,"delta":"a""#)),
        ("response.reasoning_summary_text.done", at(r#","summary_index":0,"text":"a""#)),
        ("response.reasoning_summary_text.delta", at(r#","summary_index":1,"delta":"b""#)),
        ("response.reasoning_summary_text.done", at(r#","summary_index":1,"text":"b""#)),
        (
            "response.output_item.done",
            at(r#","item":{"type":"reasoning","summary":[{"text":"a"},{"text":"b"}]}"#),
        ),
    ]);
    assert_eq!(summary, ["thought:a\n\nb"], "nobody signed it");
    let open = told(&[
        ("response.reasoning_text.delta", at(r#","content_index":0,"delta":"a""#)),
        ("response.reasoning_summary_text.delta", at(r#","summary_index":0,"delta":"b""#)),
        ("response.output_item.done", at(r#","item":{"type":"reasoning","content":[{"text":"a"}]}"#)),
    ]);
    assert_eq!(open, ["thought:a"]);
    let said = told(&[
        ("response.output_text.delta", at(r#","content_index":0,"delta":"a""#)),
        ("response.output_text.done", at(r#","content_index":0,"text":"a""#)),
        ("response.refusal.done", at(r#","content_index":1,"refusal":"no""#)),
        (
            "response.output_item.done",
            at(r#","item":{"type":"message","content":[{"text":"a"},{"refusal":"no"}]}"#),
        ),
    ]);
    assert_eq!(said, ["text:a", "refusal:no"]);
    let kept = events(&[BEGUN, ("keepalive", ""), DONE]).rest;
    assert!(kept.contains(&"Ping".to_owned()), "{kept:?}");
    let end = events(&[(
        "response.completed",
        r#","response":{"status":"completed","output":[{"type":"message","content":[{"text":"a"}]}]}"#,
    )]);
    assert_eq!((end.said.as_slice(), end.failure), (["text:a".to_owned()].as_slice(), None));
}

#[test]
fn failures_of_streams() {
    let class = |kinds: &[(&str, &str)]| events(kinds).failure.map(|failure| failure.class);
    let error = |json: &'static str| class(&[BEGUN, ("error", json)]);
    assert_eq!(
        error(r#","code":"rate_limit_exceeded","message":"Rate limit reached""#),
        Some(Class::RateLimited)
    );
    assert_eq!(
        error(r#","error":{"type":"insufficient_quota","code":"insufficient_quota","message":"x"}"#),
        Some(Class::Quota)
    );
    let failed = |json: &'static str| class(&[BEGUN, ("response.failed", json)]);
    let code = r#","response":{"status":"failed","error":{"code":"server_error","message":"x"}}"#;
    assert_eq!(failed(code), Some(Class::ServerError));
    assert_eq!(failed(r#","response":{"status":"failed","error":null}"#), Some(Class::ServerError));
    assert_eq!(class(&[BEGUN]), Some(Class::Malformed));
    assert_eq!(
        class(&[BEGUN, ("response.created", r#","response":{"id":"resp_2"}"#), DONE]),
        Some(Class::Malformed)
    );
    assert_eq!(class(&[BEGUN, ("response.in_progress", r#","response":{"id":"resp_1"}"#), DONE]), None);
    assert_eq!(class(&[BEGUN, DONE, ("error", "")]), None, "what comes after the end is not read");
}

#[test]
fn how_answers_end() {
    let finish = |members: &str, has_calls| reply::finish(Raw::parse(members.as_bytes()).unwrap(), has_calls);
    let incomplete =
        |reason: &str| format!(r#"{{"status":"incomplete","incomplete_details":{{"reason":"{reason}"}}}}"#);
    assert_eq!(finish(&incomplete("max_output_tokens"), true), Finish::Length);
    assert_eq!(finish(&incomplete("content_filter"), false), Finish::ContentFilter);
    assert_eq!(finish(&incomplete("brand_new"), false), Finish::Length);
    assert_eq!(finish(r#"{"status":"incomplete"}"#, false), Finish::Length);
    assert_eq!(finish(r#"{"status":"completed","incomplete_details":null}"#, true), Finish::ToolCalls);
    assert_eq!(finish("{}", false), Finish::Stop);
}

/// What only one server sends begins no item, and what only the end has is told then.
#[test]
fn an_event_of_one_servers_own_hides_no_answer() {
    let end = (
        "response.completed",
        r#","response":{"id":"resp_1","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[]}]}]}"#,
    );
    let said = events(&[BEGUN, ("codex.rate_limits", r#","plan":"x""#), end]).said;
    assert!(said.contains(&"text:hi".to_owned()), "{said:?}");
    let first = ("response.output_text.delta", r#","output_index":0,"content_index":0,"delta":"hi""#);
    let later = (
        "response.completed",
        r#","response":{"id":"resp_1","output":[{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[{"type":"url_citation","url":"https://e.test","title":"E","start_index":0,"end_index":2}]}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}"#,
    );
    let said = events(&[BEGUN, first, later]).said;
    assert_eq!(said.iter().filter(|one| one.starts_with("text:")).count(), 1, "{said:?}");
    assert!(said.iter().any(|one| one.contains("https://e.test")), "{said:?}");
    assert!(said.iter().any(|one| one.contains("ToolStart")), "{said:?}");
}

/// A server may count its items otherwise in its events than in the output at the end.
#[test]
fn an_item_that_stands_elsewhere_at_the_end_is_told_once() {
    let told = |pieces: &[(&str, &str)], output: &str| {
        let end = format!(r#","response":{{"id":"resp_1","status":"completed","output":[{output}]}}"#);
        events(&[&[BEGUN], pieces, &[("response.completed", end.as_str())]].concat()).said
    };
    let text = ("response.output_text.delta", r#","output_index":1,"content_index":0,"delta":"hi""#);
    let message = r#"{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[]}]}"#;
    assert_eq!(told(&[text], message), ["text:hi"]);
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#;
    let named = told(
        &[
            (
                "response.output_item.added",
                r#","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}"#,
            ),
            ("response.function_call_arguments.delta", r#","output_index":1,"delta":"{}""#),
        ],
        call,
    );
    assert_eq!(named.iter().filter(|one| one.contains("ToolStart")).count(), 1, "{named:?}");
    assert_eq!(named.iter().filter(|one| one.starts_with("arguments")).count(), 1, "{named:?}");
    // What was not streamed is told all the same, wherever it stands.
    let more = told(&[text], &format!("{message},{call}"));
    assert_eq!(more.iter().filter(|one| one.starts_with("text:")).count(), 1, "{more:?}");
    assert_eq!(more.iter().filter(|one| one.contains("ToolStart")).count(), 1, "{more:?}");
    // A name counts more than a place.
    let first =
        ("response.output_text.delta", r#","output_index":0,"item_id":"b","content_index":0,"delta":"B""#);
    let [a, b] = ["A", "B"].map(|text| {
        let id = text.to_lowercase();
        format!(r#"{{"type":"message","id":"{id}","content":[{{"type":"output_text","text":"{text}"}}]}}"#)
    });
    assert_eq!(told(&[first], &format!("{b},{a}")), ["text:BA"]);
    assert_eq!(told(&[first], &format!("{a},{b}")), ["text:BA"]);
    let none = told(&[("response.output_item.added", r#","output_index":18446744073709551615"#)], message);
    assert_eq!(none, ["text:hi"]);
}
