//! Large bodies that all end at one moment.
//!
//! A worker does one thing at a time, and Envoy hands out all that has come before it looks at anything else: each small request
//! waits for as long as reading and translating all of those takes. So once that was much, another large one is told to come
//! again, until the timer has ticked: then Envoy has seen to everybody. None can wait here for its turn instead, as outside of a
//! body's own callback Envoy takes no more of a body than its buffer's limit (it answers 413; seen on 1.37 and 1.40).
//!
//! What is counted is work, not time: a machine that is slow, or has others to run, refuses no more than a fast one.

use super::Hurry;

/// A body from here on can be work that somebody notices.
const LARGE_BYTES: usize = 64 << 10;
/// So much work is done between two ticks, in [`crate::json::Document::weight`]s; the last body may be more. Neighbours waited
/// for 0.1 to 0.3 s (`tests/hostile/test_time.py`, two cores).
const MOST: usize = 40 << 20;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rush {
    /// The work that was done since the last tick.
    done: usize,
    /// The root context whose timer ticks for all; 0: nothing was done.
    keeper: u32,
}

impl Rush {
    /// Whether a body of so many bytes is one too many at this moment.
    pub fn is_on(self, bytes: usize) -> bool {
        bytes >= LARGE_BYTES && self.done >= MOST
    }

    /// Notes that a context of a root did so much work: whether the root's timer must tick now.
    pub fn did(&mut self, root: u32, weight: usize) -> bool {
        if weight < LARGE_BYTES {
            return false;
        }
        self.done = self.done.saturating_add(weight);
        let is_first = self.keeper == 0;
        if is_first {
            self.keeper = root;
        }
        is_first
    }

    /// What it needs of the timer of a root context.
    pub fn need(self, root: u32) -> Hurry {
        Hurry::Now.when(self.keeper == root)
    }

    /// The timer of a root context ticked, so Envoy has seen to everybody; or it ticks no more.
    pub fn tick(&mut self, root: u32) {
        if self.keeper == root {
            *self = Rush::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_much_work_a_large_body_is_one_too_many_until_a_tick() {
        let mut rush = Rush::default();
        assert!(rush.did(1, MOST - 1), "the timer must tick");
        assert!(!rush.is_on(LARGE_BYTES));
        assert!(!rush.did(2, LARGE_BYTES), "it does");
        assert!(rush.is_on(LARGE_BYTES) && !rush.is_on(LARGE_BYTES - 1), "small ones always come through");
        rush.tick(2);
        assert!(rush.is_on(LARGE_BYTES), "another's timer");
        assert_eq!((rush.need(1), rush.need(2)), (Hurry::Now, Hurry::Nothing));
        rush.tick(1);
        assert!(!rush.is_on(LARGE_BYTES) && rush.need(1) == Hurry::Nothing);
    }

    #[test]
    fn small_work_is_not_counted() {
        let mut rush = Rush::default();
        assert!((0..10_000).all(|_| !rush.did(1, LARGE_BYTES - 1)));
        assert!(!rush.is_on(MOST) && rush.need(1) == Hurry::Nothing);
    }
}
