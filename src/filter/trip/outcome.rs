//! Which failure of a trip says most about what to do.

use super::Trip;
use crate::failure::{Class, Failure};

impl Trip {
    /// Which failure the caller is told about: the one that says most about what to do.
    pub fn best_failure(&self) -> Option<(usize, Failure)> {
        self.read(|ledger| {
            // Of those that say as much the last.
            let best = ledger.failures().max_by_key(|(_, failure)| informed(failure.class));
            best.map(|(target, failure)| (target, failure.clone()))
        })
    }

    /// The same, where Envoy says itself how the last attempt ended: with which target that was, as far as anybody knows.
    pub(in crate::filter) fn best_of(&self, said: Failure) -> (usize, Failure) {
        let last = self.read(|ledger| ledger.failures().next_back().map(|(target, _)| target));
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
        Class::ModelFailure => 9,
        Class::ContextLength => 10,
        Class::ContentPolicy => 11,
        Class::InvalidRequest => 12,
    }
}
