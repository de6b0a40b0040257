//! The router role: reads the request, plans, names the order, and finishes the answer.

mod last;
mod origin;
#[cfg(test)]
mod tests;

pub use last::{LastWord, MOST_OF_THEIRS, ResponseStep};
pub use origin::{Fact, OURS};

use super::answer::{Answer, busy_answer, header_value};
use super::aside::{Asides, reasons};
use super::drill::Wish;
use super::headers::{self, Header, HeaderList};
use super::intake::Intake;
use super::load::Ticket;
use super::memory::Held;
use super::models;
use super::trip::{Outcome, Trip};
use super::{Runtime, degraded};
use crate::chat::Features;
use crate::config::Group;
use crate::dialect::{
    Asked, CallerError, NO_THREADS, Refusal, Surface, Target, Turn, ask, exchange, is_about_threads,
};
use crate::failure::Class;
use crate::json::{Document, Raw, SyntaxError};
use crate::plan::{
    Circumstances, Demand, PLANNED, Plan, Standing, Verdict, choose, drilled, least_tokens, order_name, seats,
};
use std::cell::RefCell;
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
    /// The body is whole: call [`Router::plan`] with what [`Router::take_body`] gives.
    Whole,
    Answer(Answer),
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

/// No dialect makes more than so many times its size of a request: schemas whose references Gemini wants followed come close,
/// and a request for embeddings of many short texts.
const MOST_GROWTH: usize = 20;

