//! The timer of a plugin's root context: fast while a request waits, slow while a stream is watched (not so slow when its time
//! is nearly over), off otherwise.

use super::{abi, idle, pause, reading, rush, unheard};
use std::cell::RefCell;

/// The period while streams or bodies are watched, in milliseconds.
const SLOW_MS: u32 = 250;

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
}

/// The timer of one root context.
struct Running {
    root: u32,
    /// In milliseconds; 0: it is off.
    period: u32,
    /// How many ticks in a row nobody needed.
    quiet: u32,
    /// The last tick that somebody needed, in milliseconds since 1970; 0: none since the last that nobody did. Each root
    /// context has its own: several tick beside each other.
    ticked_ms: u64,
}

/// So many ticks run for nothing before the timer is switched off: switching costs a hostcall, and each request that comes
/// alone would switch it on and off.
const MOST_QUIET: u32 = 20;

/// The period that is wanted now, in milliseconds; 0: nobody waits for anything.
fn wanted(root: u32) -> u32 {
    let watches = || idle::is_needed(root) || reading::is_needed(root) || unheard::is_needed(root);
    if pause::is_needed(root) || rush::is_needed(root) {
        pause::TICK_MS
    } else if watches() {
        if idle::is_urgent() { idle::LAST_TICK_MS } else { SLOW_MS }
    } else {
        0
    }
}

/// Sets the period that is wanted now. A period that runs already is left alone: setting it anew begins it anew, and with
/// many requests it would never end.
///
/// # Errors
/// Envoy has no timer for us.
pub fn adjust(root: u32) -> Result<(), abi::Status> {
    let wanted = wanted(root);
    RUNNING.with(|running| {
        let Ok(mut running) = running.try_borrow_mut() else { return Err(abi::Status(10)) };
        match running.iter_mut().find(|known| known.root == root) {
            Some(known) if known.period == wanted => {
                known.quiet = 0;
                Ok(())
            }
            Some(known) if wanted == 0 && known.period == SLOW_MS && known.quiet < MOST_QUIET => {
                known.quiet += 1;
                Ok(())
            }
            Some(known) => {
                (known.period, known.quiet) = (wanted, 0);
                if wanted == 0 {
                    known.ticked_ms = 0;
                }
                abi::set_tick_period(wanted)
            }
            None if wanted == 0 => Ok(()),
            None => {
                running.push(Running { root, period: wanted, quiet: 0, ticked_ms: 0 });
                abi::set_tick_period(wanted)
            }
        }
    })
}

/// The timer of a root context.
pub fn tick(root: u32) {
    if wanted(root) > 0 {
        let now_ms = abi::now_ms();
        let passed_ms = passed(root, now_ms);
        pause::tick(root, now_ms);
        rush::tick(root);
        idle::tick(root, now_ms, passed_ms);
        reading::tick(root, passed_ms);
        unheard::tick(root, now_ms);
    } else {
        let _ = passed(root, 0);
    }
    let _ = adjust(root);
}

/// How much time has passed since the root context's last tick, in milliseconds; nothing if that was for nobody.
fn passed(root: u32, now_ms: u64) -> u64 {
    RUNNING.with(|running| {
        let Ok(mut running) = running.try_borrow_mut() else { return 0 };
        let Some(known) = running.iter_mut().find(|known| known.root == root) else { return 0 };
        match std::mem::replace(&mut known.ticked_ms, now_ms) {
            0 => 0,
            before_ms => now_ms.saturating_sub(before_ms),
        }
    })
}
