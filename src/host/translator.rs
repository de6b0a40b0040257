//! The translator role's place in the upstream filter chain of an order: one context for each attempt.

use super::buffer::{drain, read};
use super::flow::Flow;
use super::pairs::Pairs;
use super::respond::{broken, respond};
use super::{abi, idle, pause, rush, shared, store, telemetry, unheard};
use crate::dialect::Surface;
use crate::failure::Head;
use crate::filter::headers::{self, Header, HeaderList};
use crate::filter::{Answer, Attempt, Beginning, Instead, Parting, PluginRole, Runtime, Step, Trip};
use std::rc::Rc;

/// Where Envoy keeps the target's id: the metadata of the endpoint it picked for this attempt.
const TARGET_OF_ENDPOINT: &str = "xds\0upstream_host_metadata\0filter_metadata\0switchover\0target";

pub struct TranslatorContext {
    runtime: Rc<Runtime>,
    /// The request, until the attempt begins.
    asked: Option<Coming>,
    attempt: Option<Attempt>,
    /// The request was written or refused: nothing more is read of it.
    is_written: bool,
    /// The numbers of the plugin's root context and of this one.
    root: u32,
    context: u32,
    /// The answer's headers as they came, which Envoy still has.
    answer: Pairs,
    /// So many bytes of the answer were left with Envoy until their end.
    kept: usize,
}

/// A request on its way in.
struct Coming {
    headers: Pairs,
    trip: Rc<Trip>,
    /// What was taken out of Envoy's buffer.
    taken: Vec<u8>,
    /// How many bytes were, also where the trip has them and they weren't read.
    drained: usize,
}

impl TranslatorContext {
    pub fn new(runtime: Rc<Runtime>, root: u32, context: u32) -> TranslatorContext {
        TranslatorContext {
            runtime,
            asked: None,
            attempt: None,
            is_written: false,
            root,
            context,
            answer: Pairs::default(),
            kept: 0,
        }
    }

    /// A piece of the request: whether the attempt began.
    fn gather(&mut self, size: usize, end: bool) -> Result<bool, String> {
        let mut asked = match self.asked.take() {
            Some(asked) => asked,
            None => {
                let headers = abi::headers(abi::HeaderMap::RequestHeaders).map_err(envoys)?;
                let lines = headers.lines();
                let trip = self
                    .trip(&lines, size)
                    .ok_or("the request did not come through the filter with root_id \"router\"")?;
                Coming { headers, trip, taken: Vec::new(), drained: 0 }
            }
        };
        let length = asked.trip.length();
        let is_whole = length > 0 && asked.drained.saturating_add(size) == length;
        if end || is_whole {
            return self.ask(asked, size).map(|()| true);
        }
        if asked.trip.needs_body() {
            asked.taken.extend(read(abi::Buffer::RequestBody, size).map_err(envoys)?);
        }
        drain(abi::Buffer::RequestBody, size).map_err(envoys)?;
        asked.drained = asked.drained.saturating_add(size);
        self.asked = Some(asked);
        Ok(false)
    }

