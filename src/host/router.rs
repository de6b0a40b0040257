//! The router role's place in the downstream filter chain.

use super::unheard::{self, Role};
use super::{abi, shared};
use crate::filter::headers::{Header, HeaderList};
use crate::filter::{
    Answer, Fact, LastWord, MOST_OF_THEIRS, Moment, OURS, RequestStep, ResponseStep, Router, Runtime,
};
use crate::json::Document;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

pub struct RouterContext {
    runtime: Rc<Runtime>,
    router: Router,
    /// The key of the trip, once there is one.
    key: Option<u64>,
    /// The status of another filter's answer that is held.
    theirs: Option<u16>,
    /// The numbers of the plugin's root context and of this one.
    root: u32,
    context: u32,
}

impl RouterContext {
    pub fn new(runtime: Rc<Runtime>, root: u32, context: u32) -> RouterContext {
        let router = Router::new(Rc::clone(&runtime));
        RouterContext { router, runtime, key: None, theirs: None, root, context }
    }

    /// A piece of another filter's refusal, which becomes one in the caller's envelope once it is whole.
    fn wrap(&mut self, status: u16, size: usize, end: bool) -> Action {
        if !end && size <= MOST_OF_THEIRS {
            return Action::Pause;
        }
        self.theirs = None;
        if size > MOST_OF_THEIRS {
            return Action::Continue;
        }
        let body = abi::buffer(abi::Buffer::ResponseBody, 0, size).unwrap_or_default();
        if let Some(wrapped) = self.router.theirs(status, &body) {
            let length = wrapped.len().to_string();
            let set = |name: &str, value: &str| {
                abi::set_header(abi::Map::ResponseHeaders, name.as_bytes(), value.as_bytes())
            };
            let done = set("content-type", "application/json")
                .and_then(|()| set("content-length", &length))
                .and_then(|()| abi::set_buffer(abi::Buffer::ResponseBody, 0, size, &wrapped));
            if let Err(status) = done {
                abi::log(
                    abi::Level::Error,
                    &format!("an answer could not be rewritten: Envoy answered status {}", status.0),
                );
            }
        }
        Action::Continue
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
    abi::respond(u32::from(answer.status), OURS, &headers, &answer.body)
}

/// Answers in the place of an answer of Envoy's.
fn replace(word: &LastWord) -> Action {
    let mut headers = HeaderList::new();
    word.answer.headers.iter().for_each(|(name, value)| headers.push(*name, value));
    word.kept.iter().for_each(|(name, value)| headers.push(name, value));
    if let Some(log) = &word.log {
        abi::log(abi::Level::Error, log);
    }
    match abi::respond(u32::from(word.answer.status), &word.details, &headers, &word.answer.body) {
        Ok(()) => {
            // For the access log; a good answer needs none, its headers say all.
            if let Some(class) = word.class {
                let _ = abi::set_property("switchover.class", class.as_bytes());
            }
            Action::Pause
        }
        Err(status) => {
            abi::log(abi::Level::Error, &format!("an answer could not be replaced: status {}", status.0));
            Action::Continue
        }
    }
}

/// What Envoy knows about an answer.
fn fact(fact: Fact) -> String {
    let path = match fact {
        Fact::Details => "response\0code_details",
        Fact::Cluster => "xds\0cluster_name",
        Fact::Route => "xds\0route_name",
    };
    let said = abi::property(path).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&said).into_owned()
}

/// A hostcall that failed where the request can't go on without it.
fn give_up(status: abi::Status) -> Action {
    abi::log(abi::Level::Error, &format!("the request can't go on: Envoy answered status {}", status.0));
    let body = br#"{"error":{"message":"The gateway failed inside. Send the request again.","type":"server_error","param":null,"code":"gateway_error"}}"#;
    let mut headers = HeaderList::new();
    headers.push("content-type", "application/json");
    let _ = abi::respond(500, OURS, &headers, body);
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
            RequestStep::Read { remove } => {
                let action = removed(&remove, Action::Pause);
                unheard::begin(self.root, self.context, Role::Router);
                action
            }
            RequestStep::Answer(answer) => respond(&answer).map_or_else(give_up, |()| Action::Pause),
        }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if !self.router.is_reading() {
            return Action::Continue;
        }
        unheard::heard(Role::Router);
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

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        if !self.router.must_finish() {
            return Action::Continue;
        }
        let Ok(pairs) = abi::headers(abi::Map::ResponseHeaders) else { return Action::Continue };
        let headers: Vec<Header<'_>> = pairs.iter().collect();
        match self.router.finish(&headers, end, &fact) {
            ResponseStep::Pass => Action::Continue,
            ResponseStep::Answer(word) => replace(&word),
            ResponseStep::Hold(marks) => {
                for (name, value) in &marks {
                    let _ = abi::set_header(abi::Map::ResponseHeaders, name.as_bytes(), value.as_bytes());
                }
                self.theirs =
                    crate::filter::headers::text(&headers, ":status").and_then(|status| status.parse().ok());
                Action::Pause
            }
        }
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        if let Some(status) = self.theirs {
            return self.wrap(status, size, end);
        }
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
        unheard::forget(self.context);
        if let Some(key) = self.key.take() {
            shared::forget(key);
        }
    }
}
