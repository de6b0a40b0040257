//! One request on its way: what the router role learned and the translator role needs, over all attempts.
//!
//! Both roles run in the same VM of the same worker, so normally they share a [`Trip`] by its key. After a reload the
//! two can be in different VMs for a while; then the translator makes its own from the handoff, a property that the
//! router role set, and from the request's body. Where the first attempt is the only one, its request says all of it.

use super::aside::Asides;
use super::attempt::Clock;
use super::headers::{self, Header};
use super::load::Ticket;
use super::memory::Held;
use super::router::dialect_headers;
use super::{Runtime, drill};
use crate::config::Effect;
use crate::dialect::{Surface, Turn, ask};
use crate::failure::{Class, Failure};
use crate::json::{Document, Raw, Text, Writer};
use crate::plan::{Drilled, Seat, attempts};
use std::cell::RefCell;
use std::rc::Rc;

/// See the module.
#[derive(Debug)]
pub struct Trip {
    pub runtime: Rc<Runtime>,
    /// A place in the configuration's groups.
    pub group: usize,
    pub turn: Turn,
    /// The caller's request, until an attempt has it. `None` after that, and in a trip made from a handoff: an attempt
    /// reads it from Envoy's buffer, which has it for as long as another attempt is possible. What memory the VM once
    /// took it never gives back, and an answer can take minutes: so requests stay here as short as they can.
    pub(super) body: RefCell<Option<Document>>,
    /// Made from a handoff: what the attempts before it met is unknown.
    pub(super) is_handed_off: bool,
    /// When it was planned, in milliseconds since 1970; `None` in a trip made from a handoff.
    pub planned_ms: Option<u64>,
    /// Places in the configuration's targets, in the order to try.
    pub order: Vec<usize>,
    /// Those of them that are drilled.
    pub drills: Vec<Drilled>,
    /// Those that are not in the order, and why.
    pub asides: Asides,
    pub outcome: RefCell<Outcome>,
    /// Counts it in its worker's load.
    pub ticket: Ticket,
    /// The bytes of the caller's request: here, and with Envoy, which keeps it for the next attempt.
    pub(super) held: RefCell<Held>,
    /// How many there are; 0 in a trip made from a handoff.
    pub(super) length: usize,
    /// How much work the request is; see [`Document::weight`].
    pub(super) weight: usize,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Outcome {
    pub attempts: u32,
    /// (target, how it failed), in the order it happened.
    pub failures: Vec<(usize, Failure)>,
    /// The target that was reached and not asked, as the request can't fit.
    pub passed_over: Option<usize>,
    /// The target whose answer is on its way to the caller.
    pub answered: Option<usize>,
    /// The worker had no room for the request or its answer: that is no target's failure.
    pub is_busy: bool,
    /// What ends a stream that fell silent; see [`super::Silence`].
    pub last_words: Option<Vec<u8>>,
    /// And the class of that failure, for the access log.
    pub broke: Option<Class>,
}

impl Trip {
    /// Lends the caller's request, if it is here.
    pub fn body<T>(&self, read: impl FnOnce(Option<&Document>) -> T) -> T {
        match self.body.try_borrow() {
            Ok(body) => read(body.as_ref()),
            Err(_) => read(None),
        }
    }

    /// How much work the request is for each who writes another of it; 0 where that is not known.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// How many bytes the caller's request has; 0 where that is not known.
    pub fn length(&self) -> usize {
        self.length
    }

    /// How many bytes of it count as held in the VM.
    pub(super) fn held_in_vm(&self) -> usize {
        self.held.try_borrow().map_or(0, |held| held.vm())
    }

    /// Forgets the caller's request: an attempt has it.
    pub fn drop_body(&self) {
        if let Ok(mut body) = self.body.try_borrow_mut() {
            *body = None;
        }
        if let Ok(mut held) = self.held.try_borrow_mut() {
            held.set_vm(0);
        }
    }

    pub fn group_name(&self) -> &str {
        self.runtime.config.groups.get(self.group).map_or("?", |group| group.name.as_str())
    }

    /// The target, where there is no choice and none is drilled: then nobody needs to ask Envoy which one it took.
    pub fn only_seat(&self) -> Option<Seat> {
        match (self.order.as_slice(), self.drills.is_empty()) {
            ([target], true) => Some(Seat { target: *target, twin: None }),
            _ => None,
        }
    }

    /// When the attempt that is about to be made begins: the first one when the trip was planned, which saves a hostcall.
    pub fn begin_ms(&self, clock: Clock<'_>) -> u64 {
        let is_first = self.outcome.try_borrow().is_ok_and(|outcome| outcome.attempts == 0);
        self.planned_ms.filter(|_| is_first).unwrap_or_else(clock)
    }

