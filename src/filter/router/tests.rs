//! Which requests are ours, and what is taken from them.

use super::*;
use crate::filter::headers::Header;

fn router(listen: &str, tenant: &str) -> Router {
    let json = format!(
        r#"{{"version":1,"listen":{listen},"tenant":{tenant},
           "targets":[{{"id":"a","provider":"openai_compatible","endpoint":"http://x"}}],
           "model_groups":[{{"name":"g","targets":[{{"id":"a"}}]}}]}}"#
    );
    Router::new(Rc::new(Runtime::load(json.as_bytes()).unwrap()))
}

const TRUSTED: &str = r#"{"header":"X-Tenant"}"#;

fn step(router: &mut Router, authority: &str, path: &str) -> RequestStep {
    let headers = [(":method", "POST"), (":path", path), (":authority", authority), ("x-tenant", "acme")];
    let headers: Vec<Header<'_>> =
        headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    router.request(&headers, false)
}

#[test]
fn hosts_are_taken_as_the_file_says() {
    let mut router = router(r#"{"hosts":["llm.internal","*.example.com"],"base_path":"/llm"}"#, TRUSTED);
    let mut takes = |authority: &str| {
        matches!(step(&mut router, authority, "/llm/v1/chat/completions"), RequestStep::Read { .. })
    };
    for host in ["llm.internal", "LLM.internal:8080", "a.example.com", "a.b.EXAMPLE.com:443"] {
        assert!(takes(host), "{host}");
    }
    for host in ["example.com", "other.internal", "[::1]:8080", "[::1]", ""] {
        assert!(!takes(host), "{host}");
    }
}

#[test]
fn a_tenant_that_nobody_verified_goes_no_further() {
    let removed = |tenant: &str, path: &str| match step(&mut router("{}", tenant), "h", path) {
        RequestStep::Read { remove } | RequestStep::Pass { remove } => remove,
        RequestStep::Answer(answer) => panic!("{answer:?}"),
    };
    let untrusted = r#"{"header":"X-Tenant","trusted":false}"#;
    assert_eq!(removed(untrusted, "/v1/chat/completions"), [b"x-tenant"]);
    assert!(removed(TRUSTED, "/v1/chat/completions").is_empty());
    // Others' traffic is nobody's business here.
    assert!(removed(untrusted, "/elsewhere").is_empty());
}

/// Responses have no stop sequences, and a request that has some is a plain one to all others.
#[test]
fn stop_sequences_are_planned_around_responses() {
    let order = |targets: &str| {
        let json = format!(
            r#"{{"version":1,"targets":[{{"id":"r","provider":"openai","endpoint":"http://x/v1","model":"gpt-5.4","api":"responses","capabilities":["stop"]}},
                {{"id":"c","provider":"openai_compatible","endpoint":"http://y"}}],"model_groups":[{{"name":"g","targets":[{targets}]}}]}}"#
        );
        let mut router = Router::new(Rc::new(Runtime::load(json.as_bytes()).unwrap()));
        step(&mut router, "h", "/v1/messages");
        let body = r#"{"model":"g","max_tokens":9,"stop_sequences":["x"],"messages":[{"role":"user","content":"hi"}]}"#;
        let moment = Moment { now_ms: 5, pick: 0, key: 7, standings: &[] };
        router.plan(Ok(body.to_owned()), &moment).map(|(trip, _)| trip.order.clone())
    };
    assert_eq!(order(r#"{"id":"r"},{"id":"c","priority":1}"#).unwrap(), [1]);
    let refused = order(r#"{"id":"r"}"#).unwrap_err();
    assert_eq!(refused.status, 400);
    let text = String::from_utf8(refused.body).unwrap();
    assert!(text.contains("stop_sequences can't be sent to OpenAI's Responses"), "{text}");
}

/// What a caller of `g` gets with these targets off: the trip's decision about the first of its order, or the answer.
fn asked(targets: [&str; 2], group: &str) -> Result<String, Answer> {
    let [a, b] = targets;
    let json = format!(
        r#"{{"version":1,"targets":[{{"id":"a","provider":"openai_compatible","endpoint":"http://x"{a}}},
            {{"id":"b","provider":"openai_compatible","endpoint":"http://y"{b}}}],
            "model_groups":[{{"name":"g","aliases":["h","gpt-*"],"targets":[{{"id":"a"}},{{"id":"b","priority":1}}]{group}}},
                {{"name":"all","aliases":["*"],"targets":[{{"id":"b"}}]}}]}}"#
    );
    let mut router = Router::new(Rc::new(Runtime::load(json.as_bytes()).unwrap()));
    step(&mut router, "h", "/v1/chat/completions");
    let body = r#"{"model":"h","messages":[{"role":"user","content":"hi"}]}"#;
    let moment = Moment { now_ms: 5, pick: 0, key: 7, standings: &[] };
    router.plan(Ok(body.to_owned()), &moment).map(|(trip, _)| trip.decision(trip.order[0]))
}

const OFF: &str = r#","enabled":false"#;
const OUT: &str = r#","out":"auth""#;

#[test]
fn a_target_that_is_off_is_told_in_the_decision() {
    let decision = |targets| asked(targets, "").unwrap();
    assert_eq!(decision([OFF, ""]), "b is the first choice of g while a is disabled in the file.");
    assert_eq!(decision([OUT, ""]), "b is the first choice of g while a is out: its key is missing.");
    assert_eq!(decision(["", OFF]), "a is the first choice of g.");
}

#[test]
fn with_every_target_off_the_group_answers() {
    let refused = |targets, group| {
        let answer = asked(targets, group).unwrap_err();
        let header =
            |name| answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        (answer.status, String::from_utf8(answer.body).unwrap(), header("x-switchover-decision").unwrap())
    };
    let (status, body, decision) = refused([OFF, OFF], "");
    assert_eq!(status, 503);
    assert!(body.contains(r#""code":"targets_disabled""#), "{body}");
    assert!(body.contains("Every target of `g` that could take this request is disabled."), "{body}");
    assert_eq!(decision, "No target of g was asked: a is disabled in the file; b is disabled in the file.");
    let (status, body, decision) = refused([OFF, OUT], "");
    assert_eq!(status, 502);
    assert!(body.contains(r#""code":"auth""#) && body.contains("is out: a key is missing"), "{body}");
    assert_eq!(
        decision,
        "No target of g was asked: a is disabled in the file; b is out: its key is missing."
    );
    let (status, body, _) = refused([OFF, OFF], r#","degraded":{"content":"Later."}"#);
    assert!(status == 200 && body.contains("Later."), "{body}");
}

/// Its names stay its own: the group that takes everything doesn't answer for it.
#[test]
fn a_group_that_is_off_is_not_there() {
    let answer = asked(["", ""], OFF).unwrap_err();
    let body = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, 404);
    let said =
        "The model `h` is of the group `g`, which is disabled here. GET /v1/models lists what there is.";
    assert!(body.contains(r#""code":"model_not_found""#) && body.contains(said), "{body}");
}
