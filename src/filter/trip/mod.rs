//! One request on its way: what the router role learned and the translator role needs, over all attempts.
//!
//! Both roles run in the same VM of the same worker, so normally they share a [`Trip`] by its key. After a reload the
//! two can be in different VMs for a while; then the translator makes its own from the handoff, a property that the
//! router role set, and from the request's body. Where the first attempt is the only one, its request says all of it.

mod decision;
mod handoff;
mod outcome;
mod request;

use super::Runtime;
use super::aside::Asides;
use super::clock::Clock;
use super::ledger::Ledger;
use super::load::Ticket;
use super::memory::Held;
use crate::dialect::Turn;
use crate::json::Document;
use crate::plan::{Drilled, Seat};
use std::cell::RefCell;
use std::rc::Rc;

/// See the module.
#[derive(Debug)]
pub struct Trip {
    /// What its plugin is configured for.
    pub runtime: Rc<Runtime>,
    /// A place in the configuration's groups.
    pub group: usize,
    /// What dialects need to know of the request.
    pub turn: Turn,
    /// Places in the configuration's targets, in the order to try.
    pub order: Vec<usize>,
    /// Those of them that are drilled.
    pub drills: Vec<Drilled>,
    /// Those that are not in the order, and why.
    pub asides: Asides,
    /// The caller's request, until an attempt has it. `None` after that, and in a trip made from a handoff: an attempt
    /// reads it from Envoy's buffer, which has it for as long as another attempt is possible. What memory the VM once
    /// took it never gives back, and an answer can take minutes: so requests stay here as short as they can.
    body: RefCell<Option<Document>>,
    /// When it was planned, in milliseconds since 1970; `None` where another VM planned it.
    pub planned_ms: Option<u64>,
    /// What became of it so far.
    ledger: RefCell<Ledger>,
    /// Counts it in its worker's load.
    pub ticket: Ticket,
    /// The bytes of the caller's request: here, and with Envoy, which keeps it for the next attempt.
    held: RefCell<Held>,
    /// How many there are; 0 in a trip made from a handoff.
    length: usize,
    /// How much work the request is; see [`Document::weight`].
    weight: usize,
}

/// Where a request goes, and as what: all that a translator in another VM must be told. See [`Trip`]'s fields.
#[derive(Debug)]
pub(super) struct Route {
    pub group: usize,
    pub turn: Turn,
    pub order: Vec<usize>,
    pub drills: Vec<Drilled>,
    pub asides: Asides,
}

/// Who planned a trip.
pub(super) enum Planned {
    /// This VM, at this time in milliseconds since 1970; and what is held of its request.
    Here(u64, Held),
    /// Another VM: what the attempts before this one met is unknown.
    Elsewhere,
}

impl Trip {
    /// A trip, and the caller's request if it is here.
    pub(super) fn new(runtime: &Rc<Runtime>, route: Route, body: Option<Document>, planned: Planned) -> Trip {
        let Route { group, turn, order, drills, asides } = route;
        let (planned_ms, held) = match planned {
            Planned::Here(now_ms, held) => (Some(now_ms), held),
            Planned::Elsewhere => (None, Held::nothing(&runtime.memory)),
        };
        let (length, weight) = body.as_ref().map_or((0, 0), |body| (body.as_text().len(), body.weight()));
        Trip {
            runtime: Rc::clone(runtime),
            group,
            turn,
            order,
            drills,
            asides,
            body: RefCell::new(body),
            planned_ms,
            ledger: RefCell::default(),
            ticket: Ticket::new(runtime),
            held: RefCell::new(held),
            length,
            weight,
        }
    }

    /// Whether another VM planned it, and may have made attempts that are unknown here.
    pub(super) fn is_handed_off(&self) -> bool {
        self.planned_ms.is_none()
    }

    /// Reads what became of it so far.
    pub fn read<T: Default>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        // Nobody who has it calls anybody who asks for it.
        self.ledger.try_borrow().map_or_else(|_| T::default(), |ledger| read(&ledger))
    }

    /// Notes what becomes of it.
    pub(super) fn note<T: Default>(&self, note: impl FnOnce(&mut Ledger) -> T) -> T {
        self.ledger.try_borrow_mut().map_or_else(|_| T::default(), |mut ledger| note(&mut ledger))
    }

    /// Lends the caller's request, if it is here.
    pub fn body<T>(&self, read: impl FnOnce(Option<&Document>) -> T) -> T {
        match self.body.try_borrow() {
            Ok(body) => read(body.as_ref()),
            Err(_) => read(None),
        }
    }

    /// Whether an attempt must read the caller's request from Envoy's buffer.
    pub fn needs_body(&self) -> bool {
        self.body(|body| body.is_none())
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
    pub(super) fn drop_body(&self) {
        if let Ok(mut body) = self.body.try_borrow_mut() {
            *body = None;
        }
        if let Ok(mut held) = self.held.try_borrow_mut() {
            held.set_vm(0);
        }
    }

    /// What the file calls its group.
    pub fn group_name(&self) -> &str {
        self.runtime.group_name(self.group)
    }

    /// The target, where there is no choice and none is drilled: then nobody needs to ask Envoy which one it took.
    pub(super) fn only_seat(&self) -> Option<Seat> {
        match (self.order.as_slice(), self.drills.is_empty()) {
            ([target], true) => Some(Seat { target: *target, twin: None }),
            _ => None,
        }
    }

    /// When the attempt that is about to be made begins: the first one when the trip was planned, which saves a hostcall.
    pub(super) fn begin_ms(&self, clock: Clock<'_>) -> u64 {
        let is_first = self.read(|ledger| ledger.attempts == 0);
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
}
