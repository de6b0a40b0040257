//! Drills as the two roles see them: who may force one, how an attempt is told from a real one, how it is marked.

use super::headers::{self, DRILL};
use super::trip::Trip;
use crate::config::{Config, Drill, Effect, Target, Twin};
use crate::failure::Class;
use crate::json::{Raw, Text, Writer};
use crate::plan::{Drilled, Seat};

/// What a caller asks for by `x-switchover-drill: <target>` or `<target>:<class>`, or several with commas between, and
/// for whom.
pub(super) struct Wish {
    asked: String,
    tenant: String,
}

impl Wish {
    /// `None` from whoever is not known as a tenant: the header is dropped like any other reserved one.
    pub(super) fn of(config: &Config, headers: &[headers::Header<'_>]) -> Option<Wish> {
        if config.drills.is_empty() {
            return None;
        }
        let asked = headers::text(headers, DRILL)?.trim();
        let tenant = config.tenant.as_ref().filter(|tenant| tenant.trusted)?;
        // Of two tenants nobody knows which one the trusted filter wrote.
        let mut named = headers.iter().filter(|(name, _)| *name == tenant.header.as_bytes());
        let (_, who) = named.next().filter(|_| named.next().is_none())?;
        Some(Wish { asked: asked.to_owned(), tenant: std::str::from_utf8(who).ok()?.to_owned() })
    }

    /// Whether this drill is asked for, by somebody who may.
    pub(super) fn forces(&self, config: &Config, drill: &Drill) -> bool {
        let id = config.targets.get(drill.target).map_or("", Target::id);
        let meant = self
            .asked
            .split(',')
            .filter_map(|one| one.trim().strip_prefix(id))
            .any(|rest| rest.is_empty() || rest.strip_prefix(':') == Some(drill.effect.name()));
        meant && drill.allow_tenants.contains(&self.tenant)
    }
}

impl Trip {
    /// What a target is drilled with on this request.
    pub(super) fn drill_of(&self, target: usize) -> Option<Effect> {
        self.drills.iter().find(|drill| drill.target == target).map(|drill| drill.effect)
    }

    /// ` (drill)` behind what a sentence says of a drilled target.
    pub(super) fn drill_note(&self, target: usize) -> &'static str {
        if self.drill_of(target).is_some() { " (drill)" } else { "" }
    }

    /// The drills that this request met on its way to the target that answered, or to the end: `openai-main:overloaded`.
    pub(super) fn drill_mark(&self, answered: Option<usize>) -> Option<String> {
        if self.drills.is_empty() {
            return None;
        }
        let last = answered.and_then(|target| self.order.iter().position(|known| *known == target));
        let reached = self.order.iter().take(last.map_or(self.order.len(), |last| last + 1));
        let met = reached.filter_map(|target| {
            Some(format!("{}:{}", self.runtime.id(*target), self.drill_of(*target)?.name()))
        });
        Some(met.collect::<Vec<_>>().join(", ")).filter(|mark| !mark.is_empty())
    }

    /// What this attempt meets: nothing at the real target, even if another way to it is drilled.
    pub(super) fn drill_at(&self, seat: Seat) -> Option<Effect> {
        match (seat.twin, self.drill_of(seat.target)) {
            (Some(Twin::Fail), Some(Effect::Fail(class))) => Some(Effect::Fail(class)),
            // The twin answers only drills: whatever happened to the handoff, nobody real is behind it.
            (Some(Twin::Fail), _) => Some(Effect::Fail(Class::Overloaded)),
            (_, Some(Effect::DelayMs(ms))) => Some(Effect::DelayMs(ms)),
            (_, _) => None,
        }
    }
}

/// Writes the drills of a handoff.
pub(super) fn write(trip: &Trip, w: &mut Writer<'_>) {
    for drill in &trip.drills {
        w.object(|w| {
            w.key("target").string(trip.runtime.id(drill.target));
            match drill.effect {
                Effect::Fail(class) => w.key("class").string(class.name()),
                Effect::DelayMs(ms) => w.key("delay_ms").u64(ms),
            }
        });
    }
}

/// Reads a drill of a handoff.
pub(super) fn read(raw: Raw<'_>, runtime: &super::Runtime) -> Option<Drilled> {
    let text = |name: &str| raw.get(name)?.text().map(Text::into_string);
    let effect = match raw.get("delay_ms").and_then(Raw::as_u64) {
        Some(ms) => Effect::DelayMs(ms),
        None => Effect::Fail(Class::from_name(&text("class")?)?),
    };
    Some(Drilled { target: runtime.target(&text("target")?)?, effect })
}
