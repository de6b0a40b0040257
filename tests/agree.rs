//! One law: what `explain` and `translate` say offline is what the filter does online, over generated configurations and requests.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::rc::Rc;
use switchover::config::CircuitBreaker;
use switchover::dialect::{Dialect, Host, Key, PROVIDERS, Row, Surface, Turn};
use switchover::filter::{
    Asking, Attempt, Beginning, Moment, RequestStep, Router, Runtime, explain, translate,
};
use switchover::plan::{News, Standing, strategies};

const NOW_MS: u64 = 1_750_000_000_000;
const KEY: u64 = 7;

/// What a target of a provider needs beside its id, as a file says it.
fn needs(row: &Row) -> Value {
    let mut target = match (row.endpoint, row.host) {
        (Some(_), _) => json!({}),
        (None, Host::Vertex) => json!({"project": "p", "location": "us-central1"}),
        (None, _) => json!({"endpoint": "http://x"}),
    };
    if row.dialect == Dialect::Anthropic {
        target["max_output_tokens"] = json!(10);
    }
    match row.key {
        Key::Header { .. } => target["credential"] = json!("key"),
        Key::SigV4 => target["credential"] = json!("aws"),
        Key::Optional => {}
    }
    target["provider"] = json!(row.name);
    target
}

#[derive(Debug, Clone)]
struct Member {
    /// The place of its row.
    provider: usize,
    capabilities: Option<Vec<&'static str>>,
    window: Option<u64>,
    tier: u8,
    /// What it did a moment ago.
    news: Option<News>,
}

fn member() -> impl Strategy<Value = Member> {
    let names = vec!["tools", "vision", "json_schema", "audio", "documents", "reasoning"];
    let some = prop::sample::subsequence(names, 0..=6);
    let window = prop::option::weighted(0.3, prop::sample::select(vec![20, 100_000]));
    let standing = prop_oneof![
        3 => Just(None),
        1 => (1u64..60).prop_map(|seconds| Some(News::Limited { wait_ms: seconds * 1000 })),
        1 => prop::sample::select(vec![Some(News::Missed), Some(News::Broke)]),
    ];
    (0..PROVIDERS.len(), prop::option::weighted(0.3, some), window, 0u8..3, standing).prop_map(
        |(provider, capabilities, window, tier, news)| Member { provider, capabilities, window, tier, news },
    )
}

/// `None` where `check` refuses it.
fn config(members: &[Member], strategy: &str, unsupported: &str, anyway: bool) -> Option<Runtime> {
    let targets = members.iter().enumerate().map(|(place, member)| {
        let mut target = needs(&PROVIDERS[member.provider]);
        target["id"] = json!(format!("t{place}"));
        target["model"] = json!("m");
        target["price"] = json!({"input": place, "output": 1});
        if let Some(capabilities) = &member.capabilities {
            target["capabilities"] = json!(capabilities);
        }
        if let Some(window) = member.window {
            target["context_window"] = json!(window);
        }
        target
    });
    let targets: Vec<Value> = targets.collect();
    let entries: Vec<Value> =
        members.iter().enumerate().map(|(i, m)| json!({"id": format!("t{i}"), "priority": m.tier})).collect();
    let whole = json!({
        "version": 1,
        "targets": targets,
        "credentials": [
            {"id": "key", "secret_file": "k"},
            {"id": "aws", "aws": {"region": "us-east-1", "service": "bedrock"}},
        ],
        "model_groups": [{
            "name": "g", "strategy": strategy, "unsupported": unsupported, "targets": entries,
            "when_all_cooling": if anyway { "try_anyway" } else { "fail_fast" },
        }],
    });
    Runtime::load(whole.to_string().as_bytes()).ok()
}

