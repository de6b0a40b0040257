//! The router role's place in the downstream filter chain.

use super::buffer::{drain, read};
use super::flow::Flow;
use super::respond::{broken, lines, respond};
use super::{abi, reading, rush, shared, store, unheard};
use crate::filter::headers::{self, HeaderList};
use crate::filter::{
    Answer, Arrival, Fact, LastWord, MOST_OF_THEIRS, Moment, OURS, PluginRole, RequestStep, ResponseStep,
    Router, Runtime, Trip,
};
use std::rc::Rc;

pub struct RouterContext {
    runtime: Rc<Runtime>,
    router: Router,
    /// The numbers of the plugin's root context and of this one.
    root: u32,
    context: u32,
    /// The key of the trip, once there is one.
    key: Option<u64>,
    /// Pieces of the body were taken out of Envoy's buffer.
    has_taken: bool,
    /// The status of another filter's answer that is held, and what came of it.
    theirs: Option<(u16, Vec<u8>)>,
    /// The whole body is in Envoy's buffer already.
    is_kept: bool,
    /// The answer to a request that is refused, whose end Envoy has not told yet.
    refusal: Option<Answer>,
}

impl RouterContext {
    pub fn new(runtime: Rc<Runtime>, root: u32, context: u32) -> RouterContext {
        let router = Router::new(Rc::clone(&runtime));
        RouterContext {
            router,
            runtime,
            root,
            context,
            key: None,
            has_taken: false,
            theirs: None,
            is_kept: false,
            refusal: None,
        }
    }

    /// A piece of another filter's refusal, which becomes one in the caller's envelope once it is whole.
    fn wrap(&mut self, (status, mut came): (u16, Vec<u8>), size: usize, end: bool) -> Flow {
        came.extend(read(abi::Buffer::ResponseBody, size).unwrap_or_default());
        if !end && came.len() <= MOST_OF_THEIRS {
            self.theirs = Some((status, came));
            let _ = drain(abi::Buffer::ResponseBody, size);
            return Flow::Wait;
        }
        let wrapped = if came.len() <= MOST_OF_THEIRS { self.router.theirs(status, &came) } else { None };
        let headed = wrapped.as_ref().map_or(Ok(()), |wrapped| {
            let set = |name: &str, value: &str| {
                abi::set_header(abi::HeaderMap::ResponseHeaders, name.as_bytes(), value.as_bytes())
            };
            set("content-type", "application/json")
                .and_then(|()| set("content-length", &wrapped.len().to_string()))
        });
        let body = wrapped.unwrap_or(came);
        if let Err(status) = headed.and_then(|()| abi::set_buffer(abi::Buffer::ResponseBody, 0, size, &body))
        {
            abi::log(
                abi::Level::Error,
                &format!("an answer could not be rewritten: Envoy answered status {}", status.0),
            );
        }
        Flow::Go
    }

    /// A piece of the body has come.
    fn take(&mut self, size: usize, end: bool) -> Result<Flow, abi::Status> {
        if let Some(answer) = self.router.received(size) {
            reading::forget(self.context);
            return respond(&answer).map(|()| Flow::Wait);
        }
        let piece = read(abi::Buffer::RequestBody, size)?;
        match self.router.arrives(piece, end) {
            Arrival::Wait => {
                reading::came(self.context, size);
                self.has_taken |= size > 0;
                drain(abi::Buffer::RequestBody, size).map(|()| Flow::Wait)
            }
            Arrival::Keep => {
                self.is_kept = true;
                Ok(Flow::Wait)
            }
            Arrival::Whole if rush::is_on(self.router.length()) => {
                let answer = self.router.is_one_too_many();
                self.refuse(answer, size, end)
            }
            Arrival::Whole => {
                let length = self.router.length();
                let sent = self.send(size, end);
                rush::did(self.root, self.router.weight().max(length));
                sent
            }
        }
    }

    /// The body is whole, `size` bytes of it in Envoy's buffer: plans, and lets it go.
    fn send(&mut self, size: usize, end: bool) -> Result<Flow, abi::Status> {
        let body = match self.router.take_body() {
            Ok(body) => abi::text(body),
            Err(answer) => return self.refuse(answer, size, end),
        };
        let now_ms = abi::now_ms();
        let key = shared::next_key();
        let standings = store::standings(&self.runtime, now_ms);
        match self.router.plan(body, &Moment { now_ms, pick: key >> 16, key, standings: &standings }) {
            Err(answer) => self.refuse(answer, size, end),
            Ok((trip, headers)) => {
                reading::forget(self.context);
                shared::remember(key, &trip);
                self.key = Some(key);
                if self.has_taken {
                    give_back(&trip, size)?;
                }
                if trip.needs_handoff() || !shared::have_met() {
                    abi::set_property("switchover.turn", &trip.handoff(key))?;
                }
                // Few are added to many: setting all anew would cost Envoy much more.
                headers.iter().try_for_each(|(name, value)| {
                    abi::set_header(abi::HeaderMap::RequestHeaders, name, value)
                })?;
                Ok(Flow::Go)
            }
        }
    }

    /// Answers a request whose body is whole: at its end, as Envoy closes the connection of a caller that is answered before.
    fn refuse(&mut self, answer: Answer, size: usize, end: bool) -> Result<Flow, abi::Status> {
        if end {
            reading::forget(self.context);
            return respond(&answer).map(|()| Flow::Wait);
        }
        self.refusal = Some(answer);
        drain(abi::Buffer::RequestBody, size).map(|()| Flow::Wait)
    }

