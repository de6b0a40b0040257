//! `context_length` goes only to targets with a larger window.
//!
//! Envoy walks an order from one target to the next that is not ejected, and knows no windows. So the failure asks for a
//! retry as long as some target with a larger window is left; should Envoy reach one without, nobody is called.

use super::trip::Trip;
use crate::failure::Class;

impl Trip {
    fn window(&self, target: usize) -> Option<u64> {
        self.runtime.wire(target)?.asked_for(&self.turn.requested_model).context_window
    }

    /// The largest window that the request did not fit in so far.
    fn exceeded(&self) -> Option<u64> {
        self.read(|ledger| {
            let long = ledger.failures().filter(|(_, failure)| failure.class == Class::ContextLength);
            long.filter_map(|(target, _)| self.window(target)).max()
        })
    }

    /// Whether the request may fit, after what other targets said of it. A window that nobody wrote down is no larger one.
    pub(super) fn may_fit(&self, target: usize) -> bool {
        self.exceeded().is_none_or(|most| self.window(target).is_some_and(|own| own > most))
    }

    /// Whether a target that was not asked yet has a larger window than every one that the request did not fit in.
    pub(super) fn has_larger_left(&self) -> bool {
        let Some(most) = self.exceeded() else { return false };
        let is_larger = |place: &usize| self.window(*place).is_some_and(|own| own > most);
        let mut left =
            self.order.iter().filter(|place| !self.read(|ledger| ledger.has_failed(**place))).peekable();
        if !self.is_handed_off() {
            return left.any(is_larger);
        }
        // The next attempt makes a trip of its own, which doesn't know of this one's failures.
        left.peek().is_some() && left.all(is_larger)
    }
}

#[cfg(test)]
mod tests {
    use super::super::attempt::start_at;
    use super::super::ledger::AttemptEnd;
    use super::super::record::OpenRecord;
    use super::super::{Attempt, Instead, Moment, Router, Runtime, headers};
    use super::*;
    use crate::dialect::Seen;
    use crate::failure::{Failure, Head};
    use crate::filter::{Answer, RequestStep, Step};
    use std::rc::Rc;

    const LONG: &[u8] = br#"{"error":{"message":"This model's maximum context length is 9 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}"#;

    /// A trip to targets with these windows.
    fn trip(windows: &[Option<u64>]) -> Rc<Trip> {
        let target = |place: usize, window: &Option<u64>| {
            let window = window.map_or(String::new(), |window| format!(r#","context_window":{window}"#));
            format!(
                r#"{{"id":"t{place}","provider":"openai_compatible","endpoint":"http://x","model":"m"{window}}}"#
            )
        };
        let targets: Vec<String> = windows.iter().enumerate().map(|(place, w)| target(place, w)).collect();
        let members: Vec<String> =
            (0..windows.len()).map(|place| format!(r#"{{"id":"t{place}","priority":{place}}}"#)).collect();
        let json = format!(
            r#"{{"version":1,"targets":[{}],"model_groups":[{{"name":"g","targets":[{}]}}]}}"#,
            targets.join(","),
            members.join(","),
        );
        let mut router = Router::new(Rc::new(Runtime::load(json.as_bytes()).unwrap()));
        let asked: [headers::Header<'_>; 2] = [(b":method", b"POST"), (b":path", b"/v1/chat/completions")];
        assert_eq!(router.request(&asked, false), RequestStep::Read { remove: Vec::new() });
        let body = br#"{"model":"g","messages":[{"role":"user","content":"hi"}]}"#;
        let moment = Moment { now_ms: 1, pick: 0, key: 7, standings: &[] };
        let (trip, _) = router
            .plan(String::from_utf8(body.to_vec()).map_err(|error| error.into_bytes()), &moment)
            .unwrap();
        trip
    }

    fn start(trip: &Rc<Trip>, target: usize) -> Result<Attempt, Answer> {
        match start_at(trip, trip.runtime.id(target), 1) {
            Ok(start) => Ok(start.attempt),
            Err(Instead::Answer(answer)) => Err(answer),
            Err(Instead::Misconfigured(how)) => panic!("{how}"),
        }
    }

    /// Whether the attempt at this target, which says that the request is too long, asks for another.
    fn is_retried(trip: &Rc<Trip>, target: usize) -> bool {
        let mut attempt = start(trip, target).unwrap();
        assert_eq!(attempt.head(&Head { status: 400, headers: &[] }, false, &|| 1), Step::Hold);
        let Step::Release { headers, .. } = attempt.body(LONG.to_vec(), true, &|| 1) else { panic!() };
        headers.iter().any(|(name, _)| *name == *headers::RETRY.as_bytes())
    }

    fn value<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_smaller_one_in_between_is_not_asked_and_the_failure_stands() {
        let trip = trip(&[Some(100_000), Some(50_000), Some(200_000)]);
        assert!(is_retried(&trip, 0), "the last is larger, and Envoy may leave out the second");
        assert!(start(&trip, 2).is_ok());
        let last = start(&trip, 1).err().unwrap();
        assert_eq!(value(&last, headers::TARGET), Some("t0"));
        assert_eq!(value(&last, headers::RETRY), None);
        assert!(value(&last, headers::FAILURE).unwrap().contains("context_length"));
        let verdict = "No target of g answered: t0 failed (context_length), t1 has no larger context window.";
        assert_eq!(trip.verdict(), verdict);
    }

    #[test]
    fn nobody_larger_is_no_reason_to_go_on() {
        for windows in [
            &[Some(100_000), Some(100_000)][..],
            &[Some(100_000), Some(50_000)],
            &[Some(100_000), None],
            &[None, Some(100_000)],
            &[Some(100_000)],
        ] {
            let trip = trip(windows);
            assert!(!is_retried(&trip, 0), "{windows:?}");
        }
    }

    #[test]
    fn what_fails_otherwise_does_not_shorten_the_request() {
        let trip = trip(&[Some(100_000), Some(200_000), Some(100_000)]);
        assert!(is_retried(&trip, 0));
        let mut second = start(&trip, 1).unwrap();
        second.head(&Head { status: 503, headers: &[] }, true, &|| 1);
        let last = start(&trip, 2).err().unwrap();
        assert_eq!(
            value(&last, headers::TARGET),
            Some("t0"),
            "the first one's word still holds for the third"
        );
    }

    #[test]
    fn without_memory_of_the_last_attempt_all_others_must_be_larger() {
        for (windows, goes_on) in [([100, 200, 300], true), ([100, 200, 50], false)] {
            let windows: Vec<_> = windows.map(|window| Some(window * 1000)).to_vec();
            let trip = trip(&windows);
            let own = Rc::new(Trip::from_handoff(&trip.runtime, &trip.handoff(1)).unwrap());
            let failure = Failure { class: Class::ContextLength, ..Failure::malformed("too long") };
            OpenRecord::begin(&own, 0, None, 1).close(AttemptEnd::Failed(failure), Seen::default());
            assert_eq!(own.has_larger_left(), goes_on, "{windows:?}");
        }
    }
}
