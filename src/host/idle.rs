//! Streams that have begun and then fall silent.
//!
//! Envoy's own idle timer of an attempt ends with the limit on its first token, so the streams that flow are watched
//! here. Nothing can be written into a stream outside its own callbacks: one that is silent for too long is reset, which
//! every client takes for what it is, an answer that broke off.

use super::{abi, timer};
use std::cell::RefCell;
use std::collections::HashMap;

/// How precise the limit is, in milliseconds.
pub const TICK_MS: u32 = 250;

struct Watched {
    root: u32,
    limit_ms: u64,
    last_ms: u64,
}

thread_local! {
    /// By the number of the stream's context.
    static WATCHED: RefCell<HashMap<u32, Watched>> = RefCell::default();
}

/// Some bytes of a flowing stream came.
pub fn touch(root: u32, context: u32, limit_ms: u64, now_ms: u64) {
    let is_new = WATCHED.with(|watched| {
        let Ok(mut watched) = watched.try_borrow_mut() else { return false };
        watched.insert(context, Watched { root, limit_ms, last_ms: now_ms }).is_none()
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

/// Resets the streams that are silent for too long. A clock that jumps back makes nobody silent.
pub fn tick(root: u32, now_ms: u64) {
    let silent: Vec<u32> = WATCHED.with(|watched| {
        let Ok(watched) = watched.try_borrow() else { return Vec::new() };
        let is_silent =
            |one: &Watched| one.root == root && now_ms.saturating_sub(one.last_ms) >= one.limit_ms;
        let mut silent: Vec<u32> =
            watched.iter().filter(|(_, one)| is_silent(one)).map(|(id, _)| *id).collect();
        silent.sort_unstable();
        silent
    });
    for context in silent {
        forget(context);
        abi::log(
            abi::Level::Warn,
            "a stream fell silent for longer than its group's stream_idle_timeout: it is reset",
        );
        let _ = abi::reset_response(context);
    }
}
