//! The [`Rush`] of this VM, and the timer that ends it.

use super::timer;
use crate::filter::watch::{Hurry, Rush};
use std::cell::Cell;

thread_local! {
    static RUSH: Cell<Rush> = Cell::default();
}

/// Whether a body of so many bytes is one too many at this moment.
pub fn is_on(bytes: usize) -> bool {
    RUSH.get().is_on(bytes)
}

/// Notes that so much work was done; call it from a context of this root.
pub fn did(root: u32, weight: usize) {
    let mut rush = RUSH.get();
    let needs_timer = rush.did(root, weight);
    RUSH.set(rush);
    if needs_timer && timer::hurry(root, need(root)).is_err() {
        // Nothing would ever end it.
        tick(root);
    }
}

pub fn need(root: u32) -> Hurry {
    RUSH.get().need(root)
}

/// The timer of a root context, or its end.
pub fn tick(root: u32) {
    let mut rush = RUSH.get();
    rush.tick(root);
    RUSH.set(rush);
}
