//! The last word of a stream that has begun and falls silent.
//!
//! No callback of the stream's own comes while its provider is silent. So whoever watches the clock takes the stream away
//! from its attempt and leaves the error event with the trip, where the router role finds it when it next gets to write.

use super::metrics;
use super::trip::Trip;
use crate::dialect::CallerError;
use crate::dialect::exchange::Pipe;
use crate::failure::Failure;
use std::cell::RefCell;
use std::rc::Rc;

/// A stream's pipe, shared between its attempt and who watches it. Whoever ends the stream takes it.
pub(super) type Line = Rc<RefCell<Option<Box<dyn Pipe>>>>;

/// A stream that flows, as whoever watches the clock holds it.
pub struct Silence {
    pub(super) trip: Rc<Trip>,
    pub(super) target: usize,
    pub(super) line: Line,
    pub(super) limit_ms: u64,
}

impl Silence {
    /// The longest silence, in milliseconds.
    pub fn limit_ms(&self) -> u64 {
        self.limit_ms
    }

    /// Ends the stream with an error event in the caller's dialect, which [`super::Router::last_words`] gives out. What
    /// the provider still sends is dropped. Returns the counter that this adds one to; nothing if the stream is over.
    pub fn ends(&self) -> Option<String> {
        let mut pipe = self.line.try_borrow_mut().ok()?.take()?;
        let failure = Failure::timeout(&format!("the stream was silent for more than {} ms", self.limit_ms));
        let id = self.trip.runtime.id(self.target);
        let error = CallerError::of_failure(&failure, id);
        let mut words = Vec::with_capacity(256);
        pipe.fail(&error, &mut words);
        if let Ok(mut outcome) = self.trip.outcome.try_borrow_mut() {
            outcome.last_words = Some(words);
        }
        Some(metrics::broken_streams(self.trip.group_name(), id, failure.class))
    }
}
