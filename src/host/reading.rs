//! The bodies on their way in: see [`Bodies`].

use super::{shared, timer};
use crate::filter::watch::{Bodies, Hurry};
use std::cell::RefCell;

thread_local! {
    static BODIES: RefCell<Bodies> = RefCell::default();
}

/// A body is about to come.
pub fn begin(root: u32, context: u32, limit_ms: u64) {
    shared::lend(&BODIES, |bodies| bodies.begin(root, context, limit_ms));
    let _ = timer::hurry(root, need(root));
}

/// So many bytes of it came.
pub fn came(context: u32, bytes: usize) {
    shared::lend(&BODIES, |bodies| bodies.came(context, bytes));
}

/// It is whole, or nobody waits for it any more.
pub fn forget(context: u32) {
    shared::lend(&BODIES, |bodies| bodies.forget(context));
}

pub fn need(root: u32) -> Hurry {
    shared::lend(&BODIES, |bodies| bodies.need(root)).unwrap_or_default()
}

/// The contexts whose bodies take too long.
pub fn late(root: u32, passed_ms: u64) -> Vec<u32> {
    shared::lend(&BODIES, |bodies| bodies.late(root, passed_ms)).unwrap_or_default()
}
