//! A failed attempt: what Envoy and the router role are told of it, and whether another target is asked.

use super::{Attempt, Stage, Step};
use crate::dialect::Seen;
use crate::failure::{Class, Failure};
use crate::filter::answer::{Answer, header_value};
use crate::filter::headers::{self, HeaderList};
use crate::filter::ledger::AttemptEnd;
use crate::filter::trip::Trip;
use crate::json::{Raw, Writer};

impl Attempt {
    /// Headers that say how the attempt failed: to Envoy by status and retry mark, to the router role in full.
    pub(super) fn fail(&mut self, failure: Failure, seen: Seen) -> Step {
        self.state = Stage::Ended;
        self.held.set_vm(0);
        let mut headers = HeaderList::new();
        headers.push_number(":status", u64::from(failure.class.breaker_status()));
        headers.push(headers::TARGET, self.trip.runtime.id(self.target));
        headers.push_number(headers::ATTEMPTS, u64::from(self.number));
        headers.push(headers::FAILURE, &failure_json(&failure));
        let class = failure.class;
        let is_repeat = self.is_repeat();
        self.close(AttemptEnd::Failed(failure), seen);
        if self.may_fail_over(class) && (self.is_news_next(is_repeat) || self.is_in_budget()) {
            headers.push(headers::RETRY, "1");
        }
        Step::Release { headers, body: Vec::new() }
    }

    /// There is no room for the answer. That is nobody's failure: nothing is counted, and nobody else is asked, whose answer
    /// there would be no room for either.
    pub(super) fn busy(&mut self, seen: Seen) -> Step {
        self.state = Stage::Ended;
        self.held.set_vm(0);
        self.close(AttemptEnd::Busy, seen);
        let mut headers = HeaderList::new();
        // No 5xx, or the target would be ejected for it.
        headers.push_number(":status", 429);
        headers.push(headers::TARGET, self.trip.runtime.id(self.target));
        Step::Release { headers, body: Vec::new() }
    }

    /// Whether the request had tried this target before.
    fn is_repeat(&self) -> bool {
        self.trip.read(|ledger| ledger.has_failed(self.target))
    }

    /// Whether the next attempt can be the first try of a target. Envoy goes on to those that were not tried, and comes back
    /// to one that was only when no other can be asked.
    fn is_news_next(&self, is_repeat: bool) -> bool {
        !is_repeat
            && self.trip.read(|ledger| !self.trip.order.iter().all(|target| ledger.has_failed(*target)))
    }

    /// Asks for one more repeated try of this worker's requests.
    fn is_in_budget(&self) -> bool {
        let group = self.trip.runtime.config.groups.get(self.trip.group);
        group.is_some_and(|group| self.trip.ticket.retry(&group.retry_budget))
    }

    fn may_fail_over(&self, class: Class) -> bool {
        let group = self.trip.runtime.config.groups.get(self.trip.group);
        let listed = group.is_some_and(|group| group.failover_on.contains(class));
        listed && (class != Class::ContextLength || self.trip.has_larger_left())
    }
}

/// The answer of an attempt that calls nobody, as there is no room for what the request becomes.
pub(super) fn no_room(trip: &Trip) -> Answer {
    trip.note(|ledger| ledger.is_busy = true);
    Answer { status: 429, ..Answer::default() }
}

/// The answer of an attempt that calls nobody, as the request can't fit: what failed before stands. It is the last word, as
/// Envoy retries no answer that a filter gives in an upstream's place.
pub(super) fn given_up(trip: &Trip, target: usize) -> Answer {
    let attempts = trip.note(|ledger| {
        ledger.passed_over = Some(target);
        ledger.attempts
    });
    let answer = Answer { status: 503, ..Answer::default() }.with(headers::ATTEMPTS, attempts.to_string());
    let Some((failed, failure)) = trip.best_failure() else { return answer };
    let failure = String::from_utf8(failure_json(&failure)).unwrap_or_default();
    answer.with(headers::TARGET, trip.runtime.id(failed)).with(headers::FAILURE, failure)
}

/// A failure as the router role reads it back, in ASCII.
fn failure_json(failure: &Failure) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    Writer::new(&mut out).object(|w| {
        w.key("class").string(failure.class.name());
        w.key("status").u64(u64::from(failure.status));
        w.key("message").string(&header_value(&failure.message));
        if let Some(param) = &failure.param {
            w.key("param").string(&header_value(param));
        }
        if let Some(wait) = failure.retry_after_ms {
            w.key("retry_after_ms").u64(wait);
        }
    });
    out
}

/// Reads a failure from the header that [`Attempt`] wrote.
pub(in crate::filter) fn failure_from(header: &[u8]) -> Option<Failure> {
    let raw = Raw::parse(header).ok()?;
    let text = |name: &str| raw.get(name).and_then(Raw::text).map(crate::json::Text::into_string);
    Some(Failure {
        class: Class::from_name(&text("class")?)?,
        status: raw.get("status")?.as_u64()?.try_into().ok()?,
        message: text("message")?,
        code: None,
        param: text("param"),
        retry_after_ms: raw.get("retry_after_ms").and_then(Raw::as_u64),
    })
}
