//! How an attempt begins.

use super::{Attempt, Clock, Stage, failed};
use crate::config::Effect;
use crate::dialect::{Outgoing, Refusal, exchange};
use crate::filter::answer::Answer;
use crate::filter::headers::{Header, HeaderList};
use crate::filter::ledger::Told;
use crate::filter::memory::Held;
use crate::filter::record::OpenRecord;
use crate::filter::telemetry::Metric;
use crate::filter::trip::Trip;
use crate::json::{Document, Raw};
use crate::plan::Seat;
use std::rc::Rc;

/// What the host knows where an attempt begins.
pub struct Beginning<'a> {
    /// The request's headers.
    pub headers: &'a [Header<'a>],
    /// The request's body as this attempt got it, where [`Trip::needs_body`].
    pub body: &'a [u8],
    /// So many bytes of it were taken out of Envoy's buffer before.
    pub taken: usize,
    /// So many are in that buffer now.
    pub buffered: usize,
    /// The name of the seat that Envoy chose. Asked only where there is a choice.
    pub seat: &'a dyn Fn() -> String,
    /// What time it is.
    pub clock: Clock<'a>,
}

/// An attempt that has begun, and what the provider gets.
pub struct Started {
    /// What the provider's answer goes through.
    pub attempt: Attempt,
    /// All headers of its request.
    pub headers: HeaderList,
    /// Its body, to be written over so many bytes at the begin of Envoy's buffer; the rest stays.
    pub body: Vec<u8>,
    /// So many bytes of the buffer give way to the body.
    pub over: usize,
}

/// What happens instead of an attempt.
#[derive(Debug)]
pub enum Instead {
    /// This is the answer in the provider's place: the target can't carry the request, or must not be asked.
    Answer(Answer),
    /// What is around the filter is not as it must be: how, for the operator.
    Misconfigured(String),
}

impl Attempt {
    /// Begins an attempt at the target that Envoy chose: translates the request for it, and lets go of the caller's.
    ///
    /// # Errors
    /// What happens instead. Nobody was called.
    pub fn start(trip: &Rc<Trip>, known: &Beginning<'_>) -> Result<Started, Instead> {
        let seat = seat(trip, known.seat)?;
        let now_ms = trip.begin_ms(known.clock);
        let (attempt, mut outgoing) = Attempt::at(trip, seat, known.body, now_ms).map_err(Instead::Answer)?;
        // What is kept of the request is in Envoy's buffer, unless it was taken out of it or another filter changed it.
        trip.body(|body| {
            let request = body.map_or(known.body, |document| document.as_text().as_bytes());
            if known.taken > 0 || request.len() != known.buffered {
                outgoing.complete(request);
            }
        });
        trip.drop_body();
        let headers = attempt.request_headers(known.headers, &outgoing);
        // What is kept is in the buffer already: each attempt begins with the caller's request.
        let over = known.buffered.saturating_sub(outgoing.kept);
        Ok(Started { attempt, headers, body: outgoing.body, over })
    }

    /// An attempt at a seat, and its request. `body` is the caller's, for a trip without it.
    fn at(trip: &Rc<Trip>, seat: Seat, body: &[u8], now_ms: u64) -> Result<(Attempt, Outgoing), Answer> {
        let target = seat.target;
        if !trip.may_fit(target) {
            return Err(failed::given_up(trip, target));
        }
        let mut held = Held::nothing(&trip.runtime.memory);
        if held.may_work(trip.length().max(body.len()), trip.held_in_vm()).is_err() {
            return Err(failed::no_room(trip));
        }
        trip.runtime.reach(target);
        let drill = trip.drill_at(seat);
        let mut outgoing = match drill {
            // Nobody reads it.
            Some(Effect::Fail(_)) => Outgoing::default(),
            _ => translated(trip, target, body)
                .map_err(|refusal| Answer::error(trip.turn.surface, &refusal.into()))?,
        };
        let open = OpenRecord::begin(trip, target, drill, now_ms);
        // Until the provider has it, which its answer tells.
        held.set_envoy(outgoing.body.len());
        let mut attempt = Attempt {
            trip: Rc::clone(trip),
            target,
            memo: std::mem::take(&mut outgoing.memo),
            dropped: std::mem::take(&mut outgoing.dropped),
            number: open.number(),
            started_ms: now_ms,
            state: Stage::Asked,
            drill,
            open: Some(open),
            told: Told::default(),
            held,
        };
        if let Some(drill) = drill {
            attempt.count(Metric::Drills, drill.name());
        }
        Ok((attempt, outgoing))
    }
}

/// The seat that Envoy chose of the trip's order.
fn seat(trip: &Trip, name: &dyn Fn() -> String) -> Result<Seat, Instead> {
    if let Some(only) = trip.only_seat() {
        return Ok(only);
    }
    let name = name();
    let unknown = || Instead::Misconfigured(format!("no target is called \"{name}\""));
    trip.runtime.seat(&name).ok_or_else(unknown)
}