    /// The trip that the router role began: shared, or made anew from its handoff or from the request. The header that names
    /// it is gone after the first attempt; the property isn't, and costs more.
    fn trip(&self, headers: &[Header<'_>], size: usize) -> Option<Rc<Trip>> {
        let named = headers::key(headers, headers::TRIP);
        if let Some(trip) = named.and_then(shared::recall) {
            shared::met();
            return Some(trip);
        }
        if let Some(handoff) = abi::property("switchover.turn").ok().flatten() {
            let shared = Trip::handoff_key(&handoff).and_then(shared::recall);
            return shared.or_else(|| Trip::from_handoff(&self.runtime, &handoff).map(Rc::new));
        }
        let body = abi::buffer(abi::Buffer::RequestBody, 0, size).ok()?;
        Trip::from_request(&self.runtime, headers, body, abi::now_ms()).map(Rc::new)
    }

    /// Begins the attempt: the request is whole, and `size` bytes of it are in Envoy's buffer.
    fn ask(&mut self, asked: Coming, size: usize) -> Result<(), String> {
        let Coming { headers, trip, taken, drained } = asked;
        let body = if trip.needs_body() {
            let last = read(abi::Buffer::RequestBody, size).map_err(envoys)?;
            if taken.is_empty() { last } else { [taken, last].concat() }
        } else {
            Vec::new()
        };
        rush::did(self.root, trip.weight().max(body.len()));
        let lines = headers.lines();
        let known = Beginning {
            headers: &lines,
            body: &body,
            taken: drained,
            buffered: size,
            seat: &seat,
            clock: &abi::now_ms,
        };
        let start = match Attempt::start(&trip, &known) {
            Ok(start) => start,
            Err(Instead::Answer(answer)) => return respond(&answer).map_err(envoys),
            Err(Instead::Misconfigured(how)) => return Err(how),
        };
        abi::turn_headers(abi::HeaderMap::RequestHeaders, &lines, &start.headers, headers::is_stripped)
            .and_then(|()| abi::set_buffer(abi::Buffer::RequestBody, 0, start.over, &start.body))
            .map_err(envoys)?;
        let attempt = self.attempt.insert(start.attempt);
        for (target, news) in attempt.sights() {
            store::tell(attempt.runtime(), target, news, || attempt.began_ms());
        }
        self.learn();
        Ok(())
    }

    /// Whether the request must wait now because of a drill.
    fn must_wait(&self) -> bool {
        let delay_ms = self.attempt.as_ref().and_then(Attempt::delay_ms);
        delay_ms.is_some_and(|ms| {
            if ms == u64::MAX {
                return true;
            }
            let until_ms = abi::now_ms().saturating_add(ms);
            pause::wait(self.root, self.context, until_ms).is_ok()
        })
    }

    /// Whether it still does.
    fn waits(&self) -> bool {
        let delay_ms = self.attempt.as_ref().and_then(Attempt::delay_ms);
        delay_ms.is_some_and(|ms| ms == u64::MAX || pause::is_waiting(self.context))
    }

    /// Carries out a step. `size` bytes of the body are in the buffer; none yet in the headers' callback.
    fn apply(&mut self, step: Step, size: usize) -> Flow {
        let done = match step {
            // The machine has the bytes; Envoy needn't keep them too.
            Step::Hold => return log_failed(drain(abi::Buffer::ResponseBody, size), Flow::Wait),
            Step::Pass => Ok(()),
            Step::Chunk(bytes) => put(&bytes, size),
            Step::Release { headers, body } => self.release(&headers).and_then(|()| put(&body, size)),
        };
        self.learn();
        log_failed(done, Flow::Go)
    }

    fn release(&mut self, headers: &HeaderList) -> Result<(), abi::Status> {
        let came = std::mem::take(&mut self.answer);
        let current = came.lines();
        abi::turn_headers(abi::HeaderMap::ResponseHeaders, &current, headers, |_| false)
    }

    /// Tells what the attempt taught: to all workers, and to the metrics.
    fn learn(&mut self) {
        let Some(attempt) = self.attempt.as_mut() else { return };
        let told = attempt.take_told();
        for count in &told.counts {
            telemetry::count(attempt.runtime(), count);
        }
        if let Some(class) = told.broke {
            broken(class);
        }
        if let Some((target, news)) = told.news {
            store::tell(attempt.runtime(), target, news, abi::now_ms);
        }
    }
}

/// Who left, of an attempt that ends without an end.
fn parting() -> Parting {
    let flags = abi::property("response\0flags").ok().flatten();
    Parting::of(flags.and_then(|flags| flags.try_into().ok()).map_or(0, u64::from_le_bytes))
}

/// The name of the seat that Envoy picked for this attempt.
fn seat() -> String {
    let name = abi::property(TARGET_OF_ENDPOINT).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&name).into_owned()
}

fn envoys(status: abi::Status) -> String {
    format!("Envoy answered status {}", status.0)
}

/// Writes a piece of the answer in place of the one that came.
fn put(bytes: &[u8], size: usize) -> Result<(), abi::Status> {
    if size == 0 && bytes.is_empty() {
        return Ok(());
    }
    abi::set_buffer(abi::Buffer::ResponseBody, 0, size, bytes)
}

