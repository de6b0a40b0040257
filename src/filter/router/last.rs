//! The answer on its way back: a good one passes, and where nobody answered the last word is ours.

use super::{Phase, Router};
use crate::dialect::CallerError;
use crate::failure::Failure;
use crate::filter::answer::{Answer, header_value};
use crate::filter::attempt::failure_from;
use crate::filter::degraded;
use crate::filter::headers::{self, Header};
use crate::filter::trip::Trip;
use std::rc::Rc;

/// What the host does with an answer's headers.
#[derive(Debug, PartialEq, Eq)]
pub enum ResponseStep {
    Pass,
    /// Nobody answered: this is the last word, and `code` is for the access log: a failure's class, or the gateway's own.
    Answer {
        answer: Answer,
        code: String,
    },
}

impl Router {
    /// The trip, once there is one.
    pub fn trip(&self) -> Option<&Rc<Trip>> {
        match &self.phase {
            Phase::Sent(trip) => Some(trip),
            _ => None,
        }
    }

    /// What the caller's stream must end with, once: its provider fell silent.
    pub fn last_words(&self) -> Option<Vec<u8>> {
        self.trip()?.outcome.try_borrow_mut().ok()?.last_words.take()
    }

    /// Whether the answer's headers must be looked at: not if a translator of this VM has finished them.
    pub fn must_finish(&self) -> bool {
        self.trip()
            .is_some_and(|trip| trip.outcome.try_borrow().is_ok_and(|outcome| outcome.answered.is_none()))
    }

    /// The headers of an answer that no translator of this VM has finished: one of another VM's, or the last failure.
    /// `flags` is what Envoy says about an answer of its own.
    pub fn finish(&mut self, headers: &[Header<'_>], flags: impl FnOnce() -> String) -> ResponseStep {
        let Some(trip) = self.trip() else { return ResponseStep::Pass };
        if let Some(own) = trip.outcome.try_borrow_mut().ok().and_then(|mut outcome| outcome.own.take()) {
            let answer = Answer::error(trip.turn.surface, &own)
                .with(headers::GROUP, header_value(trip.group_name()))
                .with("retry-after", "1");
            return ResponseStep::Answer { answer, code: own.code };
        }
        let named = headers::text(headers, headers::TARGET).and_then(|id| self.runtime.target(id));
        let failed = headers::find(headers, headers::FAILURE).and_then(failure_from);
        let (target, failure) = match (named, failed) {
            (Some(_), None) => return ResponseStep::Pass,
            (Some(target), Some(failure)) => trip.best_failure().unwrap_or((target, failure)),
            (None, _) => match trip.best_failure() {
                Some(best) => best,
                None => (trip.order.first().copied().unwrap_or(0), envoys_failure(&flags())),
            },
        };
        let code = failure.class.name().to_owned();
        ResponseStep::Answer { answer: self.last_word(trip, target, &failure), code }
    }

    fn last_word(&self, trip: &Trip, target: usize, failure: &Failure) -> Answer {
        let config = &self.runtime.config;
        let id = self.runtime.id(target);
        let group = config.groups.get(trip.group);
        let attempts = trip.outcome.try_borrow().map_or(0, |outcome| outcome.attempts);
        let answer = match group.and_then(|group| group.degraded.as_deref()) {
            Some(content) if failure.class.fails_over() => degraded::answer(&trip.turn, content),
            _ => Answer::error(trip.turn.surface, &CallerError::of_failure(failure, id)),
        };
        let answer = answer
            .with(headers::GROUP, header_value(group.map_or("", |group| group.name.as_str())))
            .with(headers::TARGET, header_value(id))
            .with(headers::ATTEMPTS, attempts.to_string())
            .with(headers::DECISION, header_value(&trip.verdict()));
        let answer = match trip.drill_mark(None) {
            Some(mark) => answer.with(headers::DRILL, mark),
            None => answer,
        };
        match failure.retry_after_ms.filter(|_| answer.status == 429) {
            Some(wait) => answer.with("retry-after", wait.div_ceil(1000).max(1).to_string()),
            None => answer,
        }
    }
}

/// What Envoy's own answer means, by its response flags and details.
fn envoys_failure(flags: &str) -> Failure {
    if flags.contains("timeout") {
        return Failure::timeout("the time for the whole request was over");
    }
    if flags.contains("no_healthy_upstream") {
        return Failure::connect("every target of the group is ejected at the moment");
    }
    Failure::connect(&format!("Envoy says {flags}"))
}
