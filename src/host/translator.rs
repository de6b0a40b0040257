//! The translator role's place in the upstream filter chain of an order: one context for each attempt.

use super::unheard::{self, Role};
use super::{abi, idle, pause, shared};
use crate::dialect::{Outgoing, Surface};
use crate::failure::Head;
use crate::filter::headers::{self, Header, HeaderList};
use crate::filter::{Answer, Attempt, Runtime, Step, Trip};
use crate::plan::Seat;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// Where Envoy keeps the target's id: the metadata of the endpoint it picked for this attempt.
const TARGET_OF_ENDPOINT: &str = "xds\0upstream_host_metadata\0filter_metadata\0switchover\0target";

pub struct TranslatorContext {
    runtime: Rc<Runtime>,
    attempt: Option<Attempt>,
    target: usize,
    /// The numbers of the plugin's root context and of this one.
    root: u32,
    context: u32,
    /// Bytes of the answer that came and are still with Envoy.
    unread: usize,
    /// The answer's headers as they came, which Envoy still has.
    answer: abi::Pairs,
}

/// Of an answer that is collected whole, Envoy keeps the first pieces for us: one read instead of many. In bytes; more than
/// that are ours, so that no buffer limit of Envoy's is met.
const KEPT_BY_ENVOY: usize = 64 * 1024;

impl TranslatorContext {
    pub fn new(runtime: Rc<Runtime>, root: u32, context: u32) -> TranslatorContext {
        TranslatorContext {
            runtime,
            attempt: None,
            target: 0,
            root,
            context,
            unread: 0,
            answer: abi::Pairs::default(),
        }
    }