/// The request as the target wants it.
fn translated(trip: &Trip, target: usize, body: &[u8]) -> Result<Outgoing, Refusal> {
    let Some(wire) = trip.runtime.wire(target) else {
        let message = "The target is not configured any more. Send the request again.";
        return Err(Refusal::invalid("model", message));
    };
    let front = |root: Raw<'_>, after_root: usize| {
        let mut outgoing = exchange::front(&trip.turn, root, wire)?;
        if outgoing.kept > 0 {
            outgoing.kept += after_root;
        }
        Ok(outgoing)
    };
    trip.body(|known| match known {
        Some(document) => front(document.root(), document.after_root()),
        None => {
            let document = Document::read(body)
                .map_err(|error| Refusal::invalid("", format!("The body is not valid JSON: {error}.")))?;
            front(document.root(), document.after_root())
        }
    })
}

/// An attempt at the seat of this name, whose whole request is in the buffer. One after the first brings a chat.
#[cfg(test)]
pub(in crate::filter) fn start_with(
    trip: &Rc<Trip>,
    seat: &str,
    headers: &[Header<'_>],
    now_ms: u64,
) -> Result<Started, Instead> {
    let chat = br#"{"model":"g","messages":[{"role":"user","content":"hi"}]}"#;
    let known = Beginning {
        headers,
        body: if trip.needs_body() { chat } else { &[] },
        taken: 0,
        buffered: trip.length(),
        seat: &|| seat.to_owned(),
        clock: &|| now_ms,
    };
    Attempt::start(trip, &known)
}

#[cfg(test)]
pub(in crate::filter) fn start_at(trip: &Rc<Trip>, seat: &str, now_ms: u64) -> Result<Started, Instead> {
    start_with(trip, seat, &[], now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Moment, Router, Runtime, Step};

    const BODY: &str = r#"{"model":"g","messages":[{"role":"user","content":"hi"}]}"#;

    fn trip(targets: &str) -> Rc<Trip> {
        let json = format!(
            r#"{{"version":1,"targets":[{{"id":"a","provider":"openai_compatible","endpoint":"http://x","model":"m"}},
                {{"id":"b","provider":"openai_compatible","endpoint":"http://y","model":"n"}}],
                "model_groups":[{{"name":"g","targets":[{targets}]}}]}}"#
        );
        let mut router = Router::new(Rc::new(Runtime::load(json.as_bytes()).unwrap()));
        router.request(&[(b":method", b"POST"), (b":path", b"/v1/chat/completions")], false);
        let moment = Moment { now_ms: 5, pick: 0, key: 7, standings: &[] };
        router.plan(Ok(BODY.to_owned()), &moment).unwrap().0
    }

    /// What the provider gets of a request of which so many bytes were taken, and so many are in the buffer.
    fn sent(trip: &Rc<Trip>, body: &[u8], taken: usize, buffered: usize) -> String {
        let (seat, clock) = (|| "b".to_owned(), || 9);
        let known = Beginning { headers: &[], body, taken, buffered, seat: &seat, clock: &clock };
        let start = Attempt::start(trip, &known).ok().unwrap();
        let kept = BODY.as_bytes().get(start.over..buffered).unwrap_or_default();
        let length = start.headers.iter().find(|(name, _)| *name == b"content-length").unwrap().1;
        let whole = String::from_utf8([start.body.as_slice(), kept].concat()).unwrap();
        assert_eq!(length, whole.len().to_string().as_bytes());
        whole
    }

    const WRITTEN: &str = r#"{"model":"n","messages":[{"role":"user","content":"hi"}]}"#;

    #[test]
    fn the_end_of_a_request_stays_in_the_buffer_only_if_all_of_it_is_there() {
        let trip = || trip(r#"{"id":"b"}"#);
        for (taken, buffered) in [(0, BODY.len()), (10, BODY.len() - 10), (0, 3), (BODY.len(), 0)] {
            assert_eq!(sent(&trip(), b"", taken, buffered), WRITTEN, "{taken} {buffered}");
        }
    }

    #[test]
    fn a_first_attempt_takes_the_request_and_a_second_brings_its_own() {
        let trip = trip(r#"{"id":"a"},{"id":"b","priority":1}"#);
        assert!(!trip.needs_body());
        let first = start_at(&trip, "a", 9).ok().unwrap();
        assert_eq!(first.attempt.began_ms(), 5, "when it was planned");
        assert!(trip.needs_body());
        assert_eq!(sent(&trip, BODY.as_bytes(), 0, BODY.len()), WRITTEN);
    }

    #[test]
    fn nobody_is_asked_what_envoy_chose_where_there_is_no_choice() {
        let only = trip(r#"{"id":"b"}"#);
        let seat = || panic!("there is one");
        let known =
            Beginning { headers: &[], body: &[], taken: 0, buffered: BODY.len(), seat: &seat, clock: &|| 9 };
        let mut start = Attempt::start(&only, &known).ok().unwrap();
        assert_eq!(start.attempt.body(b"x".to_vec(), false, &|| 9), Step::Pass);
        let two = trip(r#"{"id":"a"},{"id":"b","priority":1}"#);
        let Err(Instead::Misconfigured(how)) = start_at(&two, "nobody", 9) else { panic!() };
        assert_eq!(how, "no target is called \"nobody\"");
        assert!(!two.needs_body(), "it is there for who comes next");
    }
}
