//! The router role's place in the downstream filter chain.

use super::{abi, shared};
use crate::filter::headers::{Header, HeaderList};
use crate::filter::{Answer, Moment, RequestStep, ResponseStep, Router, Runtime};
use crate::json::Document;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

pub struct RouterContext {
    runtime: Rc<Runtime>,
    router: Router,
    /// The key of the trip, once there is one.
    key: Option<u64>,
}

impl RouterContext {
    pub fn new(runtime: Rc<Runtime>) -> RouterContext {
        RouterContext { router: Router::new(Rc::clone(&runtime)), runtime, key: None }
    }

    fn send(&mut self, size: usize) -> Result<(), abi::Status> {
        let body = match abi::text(abi::buffer(abi::Buffer::RequestBody, 0, size)?) {
            Ok(text) => Document::of(text),
            Err(bytes) => Document::parse(bytes),
        };
        let now_ms = abi::now_ms();
        let key = shared::next_key();
        let cooling = shared::cooling(&self.runtime, now_ms);
        match self.router.plan(body, &Moment { now_ms, pick: key >> 16, key, cooling: &cooling }) {
            Err(answer) => respond(&answer),
            Ok((trip, headers)) => {
                shared::remember(key, &trip);
                self.key = Some(key);
                if trip.needs_handoff() || !shared::have_met() {
                    abi::set_property("switchover.turn", &trip.handoff(key))?;
                }
                // Few are added to many: setting all anew would cost Envoy much more.
                headers
                    .iter()
                    .try_for_each(|(name, value)| abi::set_header(abi::Map::RequestHeaders, name, value))
            }
        }
    }
}

/// Sends an answer of ours.
fn respond(answer: &Answer) -> Result<(), abi::Status> {
    let mut headers = HeaderList::new();
    answer.headers.iter().for_each(|(name, value)| headers.push(*name, value));
    abi::respond(u32::from(answer.status), "switchover", &headers, &answer.body)
}

/// A hostcall that failed where the request can't go on without it.
fn give_up(status: abi::Status) -> Action {
    abi::log(abi::Level::Error, &format!("the request can't go on: Envoy answered status {}", status.0));
    let body = br#"{"error":{"message":"The gateway failed inside. Try again.","type":"server_error","param":null,"code":"server_error"}}"#;
    let mut headers = HeaderList::new();
    headers.push("content-type", "application/json");
    let _ = abi::respond(500, "switchover_hostcall", &headers, body);
    Action::Pause
}

/// Takes reserved headers from a request before anybody acts on them.
fn removed(names: &[Vec<u8>], action: Action) -> Action {
    let mut done = names.iter().map(|name| abi::remove_header(abi::Map::RequestHeaders, name));
    done.find_map(Result::err).map_or(action, give_up)
}

impl Context for RouterContext {}

impl HttpContext for RouterContext {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        let pairs = match abi::headers(abi::Map::RequestHeaders) {
            Ok(pairs) => pairs,
            Err(status) => return give_up(status),
        };
        let headers: Vec<Header<'_>> = pairs.iter().collect();
        match self.router.request(&headers, end) {
            RequestStep::Pass { remove } => removed(&remove, Action::Continue),
            RequestStep::Read { remove } => removed(&remove, Action::Pause),
            RequestStep::Answer(answer) => respond(&answer).map_or_else(give_up, |()| Action::Pause),
        }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if !self.router.is_reading() {
            return Action::Continue;
        }
        if let Some(answer) = self.router.received(size) {
            return respond(&answer).map_or_else(give_up, |()| Action::Pause);
        }
        if !end {
            return Action::Pause;
        }
        match self.send(size) {
            Err(status) => give_up(status),
            // Without a trip the request was answered.
            Ok(()) if self.key.is_none() => Action::Pause,
            Ok(()) => Action::Continue,
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        if !self.router.must_finish() {
            return Action::Continue;
        }
        let Ok(pairs) = abi::headers(abi::Map::ResponseHeaders) else { return Action::Continue };
        let headers: Vec<Header<'_>> = pairs.iter().collect();
        let flags = || {
            let details = abi::property("response\0code_details").ok().flatten().unwrap_or_default();
            String::from_utf8_lossy(&details).into_owned()
        };
        match self.router.finish(&headers, flags) {
            ResponseStep::Pass => Action::Continue,
            ResponseStep::Answer { answer, class } => match respond(&answer) {
                Ok(()) => {
                    // For the access log; a good answer needs none, its headers say all.
                    let _ = abi::set_property("switchover.class", class.name().as_bytes());
                    Action::Pause
                }
                Err(status) => {
                    abi::log(
                        abi::Level::Error,
                        &format!("an answer could not be replaced: status {}", status.0),
                    );
                    Action::Continue
                }
            },
        }
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        // A provider's piece always has bytes: this one is a push of [`super::idle`]'s.
        if size == 0
            && !end
            && let Some(words) = self.router.last_words()
        {
            let _ = abi::set_buffer(abi::Buffer::ResponseBody, 0, 0, &words);
        }
        Action::Continue
    }
}

impl Drop for RouterContext {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            shared::forget(key);
        }
    }
}
