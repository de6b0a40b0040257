//! Asks Envoy what it has counted of requests whose bodies don't come: see [`Unheard`].

use super::respond::respond;
use super::{abi, shared, timer};
use crate::filter::headers;
use crate::filter::watch::{self, Hurry, Unheard, Waiting};
use crate::filter::{Answer, PluginRole};
use std::cell::RefCell;

thread_local! {
    static UNHEARD: RefCell<Unheard> = RefCell::default();
}

/// A role pauses at a request's headers, whose body is to come.
pub fn begin(root: u32, context: u32, role: PluginRole) {
    if shared::lend(&UNHEARD, |unheard| unheard.has_heard(role)) != Some(false) {
        return;
    }
    let one = Waiting { root, context, role, since_ms: abi::now_ms(), counted: counted() };
    shared::lend(&UNHEARD, |unheard| unheard.begin(one));
    let _ = timer::hurry(root, need(root));
}

/// A piece of a body came.
pub fn heard(role: PluginRole) {
    shared::lend(&UNHEARD, |unheard| unheard.heard(role));
}

/// The request is over.
pub fn forget(context: u32) {
    shared::lend(&UNHEARD, |unheard| unheard.forget(context));
}

pub fn need(root: u32) -> Hurry {
    shared::lend(&UNHEARD, |unheard| unheard.need(root)).unwrap_or_default()
}

/// Answers those whose bodies are kept back.
pub fn tick(root: u32, now_ms: u64) {
    for one in shared::lend(&UNHEARD, |unheard| unheard.due(root, now_ms)).unwrap_or_default() {
        if abi::enter(one.context).is_err() || !one.is_kept_back(counted) {
            continue;
        }
        forget(one.context);
        let (log, answer) = answer(one.role);
        abi::log(abi::Level::Error, &log);
        let _ = respond(&answer);
    }
}

/// The bytes that Envoy has counted of the request of the effective context, headers included.
fn counted() -> u64 {
    let bytes = abi::property("request\0total_size").ok().flatten().unwrap_or_default();
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// What the operator is told of the request of the effective context, and its caller.
fn answer(role: PluginRole) -> (String, Answer) {
    let pairs = abi::headers(abi::HeaderMap::RequestHeaders).unwrap_or_default();
    let lines = pairs.lines();
    let trip = headers::key(&lines, headers::TRIP).and_then(shared::recall);
    let path = headers::text(&lines, ":path").unwrap_or_default();
    watch::kept_back(role, watch::surface(trip.as_deref(), path))
}
