//! The timers of the plugins' root contexts: see [`Timer`]. Who needs one says so; who is to be looked at when it ticks,
//! [`super::entry`] knows.

use super::{abi, shared};
use crate::filter::watch::{Hurry, Timer};
use std::cell::RefCell;

thread_local! {
    /// By root context: a handful.
    static TIMERS: RefCell<Vec<(u32, Timer)>> = const { RefCell::new(Vec::new()) };
}

/// Lends the timer of a root context.
fn with<R>(root: u32, act: impl FnOnce(&mut Timer) -> R) -> Option<R> {
    shared::lend(&TIMERS, |timers| {
        if !timers.iter().any(|(known, _)| *known == root) {
            timers.push((root, Timer::default()));
        }
        timers.iter_mut().find(|(known, _)| *known == root).map(|(_, timer)| act(timer))
    })
    .flatten()
}

/// Has it tick as somebody needs, if it doesn't yet.
///
/// # Errors
/// Envoy has no timer for us.
pub fn hurry(root: u32, need: Hurry) -> Result<(), abi::Status> {
    with(root, |timer| timer.hurry(need)).flatten().map_or(Ok(()), abi::set_tick_period)
}

/// Has it tick as all together need, which may be less than before.
pub fn adjust(root: u32, need: Hurry) {
    let _ = with(root, |timer| timer.adjust(need)).flatten().map_or(Ok(()), abi::set_tick_period);
}

/// It ticked, and somebody needed it: see [`Timer::passed_ms`].
pub fn passed_ms(root: u32, now_ms: u64) -> u64 {
    with(root, |timer| timer.passed_ms(now_ms)).unwrap_or_default()
}

/// It ticked for nobody.
pub fn rest(root: u32) {
    with(root, Timer::rest);
}
