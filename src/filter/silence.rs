//! The last word of a stream that has begun and falls silent, or takes longer than a request may.
//!
//! No callback of the stream's own comes while its provider is silent. So whoever watches the clock takes the stream away
//! from its attempt and leaves the error event with the trip, where the router role finds it when it next gets to write.

use super::ledger::{AttemptEnd, Told};
use super::record::OpenRecord;
use super::trip::Trip;
use super::watch::StreamLimits;
use crate::dialect::CallerError;
use crate::dialect::Pipe;
use crate::failure::Failure;
use std::cell::RefCell;
use std::rc::Rc;

/// A stream that flows: its pipe, and the attempt's record.
pub(super) struct FlowingStream {
    pub(super) pipe: Box<dyn Pipe>,
    pub(super) open: OpenRecord,
}

/// The same, shared between its attempt and who watches it. Whoever ends the stream takes it.
pub(super) type SharedStream = Rc<RefCell<Option<FlowingStream>>>;

/// A stream that flows, as whoever watches the clock holds it.
pub struct Silence {
    pub(super) trip: Rc<Trip>,
    /// A place in the configuration's targets.
    pub(super) target: usize,
    pub(super) line: SharedStream,
    /// The longest silence, in milliseconds.
    pub(super) limit_ms: u64,
}

/// Why a stream is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The provider sends nothing for too long.
    Silent,
    /// The group's `timeout` is over.
    TooLong,
}

impl Why {
    /// For the operator's log.
    pub fn notice(self) -> &'static str {
        match self {
            Why::Silent => {
                "a stream fell silent for longer than its group's stream_idle_timeout: it is ended"
            }
            Why::TooLong => "a stream took as long as its group's timeout allows: it is ended",
        }
    }
}

/// The last words come so long before the group's `timeout`, when Envoy would reset the stream; for a shorter `timeout` a
/// quarter of it before. In milliseconds.
const MARGIN_MS: u64 = 250;

impl Silence {
    /// What the stream may take.
    pub fn limits(&self) -> StreamLimits {
        StreamLimits { silent_ms: self.limit_ms, deadline_ms: self.deadline_ms() }
    }

    /// When the stream ends at the latest, in milliseconds since 1970.
    pub fn deadline_ms(&self) -> u64 {
        let timeout_ms = self.timeout_ms();
        let began_ms = self.trip.planned_ms.unwrap_or_else(|| self.trip.turn.created.saturating_mul(1000));
        began_ms.saturating_add(timeout_ms - MARGIN_MS.min(timeout_ms / 4))
    }

    fn timeout_ms(&self) -> u64 {
        self.trip.runtime.config.groups.get(self.trip.group).map_or(u64::MAX, |group| group.timeout_ms)
    }

    /// What the stream's plugin is configured for.
    pub fn runtime(&self) -> &Rc<super::Runtime> {
        &self.trip.runtime
    }

    /// Ends the stream with an error event in the caller's dialect, which [`super::Router::last_words`] gives out. What
    /// the provider still sends is dropped. `None` if the stream is over.
    pub fn ends(&self, why: Why) -> Option<Told> {
        let FlowingStream { mut pipe, open } = self.line.try_borrow_mut().ok()?.take()?;
        let failure = Failure::timeout(&match why {
            Why::Silent => format!("the stream was silent for more than {} ms", self.limit_ms),
            Why::TooLong => {
                format!("the stream took the whole {} ms that a request may take", self.timeout_ms())
            }
        });
        let error = CallerError::of_failure(&failure, self.trip.runtime.id(self.target));
        let mut words = Vec::with_capacity(256);
        pipe.fail(&error, &mut words);
        self.trip.note(|ledger| {
            ledger.last_words = Some(words);
            ledger.broke = Some(failure.class);
        });
        let end = match why {
            Why::Silent => AttemptEnd::Broke(failure),
            Why::TooLong => AttemptEnd::Overrun,
        };
        Some(open.close(end, pipe.seen().clone()))
    }
}