    /// The body takes too long; called by the timer.
    pub fn late(&mut self, context: u32) {
        let Some(answer) = self.refusal.take().or_else(|| self.router.is_late()) else { return };
        let _ = abi::respond_to(context, u32::from(answer.status), OURS, &lines(&answer), &answer.body);
    }
}

/// Writes the whole request over the last piece of it.
fn give_back(trip: &Trip, size: usize) -> Result<(), abi::Status> {
    trip.body(|body| match body {
        Some(document) => abi::set_buffer(abi::Buffer::RequestBody, 0, size, document.as_text().as_bytes()),
        None => Ok(()),
    })
}

/// Answers in the place of an answer of Envoy's.
fn replace(word: &LastWord) -> Flow {
    let mut headers = lines(&word.answer);
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
            Flow::Wait
        }
        Err(status) => {
            abi::log(abi::Level::Error, &format!("an answer could not be replaced: status {}", status.0));
            Flow::Go
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
fn give_up(status: abi::Status) -> Flow {
    abi::log(abi::Level::Error, &format!("the request can't go on: Envoy answered status {}", status.0));
    let _ = respond(&Answer::gave_up());
    Flow::Wait
}

/// Takes reserved headers from a request before anybody acts on them.
fn removed(names: &[Vec<u8>], flow: Flow) -> Flow {
    let mut done = names.iter().map(|name| abi::remove_header(abi::HeaderMap::RequestHeaders, name));
    done.find_map(Result::err).map_or(flow, give_up)
}

impl RouterContext {
    pub fn request_headers(&mut self, end: bool) -> Flow {
        let pairs = match abi::headers(abi::HeaderMap::RequestHeaders) {
            Ok(pairs) => pairs,
            Err(status) => return give_up(status),
        };
        let headers = pairs.lines();
        match self.router.request(&headers, end) {
            RequestStep::Pass { remove } => removed(&remove, Flow::Go),
            RequestStep::Read { remove } => {
                reading::begin(self.root, self.context, self.runtime.config.listen.body_timeout_ms);
                let flow = removed(&remove, Flow::Wait);
                unheard::begin(self.root, self.context, PluginRole::Router);
                flow
            }
            RequestStep::Answer(answer) => respond(&answer).map_or_else(give_up, |()| Flow::Wait),
        }
    }

    pub fn request_body(&mut self, size: usize, end: bool) -> Flow {
        if self.router.is_reading() {
            unheard::heard(PluginRole::Router);
            return self.take(size, end).unwrap_or_else(give_up);
        }
        if let Some(answer) = self.refusal.take() {
            return self.refuse(answer, size, end).unwrap_or_else(give_up);
        }
        if self.router.is_sent() {
            // What follows the end of the JSON was never part of what we planned.
            return drain(abi::Buffer::RequestBody, size).map_or_else(give_up, |()| Flow::Go);
        }
        Flow::Go
    }

    /// Nobody but the caller knows what is in them.
    pub fn request_trailers(&mut self) -> Flow {
        if let Some(answer) = self.refusal.take() {
            return self.refuse(answer, 0, true).unwrap_or_else(give_up);
        }
        if self.router.is_reading() {
            // They end a body whose end was not told, or whose JSON has none: that can't be given back here.
            let flow = match self.take(0, true) {
                Ok(_) if self.router.is_sent() && !self.is_kept => give_up(abi::Status(0)),
                Ok(flow) => flow,
                Err(status) => give_up(status),
            };
            if flow == Flow::Wait {
                return flow;
            }
        }
        if self.router.is_sent() {
            let _ = abi::set_headers(abi::HeaderMap::RequestTrailers, &HeaderList::new());
        }
        Flow::Go
    }

    pub fn response_headers(&mut self, end: bool) -> Flow {
        if !self.router.must_finish() {
            return Flow::Go;
        }
        let Ok(pairs) = abi::headers(abi::HeaderMap::ResponseHeaders) else { return Flow::Go };
        let lines = pairs.lines();
        match self.router.finish(&lines, end, &fact) {
            ResponseStep::Pass => Flow::Go,
            ResponseStep::Answer(word) => replace(&word),
            ResponseStep::Hold(marks) => {
                for (name, value) in &marks {
                    let _ =
                        abi::set_header(abi::HeaderMap::ResponseHeaders, name.as_bytes(), value.as_bytes());
                }
                let status = headers::text(&lines, ":status").and_then(|status| status.parse().ok());
                self.theirs = status.map(|status| (status, Vec::new()));
                Flow::Wait
            }
        }
    }

    pub fn response_body(&mut self, size: usize, end: bool) -> Flow {
        if let Some(theirs) = self.theirs.take() {
            return self.wrap(theirs, size, end);
        }
        // A provider's piece always has bytes: this one is a push of [`super::idle`]'s.
        if size == 0
            && !end
            && let Some(words) = self.router.last_words()
        {
            let _ = abi::set_buffer(abi::Buffer::ResponseBody, 0, 0, &words);
            if let Some(class) = self.router.take_broke() {
                broken(class);
            }
        }
        Flow::Go
    }
}

impl Drop for RouterContext {
    fn drop(&mut self) {
        reading::forget(self.context);
        unheard::forget(self.context);
        if let Some(key) = self.key.take() {
            shared::forget(key);
        }
    }
}