fn log_failed(done: Result<(), abi::Status>, flow: Flow) -> Flow {
    if let Err(status) = done {
        abi::log(
            abi::Level::Error,
            &format!("an answer could not be rewritten: Envoy answered status {}", status.0),
        );
    }
    flow
}

impl TranslatorContext {
    pub fn request_headers(&mut self, end: bool) -> Flow {
        if end {
            return Flow::Go;
        }
        unheard::begin(self.root, self.context, PluginRole::Translator);
        Flow::Wait
    }

    pub fn request_body(&mut self, size: usize, end: bool) -> Flow {
        unheard::heard(PluginRole::Translator);
        if self.is_written {
            // The end of what was written already: a provider gets what we wrote, and nothing else.
            let flow = if self.waits() { Flow::Wait } else { Flow::Go };
            return log_failed(drain(abi::Buffer::RequestBody, size), flow);
        }
        match self.gather(size, end) {
            Ok(false) => Flow::Wait,
            Ok(true) => {
                self.is_written = true;
                if self.attempt.is_some() && !self.must_wait() { Flow::Go } else { Flow::Wait }
            }
            Err(why) => {
                self.is_written = true;
                abi::log(abi::Level::Error, &format!("an attempt can't be made: {why}"));
                let what = "The gateway is misconfigured; its log says how. Tell its operator.";
                let _ = respond(&Answer::misconfigured(Surface::Chat, what));
                Flow::Wait
            }
        }
    }

    /// The router role took what was in them; they end a request whose length nobody said.
    pub fn request_trailers(&mut self) -> Flow {
        if self.is_written { Flow::Go } else { self.request_body(0, true) }
    }

    pub fn response_headers(&mut self, end: bool) -> Flow {
        let Some(attempt) = self.attempt.as_mut() else { return Flow::Go };
        self.answer = abi::headers(abi::HeaderMap::ResponseHeaders).unwrap_or_default();
        let headers = self.answer.lines();
        let status = headers::text(&headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        let step = attempt.head(&Head { status, headers: &headers }, end, &abi::now_ms);
        self.apply(step, 0)
    }

    pub fn response_body(&mut self, size: usize, end: bool) -> Flow {
        let Some(attempt) = self.attempt.as_mut() else { return Flow::Go };
        if !end && attempt.keeps() {
            self.kept = size;
            return Flow::Keep;
        }
        let bytes = read(abi::Buffer::ResponseBody, size).unwrap_or_default();
        rush::did(self.root, bytes.len());
        let step = attempt.body(bytes, end, &abi::now_ms);
        if attempt.is_flowing() {
            idle::touch(self.root, self.context, || attempt.silence());
        }
        self.apply(step, size)
    }

    /// The end of an answer that said nothing of it before. Nothing can be written into a body here unless Envoy has kept some, so
    /// what is left to say is for the router role, which is called with an empty piece when the trailers go on.
    pub fn response_trailers(&mut self) -> Flow {
        let Some(attempt) = self.attempt.as_mut() else { return Flow::Go };
        if self.kept > 0 && attempt.keeps() {
            let bytes = read(abi::Buffer::ResponseBody, self.kept).unwrap_or_default();
            let step = attempt.body(bytes, true, &abi::now_ms);
            return self.apply(step, self.kept);
        }
        let (headers, words) = match attempt.body(Vec::new(), true, &abi::now_ms) {
            Step::Release { headers, body } => (Some(headers), body),
            Step::Chunk(words) => (None, words),
            Step::Hold | Step::Pass => (None, Vec::new()),
        };
        let is_silent = words.is_empty();
        if !is_silent {
            attempt.say_last(words);
        }
        let done = headers.map_or(Ok(()), |headers| self.release(&headers));
        self.learn();
        let flow = log_failed(done, Flow::Go);
        if is_silent || pause::push_answer(self.root, self.context).is_err() { flow } else { Flow::Wait }
    }
}

/// The attempt is over. Envoy has a callback of its own for that, right before the one that drops the context; what needn't be
/// exported costs no crossing.
impl Drop for TranslatorContext {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.as_mut() {
            pause::forget(self.context);
            attempt.abandoned(parting, &abi::now_ms);
        }
        self.learn();
        idle::forget(self.context);
        unheard::forget(self.context);
    }
}
