//! The router role: reads the request, plans, names the order, and finishes the answer.

mod consider;
mod last;
mod origin;
#[cfg(test)]
mod tests;

pub(super) use consider::Considered;
pub use last::{LastWord, MOST_OF_THEIRS, ResponseStep};
pub use origin::{Fact, OURS};

use super::Runtime;
use super::answer::{Answer, busy_answer, header_value};
use super::aside::Asides;
use super::drill::Wish;
use super::headers::{self, Header, HeaderList};
use super::intake::Intake;
use super::memory::Held;
use super::models;
use super::trip::{Planned, Route, Trip};
use crate::dialect::{CallerError, Refusal, Surface};
use crate::json::{Document, Unread};
use crate::plan::{Standing, drilled, order_name, seats};
use std::rc::Rc;

/// What the host does with a request's headers.
#[derive(Debug, PartialEq, Eq)]
pub enum RequestStep {
    /// Not ours. These headers are reserved and were the caller's: remove them.
    Pass {
        remove: Vec<Vec<u8>>,
    },
    /// Remove these reserved headers, give each piece of the body to [`Router::arrives`], then call [`Router::plan`].
    Read {
        remove: Vec<Vec<u8>>,
    },
    Answer(Answer),
}

/// What the host does with a piece of a request's body.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was taken, and more must come.
    Wait,
    /// It is all there is, and came in one small piece: let Envoy keep that until it tells the end, and call with that.
    Keep,
    /// The body is whole: call [`Router::plan`] with what [`Router::take_body`] gives.
    Whole,
}

/// What planning needs from outside.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'m> {
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// A random number.
    pub pick: u64,
    /// Unique among all requests of all workers.
    pub key: u64,
    /// What is known of targets, by their places.
    pub standings: &'m [(usize, Standing)],
}

/// One request, downstream.
pub struct Router {
    runtime: Rc<Runtime>,
    phase: Phase,
}

enum Phase {
    /// Somebody else's traffic, or answered already.
    Other,
    Reading {
        surface: Surface,
        /// Those that a provider of the caller's dialect may see.
        headers: Vec<(String, String)>,
        wish: Option<Wish>,
        body: Intake,
        held: Held,
    },
    Sent(Rc<Trip>),
}

impl Router {
    pub fn new(runtime: Rc<Runtime>) -> Router {
        Router { runtime, phase: Phase::Other }
    }

