//! Every way in which an attempt can end closes its record once, with what was seen of the answer by then.

use super::*;
use crate::failure::Head;
use crate::filter::attempt::start_at;
use crate::filter::memory::Held;
use crate::filter::{Attempt, Moment, Parting, Router, Runtime, Why};

const NOW_MS: u64 = 1_750_000_000_000;

fn trip(stream: bool) -> Rc<Trip> {
    let json = br#"{"version":1,"targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://x","model":"m"}],
        "model_groups":[{"name":"g","timeout":"60s","targets":[{"id":"a"}]}]}"#;
    let mut router = Router::new(Rc::new(Runtime::load(json).unwrap()));
    router.request(&[(b":method", b"POST"), (b":path", b"/v1/chat/completions")], false);
    let body = format!(
        r#"{{"model":"g","stream":{stream},"stream_options":{{"include_usage":true}},"messages":[{{"role":"user","content":"hi"}}]}}"#
    );
    router.plan(Ok(body), &Moment { now_ms: NOW_MS, pick: 0, key: 7, standings: &[] }).unwrap().0
}

fn attempt(trip: &Rc<Trip>, status: u16, media: &str) -> Attempt {
    let mut attempt = start_at(trip, "a", NOW_MS).ok().unwrap().attempt;
    attempt.head(&Head { status, headers: &[(b"content-type", media.as_bytes())] }, false, &|| NOW_MS);
    attempt
}

fn push(attempt: &mut Attempt, text: &str, end: bool) {
    attempt.body(text.as_bytes().to_vec(), end, &|| NOW_MS);
}

const BEGIN: &str = "data: {\"id\":\"x\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\ndata: nonsense\n\n";
const TOKEN: &str =
    "data: {\"id\":\"x\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const USAGE: &str = "data: {\"id\":\"x\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"x\",\"model\":\"m-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";

/// A stream that has shown a token, its usage and an event that is none.
fn flowing(trip: &Rc<Trip>) -> Attempt {
    let mut attempt = attempt(trip, 200, "text/event-stream");
    [BEGIN, TOKEN, USAGE].iter().for_each(|text| push(&mut attempt, text, false));
    assert!(attempt.is_flowing());
    attempt
}

/// The end, what was seen (tokens in and out, model, finish reason, malformed events), and the counters, of an attempt's only
/// record.
fn closed(trip: &Rc<Trip>, mut attempt: Attempt) -> (&'static str, String, Vec<&'static str>) {
    let counts = attempt.take_told().counts;
    attempt.abandoned(|| Parting::Provider, &|| NOW_MS + 900);
    assert_eq!(attempt.take_told(), Told::default(), "it was closed before");
    drop(attempt);
    let (end, seen) = trip.read(|ledger| {
        let mut records = ledger.records();
        let record = records.next().unwrap();
        assert!(records.next().is_none(), "once");
        assert_eq!((record.target, record.number, record.began_ms), (0, 1, NOW_MS));
        let end = match &record.end {
            AttemptEnd::Whole => "whole",
            AttemptEnd::Failed(failure) | AttemptEnd::Broke(failure) => failure.class.name(),
            AttemptEnd::Overrun => "overrun",
            AttemptEnd::Busy => "busy",
            AttemptEnd::Left => "left",
        };
        let Seen { usage, model, finish, malformed_events } = &record.seen;
        let model = model.as_deref().unwrap_or("-");
        let finish = finish.as_deref().unwrap_or("-");
        let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
        (end, format!("{input} {output} {model} {finish} {malformed_events}"))
    });
    (end, seen, counts.iter().map(|count| count.series.metric.line().name).collect())
}

const MALFORMED: &str = "switchover_malformed_events_total";
const BROKEN: &str = "switchover_broken_streams_total";
const FAILED: &str = "switchover_failed_attempts_total";
const ALL: &str = "3 2 m-1 stop 1";

#[test]
fn a_whole_answer() {
    let trip = trip(false);
    let mut whole = attempt(&trip, 200, "application/json");
    let body = r#"{"id":"x","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    push(&mut whole, body, true);
    assert_eq!(closed(&trip, whole), ("whole", "3 2 m-1 stop 0".to_owned(), vec![]));
}

#[test]
fn streams_that_end_by_themselves() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"overloaded_error\"}}\n\n";
    for (last, end, how, counts) in [
        ("data: [DONE]\n\n", false, "whole", vec![MALFORMED]),
        ("", true, "whole", vec![MALFORMED]),
        (error, false, "overloaded", vec![MALFORMED, BROKEN]),
    ] {
        let trip = trip(true);
        let mut stream = flowing(&trip);
        push(&mut stream, last, end);
        assert_eq!(closed(&trip, stream), (how, ALL.to_owned(), counts));
    }
}

