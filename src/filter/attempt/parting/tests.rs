//! How attempts end, and what each end teaches about the target.

use super::*;
use crate::failure::Head;
use crate::filter::attempt::start_at;
use crate::filter::{Count, Metric, Moment, RequestStep, Router, Runtime, Step, Told, Trip, Why};
use crate::plan::{News, Standing};
use std::rc::Rc;

const NOW_MS: u64 = 1_750_000_000_000;
const TIMEOUT_MS: u64 = 60_000;

/// A request's trip through a group of two targets.
fn trip(stream: bool, standings: &[(usize, Standing)]) -> Rc<Trip> {
    let target = |id: &str| {
        format!(r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x","model":"m"}}"#)
    };
    let json = format!(
        r#"{{"version":1,"targets":[{},{}],"model_groups":[{{"name":"g","timeout":"60s","targets":[{{"id":"a"}},{{"id":"b","priority":1}}]}}]}}"#,
        target("a"),
        target("b")
    );
    let runtime = Rc::new(Runtime::load(json.as_bytes()).unwrap());
    let mut router = Router::new(runtime);
    let headers: [(&[u8], &[u8]); 3] =
        [(b":method", b"POST"), (b":path", b"/v1/chat/completions"), (b":authority", b"h")];
    assert!(matches!(router.request(&headers, false), RequestStep::Read { .. }));
    let body = format!(r#"{{"model":"g","stream":{stream},"messages":[{{"role":"user","content":"hi"}}]}}"#);
    let moment = Moment { now_ms: NOW_MS, pick: 0, key: 7, standings };
    router.plan(Ok(body), &moment).unwrap().0
}

fn attempt_at(trip: &Rc<Trip>, target: usize) -> Attempt {
    start_at(trip, trip.runtime.id(target), NOW_MS).unwrap().attempt
}

fn head(attempt: &mut Attempt, status: u16, media: &str) -> Step {
    attempt.head(&Head { status, headers: &[(b"content-type", media.as_bytes())] }, false, &|| NOW_MS)
}

fn body(attempt: &mut Attempt, text: &str, end: bool) -> Step {
    attempt.body(text.as_bytes().to_vec(), end, &|| NOW_MS)
}

const TOKEN: &str = "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const END: &str = "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// An attempt whose stream has begun.
fn flowing(trip: &Rc<Trip>) -> Attempt {
    let mut attempt = attempt_at(trip, 0);
    head(&mut attempt, 200, "text/event-stream");
    assert!(matches!(body(&mut attempt, TOKEN, false), Step::Release { .. }));
    assert!(attempt.is_flowing() && attempt.take_told() == Told::default());
    attempt
}

/// What the end taught: news, the class for the log, and the counters.
fn taught(attempt: &mut Attempt) -> (Option<News>, Option<Class>, Vec<String>) {
    let told = attempt.take_told();
    let counts = told.counts.into_iter().map(|Count { series, by }| {
        assert_eq!((series.group, by), (0, 1));
        let what = series.metric.line().name.trim_start_matches("switchover_").trim_end_matches("_total");
        format!("{what} {}", series.class)
    });
    let counts = counts.collect();
    (told.news.map(|(_, news)| news), told.broke, counts)
}

#[test]
fn a_stream_that_ends_well_is_whole() {
    let mut attempt = flowing(&trip(true, &[]));
    body(&mut attempt, END, true);
    assert_eq!(taught(&mut attempt), (Some(News::Whole), None, vec![]));
    attempt.abandoned(|| Parting::Provider, &|| NOW_MS);
    assert_eq!(taught(&mut attempt), (None, None, vec![]), "and what is over is over");
}

#[test]
fn a_stream_that_breaks_off_is_its_targets_failure() {
    let error =
        "data: {\"error\":{\"message\":\"The server is overloaded\",\"type\":\"overloaded_error\"}}\n\n";
    for (text, end, class) in [(error, false, Class::Overloaded), ("", true, Class::Malformed)] {
        let mut attempt = flowing(&trip(true, &[]));
        body(&mut attempt, text, end);
        let broken = format!("broken_streams {}", class.name());
        assert_eq!(taught(&mut attempt), (Some(News::Broke), Some(class), vec![broken]));
    }
    let mut attempt = flowing(&trip(true, &[]));
    attempt.abandoned(|| Parting::Provider, &|| NOW_MS + 900);
    assert_eq!(
        taught(&mut attempt),
        (Some(News::Broke), Some(Class::Connect), vec!["broken_streams connect".to_owned()])
    );
}

#[test]
fn a_limit_inside_a_stream_is_a_limit() {
    let error = "data: {\"error\":{\"message\":\"Rate limit reached\",\"type\":\"rate_limit_error\",\"code\":\"rate_limit_exceeded\"}}\n\n";
    let mut attempt = flowing(&trip(true, &[]));
    body(&mut attempt, error, false);
    assert!(matches!(taught(&mut attempt).0, Some(News::Limited { .. })));
}

#[test]
fn envoy_notes_who_ended_a_whole_request() {
    assert_eq!([0, 0x4, 0x2000, 0x2004].map(Parting::of), {
        [Parting::Provider, Parting::Deadline, Parting::Caller, Parting::Deadline]
    });
}

#[test]
fn a_caller_that_leaves_is_nobodys_failure() {
    let trip = trip(true, &[]);
    let mut held = attempt_at(&trip, 0);
    head(&mut held, 200, "text/event-stream");
    for mut attempt in [attempt_at(&trip, 0), held, flowing(&trip)] {
        attempt.abandoned(|| Parting::Caller, &|| NOW_MS);
        assert_eq!(taught(&mut attempt), (None, None, vec![]));
    }
    assert!(trip.read(|ledger| ledger.failures().next().is_none()));
}

#[test]
fn the_operators_limit_is_not_the_targets_failure() {
    let mut attempt = flowing(&trip(true, &[]));
    attempt.abandoned(|| Parting::Provider, &|| NOW_MS + TIMEOUT_MS);
    assert_eq!(taught(&mut attempt), (None, Some(Class::Timeout), vec!["broken_streams timeout".to_owned()]));
    let trip = trip(true, &[]);
    let mut attempt = attempt_at(&trip, 0);
    attempt.abandoned(|| Parting::Deadline, &|| NOW_MS + 900);
    let class = trip.read(|ledger| ledger.failures().next().map(|(_, failure)| failure.class));
    assert_eq!(class, Some(Class::Timeout));
}

#[test]
fn silence_is_the_targets_failure_and_a_long_answer_is_not() {
    for (why, news) in [(Why::Silent, Some((0, News::Broke))), (Why::TooLong, None)] {
        let trip = trip(true, &[]);
        let mut attempt = flowing(&trip);
        let silence = attempt.silence().unwrap();
        assert_eq!(silence.deadline_ms(), NOW_MS + TIMEOUT_MS - 250);
        let ending = silence.ends(why).unwrap();
        let broken = ending.counts[0].series;
        assert_eq!((broken.metric, broken.class, ending.news), (Metric::BrokenStreams, "timeout", news));
        assert!(silence.ends(why).is_none(), "once");
        let (words, broke) = trip.note(|ledger| (ledger.last_words.take().unwrap(), ledger.broke.take()));
        let words = String::from_utf8(words).unwrap();
        assert!(words.contains("error") && broke == Some(Class::Timeout), "{words}");
        attempt.abandoned(|| Parting::Provider, &|| NOW_MS + 900);
        assert_eq!(taught(&mut attempt), (None, None, vec![]), "its end is told already");
    }
}

#[test]
fn failures_before_a_token_and_whole_answers_are_told() {
    let mut attempt = attempt_at(&trip(false, &[]), 0);
    head(&mut attempt, 503, "application/json");
    body(&mut attempt, "{}", true);
    assert_eq!(taught(&mut attempt).0, Some(News::Failed));
    let mut attempt = attempt_at(&trip(false, &[]), 0);
    head(&mut attempt, 400, "application/json");
    body(&mut attempt, r#"{"error":{"message":"no"}}"#, true);
    assert_eq!(taught(&mut attempt).0, None, "the caller's fault");
    let mut attempt = attempt_at(&trip(false, &[]), 0);
    head(&mut attempt, 200, "application/json");
    body(
        &mut attempt,
        r#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#,
        true,
    );
    assert_eq!(taught(&mut attempt).0, Some(News::Whole));
}

#[test]
fn a_first_attempt_tells_who_is_ejected() {
    let sights = |attempt: Attempt| attempt.sights().collect::<Vec<_>>();
    let to_the_first = trip(true, &[]);
    assert_eq!(sights(attempt_at(&to_the_first, 0)), [(0, News::Reached)]);
    assert_eq!(sights(attempt_at(&to_the_first, 1)), [], "the second attempt goes on");
    assert_eq!(sights(attempt_at(&trip(true, &[]), 1)), [(0, News::Missed)]);
}

#[test]
fn a_decision_names_who_is_set_aside() {
    let breaker = &crate::config::CircuitBreaker {
        consecutive_failures: 5,
        interval_ms: 10_000,
        base_ejection_time_ms: 30_000,
        max_ejection_time_ms: 30_000,
    };
    let broke =
        (0..5).fold(Standing::default(), |one, _| one.after(News::Broke, NOW_MS - 10, breaker).unwrap());
    let broken = trip(true, &[(0, broke)]);
    assert_eq!(broken.order, [1]);
    assert_eq!(
        broken.decision(1),
        "b is the first choice of g while a is ejected: its last 5 streams broke off."
    );
    let missed = Standing::default().after(News::Missed, NOW_MS - 9_000, breaker).unwrap();
    let back = missed.after(News::Reached, NOW_MS - 1_000, breaker).unwrap();
    let returning = trip(true, &[(0, back)]);
    if returning.order == [1] {
        let why = "b is the first choice of g while a is coming back: 10 % of the requests go there first.";
        assert_eq!(returning.decision(1), why);
    }
    let limited = Standing::default().after(News::Limited { wait_ms: 9_000 }, NOW_MS - 10, breaker).unwrap();
    assert_eq!(
        trip(true, &[(0, limited)]).decision(1),
        "b is the first choice of g while a is cooling down for 9 s more."
    );
}