    /// A request's headers; `end`: there is no body.
    pub fn request(&mut self, headers: &[Header<'_>], end: bool) -> RequestStep {
        let reserved = headers.iter().filter(|(name, _)| headers::is_reserved(name));
        let Some(path) = self.our_path(headers) else {
            // Only what could choose a cluster of ours is taken from others' traffic.
            let ours = reserved.filter(|(name, _)| name.starts_with(b"x-switchover-"));
            return RequestStep::Pass { remove: ours.map(|(name, _)| name.to_vec()).collect() };
        };
        let method = headers::find(headers, ":method").unwrap_or_default();
        if let Some(answer) = models::answer(&self.runtime.config, path, method, headers) {
            return RequestStep::Answer(answer);
        }
        let Some(surface) = Surface::of_path(path) else {
            let ours = reserved.filter(|(name, _)| name.starts_with(b"x-switchover-"));
            return RequestStep::Pass { remove: ours.map(|(name, _)| name.to_vec()).collect() };
        };
        match self.acceptable(surface, method, headers, end) {
            Err(refusal) => RequestStep::Answer(refused(surface, refusal)),
            Ok(()) => {
                let wish = Wish::of(&self.runtime.config, headers);
                self.phase = Phase::Reading {
                    surface,
                    headers: dialect_headers(headers.iter().copied()),
                    wish,
                    body: Intake::of_request(headers),
                    held: Held::nothing(&self.runtime),
                };
                let remove = headers.iter().filter(|(name, _)| self.is_removed(name));
                RequestStep::Read { remove: remove.map(|(name, _)| name.to_vec()).collect() }
            }
        }
    }

    /// Whether a header of a request of ours is not for the filters after us: one that only we or Envoy may set, or a
    /// tenant that nobody has verified.
    fn is_removed(&self, name: &[u8]) -> bool {
        let untrusted = self.runtime.config.tenant.as_ref().filter(|tenant| !tenant.trusted);
        headers::is_reserved(name) || untrusted.is_some_and(|tenant| tenant.header.as_bytes() == name)
    }

    /// The path below our base path, if host and base path are ours.
    fn our_path<'h>(&self, headers: &[Header<'h>]) -> Option<&'h str> {
        let listen = &self.runtime.config.listen;
        if !listen.hosts.is_empty() && !listen.takes(headers::text(headers, ":authority")?) {
            return None;
        }
        headers::text(headers, ":path")?.strip_prefix(listen.base_path.as_str())
    }

    fn acceptable(
        &self,
        surface: Surface,
        method: &[u8],
        headers: &[Header<'_>],
        end: bool,
    ) -> Result<(), Refusal> {
        let refusal = |status, code, message: &str| Refusal {
            status,
            code,
            param: None,
            message: message.to_owned(),
            lost: None,
        };
        if method != b"POST" {
            let message = format!("{} takes POST requests only. Send the request with POST.", surface.path());
            return Err(refusal(405, "method_not_allowed", &message));
        }
        if let Some(coding) = headers::text(headers, "content-encoding")
            .filter(|coding| !coding.trim().eq_ignore_ascii_case("identity"))
        {
            let message =
                format!("The body is compressed with {}. Send it as plain JSON.", header_value(coding));
            return Err(refusal(415, "unsupported_encoding", &message));
        }
        if end {
            return Err(Refusal::invalid("", "The request has no body. Send a JSON object."));
        }
        let length = headers::text(headers, "content-length").and_then(|length| length.parse::<u64>().ok());
        self.fits(length.unwrap_or(0))
    }

    fn fits(&self, length: u64) -> Result<(), Refusal> {
        let most = self.runtime.config.listen.max_body_bytes;
        if length <= most {
            return Ok(());
        }
        let message =
            format!("The body has more than the {most} bytes that are allowed here. Send a shorter request.");
        Err(Refusal { status: 413, code: "request_too_large", param: None, message, lost: None })
    }

    /// So many bytes more of the body have come. An answer where that is too many: don't read them.
    pub fn received(&mut self, bytes: usize) -> Option<Answer> {
        let Phase::Reading { surface, body, .. } = &self.phase else { return None };
        let (surface, length) = (*surface, body.length().saturating_add(bytes));
        let refused = match self.fits(u64::try_from(length).unwrap_or(u64::MAX)) {
            Err(refusal) => Some(refused(surface, refusal)),
            Ok(()) => {
                let Phase::Reading { held, .. } = &mut self.phase else { return None };
                held.arrive(length).err().map(|_| busy_answer(surface))
            }
        };
        if refused.is_some() {
            self.phase = Phase::Other;
        }
        refused
    }

    /// A piece of the body, which [`Router::received`] let pass; `end`: there will be no other.
    pub fn arrives(&mut self, piece: Vec<u8>, end: bool) -> Arrival {
        let Phase::Reading { body, .. } = &mut self.phase else { return Arrival::Wait };
        if !(body.push(piece) || end) {
            return Arrival::Wait;
        }
        if !end && body.is_one_small_piece() {
            return Arrival::Keep;
        }
        Arrival::Whole
    }

    /// The body is whole, and is not to be worked on at this moment: the answer.
    pub fn is_one_too_many(&mut self) -> Answer {
        let surface = match &self.phase {
            Phase::Reading { surface, .. } => *surface,
            _ => Surface::Chat,
        };
        self.phase = Phase::Other;
        busy_answer(surface)
    }

    /// How much work the request was so far. Of one that was refused not all was looked at.
    pub fn weight(&self) -> usize {
        match &self.phase {
            Phase::Sent(trip) => trip.weight(),
            _ => 0,
        }
    }

    /// How many bytes of the body have come.
    pub fn length(&self) -> usize {
        match &self.phase {
            Phase::Reading { body, .. } => body.length(),
            _ => 0,
        }
    }

    /// The whole body, for [`Router::plan`].
    ///
    /// # Errors
    /// The answer where there is no room to work on it.
    pub fn take_body(&mut self) -> Result<Vec<u8>, Answer> {
        let Phase::Reading { surface, body, held, .. } = &mut self.phase else { return Ok(Vec::new()) };
        held.arrived();
        if held.may_work(body.length(), held.vm()).is_ok() {
            return Ok(body.take());
        }
        let answer = busy_answer(*surface);
        self.phase = Phase::Other;
        Err(answer)
    }

    /// The body has not come in time.
    pub fn is_late(&mut self) -> Option<Answer> {
        let Phase::Reading { surface, .. } = &self.phase else { return None };
        let answer = late(*surface);
        self.phase = Phase::Other;
        Some(answer)
    }

    /// Whether the request was planned and let go.
    pub fn is_sent(&self) -> bool {
        matches!(self.phase, Phase::Sent(_))
    }

    /// Whether the body is being read.
    pub fn is_reading(&self) -> bool {
        matches!(self.phase, Phase::Reading { .. })
    }

    /// The whole body is there, as text or as bytes that are none: reads it and plans.
    ///
    /// # Errors
    /// The answer, where nobody is called.
    pub fn plan(
        &mut self,
        body: Result<String, Vec<u8>>,
        moment: &Moment<'_>,
    ) -> Result<(Rc<Trip>, HeaderList), Answer> {
        let Phase::Reading { surface, headers, wish, held, .. } =
            std::mem::replace(&mut self.phase, Phase::Other)
        else {
            return Err(refused(
                Surface::Chat,
                Refusal::invalid("", "The request came twice. Send it again."),
            ));
        };
        let trip = Rc::new(self.depart(surface, headers, wish.as_ref(), (body, held), moment)?);
        let headers = self.routed(&trip, moment.key);
        self.phase = Phase::Sent(Rc::clone(&trip));
        Ok((trip, headers))
    }

    pub(super) fn depart(
        &self,
        surface: Surface,
        headers: Vec<(String, String)>,
        wish: Option<&Wish>,
        (body, mut held): (Result<String, Vec<u8>>, Held),
        moment: &Moment<'_>,
    ) -> Result<Trip, Answer> {
        let document = self.document(surface, body)?;
        let length = document.as_text().len();
        held.set_vm(length);
        held.set_envoy(length);
        let Considered { place, group, turn, plan, .. } =
            self.consider(surface, headers, document.root(), moment)?;
        if plan.order.is_empty() {
            return Err(self.nobody(&turn, group, &plan, moment.now_ms));
        }
        let members = plan.order.iter().filter_map(|member| group.members.get(*member));
        let order: Vec<usize> = members.map(|member| member.target).collect();
        let config = &self.runtime.config;
        let forced = |place: usize| {
            wish.zip(config.drills.get(place)).is_some_and(|(wish, drill)| wish.forces(config, drill))
        };
        let drills = drilled(config, &order, moment.now_ms, moment.key, forced);
        let asides = Asides::of(&plan, moment.now_ms);
        let route = Route { group: place, turn, order, drills, asides };
        Ok(Trip::new(&self.runtime, route, Some(document), Planned::Here(moment.now_ms, held)))
    }

    /// A caller's body, validated: text, or bytes that are none.
    pub(super) fn document(
        &self,
        surface: Surface,
        body: Result<String, Vec<u8>>,
    ) -> Result<Document, Answer> {
        let limits = &self.runtime.config.listen.limits;
        let read = match body {
            Ok(text) => Document::within(text, limits.values),
            Err(bytes) => Document::parse(bytes).map_err(Unread::Syntax),
        };
        read.map_err(|unread| {
            let refusal = match unread {
                Unread::TooMany => limits.too_many_values(),
                Unread::Syntax(error) => Refusal::invalid(
                    "",
                    format!("The body is not valid JSON: {error}. Correct it and send it again."),
                ),
            };
            refused(surface, refusal)
        })
    }

    /// Headers that the request gets: the order, whose cluster says when to retry, how long it may take, and whose it is.
    fn routed(&self, trip: &Trip, key: u64) -> HeaderList {
        let config = &self.runtime.config;
        let mut out = HeaderList::new();
        let Some(group) = config.groups.get(trip.group) else { return out };
        out.push_key(headers::TRIP, key);
        out.push(headers::ORDER, &order_name(config, group, seats(&trip.order, &trip.drills)));
        out.push_number("x-envoy-upstream-rq-per-try-timeout-ms", trip.attempt_limit_ms());
        out.push_number("x-envoy-upstream-rq-timeout-ms", group.timeout_ms);
        out
    }
}

/// What a caller is told whose request doesn't come.
fn late(surface: Surface) -> Answer {
    let error = CallerError {
        status: 408,
        code: "body_timeout".to_owned(),
        param: None,
        message:
            "The body of the request did not arrive in time (`listen.body_timeout`). Send it again, faster."
                .to_owned(),
    };
    Answer::error(surface, &error)
}

fn refused(surface: Surface, refusal: Refusal) -> Answer {
    let allow = refusal.status == 405;
    let answer = Answer::error(surface, &CallerError::from(refusal));
    if allow { answer.with("allow", "POST") } else { answer }
}

/// The headers that a provider of the caller's dialect may see.
pub(super) fn dialect_headers<'h>(headers: impl Iterator<Item = Header<'h>>) -> Vec<(String, String)> {
    let ours = headers.filter(|(name, _)| headers::of_dialect(name));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    ours.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}