/// What planning made of a request.
pub(super) struct Considered<'r> {
    /// The group's place in the configuration.
    pub place: usize,
    pub group: &'r Group,
    pub turn: Turn,
    pub plan: Plan,
    pub needs: Features,
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
        let refusal =
            |status, code, message: &str| Refusal { status, code, param: None, message: message.to_owned() };
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
        Err(Refusal { status: 413, code: "request_too_large", param: None, message })
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
        let Phase::Reading { surface, body, held, .. } = &mut self.phase else { return Arrival::Wait };
        if !(body.push(piece) || end) {
            return Arrival::Wait;
        }
        held.arrived();
        if held.may_work(body.length(), held.vm()).is_err() {
            let answer = busy_answer(*surface);
            self.phase = Phase::Other;
            return Arrival::Answer(answer);
        }
        Arrival::Whole
    }

    /// The whole body, for [`Router::plan`].
    pub fn take_body(&mut self) -> Vec<u8> {
        match &mut self.phase {
            Phase::Reading { body, .. } => body.take(),
            _ => Vec::new(),
        }
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

    /// The whole body is there: reads it and plans.
    ///
    /// # Errors
    /// The answer, where nobody is called.
    pub fn plan(
        &mut self,
        body: Result<Document, SyntaxError>,
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
        (body, mut held): (Result<Document, SyntaxError>, Held),
        moment: &Moment<'_>,
    ) -> Result<Trip, Answer> {
        let document = document(surface, body)?;
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
        Ok(Trip {
            runtime: Rc::clone(&self.runtime),
            group: place,
            turn,
            drills: drilled(config, &order, moment.now_ms, moment.key, forced),
            order,
            asides: Asides::of(&plan, moment.now_ms),
            body: RefCell::new(Some(document)),
            is_handed_off: false,
            planned_ms: Some(moment.now_ms),
            outcome: RefCell::new(Outcome::default()),
            ticket: Ticket::new(&self.runtime),
            held: RefCell::new(held),
            length,
        })
    }

    /// Reads a request and plans it, without sending it anywhere.
    pub(super) fn consider(
        &self,
        surface: Surface,
        caller_headers: Vec<(String, String)>,
        raw: Raw<'_>,
        moment: &Moment<'_>,
    ) -> Result<Considered<'_>, Answer> {
        let limits = &self.runtime.config.listen.limits;
        let mut asked = ask(surface, raw, limits).map_err(|refusal| refused(surface, refusal))?;
        let (place, group) = self.group(&asked.model).map_err(|refusal| refused(surface, refusal))?;
        let turn = Turn {
            surface,
            requested_model: std::mem::take(&mut asked.model),
            stream: asked.stream,
            stream_usage: asked.stream_usage,
            id: Turn::id_of(moment.key),
            created: moment.now_ms / 1000,
            unsupported: group.unsupported,
            caller_headers,
        };
        let plan = self.choose(group, &asked, &turn, raw, moment);
        Ok(Considered { place, group, turn, plan, needs: asked.needs })
    }

    fn group(&self, model: &str) -> Result<(usize, &Group), Refusal> {
        let config = &self.runtime.config;
        if let Some(group) = config.group_for(model)
            && let Some(place) = config.groups.iter().position(|known| known.name == group.name)
        {
            return Ok((place, group));
        }
        let hint = config.closest(model).map_or_else(
            || "GET /v1/models lists what there is.".to_owned(),
            |closest| format!("Did you mean `{closest}`? GET /v1/models lists what there is."),
        );
        let shown: String = model.chars().take(100).collect();
        Err(Refusal {
            status: 404,
            code: "model_not_found",
            param: Some("model".to_owned()),
            message: format!("The model `{shown}` does not exist here. {hint}"),
        })
    }

    fn choose(&self, group: &Group, asked: &Asked, turn: &Turn, raw: Raw<'_>, moment: &Moment<'_>) -> Plan {
        let needs = asked.needs.only(PLANNED);
        let standing = |target: usize| {
            moment.standings.iter().find(|(known, _)| *known == target).map(|(_, standing)| *standing)
        };
        let most = self.runtime.config.listen.max_body_bytes;
        let sendable = usize::try_from(most).unwrap_or(usize::MAX);
        let is_small = raw.as_json().len().saturating_mul(MOST_GROWTH) <= sendable;
        // A trial run shows what a dialect refuses before any provider is called; a plain request needs none.
        let refuses = |target: usize| {
            let wire = self.runtime.wire(target)?;
            // Claude's own dialect can't make up for a schema that its target lacks.
            let passes = || !exchange::may_refuse(turn.surface, wire.row) && holds(asked.needs, wire);
            if (asked.is_plain && is_small) || passes() {
                return None;
            }
            match exchange::front(turn, raw, wire) {
                Err(refusal) => Some(Verdict::CantCarry(refusal.message)),
                Ok(outgoing) => {
                    let length = outgoing.body.len().saturating_add(outgoing.kept);
                    (length > sendable).then_some(Verdict::TooLarge(length, most))
                }
            }
        };
        let embeds = (turn.surface == Surface::Embeddings).then_some(turn.requested_model.as_str());
        let demand = Demand { needs, embeds, least_tokens: least_tokens(asked.prompt_bytes) };
        let now = Circumstances {
            now_ms: moment.now_ms,
            pick: moment.pick,
            standing: &standing,
            refuses: &refuses,
        };
        choose(&self.runtime.config, group, &demand, &now)
    }

    /// Why nobody can be asked.
    fn nobody(&self, turn: &Turn, group: &Group, plan: &Plan, now_ms: u64) -> Answer {
        let surface = turn.surface;
        let reasons = reasons(&self.runtime, group, plan, now_ms).join("; ");
        let reasons = reasons.trim_end_matches('.');
        let told = |answer: Answer| {
            let why = format!("No target of {} was asked: {reasons}.", group.name);
            answer.with(headers::GROUP, header_value(&group.name)).with(headers::DECISION, bounded(&why))
        };
        let ejected = plan
            .all_ejected_ms
            .map(|wait| (wait, Class::Connect, 503, "is ejected: its last streams broke off"));
        let cooling = plan
            .all_cooling_ms
            .map(|wait| (wait, Class::RateLimited, 429, "is cooling down after a rate limit"));
        if let Some((wait, class, status, how)) = ejected.or(cooling) {
            let seconds = wait.div_ceil(1000).max(1);
            if let Some(answer) =
                group.degraded.as_deref().and_then(|content| degraded::answer(turn, content))
            {
                return told(answer);
            }
            let error = CallerError {
                status,
                code: class.name().to_owned(),
                param: None,
                message: format!(
                    "Every target of `{}` that could take this request {how}. Try again in {seconds} s.",
                    group.name
                ),
            };
            return told(Answer::error(surface, &error).with("retry-after", seconds.to_string()));
        }
        // Whose vectors are others is not asked, however long the request is.
        let all = |is: fn(&Verdict) -> bool| {
            let mut fit =
                plan.verdicts.iter().filter(|verdict| **verdict != Verdict::OtherVectors).peekable();
            fit.peek().is_some() && fit.all(is)
        };
        let long = all(|verdict| matches!(verdict, Verdict::TooLong(_)));
        let large = all(|verdict| matches!(verdict, Verdict::TooLarge(..)));
        let no_threads = plan
            .verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::CantCarry(why) if is_about_threads(why)));
        let refusal = Refusal {
            status: if large { 413 } else { 400 },
            code: match () {
                () if long => "context_length_exceeded",
                () if large => "request_too_large",
                () if no_threads => NO_THREADS,
                () => "unsupported_parameter",
            },
            param: None,
            message: format!("No target of `{}` can take this request: {reasons}.", group.name),
        };
        told(refused(surface, refusal))
    }

    /// Headers that the request gets: the order, whose cluster says when to retry, how long it may take, and whose it is.
    fn routed(&self, trip: &Trip, key: u64) -> HeaderList {
        let config = &self.runtime.config;
        let mut out = HeaderList::new();
        let Some(group) = config.groups.get(trip.group) else { return out };
        out.push_number(headers::TRIP, key);
        out.push(headers::ORDER, &order_name(config, group, seats(&trip.order, &trip.drills)));
        out.push_number("x-envoy-upstream-rq-per-try-timeout-ms", trip.attempt_limit_ms());
        out.push_number("x-envoy-upstream-rq-timeout-ms", group.timeout_ms);
        out
    }
}

/// Whether a target can hold an answer to a schema, if that is asked for.
fn holds(needs: Features, wire: &Target) -> bool {
    needs.only(Features::JSON_SCHEMA).without(wire.capabilities).is_empty()
}

/// A sentence as a header's value: reasons of many targets are longer than many a client takes.
fn bounded(sentence: &str) -> String {
    const MOST: usize = 1024;
    let mut line = header_value(sentence).into_owned();
    if line.len() > MOST {
        line.truncate(MOST);
        line.push_str("...");
    }
    line
}

/// A caller's body, validated.
pub(super) fn document(surface: Surface, body: Result<Document, SyntaxError>) -> Result<Document, Answer> {
    body.map_err(|error| {
        let message = format!("The body is not valid JSON: {error}. Correct it and send it again.");
        refused(surface, Refusal::invalid("", message))
    })
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
