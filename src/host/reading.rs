//! Requests whose bodies have not arrived whole, and how long they have taken.
//!
//! A caller that sends a byte now and then keeps what it has sent in memory for as long as it likes, as no timer of Envoy's
//! looks at a whole body. So the plugin's timer does.

use super::{entry, timer};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The most that one tick counts for: a clock that jumps ahead ends no request.
const MOST_TICK_MS: u64 = 1000;
/// After so long a body must come at a pace.
const START_MS: u64 = 10_000;
/// That many bytes a second, on average.
const LEAST_PACE: u64 = 1024;

struct Reading {
    root: u32,
    limit_ms: u64,
    passed_ms: u64,
    bytes: u64,
}

impl Reading {
    fn is_late(&self) -> bool {
        let is_slow =
            self.passed_ms > START_MS && self.bytes.saturating_mul(1000) / self.passed_ms.max(1) < LEAST_PACE;
        is_slow || self.passed_ms > self.limit_ms
    }
}

thread_local! {
    /// By the number of the request's context.
    static READING: RefCell<BTreeMap<u32, Reading>> = const { RefCell::new(BTreeMap::new()) };
}

/// A body is about to come.
pub fn begin(root: u32, context: u32, limit_ms: u64) {
    READING.with(|reading| {
        if let Ok(mut reading) = reading.try_borrow_mut() {
            reading.insert(context, Reading { root, limit_ms, passed_ms: 0, bytes: 0 });
        }
    });
    let _ = timer::adjust(root);
}

/// So many bytes of it came.
pub fn came(context: u32, bytes: usize) {
    READING.with(|reading| {
        if let Ok(mut reading) = reading.try_borrow_mut()
            && let Some(one) = reading.get_mut(&context)
        {
            one.bytes = one.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    });
}

/// It is whole, or nobody waits for it any more.
pub fn forget(context: u32) {
    READING.with(|reading| {
        if let Ok(mut reading) = reading.try_borrow_mut() {
            reading.remove(&context);
        }
    });
}

pub fn is_needed(root: u32) -> bool {
    READING.with(|reading| {
        reading.try_borrow().is_ok_and(|reading| reading.values().any(|one| one.root == root))
    })
}

/// Ends the requests whose bodies take too long.
pub fn tick(root: u32, passed_ms: u64) {
    let passed_ms = passed_ms.min(MOST_TICK_MS);
    let late: Vec<u32> = READING.with(|reading| {
        let Ok(mut reading) = reading.try_borrow_mut() else { return Vec::new() };
        let own = reading.iter_mut().filter(|(_, one)| one.root == root);
        let late = own.filter_map(|(context, one)| {
            one.passed_ms = one.passed_ms.saturating_add(passed_ms);
            one.is_late().then_some(*context)
        });
        late.collect()
    });
    for context in late {
        forget(context);
        entry::late(context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_and_a_pace() {
        let late = |passed_ms, bytes| Reading { root: 1, limit_ms: 60_000, passed_ms, bytes }.is_late();
        assert!(!late(9_000, 0) && !late(60_000, 100_000));
        assert!(late(60_001, 100_000_000), "however much came");
        assert!(late(10_250, 9_000) && !late(10_250, 11_000));
    }
}
