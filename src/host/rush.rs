//! Large bodies that all end at one moment.
//!
//! A worker does one thing at a time, and Envoy hands out all that has come before it looks at anything else: each small request
//! waits for as long as reading and translating all of those takes. So once that has taken a while another large one is told to
//! come again, until the timer has ticked: then Envoy has seen to everybody. None can wait here for its turn instead, as outside of
//! a body's own callback Envoy takes no more of a body than its buffer's limit (it answers 413; seen on 1.37 and 1.40).

use super::{abi, timer};
use std::cell::Cell;

/// A body from here on can take a time that somebody notices.
const LARGE_BYTES: usize = 64 << 10;
/// So long large bodies are worked on between two ticks, in milliseconds; the last one may take longer.
const MOST_MS: u64 = 200;

thread_local! {
    /// How long large bodies have been worked on since the last tick, in milliseconds.
    static SPENT_MS: Cell<u64> = const { Cell::new(0) };
    /// The root context whose timer ticks for all; 0: nothing was spent.
    static KEEPER: Cell<u32> = const { Cell::new(0) };
}

/// Whether a body of so many bytes is one too many at this moment.
pub fn is_on(bytes: usize) -> bool {
    bytes >= LARGE_BYTES && SPENT_MS.get() >= MOST_MS
}

/// Does the work on a body of so many bytes, and counts the time that it takes; call it from a context of this root.
pub fn work<T>(root: u32, bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes < LARGE_BYTES {
        return work();
    }
    let start_ms = abi::now_ms();
    let done = work();
    let took_ms = abi::now_ms().saturating_sub(start_ms);
    if took_ms > 0 {
        if KEEPER.get() == 0 {
            KEEPER.set(root);
            if timer::adjust(root).is_err() {
                // Nothing would ever end it.
                KEEPER.set(0);
                return done;
            }
        }
        SPENT_MS.set(SPENT_MS.get().saturating_add(took_ms));
    }
    done
}

pub fn is_needed(root: u32) -> bool {
    KEEPER.get() == root
}

/// The timer of a root context: Envoy has seen to everybody. Also the end of one, whose timer ticks no more.
pub fn tick(root: u32) {
    if KEEPER.get() == root {
        KEEPER.set(0);
        SPENT_MS.set(0);
    }
}