#[test]
fn a_stream_that_is_cut() {
    let trip = trip(true);
    let mut stream = attempt(&trip, 200, "text/event-stream");
    push(&mut stream, BEGIN, false);
    push(&mut stream, TOKEN, false);
    push(&mut stream, "", true);
    assert_eq!(closed(&trip, stream), ("malformed", "0 0 m-1 - 1".to_owned(), vec![MALFORMED, BROKEN]));
}

#[test]
fn a_stream_that_ends_before_it_flows() {
    let trip = trip(true);
    let mut stream = attempt(&trip, 200, "text/event-stream");
    push(&mut stream, BEGIN, true);
    assert_eq!(closed(&trip, stream), ("malformed", "0 0 m-1 - 1".to_owned(), vec![MALFORMED, FAILED]));
}

#[test]
fn streams_that_others_end() {
    for (who, later_ms, how, counts) in [
        (Parting::Caller, 900, "left", vec![MALFORMED]),
        (Parting::Provider, 900, "connect", vec![MALFORMED, BROKEN]),
        (Parting::Provider, 60_000, "overrun", vec![MALFORMED, BROKEN]),
    ] {
        let trip = trip(true);
        let mut stream = flowing(&trip);
        stream.abandoned(|| who, &|| NOW_MS + later_ms);
        assert_eq!(closed(&trip, stream), (how, ALL.to_owned(), counts));
    }
    for (why, how) in [(Why::Silent, "timeout"), (Why::TooLong, "overrun")] {
        let trip = trip(true);
        let stream = flowing(&trip);
        let told = stream.silence().unwrap().ends(why).unwrap();
        assert_eq!(told.counts.len(), 2, "malformed events, and a broken stream");
        assert_eq!(closed(&trip, stream), (how, ALL.to_owned(), vec![]));
    }
}

#[test]
fn attempts_without_an_answer() {
    for (who, how, counts) in
        [(Parting::Caller, "left", vec![]), (Parting::Provider, "connect", vec![FAILED])]
    {
        let trip = trip(true);
        let mut asked = start_at(&trip, "a", NOW_MS).ok().unwrap().attempt;
        asked.abandoned(|| who, &|| NOW_MS + 900);
        assert_eq!(closed(&trip, asked), (how, "0 0 - - 0".to_owned(), counts));
    }
    let trip = trip(false);
    let mut limited = attempt(&trip, 429, "application/json");
    push(&mut limited, "{}", true);
    let counts = vec!["switchover_cool_downs_total", FAILED];
    assert_eq!(closed(&trip, limited), ("rate_limited", "0 0 - - 0".to_owned(), counts));
}

#[test]
fn no_room_is_nobodys_failure() {
    for flows in [false, true] {
        let trip = trip(true);
        let mut stream = if flows { flowing(&trip) } else { attempt(&trip, 200, "text/event-stream") };
        let mut others = Held::nothing(&trip.runtime.memory);
        others.set_vm(usize::MAX / 2);
        push(&mut stream, TOKEN, false);
        let (how, _, counts) = closed(&trip, stream);
        assert_eq!((how, counts), ("busy", if flows { vec![MALFORMED] } else { vec![] }));
        assert_eq!(trip.read(|ledger| ledger.is_busy), !flows, "an answer that has begun says it itself");
    }
}

#[test]
fn what_nobody_ends_is_closed_when_it_is_dropped() {
    let ends = |trip: &Rc<Trip>| -> Vec<(bool, Option<u64>)> {
        trip.read(|ledger| {
            let records = ledger.records();
            records.map(|record| (matches!(record.end, AttemptEnd::Left), record.seen.usage.output)).collect()
        })
    };
    let flows = trip(true);
    drop(flowing(&flows));
    assert_eq!(ends(&flows), [(true, Some(2))]);
    let asked = trip(true);
    drop(start_at(&asked, "a", NOW_MS).ok());
    assert_eq!(ends(&asked), [(true, None)]);
    let lost = trip(true);
    drop(OpenRecord::begin(&lost, 0, None, NOW_MS));
    assert_eq!(ends(&lost), [(true, None)], "and what has no attempt any more by itself");
}
