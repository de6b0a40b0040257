//! The router role: reads the request, plans, names the order, and finishes the answer.

mod body;
mod consider;
mod finish;
mod origin;
mod plan;
mod refuse;
mod request;
#[cfg(test)]
mod tests;

pub(super) use consider::Considered;
pub use finish::{LastWord, MOST_OF_THEIRS, ResponseStep};
pub use origin::{Fact, OURS};
pub(super) use request::dialect_headers;

use super::Runtime;
use super::answer::Answer;
use super::drill::Wish;
use super::intake::Intake;
use super::memory::Held;
use super::trip::Trip;
use crate::dialect::Surface;
use crate::plan::Standing;
use std::rc::Rc;

/// What the host does with a request's headers.
#[derive(Debug, PartialEq, Eq)]
pub enum RequestStep {
    /// Not ours. These headers are reserved and were the caller's: remove them.
    Pass {
        /// Their names.
        remove: Vec<Vec<u8>>,
    },
    /// Remove these reserved headers, give each piece of the body to [`Router::arrives`], then call [`Router::plan`].
    Read {
        /// Their names.
        remove: Vec<Vec<u8>>,
    },
    /// It ends here: this is the answer.
    Answer(Answer),
}

/// What the host does with a piece of a request's body.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was taken, and more must come.
    Wait,
    /// It is all there is, and came in one small piece: let Envoy keep that until it tells the end, and call with that.
    Keep,
    /// The body is whole: call [`Router::plan`] with what [`Router::take_body`] gives.
    Whole,
}

/// What planning needs from outside.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'m> {
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// A random number.
    pub pick: u64,
    /// Unique among all requests of all workers.
    pub key: u64,
    /// What is known of targets, by their places.
    pub standings: &'m [(usize, Standing)],
}

/// One request, downstream.
pub struct Router {
    runtime: Rc<Runtime>,
    phase: Phase,
}

enum Phase {
    /// Somebody else's traffic, or answered already.
    Other,
    Reading {
        surface: Surface,
        /// Those that a provider of the caller's dialect may see.
        headers: Vec<(String, String)>,
        wish: Option<Wish>,
        body: Intake,
        held: Held,
    },
    Sent(Rc<Trip>),
}

impl Router {
    /// A request of which nothing is known yet.
    pub fn new(runtime: Rc<Runtime>) -> Router {
        Router { runtime, phase: Phase::Other }
    }

    /// How much work the request was so far. Of one that was refused not all was looked at.
    pub fn weight(&self) -> usize {
        match &self.phase {
            Phase::Sent(trip) => trip.weight(),
            _ => 0,
        }
    }

    /// Whether the request was planned and let go.
    pub fn is_sent(&self) -> bool {
        matches!(self.phase, Phase::Sent(_))
    }

    /// Whether the body is being read.
    pub fn is_reading(&self) -> bool {
        matches!(self.phase, Phase::Reading { .. })
    }
}
