//! The timer of a plugin's root context: fast while a request waits, slow while a stream is watched, off otherwise.

use super::{abi, idle, pause, unheard};
use std::cell::RefCell;

thread_local! {
    /// Of each root context the period that runs, in milliseconds.
    static RUNNING: RefCell<Vec<(u32, u32)>> = const { RefCell::new(Vec::new()) };
}

/// Sets the period that is wanted now. A period that runs already is left alone: setting it anew begins it anew, and with
/// many requests it would never end.
///
/// # Errors
/// Envoy has no timer for us.
pub fn adjust(root: u32) -> Result<(), abi::Status> {
    let wanted = match (pause::is_needed(root), idle::is_needed(root) || unheard::is_needed(root)) {
        (true, _) => pause::TICK_MS,
        (false, true) => idle::TICK_MS,
        (false, false) => 0,
    };
    RUNNING.with(|running| {
        let Ok(mut running) = running.try_borrow_mut() else { return Err(abi::Status(10)) };
        let known = running.iter_mut().find(|(known, _)| *known == root);
        match known {
            Some((_, period)) if *period == wanted => Ok(()),
            Some((_, period)) => {
                *period = wanted;
                abi::set_tick_period(wanted)
            }
            None if wanted == 0 => Ok(()),
            None => {
                running.push((root, wanted));
                abi::set_tick_period(wanted)
            }
        }
    })
}

/// The timer of a root context.
pub fn tick(root: u32) {
    let now_ms = abi::now_ms();
    pause::tick(root, now_ms);
    idle::tick(root, now_ms);
    unheard::tick(root, now_ms);
    let _ = adjust(root);
}
