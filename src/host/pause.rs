//! Requests that wait for a while before they go on, for drills of latency, and answers whose end must be told by another
//! filter.
//!
//! Neither can wake itself: its plugin's root context is called by Envoy's timer, and lets those go on whose time has
//! come. The timer runs only while somebody waits.

use super::{abi, timer};
use std::cell::RefCell;

/// How precise a pause is, in milliseconds.
pub const TICK_MS: u32 = 5;

/// One that waits.
struct Waiting {
    /// The root context of its plugin.
    root: u32,
    context: u32,
    until_ms: u64,
    /// The answer waits, not the request.
    is_answer: bool,
}

thread_local! {
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

/// Remembers a context whose request is about to be paused; call it from that context.
///
/// # Errors
/// There is no timer: don't pause the request.
pub fn wait(root: u32, context: u32, until_ms: u64) -> Result<(), abi::Status> {
    enter(Waiting { root, context, until_ms, is_answer: false })
}

/// Has an answer whose trailers are about to be held go on at the next tick.
///
/// # Errors
/// There is no timer: don't hold them.
pub fn push_answer(root: u32, context: u32) -> Result<(), abi::Status> {
    enter(Waiting { root, context, until_ms: 0, is_answer: true })
}

fn enter(one: Waiting) -> Result<(), abi::Status> {
    let (root, context) = (one.root, one.context);
    WAITING.with(|waiting| {
        let Ok(mut waiting) = waiting.try_borrow_mut() else { return Err(abi::Status(10)) };
        waiting.push(one);
        Ok(())
    })?;
    timer::adjust(root).inspect_err(|_| forget(context))
}

/// Whether a context's pause is not over.
pub fn is_waiting(context: u32) -> bool {
    WAITING.with(|waiting| {
        waiting.try_borrow().is_ok_and(|waiting| waiting.iter().any(|one| one.context == context))
    })
}

pub fn is_needed(root: u32) -> bool {
    WAITING
        .with(|waiting| waiting.try_borrow().is_ok_and(|waiting| waiting.iter().any(|one| one.root == root)))
}

/// The request is over, or goes on.
pub fn forget(context: u32) {
    WAITING.with(|waiting| {
        if let Ok(mut waiting) = waiting.try_borrow_mut() {
            waiting.retain(|one| one.context != context);
        }
    });
}

/// The timer of a root context: lets those go on whose time has come.
pub fn tick(root: u32, now_ms: u64) {
    let due: Vec<(u32, bool)> = WAITING.with(|waiting| {
        let Ok(mut waiting) = waiting.try_borrow_mut() else { return Vec::new() };
        let is_due = |one: &Waiting| one.root == root && one.until_ms <= now_ms;
        let due = waiting.iter().filter(|one| is_due(one)).map(|one| (one.context, one.is_answer)).collect();
        waiting.retain(|one| !is_due(one));
        due
    });
    for (context, is_answer) in due {
        // One that is gone needs no waking.
        let _ = if is_answer { abi::push_response(context) } else { abi::resume_request(context) };
    }
}
