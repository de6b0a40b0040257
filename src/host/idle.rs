//! Streams that have begun and then fall silent: each ends with an error event, and is closed.
//!
//! Envoy's own idle timer of an attempt ends with the limit on its first token, so the streams that flow are watched
//! here, by the timer. Nothing can be written into a stream outside its own callbacks, and none comes while its provider
//! is silent. But an answer that is told to go on, though nothing holds it, sends an empty piece down the filter chain
//! (seen on 1.37 to 1.40): the router role is called with it and writes the last words into it. One tick later, when they
//! are out, the stream is reset.

use super::{abi, shared, timer};
use crate::filter::Silence;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// The most that one tick counts for: a clock that jumps ahead ends no stream.
const MOST_TICK_MS: u64 = 1000;

struct Watched {
    root: u32,
    /// Nothing was counted since its last bytes.
    fresh: bool,
    /// For so long, in milliseconds.
    silent_ms: u64,
    silence: Silence,
    /// The last words are on their way.
    spoke: bool,
}

thread_local! {
    static LAST_TICK_MS: Cell<u64> = const { Cell::new(0) };
    /// By the number of the stream's context.
    static WATCHED: RefCell<HashMap<u32, Watched>> = RefCell::default();
}

/// Some bytes of a flowing stream came. `silence` is asked for once a stream.
pub fn touch(root: u32, context: u32, silence: impl FnOnce() -> Option<Silence>) {
    let is_new = WATCHED.with(|watched| {
        let Ok(mut watched) = watched.try_borrow_mut() else { return false };
        if let Some(known) = watched.get_mut(&context) {
            known.fresh = true;
            return false;
        }
        let Some(silence) = silence() else { return false };
        watched.insert(context, Watched { root, fresh: true, silent_ms: 0, silence, spoke: false });
        true
    });
    if is_new {
        let _ = timer::adjust(root);
    }
}

/// The stream is over.
pub fn forget(context: u32) {
    WATCHED.with(|watched| {
        if let Ok(mut watched) = watched.try_borrow_mut() {
            watched.remove(&context);
        }
    });
}

pub fn is_needed(root: u32) -> bool {
    WATCHED.with(|watched| {
        watched.try_borrow().is_ok_and(|watched| watched.values().any(|one| one.root == root))
    })
}

/// Ends the streams that are silent for too long.
pub fn tick(root: u32, now_ms: u64) {
    let passed_ms = now_ms.saturating_sub(LAST_TICK_MS.replace(now_ms)).min(MOST_TICK_MS);
    let (mut silent, mut spoke, mut metrics) = (Vec::new(), Vec::new(), Vec::new());
    WATCHED.with(|watched| {
        let Ok(mut watched) = watched.try_borrow_mut() else { return };
        for (context, one) in watched.iter_mut().filter(|(_, one)| one.root == root) {
            if one.spoke {
                spoke.push(*context);
                continue;
            }
            one.silent_ms = if one.fresh { 0 } else { one.silent_ms.saturating_add(passed_ms) };
            one.fresh = false;
            if one.silent_ms >= one.silence.limit_ms() {
                one.spoke = true;
                metrics.extend(one.silence.ends());
                silent.push(*context);
            }
        }
    });
    for metric in metrics {
        shared::count(&metric, 1);
    }
    for context in silent {
        abi::log(
            abi::Level::Warn,
            "a stream fell silent for longer than its group's stream_idle_timeout: it is ended",
        );
        let _ = abi::push_response(context);
    }
    for context in spoke {
        forget(context);
        let _ = abi::reset_response(context);
    }
}