    /// The trip that the router role began: shared, or made anew from its handoff or from the request. The header that names
    /// it is gone after the first attempt; the property isn't, and costs more.
    fn trip(&self, headers: &[Header<'_>], size: usize) -> Option<Rc<Trip>> {
        let named = headers::text(headers, headers::TRIP).and_then(|key| key.parse().ok());
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

    /// The seat that Envoy chose of the trip's order.
    fn seat(trip: &Trip) -> Result<Seat, String> {
        if let Some(only) = trip.only_seat() {
            return Ok(only);
        }
        let id = abi::property(TARGET_OF_ENDPOINT).ok().flatten().unwrap_or_default();
        let id = String::from_utf8_lossy(&id);
        trip.runtime.seat(&id).ok_or_else(|| format!("no target is called \"{id}\""))
    }

    fn ask(&mut self, size: usize) -> Result<(), String> {
        let envoys = |status: abi::Status| format!("Envoy answered status {}", status.0);
        let pairs = abi::headers(abi::Map::RequestHeaders).map_err(envoys)?;
        let current: Vec<Header<'_>> = pairs.iter().collect();
        let trip = self
            .trip(&current, size)
            .ok_or("the request did not come through the filter with root_id \"router\"")?;
        let seat = TranslatorContext::seat(&trip)?;
        self.target = seat.target;
        let own = if trip.body(|body| body.is_none()) {
            abi::buffer(abi::Buffer::RequestBody, 0, size).unwrap_or_default()
        } else {
            Vec::new()
        };
        let now_ms = trip.begin_ms(&abi::now_ms);
        let (attempt, mut outgoing) = match Attempt::start(&trip, seat, own, now_ms) {
            Ok(started) => started,
            Err(answer) => {
                return respond(&answer).map_err(envoys);
            }
        };
        let is_changed = trip.body(|body| {
            let changed = body.filter(|document| document.as_text().len() != size);
            // Another filter changed what we read: there is nothing of it to keep.
            changed.map(|document| outgoing.complete(document.as_text())).is_some()
        });
        if !is_changed {
            trip.drop_body();
        }
        write(&attempt, &current, &outgoing, size).map_err(envoys)?;
        if let Some(metric) = attempt.drill_metric() {
            shared::count(&metric, 1);
        }
        self.attempt = Some(attempt);
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

    /// Carries out a step. `size` bytes of the body are in the buffer; none yet in the headers' callback.
    fn apply(&mut self, step: Step, size: usize) -> Action {
        let done = match step {
            Step::Hold => {
                // The machine has the bytes; Envoy needn't keep them too.
                let emptied =
                    if size > 0 { abi::set_buffer(abi::Buffer::ResponseBody, 0, size, &[]) } else { Ok(()) };
                return log_failed(emptied, Action::Pause);
            }
            Step::Pass => Ok(()),
            Step::Chunk(bytes) => abi::set_buffer(abi::Buffer::ResponseBody, 0, size, &bytes),
            Step::Release { headers, body } => self.release(&headers).and_then(|()| {
                if size == 0 && body.is_empty() {
                    return Ok(());
                }
                abi::set_buffer(abi::Buffer::ResponseBody, 0, size, &body)
            }),
        };
        self.learn();
        log_failed(done, Action::Continue)
    }

    fn release(&mut self, headers: &HeaderList) -> Result<(), abi::Status> {
        let came = std::mem::take(&mut self.answer);
        let current: Vec<Header<'_>> = came.iter().collect();
        abi::turn_headers(abi::Map::ResponseHeaders, &current, headers, |_| false)
    }

    /// Tells what the attempt taught: to all workers, and to the metrics.
    fn learn(&mut self) {
        let Some(attempt) = self.attempt.as_mut() else { return };
        for (metric, by) in attempt.take_counts() {
            shared::count(&metric, by);
        }
        let Some(wait) = attempt.cool_ms.take() else { return };
        if let Some(target) = self.runtime.wire(self.target) {
            shared::cool(&target.id, wait, abi::now_ms());
        }
    }
}

/// Writes the request as the target wants it over the one that Envoy has.
fn write(
    attempt: &Attempt,
    current: &[Header<'_>],
    outgoing: &Outgoing,
    size: usize,
) -> Result<(), abi::Status> {
    let wanted = attempt.request_headers(current, outgoing);
    abi::turn_headers(abi::Map::RequestHeaders, current, &wanted, headers::is_stripped)?;
    // What is kept is in the buffer already: each attempt begins with the caller's request.
    let replaced = size.saturating_sub(outgoing.kept);
    abi::set_buffer(abi::Buffer::RequestBody, 0, replaced, &outgoing.body)
}

/// The last piece of an answer is often empty.
fn read_answer(size: usize) -> Vec<u8> {
    if size == 0 {
        return Vec::new();
    }
    abi::buffer(abi::Buffer::ResponseBody, 0, size).unwrap_or_default()
}

fn log_failed(done: Result<(), abi::Status>, action: Action) -> Action {
    if let Err(status) = done {
        abi::log(
            abi::Level::Error,
            &format!("an answer could not be rewritten: Envoy answered status {}", status.0),
        );
    }
    action
}

fn respond(answer: &Answer) -> Result<(), abi::Status> {
    let mut headers = HeaderList::new();
    answer.headers.iter().for_each(|(name, value)| headers.push(*name, value));
    abi::respond(u32::from(answer.status), crate::filter::OURS, &headers, &answer.body)
}

impl Context for TranslatorContext {}

impl HttpContext for TranslatorContext {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        if end {
            return Action::Continue;
        }
        unheard::begin(self.root, self.context, Role::Translator);
        Action::Pause
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        unheard::heard(Role::Translator);
        if !end {
            return Action::Pause;
        }
        match self.ask(size) {
            Ok(()) if self.attempt.is_some() && !self.must_wait() => Action::Continue,
            Ok(()) => Action::Pause,
            Err(why) => {
                abi::log(abi::Level::Error, &format!("an attempt can't be made: {why}"));
                let error = crate::dialect::CallerError {
                    status: 500,
                    code: "gateway_misconfigured".to_owned(),
                    param: None,
                    message: "The gateway is misconfigured; its log says how. Tell its operator.".to_owned(),
                };
                let _ = respond(&Answer::error(Surface::Chat, &error));
                Action::Pause
            }
        }
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        let Some(attempt) = self.attempt.as_mut() else { return Action::Continue };
        self.answer = abi::headers(abi::Map::ResponseHeaders).unwrap_or_default();
        let headers: Vec<Header<'_>> = self.answer.iter().collect();
        let status = headers::text(&headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        let step = attempt.head(&Head { status, headers: &headers }, end, &abi::now_ms);
        self.apply(step, 0)
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        let Some(attempt) = self.attempt.as_mut() else { return Action::Continue };
        if attempt.collects() && !end && size < KEPT_BY_ENVOY {
            self.unread = size;
            return Action::Pause;
        }
        self.unread = 0;
        let bytes = read_answer(size);
        let step = attempt.body(&bytes, end, &abi::now_ms);
        if attempt.is_flowing() {
            idle::touch(self.root, self.context, || attempt.silence());
        }
        self.apply(step, size)
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        let Some(attempt) = self.attempt.as_mut() else { return Action::Continue };
        let size = std::mem::take(&mut self.unread);
        let bytes = read_answer(size);
        let step = attempt.body(&bytes, true, &abi::now_ms);
        self.apply(step, size)
    }
}

/// The attempt is over. Envoy has a callback of its own for that, right before the one that drops the context; what needn't be
/// exported costs no crossing.
impl Drop for TranslatorContext {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.as_mut() {
            if attempt.delay_ms().is_some() {
                pause::forget(self.context);
            }
            attempt.abandoned(&abi::now_ms);
        }
        self.learn();
        idle::forget(self.context);
        unheard::forget(self.context);
    }
}