    /// How long one attempt may take until its first token, in milliseconds.
    pub fn attempt_limit_ms(&self) -> u64 {
        let group = self.runtime.config.groups.get(self.group);
        group.map_or(u64::MAX, |group| {
            if self.turn.stream { group.first_token_timeout_ms } else { group.answer_timeout_ms }
        })
    }

    /// When the time for the whole request is over, in milliseconds since 1970; `None` in a trip made from a handoff.
    pub(super) fn ends_ms(&self) -> Option<u64> {
        let group = self.runtime.config.groups.get(self.group)?;
        Some(self.planned_ms?.saturating_add(group.timeout_ms))
    }

    /// Which failure the caller is told about: the one that says most about what to do.
    pub fn best_failure(&self) -> Option<(usize, Failure)> {
        let outcome = self.outcome.try_borrow().ok()?;
        outcome
            .failures
            .iter()
            .enumerate()
            .max_by_key(|(at, (_, failure))| (informed(failure.class), *at))
            .map(|(_, f)| f.clone())
    }

    /// The same, where Envoy says itself how the last attempt ended: with which target that was, as far as anybody knows.
    pub(super) fn best_of(&self, said: Failure) -> (usize, Failure) {
        let last = self.outcome.try_borrow().ok().and_then(|outcome| Some(outcome.failures.last()?.0));
        let last = last.or_else(|| self.order.first().copied()).unwrap_or(0);
        match self.best_failure() {
            Some((target, known)) if informed(known.class) >= informed(said.class) => (target, known),
            _ => (last, said),
        }
    }

    /// One sentence: why this target.
    pub fn decision(&self, target: usize) -> String {
        let id = |place: usize| self.runtime.id(place);
        let group = self.group_name();
        let place = self.order.iter().position(|known| *known == target).unwrap_or(0);
        let failed = |place: usize| {
            let outcome = self.outcome.try_borrow().ok()?;
            outcome.failures.iter().find(|(target, _)| *target == place).map(|(_, failure)| failure.class)
        };
        let mut before = Vec::new();
        for &earlier in self.order.iter().take(place) {
            let drill = self.drill_note(earlier);
            before.push(match failed(earlier) {
                Some(class) => format!("{} failed ({class}){drill}", id(earlier)),
                None => format!("{} {}{drill}", id(earlier), self.why_left(earlier)),
            });
        }
        let slowly = match self.drill_of(target) {
            Some(Effect::DelayMs(ms)) => format!(", after a pause of {ms} ms (drill)"),
            _ => String::new(),
        };
        let aside = self.aside(Some(target));
        if before.is_empty() {
            [id(target), " is the first choice of ", group, &slowly, &aside, "."].concat()
        } else {
            format!("{} answered for {group}{slowly} because {}{aside}.", id(target), before.join(" and "))
        }
    }

    /// Why Envoy went past a target that no attempt of this trip failed at.
    fn why_left(&self, target: usize) -> &'static str {
        match () {
            // The attempts before are another VM's.
            () if self.is_handed_off => "failed or is ejected",
            () if self.runtime.has_address(target) => "is ejected",
            () => "is ejected or has no address (DNS)",
        }
    }

    /// One sentence for when nobody answered.
    pub fn verdict(&self) -> String {
        let id = |place: usize| self.runtime.id(place);
        let group = self.group_name();
        let failed = |(target, failure): &(usize, Failure)| {
            format!("{} failed ({}){}", id(*target), failure.class, self.drill_note(*target))
        };
        let passed_over = |target: usize| format!("{} has no larger context window", id(target));
        let failed: Vec<String> = match self.outcome.try_borrow() {
            Ok(outcome) => {
                outcome.failures.iter().map(failed).chain(outcome.passed_over.map(passed_over)).collect()
            }
            Err(_) => Vec::new(),
        };
        let aside = self.aside(None);
        if failed.is_empty() {
            format!("No target of {group} answered{aside}.")
        } else {
            format!("No target of {group} answered: {}{aside}.", failed.join(", "))
        }
    }

    /// Whether a translator may need the handoff, even where both roles share a VM: the header that names the trip is gone
    /// after the first attempt.
    pub fn needs_handoff(&self) -> bool {
        let group = self.runtime.config.groups.get(self.group);
        let is_simple = self.drills.is_empty() && self.asides.is_empty();
        !is_simple || group.is_none_or(|group| attempts(group, self.order.len()) != 1)
    }

    /// What a translator in another VM needs, as JSON.
    pub fn handoff(&self, key: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let ids = self.order.iter().map(|place| self.runtime.id(*place));
        Writer::new(&mut out).object(|w| {
            w.key("key").string(&key.to_string());
            w.key("group").string(self.runtime.config.groups.get(self.group).map_or("", |group| &group.name));
            w.key("order").array(|w| ids.for_each(|id| w.string(id)));
            if !self.drills.is_empty() {
                w.key("drills").array(|w| drill::write(self, w));
            }
            if !self.asides.is_empty() {
                w.key("asides").object(|w| self.asides.write(w));
            }
            w.key("surface").string(self.turn.surface.path());
            w.key("model").string(&self.turn.requested_model);
            w.key("stream").bool(self.turn.stream);
            w.key("stream_usage").bool(self.turn.stream_usage);
            w.key("id").string(&self.turn.id);
            w.key("created").u64(self.turn.created);
            w.key("headers").object(|w| {
                for (name, value) in &self.turn.caller_headers {
                    w.key_string(name).string(value);
                }
            });
        });
        out
    }

