//! The record of one attempt while it lasts: whoever ends the attempt closes it, and `Drop` where nobody did.

use super::ledger::{AttemptEnd, Record, Told};
use super::trip::Trip;
use crate::config::Effect;
use crate::dialect::Seen;
use std::rc::Rc;

/// An attempt's record, while the attempt lasts.
#[derive(Debug)]
pub(super) struct OpenRecord {
    trip: Rc<Trip>,
    target: usize,
    number: u32,
    began_ms: u64,
    drill: Option<Effect>,
    is_closed: bool,
}

impl OpenRecord {
    /// One more attempt begins.
    pub(super) fn begin(trip: &Rc<Trip>, target: usize, drill: Option<Effect>, began_ms: u64) -> OpenRecord {
        let number = trip.note(|ledger| {
            ledger.attempts = ledger.attempts.saturating_add(1);
            ledger.attempts
        });
        OpenRecord { trip: Rc::clone(trip), target, number: number.max(1), began_ms, drill, is_closed: false }
    }

    /// Which attempt of the request it is, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// The attempt is over; what that is to others.
    pub(super) fn close(mut self, end: AttemptEnd, seen: Seen) -> Told {
        self.enter(end, seen)
    }

    fn enter(&mut self, end: AttemptEnd, seen: Seen) -> Told {
        self.is_closed = true;
        let OpenRecord { target, number, began_ms, drill, .. } = *self;
        let record = Record { target, number, began_ms, drill, seen, end };
        let told = record.told(self.trip.group);
        self.trip.note(|ledger| ledger.enter(record));
        told
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        if !self.is_closed {
            self.enter(AttemptEnd::Left, Seen::default());
        }
    }
}

#[cfg(test)]
mod tests;