/// What a request may ask for beside its text: each is a member, or a part of the user's message.
const ASKS: [(&str, &str); 14] = [
    ("tools", r#"[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#),
    ("tool_choice", r#""required""#),
    ("n", "2"),
    ("logprobs", "true"),
    ("temperature", "0.5"),
    ("seed", "3"),
    ("stop", r#"["x"]"#),
    ("response_format", r#"{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}"#),
    ("modalities", r#"["text"]"#),
    ("web_search_options", "{}"),
    ("reasoning_effort", r#""high""#),
    ("something_new", "[1]"),
    ("stream", "true"),
    ("logit_bias", r#"{"5":1}"#),
];
const PARTS: [&str; 3] = [
    r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#,
    r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#,
    r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}}"#,
];

fn chat() -> impl Strategy<Value = (Surface, Value)> {
    let asks = prop::sample::subsequence(ASKS.to_vec(), 0..4);
    let parts = prop::sample::subsequence(PARTS.to_vec(), 0..2);
    (asks, parts, prop::sample::select(vec![1, 1, 400])).prop_map(|(asks, parts, words)| {
        let mut content = vec![json!({"type": "text", "text": "word ".repeat(words)})];
        content.extend(parts.iter().map(|part| serde_json::from_str::<Value>(part).unwrap()));
        let mut body = json!({"model": "g", "messages": [{"role": "user", "content": content}]});
        for (name, value) in asks {
            body[name] = serde_json::from_str(value).unwrap();
        }
        (Surface::Chat, body)
    })
}

fn other() -> impl Strategy<Value = (Surface, Value)> {
    let messages = json!({"model": "g", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    let mut thread = messages.clone();
    thread["container"] = json!("c");
    let response = json!({"model": "g", "input": "hi"});
    let mut stored = response.clone();
    stored["previous_response_id"] = json!("resp_1");
    prop::sample::select(vec![
        (Surface::Messages, messages.clone()),
        (Surface::Messages, thread),
        (Surface::CountTokens, messages),
        (Surface::Responses, response),
        (Surface::Responses, stored),
        (Surface::Embeddings, json!({"model": "g", "input": ["hi"]})),
    ])
}

/// One that `check` refuses would never be tried below.
#[test]
fn each_provider_can_be_a_target() {
    for (provider, row) in PROVIDERS.iter().enumerate() {
        let member = Member { provider, capabilities: None, window: None, tier: 0, news: None };
        assert!(config(&[member], "ordered", "refuse", true).is_some(), "{}", row.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn offline_is_online(
        members in vec(member(), 1..5),
        strategy in prop::sample::select(strategies().map(|strategy| strategy.name).collect::<Vec<_>>()),
        unsupported in prop::sample::select(vec!["refuse", "drop"]),
        anyway in any::<bool>(),
        pick in any::<u64>(),
        (surface, body) in prop_oneof![4 => chat(), 1 => other()],
    ) {
        let runtime = config(&members, strategy, unsupported, anyway);
        // `check` refuses capabilities that a dialect can't have.
        prop_assume!(runtime.is_some());
        let runtime = Rc::new(runtime.unwrap());
        // What a target just did; a stream that broke off ejects it.
        let standing = |(place, member): (usize, &Member)| {
            let breaker = CircuitBreaker { consecutive_failures: 1, ..runtime.config.targets[place].circuit_breaker.clone() };
            Some((place, Standing::default().after(member.news?, NOW_MS, &breaker)?))
        };
        let standings: Vec<(usize, Standing)> = members.iter().enumerate().filter_map(standing).collect();
        let moment = Moment { now_ms: NOW_MS, pick, key: KEY, standings: &standings };
        let bytes = body.to_string().into_bytes();

        let mut router = Router::new(Rc::clone(&runtime));
        let path = surface.path();
        let headers: [(&[u8], &[u8]); 2] = [(b":method", b"POST"), (b":path", path.as_bytes())];
        let step = router.request(&headers, false);
        prop_assert_eq!(step, RequestStep::Read { remove: Vec::new() });
        let planned = router.plan(Ok(body.to_string()), &moment);

        let explained = match (explain(&runtime, surface, &[], &bytes, &moment), &planned) {
            (Ok(json), _) => serde_json::from_slice::<Value>(&json).unwrap(),
            (Err(said), Err(answer)) => {
                prop_assert_eq!(&said, answer);
                return Ok(());
            }
            (Err(said), Ok(_)) => panic!("explain refuses what the filter takes: {said:?}"),
        };
        let order: Vec<&str> = explained["order"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        match &planned {
            Err(answer) => {
                prop_assert!(order.is_empty() && explained.get("decision").is_none(), "{explained}");
                let decision = answer.headers.iter().find(|(name, _)| *name == "x-switchover-decision").map(|(_, said)| said);
                prop_assert!(decision.is_some(), "{answer:?}");
            }
            Ok((trip, _)) => {
                let ids: Vec<&str> = trip.order.iter().map(|place| runtime.id(*place)).collect();
                prop_assert_eq!(&ids, &order);
                prop_assert_eq!(explained["decision"].as_str().unwrap(), trip.decision(trip.order[0]));
            }
        }

        let id = Turn::id_of(KEY);
        let asking = Asking { surface, headers: &[], body: &bytes, id: &id, created: NOW_MS / 1000 };
        for told in explained["targets"].as_array().unwrap() {
            let place = runtime.target(told["id"].as_str().unwrap()).unwrap();
            let why = told["why"].as_str().unwrap();
            let translated = translate(&runtime.config, place, &asking);
            match &translated {
                Err(refusal) if why.contains(" can't carry ") => {
                    prop_assert!(why.contains(refusal.message.trim_end_matches('.')), "{} / {}", why, refusal.message);
                }
                Err(refusal) => {
                    let earlier = why.contains(" lacks ") || why.contains(" context window ");
                    prop_assert!(earlier, "translate refuses ({}), explain says: {why}", refusal.message);
                }
                Ok(_) => prop_assert!(!why.contains(" can't carry "), "translate takes what explain does not: {why}"),
            }
            let Ok((trip, _)) = &planned else { continue };
            if !trip.order.contains(&place) {
                continue;
            }
            let (_, expected) = translated.unwrap();
            let seat = || runtime.id(place).to_owned();
            let known = Beginning {
                headers: &[],
                body: &bytes,
                taken: 0,
                buffered: bytes.len(),
                seat: &seat,
                clock: &|| NOW_MS,
            };
            let Ok(sent) = Attempt::start(trip, &known) else { panic!("the attempt is refused: {told}") };
            let body = [&sent.body, &bytes[sent.over..]].concat();
            prop_assert_eq!(String::from_utf8_lossy(&body), String::from_utf8_lossy(&expected.body));
            let lines: Vec<_> = sent.headers.iter().collect();
            let theirs = expected.headers.iter().map(|(name, value)| (*name, value.as_str()));
            for (name, value) in theirs.chain([(":path", expected.path.as_str())]) {
                prop_assert!(lines.contains(&(name.as_bytes(), value.as_bytes())), "{} {:?}", name, value);
            }
        }
    }
}
