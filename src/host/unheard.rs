//! Bodies that Envoy has and doesn't deliver, as a filter's configuration lacks `allow_on_headers_stop_iteration`.
//!
//! The roles pause at the headers until the body is there. Without that flag Envoy keeps the body back for as long as a filter
//! pauses, so both would wait for each other, and nothing would say so. No attribute tells whether the flag is set. But until a
//! body has once come to a role of this VM, the timer looks: Envoy counts a request's bytes before any filter sees them, so a body
//! that is counted and was never delivered is one that is kept back. A caller that is slow has no bytes to be counted, and is left
//! alone.

use super::{abi, shared, timer};
use crate::dialect::{CallerError, Surface};
use crate::filter::headers::{self, HeaderList};
use crate::filter::{Answer, OURS};
use std::cell::{Cell, RefCell};

/// How long a body may be kept back, in milliseconds.
const MOST_MS: u64 = 2000;

/// A role of the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Router,
    Translator,
}

struct Waiting {
    root: u32,
    context: u32,
    role: Role,
    since_ms: u64,
    /// What Envoy had counted of the request when the wait began.
    counted: u64,
}

thread_local! {
    /// Whether a body has come to the router role, and to the translator role.
    static HEARD: Cell<(bool, bool)> = const { Cell::new((false, false)) };
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

fn has_heard(role: Role) -> bool {
    let (router, translator) = HEARD.get();
    if role == Role::Router { router } else { translator }
}

/// A role pauses at a request's headers, whose body is to come.
pub fn begin(root: u32, context: u32, role: Role) {
    if has_heard(role) {
        return;
    }
    let one = Waiting { root, context, role, since_ms: abi::now_ms(), counted: counted() };
    WAITING.with(|waiting| {
        if let Ok(mut waiting) = waiting.try_borrow_mut() {
            waiting.push(one);
        }
    });
    let _ = timer::adjust(root);
}

/// A piece of a body came.
pub fn heard(role: Role) {
    if has_heard(role) {
        return;
    }
    let (router, translator) = HEARD.get();
    HEARD.set((router || role == Role::Router, translator || role == Role::Translator));
    WAITING.with(|waiting| {
        if let Ok(mut waiting) = waiting.try_borrow_mut() {
            waiting.retain(|one| one.role != role);
        }
    });
}

/// The request is over.
pub fn forget(context: u32) {
    if HEARD.get() == (true, true) {
        return;
    }
    WAITING.with(|waiting| {
        if let Ok(mut waiting) = waiting.try_borrow_mut() {
            waiting.retain(|one| one.context != context);
        }
    });
}

pub fn is_needed(root: u32) -> bool {
    WAITING
        .with(|waiting| waiting.try_borrow().is_ok_and(|waiting| waiting.iter().any(|one| one.root == root)))
}

/// Answers those whose bodies are kept back.
pub fn tick(root: u32, now_ms: u64) {
    let due: Vec<(u32, Role, u64)> = WAITING.with(|waiting| {
        let Ok(waiting) = waiting.try_borrow() else { return Vec::new() };
        let is_due = |one: &&Waiting| one.root == root && now_ms.saturating_sub(one.since_ms) >= MOST_MS;
        waiting.iter().filter(is_due).map(|one| (one.context, one.role, one.counted)).collect()
    });
    for (context, role, before) in due {
        // To a translator the whole request was given at once; of a caller's something must have come.
        if abi::enter(context).is_err() || role == Role::Router && counted() <= before {
            continue;
        }
        forget(context);
        let how = how(role);
        abi::log(abi::Level::Error, &how);
        let message = format!("The gateway is misconfigured. {how}");
        let error =
            CallerError { status: 500, code: "gateway_misconfigured".to_owned(), param: None, message };
        let answer = Answer::error(surface(), &error);
        let mut lines = HeaderList::new();
        answer.headers.iter().for_each(|(name, value)| lines.push(*name, value));
        let _ = abi::respond(u32::from(answer.status), OURS, &lines, &answer.body);
    }
}

fn how(role: Role) -> String {
    let role = if role == Role::Router { "router" } else { "translator" };
    format!(
        "Envoy keeps the bodies of requests back from the wasm filter with root_id \"{role}\". Write \
         `allow_on_headers_stop_iteration: true` into that filter's configuration, beside root_id."
    )
}

/// The bytes that Envoy has counted of the request of the effective context, headers included.
fn counted() -> u64 {
    let bytes = abi::property("request\0total_size").ok().flatten().unwrap_or_default();
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// Whose envelope an answer to the request of the effective context needs.
fn surface() -> Surface {
    let pairs = abi::headers(abi::Map::RequestHeaders).unwrap_or_default();
    let lines = pairs.lines();
    let trip = headers::key(&lines, headers::TRIP).and_then(shared::recall);
    if let Some(trip) = trip {
        return trip.turn.surface;
    }
    let path = headers::text(&lines, ":path").unwrap_or_default();
    if path.contains("/v1/messages") { Surface::Messages } else { Surface::Chat }
}
