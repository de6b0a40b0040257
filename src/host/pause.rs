//! Lets contexts go on that wait: see [`Pauses`].

use super::{abi, shared, timer};
use crate::filter::watch::{Hurry, Paused, Pauses};
use std::cell::RefCell;

thread_local! {
    static PAUSES: RefCell<Pauses> = RefCell::default();
}

/// Remembers a context whose request is about to be paused; call it from that context.
///
/// # Errors
/// There is no timer: don't pause the request.
pub fn wait(root: u32, context: u32, until_ms: u64) -> Result<(), abi::Status> {
    begin(root, context, Paused::Request(until_ms))
}

/// Has an answer whose trailers are about to be held go on at the next tick.
///
/// # Errors
/// There is no timer: don't hold them.
pub fn push_answer(root: u32, context: u32) -> Result<(), abi::Status> {
    begin(root, context, Paused::Answer)
}

fn begin(root: u32, context: u32, paused: Paused) -> Result<(), abi::Status> {
    shared::lend(&PAUSES, |pauses| pauses.begin(root, context, paused)).ok_or(abi::IN_USE)?;
    timer::hurry(root, need(root)).inspect_err(|_| forget(context))
}

/// Whether a context's pause is not over.
pub fn is_waiting(context: u32) -> bool {
    shared::lend(&PAUSES, |pauses| pauses.is_waiting(context)).unwrap_or_default()
}

pub fn need(root: u32) -> Hurry {
    shared::lend(&PAUSES, |pauses| pauses.need(root)).unwrap_or_default()
}

/// The request is over, or goes on.
pub fn forget(context: u32) {
    shared::lend(&PAUSES, |pauses| pauses.forget(context));
}

/// The timer of a root context: lets those go on whose time has come.
pub fn tick(root: u32, now_ms: u64) {
    for (context, paused) in shared::lend(&PAUSES, |pauses| pauses.due(root, now_ms)).unwrap_or_default() {
        // One that is gone needs no waking.
        let _ = match paused {
            Paused::Request(_) => abi::resume_request(context),
            Paused::Answer => abi::push_response(context),
        };
    }
}
