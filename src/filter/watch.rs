//! What the timer of a plugin's root context looks at, as tables without a clock: who is asked tells the time, and is told whose
//! time has come.
//!
//! A context is known by the number that Envoy gave it, and by that of its plugin's root context, whose timer ticks for it.

mod bodies;
mod pauses;
mod rush;
mod streams;
mod timer;
mod unheard;

pub use bodies::Bodies;
pub use pauses::{Paused, Pauses};
pub use rush::Rush;
pub use streams::{Due, StreamLimits, Streams};
pub use timer::{Hurry, Timer};
pub use unheard::{Unheard, Waiting, kept_back, surface};

/// The most that one tick counts for, in milliseconds: a clock that jumps ahead ends nothing.
const MOST_TICK_MS: u64 = 1000;