    /// The key of a handoff.
    pub fn handoff_key(handoff: &[u8]) -> Option<u64> {
        let text = std::str::from_utf8(handoff).ok()?;
        // The first member, by construction: found without reading the rest.
        let digits = text.strip_prefix(r#"{"key":""#)?;
        digits.split_once('"')?.0.parse().ok()
    }

    /// A trip of one's own, where the router role's is in another VM and there is no handoff, from the request as the
    /// router role let it go: of a plan without drills, and for its first attempt, nothing is missing.
    pub fn from_request(
        runtime: &Rc<Runtime>,
        headers: &[Header<'_>],
        body: Vec<u8>,
        now_ms: u64,
    ) -> Option<Trip> {
        let key = headers::key(headers, headers::TRIP)?;
        let mut names = headers::text(headers, headers::ORDER)?.split('|');
        let name = names.next()?;
        let (place, group) =
            runtime.config.groups.iter().enumerate().find(|(_, group)| group.name == name)?;
        let path = headers::text(headers, ":path")?;
        let surface = Surface::of_path(path.strip_prefix(runtime.config.listen.base_path.as_str())?)?;
        let document = Document::parse(body).ok()?;
        let (length, weight) = (document.as_text().len(), document.weight());
        let asked = ask(surface, document.root(), &runtime.config.listen.limits).ok()?;
        Some(Trip {
            runtime: Rc::clone(runtime),
            group: place,
            turn: Turn {
                surface,
                requested_model: asked.model,
                stream: asked.stream,
                stream_usage: asked.stream_usage,
                id: Turn::id_of(key),
                created: now_ms / 1000,
                unsupported: group.unsupported,
                caller_headers: dialect_headers(headers.iter().copied()),
            },
            body: RefCell::new(Some(document)),
            is_handed_off: true,
            planned_ms: None,
            order: names.map(|id| runtime.target(id)).collect::<Option<_>>()?,
            drills: Vec::new(),
            asides: Asides::default(),
            outcome: RefCell::default(),
            ticket: Ticket::new(runtime),
            held: RefCell::new(Held::nothing(runtime)),
            length,
            weight,
        })
    }

    /// A trip of one's own, where the router role's is in another VM.
    pub fn from_handoff(runtime: &Rc<Runtime>, handoff: &[u8]) -> Option<Trip> {
        let raw = Raw::parse(handoff).ok()?;
        let text = |name: &str| raw.get(name)?.text().map(Text::into_string);
        let name = text("group")?;
        let (place, group) =
            runtime.config.groups.iter().enumerate().find(|(_, group)| group.name == name)?;
        let order = raw.get("order")?.items().filter_map(|id| runtime.target(&id.text()?.decode()));
        Some(Trip {
            runtime: Rc::clone(runtime),
            group: place,
            turn: Turn {
                surface: Surface::of_path(&text("surface")?)?,
                requested_model: text("model")?,
                stream: raw.get("stream")?.as_bool()?,
                stream_usage: raw.get("stream_usage")?.as_bool()?,
                id: text("id")?,
                created: raw.get("created")?.as_u64()?,
                unsupported: group.unsupported,
                caller_headers: raw
                    .get("headers")?
                    .fields()
                    .filter_map(|(name, value)| Some((name.into_string(), value.text()?.into_string())))
                    .collect(),
            },
            body: RefCell::default(),
            is_handed_off: true,
            planned_ms: None,
            order: order.collect(),
            drills: raw
                .get("drills")
                .into_iter()
                .flat_map(Raw::items)
                .filter_map(|one| drill::read(one, runtime))
                .collect(),
            asides: raw.get("asides").and_then(Asides::read).unwrap_or_default(),
            outcome: RefCell::default(),
            ticket: Ticket::new(runtime),
            held: RefCell::new(Held::nothing(runtime)),
            length: 0,
            weight: 0,
        })
    }
}

/// How much a class tells the caller about what to do next.
fn informed(class: Class) -> u8 {
    match class {
        Class::Connect => 0,
        Class::Timeout => 1,
        Class::Malformed => 2,
        Class::ServerError => 3,
        Class::Overloaded => 4,
        Class::Auth => 5,
        Class::ModelUnavailable => 6,
        Class::Quota => 7,
        Class::RateLimited => 8,
        Class::ContextLength => 9,
        Class::ContentPolicy => 10,
        Class::InvalidRequest => 11,
    }
}
