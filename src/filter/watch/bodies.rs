//! Requests whose bodies have not arrived whole, and how long they have taken.
//!
//! A caller that sends a byte now and then keeps what it has sent in memory for as long as it likes, as no timer of Envoy's
//! looks at a whole body. So the plugin's timer does.

use super::{Hurry, MOST_TICK_MS};
use std::collections::BTreeMap;

/// After so long a body must come at a pace.
const START_MS: u64 = 10_000;
/// That many bytes a second, on average.
const LEAST_PACE: u64 = 1024;

/// See the module. By the number of the request's context.
#[derive(Debug, Default)]
pub struct Bodies(BTreeMap<u32, Arriving>);

#[derive(Debug)]
struct Arriving {
    root: u32,
    limit_ms: u64,
    passed_ms: u64,
    bytes: u64,
}

impl Arriving {
    fn is_late(&self) -> bool {
        let is_slow =
            self.passed_ms > START_MS && self.bytes.saturating_mul(1000) / self.passed_ms.max(1) < LEAST_PACE;
        is_slow || self.passed_ms > self.limit_ms
    }
}

impl Bodies {
    /// A body is about to come, which may take so many milliseconds.
    pub fn begin(&mut self, root: u32, context: u32, limit_ms: u64) {
        self.0.insert(context, Arriving { root, limit_ms, passed_ms: 0, bytes: 0 });
    }

    /// So many bytes of it came.
    pub fn came(&mut self, context: u32, bytes: usize) {
        if let Some(body) = self.0.get_mut(&context) {
            body.bytes = body.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// It is whole, or nobody waits for it any more.
    pub fn forget(&mut self, context: u32) {
        self.0.remove(&context);
    }

    /// What they need of the timer of a root context.
    pub fn need(&self, root: u32) -> Hurry {
        Hurry::Watch.when(self.0.values().any(|body| body.root == root))
    }

    /// Takes out those whose bodies take too long, so much time after the timer's last tick.
    pub fn late(&mut self, root: u32, passed_ms: u64) -> Vec<u32> {
        let passed_ms = passed_ms.min(MOST_TICK_MS);
        let own = self.0.iter_mut().filter(|(_, body)| body.root == root);
        let late = own.filter_map(|(context, body)| {
            body.passed_ms = body.passed_ms.saturating_add(passed_ms);
            body.is_late().then_some(*context)
        });
        let late: Vec<u32> = late.collect();
        late.iter().for_each(|context| self.forget(*context));
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_and_a_pace() {
        let late = |passed_ms, bytes| Arriving { root: 1, limit_ms: 60_000, passed_ms, bytes }.is_late();
        assert!(!late(9_000, 0) && !late(60_000, 100_000));
        assert!(late(60_001, 100_000_000), "however much came");
        assert!(late(10_250, 9_000) && !late(10_250, 11_000));
    }

    #[test]
    fn who_is_late_is_told_once_by_its_own_timer() {
        let mut bodies = Bodies::default();
        bodies.begin(1, 7, 3_000);
        bodies.begin(2, 8, 3_000);
        bodies.came(7, 100_000);
        assert_eq!((bodies.need(1), bodies.need(3)), (Hurry::Watch, Hurry::Nothing));
        for _ in 0..3 {
            assert!(bodies.late(1, 900_000).is_empty(), "a clock that jumps counts for a second");
        }
        assert_eq!(bodies.late(1, 1), [7]);
        assert_eq!(
            (bodies.late(1, 1).len(), bodies.need(1), bodies.need(2)),
            (0, Hurry::Nothing, Hurry::Watch)
        );
    }
}
