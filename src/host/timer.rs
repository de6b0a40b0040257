//! The timers of the plugins' root contexts: see [`Timer`].

use super::{abi, idle, pause, reading, rush, shared, unheard};
use crate::filter::watch::{Hurry, Timer};
use std::cell::RefCell;

thread_local! {
    /// By root context: a handful.
    static TIMERS: RefCell<Vec<(u32, Timer)>> = const { RefCell::new(Vec::new()) };
}

/// Those who need it, in the order of their hurry.
const WHO: [fn(u32) -> Hurry; 5] = [pause::need, rush::need, idle::need, reading::need, unheard::need];

fn need(root: u32) -> Hurry {
    let mut needs = WHO.iter().map(|need| need(root));
    needs.find(|need| *need != Hurry::Nothing).unwrap_or_default()
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

/// Sets the period that is needed now.
///
/// # Errors
/// Envoy has no timer for us.
pub fn adjust(root: u32) -> Result<(), abi::Status> {
    let need = need(root);
    with(root, |timer| timer.adjust(need)).flatten().map_or(Ok(()), abi::set_tick_period)
}

/// The timer of a root context.
pub fn tick(root: u32) {
    if need(root) == Hurry::Nothing {
        with(root, Timer::rest);
    } else {
        let now_ms = abi::now_ms();
        let passed_ms = with(root, |timer| timer.passed_ms(now_ms)).unwrap_or_default();
        pause::tick(root, now_ms);
        rush::tick(root);
        idle::tick(root, now_ms, passed_ms);
        reading::tick(root, passed_ms);
        unheard::tick(root, now_ms);
    }
    let _ = adjust(root);
}
