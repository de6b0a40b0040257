//! What happened on a trip so far, and which failure says most about it.

use super::Trip;
use crate::failure::{Class, Failure};

/// What happened so far.
#[derive(Debug, Default)]
pub struct Outcome {
    pub attempts: u32,
    /// (target, how it failed), in the order it happened.
    pub failures: Vec<(usize, Failure)>,
    /// The target that was reached and not asked, as the request can't fit.
    pub passed_over: Option<usize>,
    /// The target whose answer is on its way to the caller.
    pub answered: Option<usize>,
    /// The worker had no room for the request or its answer: that is no target's failure.
    pub is_busy: bool,
    /// What ends a stream that fell silent; see [`super::Silence`].
    pub last_words: Option<Vec<u8>>,
    /// And the class of that failure, for the access log.
    pub broke: Option<Class>,
}

impl Trip {
    /// Which failure the caller is told about: the one that says most about what to do.
    pub fn best_failure(&self) -> Option<(usize, Failure)> {
        let outcome = self.outcome.try_borrow().ok()?;
        outcome
            .failures
            .iter()
            .enumerate()
            .max_by_key(|(at, (_, failure))| (informed(failure.class), *at))
            .map(|(_, f)| f.clone())
    }

    /// The same, where Envoy says itself how the last attempt ended: with which target that was, as far as anybody knows.
    pub(in crate::filter) fn best_of(&self, said: Failure) -> (usize, Failure) {
        let last = self.outcome.try_borrow().ok().and_then(|outcome| Some(outcome.failures.last()?.0));
        let last = last.or_else(|| self.order.first().copied()).unwrap_or(0);
        match self.best_failure() {
            Some((target, known)) if informed(known.class) >= informed(said.class) => (target, known),
            _ => (last, said),
        }
    }
}

/// How much a class tells the caller about what to do next.
fn informed(class: Class) -> u8 {
    match class {
        Class::Connect => 0,
        Class::Timeout => 1,
        Class::Malformed => 2,
        Class::ServerError => 3,
        Class::Overloaded => 4,
        Class::Auth => 5,
        Class::ModelUnavailable => 6,
        Class::Quota => 7,
        Class::RateLimited => 8,
        Class::ContextLength => 9,
        Class::ContentPolicy => 10,
        Class::InvalidRequest => 11,
    }
}
