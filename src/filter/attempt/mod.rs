//! The translator role: one attempt at one target, there and back.
//!
//! The answer is held until its first token or its failure. Only Envoy retries: what is decided here is whether the
//! headers that Envoy sees ask for it.

mod failed;
mod head;
mod headers;
mod parting;
mod start;
mod stream;
mod told;
mod whole;

pub(super) use failed::failure_from;
pub use parting::Parting;
pub use start::{Beginning, Instead, Started};
#[cfg(test)]
pub(super) use start::{start_at, start_with};

pub(super) use super::clock::Clock;
use super::headers::HeaderList;
use super::intake::Intake;
use super::ledger::{AttemptEnd, Told};
use super::memory::Held;
use super::record::OpenRecord;
use super::silence::{FlowingStream, SharedStream};
use super::telemetry::Metric;
use super::trip::Trip;
use crate::config::Effect;
use crate::dialect::Pipe;
use crate::dialect::{Memo, Seen, Target};
use crate::failure::Class;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// What the host does with a piece of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Keep everything back; the bytes were taken.
    Hold,
    /// Set these headers and let them go, with this in place of the bytes.
    Release {
        /// All headers of the answer.
        headers: HeaderList,
        /// What the caller gets of its body so far.
        body: Vec<u8>,
    },
    /// Let this go in place of the bytes.
    Chunk(Vec<u8>),
    /// Let it go as it is.
    Pass,
}

/// An attempt. Each call moves it on; after [`Step::Release`] headers are out and nothing can be retried any more.
pub struct Attempt {
    trip: Rc<Trip>,
    /// A place in the configuration's targets.
    target: usize,
    memo: Memo,
    dropped: Vec<Cow<'static, str>>,
    /// From 1.
    number: u32,
    started_ms: u64,
    state: Stage,
    drill: Option<Effect>,
    /// Its record, until it is closed or goes to its stream.
    open: Option<OpenRecord>,
    /// What others are still to be told.
    told: Told,
    /// What this attempt has kept of its answer.
    held: Held,
}

enum Stage {
    /// Nothing came back yet.
    Asked,
    /// The body is collected whole: an answer that is no stream, or a failure's explanation.
    Whole {
        status: u16,
        headers: HeaderList,
        body: Intake,
    },
    /// A stream before its first token.
    Held {
        pipe: Box<dyn Pipe>,
        headers: HeaderList,
        out: Vec<u8>,
    },
    Flowing(SharedStream),
    /// The caller has all it gets; what still comes is dropped.
    Ended,
}

impl Attempt {
    /// How long the request must wait before it goes to the provider, in milliseconds, because of a drill.
    pub fn delay_ms(&self) -> Option<u64> {
        match self.drill {
            Some(Effect::DelayMs(ms)) => Some(ms),
            // For good: Envoy's own timer ends the attempt, as it would a provider's that says nothing.
            Some(Effect::Fail(Class::Timeout)) => Some(u64::MAX),
            _ => None,
        }
    }

    /// Whether Envoy shall keep what has come of the answer's body, and hand it out with what comes next: it is not the end.
    pub fn keeps(&self) -> bool {
        matches!(&self.state, Stage::Whole { body, .. } if body.is_tiny())
    }

    /// A piece of the answer's body.
    pub fn body(&mut self, bytes: Vec<u8>, end: bool, clock: Clock<'_>) -> Step {
        match std::mem::replace(&mut self.state, Stage::Ended) {
            Stage::Asked => Step::Pass,
            Stage::Ended => Step::Chunk(Vec::new()),
            Stage::Whole { status, headers, body } => self.collect(status, headers, body, bytes, end, clock),
            Stage::Held { pipe, headers, out } => self.hold(pipe, headers, out, &bytes, end),
            Stage::Flowing(line) => self.flow(line, &bytes, end),
        }
    }

    pub(super) fn wire(&self) -> Option<&Target> {
        self.trip.runtime.wire(self.target)
    }

    /// The caller gets an answer, which is whole: these headers and this.
    pub(super) fn answer(&mut self, headers: HeaderList, body: Vec<u8>, seen: Seen) -> Step {
        self.answers();
        self.close(AttemptEnd::Whole, seen);
        Step::Release { headers, body }
    }

    /// The caller gets the begin of a stream.
    pub(super) fn begin(&mut self, headers: HeaderList, body: Vec<u8>, pipe: Box<dyn Pipe>) -> Step {
        self.answers();
        if let Some(open) = self.open.take() {
            self.state = Stage::Flowing(Rc::new(RefCell::new(Some(FlowingStream { pipe, open }))));
        }
        Step::Release { headers, body }
    }

    fn answers(&mut self) {
        let is_switched = self.trip.note(|ledger| {
            ledger.answered = Some(self.target);
            ledger.failures().next().is_some()
        });
        if is_switched {
            self.count(Metric::Switches, "");
        }
    }

    /// The attempt ends before a stream of it flows.
    pub(super) fn close(&mut self, end: AttemptEnd, seen: Seen) {
        if let Some(open) = self.open.take() {
            self.tell(open.close(end, seen));
        }
    }
}
