//! Streams that have begun and then fall silent, or take longer than a request may: each ends with an error event, and is
//! closed.
//!
//! Envoy's own idle timer of an attempt ends with the limit on its first token, so the streams that flow are watched
//! here, by the timer. Nothing can be written into a stream outside its own callbacks, and none comes while its provider
//! is silent. But an answer that is told to go on, though nothing holds it, sends an empty piece down the filter chain
//! (seen on 1.37 to 1.40): the router role is called with it and writes the last words into it. One tick later, when they
//! are out, the stream is reset.

use super::entry::Numbers;
use super::{abi, shared, telemetry, timer};
use crate::filter::{Silence, Why};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;

/// How often a stream is looked at shortly before the whole time is over, in milliseconds.
pub const LAST_TICK_MS: u32 = 25;
/// How long that is.
const LAST_MS: u64 = 500;

/// The most that one tick counts for: a clock that jumps ahead ends no stream.
const MOST_TICK_MS: u64 = 1000;

struct Watched {
    root: u32,
    /// Nothing was counted since its last bytes.
    fresh: bool,
    /// For so long, in milliseconds.
    silent_ms: u64,
    /// When it ends at the latest, in milliseconds since 1970.
    deadline_ms: u64,
    /// The timer has seen it.
    ticked: bool,
    silence: Silence,
    /// The last words are on their way.
    spoke: bool,
}

thread_local! {
    static TICKED_MS: Cell<u64> = const { Cell::new(0) };
    /// When the first of all streams ends at the latest; too early if that one is over since the last tick.
    static FIRST_MS: Cell<u64> = const { Cell::new(u64::MAX) };
    /// By the number of the stream's context.
    static WATCHED: RefCell<HashMap<u32, Watched, BuildHasherDefault<Numbers>>> = RefCell::default();
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
        let deadline_ms = silence.deadline_ms();
        FIRST_MS.set(FIRST_MS.get().min(deadline_ms));
        let one =
            Watched { root, fresh: true, silent_ms: 0, deadline_ms, ticked: false, silence, spoke: false };
        watched.insert(context, one);
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

/// Whether the time of a stream is nearly over.
pub fn is_urgent() -> bool {
    FIRST_MS.get() <= TICKED_MS.get().saturating_add(LAST_MS)
}

/// Ends the streams that are silent for too long, and those whose time is over.
pub fn tick(root: u32, now_ms: u64, since_ms: u64) {
    TICKED_MS.set(now_ms);
    let passed_ms = since_ms.min(MOST_TICK_MS);
    let (mut ended, mut spoke, mut endings) = (Vec::new(), Vec::new(), Vec::new());
    WATCHED.with(|watched| {
        let Ok(mut watched) = watched.try_borrow_mut() else { return };
        for (context, one) in watched.iter_mut().filter(|(_, one)| one.root == root) {
            if one.spoke {
                spoke.push(*context);
                continue;
            }
            if std::mem::replace(&mut one.ticked, true) {
                one.deadline_ms = one.deadline_ms.saturating_add(since_ms - passed_ms);
            }
            one.silent_ms = if one.fresh { 0 } else { one.silent_ms.saturating_add(passed_ms) };
            one.fresh = false;
            let why = match () {
                () if one.silent_ms >= one.silence.limit_ms() => Why::Silent,
                () if one.deadline_ms <= now_ms => Why::TooLong,
                () => continue,
            };
            one.spoke = true;
            endings.extend(one.silence.ends(why).map(|told| (Rc::clone(one.silence.runtime()), told)));
            ended.push((*context, why));
        }
        FIRST_MS.set(watched.values().map(|one| one.deadline_ms).min().unwrap_or(u64::MAX));
    });
    for (runtime, told) in endings {
        told.counts.iter().for_each(|count| telemetry::count(&runtime, count));
        if let Some((target, news)) = told.news {
            shared::tell(&runtime, target, news, || now_ms);
        }
    }
    for (context, why) in ended {
        let what = match why {
            Why::Silent => {
                "a stream fell silent for longer than its group's stream_idle_timeout: it is ended"
            }
            Why::TooLong => "a stream took as long as its group's timeout allows: it is ended",
        };
        abi::log(abi::Level::Warn, what);
        let _ = abi::push_response(context);
    }
    for context in spoke {
        forget(context);
        let _ = abi::reset_response(context);
    }
}
