//! Large bodies that all end at one moment.
//!
//! A worker does one thing at a time, and Envoy hands out all that has come before it looks at anything else: each small request
//! waits for as long as reading and translating all of those takes. So once that was much, another large one is told to come
//! again, until the timer has ticked: then Envoy has seen to everybody. None can wait here for its turn instead, as outside of a
//! body's own callback Envoy takes no more of a body than its buffer's limit (it answers 413; seen on 1.37 and 1.40).
//!
//! What is counted is work, not time: a machine that is slow, or has others to run, refuses no more than a fast one.

use super::timer;
use std::cell::Cell;

/// A body from here on can be work that somebody notices.
const LARGE_BYTES: usize = 64 << 10;
/// So much work is done between two ticks, in [`crate::json::Document::weight`]s; the last body may be more. Neighbours waited
/// for 0.1 to 0.3 s (`tests/hostile/test_time.py`, two cores).
const MOST: usize = 40 << 20;

thread_local! {
    /// The work that was done since the last tick.
    static DONE: Cell<usize> = const { Cell::new(0) };
    /// The root context whose timer ticks for all; 0: nothing was done.
    static KEEPER: Cell<u32> = const { Cell::new(0) };
}

/// Whether a body of so many bytes is one too many at this moment.
pub fn is_on(bytes: usize) -> bool {
    bytes >= LARGE_BYTES && DONE.get() >= MOST
}

/// Notes that so much work was done; call it from a context of this root.
pub fn did(root: u32, weight: usize) {
    if weight < LARGE_BYTES {
        return;
    }
    if KEEPER.get() == 0 {
        KEEPER.set(root);
        if timer::adjust(root).is_err() {
            // Nothing would ever end it.
            KEEPER.set(0);
            return;
        }
    }
    DONE.set(DONE.get().saturating_add(weight));
}

pub fn is_needed(root: u32) -> bool {
    KEEPER.get() == root
}

/// The timer of a root context: Envoy has seen to everybody. Also the end of one, whose timer ticks no more.
pub fn tick(root: u32) {
    if KEEPER.get() == root {
        KEEPER.set(0);
        DONE.set(0);
    }
}
