//! Drills as the two roles see them: who may force one, how an attempt is told from a real one, how it is marked.

use super::headers::{self, DRILL};
use super::trip::Trip;
use crate::config::{Config, Drill, Effect, TargetSettings, Twin};
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
        let id = config.targets.get(drill.target).map_or("", TargetSettings::id);
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

#[cfg(test)]
mod tests {
    use super::super::attempt::start_with;
    use super::super::{Count, Metric, Moment, RequestStep, Router, Runtime, Series, Step, Told};
    use super::*;
    use crate::failure::Head;
    use std::rc::Rc;

    const NOW_MS: u64 = 1_750_000_000_000;

    fn runtime(percentage: u32) -> Rc<Runtime> {
        let target = |id: &str| {
            format!(r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x","model":"m"}}"#)
        };
        let drill = |target: &str, effect: &str| {
            format!(
                r#"{{"target":"{target}",{effect},"percentage":{percentage},"until":"2026-12-31T00:00:00Z","allow_tenants":["acme"]}}"#
            )
        };
        let json = format!(
            r#"{{"version":1,"tenant":{{"header":"X-Tenant"}},"targets":[{},{},{}],
               "model_groups":[{{"name":"g","targets":[{{"id":"a"}},{{"id":"a.b","priority":1}},{{"id":"c","priority":2}}]}}],
               "drills":[{},{}]}}"#,
            target("a"),
            target("a.b"),
            target("c"),
            drill("a", r#""class":"rate_limited""#),
            drill("a.b", r#""latency":"2s""#),
        );
        Rc::new(Runtime::load(json.as_bytes()).unwrap())
    }

    /// The trip of a chat with these headers, and the order that it was sent down.
    fn sent(runtime: &Rc<Runtime>, headers: &[(&str, &str)]) -> (Rc<Trip>, String) {
        let mut router = Router::new(Rc::clone(runtime));
        let fixed = [(":method", "POST"), (":path", "/v1/chat/completions"), (":authority", "h")];
        let all = fixed.iter().chain(headers).map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let step = router.request(&all.collect::<Vec<_>>(), false);
        let RequestStep::Read { remove } = step else { panic!("{step:?}") };
        let wished = headers.iter().filter(|(name, _)| *name == DRILL).count();
        assert_eq!(remove, vec![DRILL.as_bytes(); wished], "the wish goes no further");
        let body = br#"{"model":"g","messages":[{"role":"user","content":"hi"}]}"#;
        let moment = Moment { now_ms: NOW_MS, pick: 0, key: 7, standings: &[] };
        let (trip, headers) = router
            .plan(String::from_utf8(body.to_vec()).map_err(|error| error.into_bytes()), &moment)
            .unwrap();
        let (_, order) = headers.iter().find(|(name, _)| **name == *headers::ORDER.as_bytes()).unwrap();
        let order = String::from_utf8(order.to_vec()).unwrap();
        (trip, order)
    }

    #[test]
    fn the_order_has_twins_only_for_who_may_wish_so() {
        let runtime = runtime(0);
        let asked = |asked: &str, tenants: &[&str]| {
            let mut headers = vec![(DRILL, asked)];
            headers.extend(tenants.iter().map(|tenant| ("x-tenant", *tenant)));
            sent(&runtime, &headers).1
        };
        assert_eq!(asked("a", &["acme"]), "g|a!fail|a.b|c");
        assert_eq!(asked("a:rate_limited", &["acme"]), "g|a!fail|a.b|c");
        assert_eq!(asked("a.b", &["acme"]), "g|a|a.b!slow|c");
        assert_eq!(asked("a.b:latency , a", &["acme"]), "g|a!fail|a.b!slow|c");
        for (wish, tenants) in [
            ("a", &[][..]),
            ("a", &["globex"]),
            ("a", &["acme", "globex"]),
            ("a", &["acme, globex"]),
            ("a:", &["acme"]),
            ("a:latency", &["acme"]),
            ("a.b:overloaded", &["acme"]),
            ("c", &["acme"]),
            ("", &["acme"]),
        ] {
            assert_eq!(asked(wish, tenants), "g|a|a.b|c", "{wish} {tenants:?}");
        }
    }

    #[test]
    fn a_failing_attempt_is_nobodys() {
        let runtime = runtime(100);
        let (trip, order) = sent(&runtime, &[]);
        assert_eq!(order, "g|a!fail|a.b!slow|c");
        let seen: &[headers::Header<'_>] = &[(b"user-agent", b"caller"), (b"authorization", b"key")];
        let start = start_with(&trip, "a!fail", seen, NOW_MS).unwrap();
        let mut attempt = start.attempt;
        assert!(start.body.is_empty() && attempt.delay_ms().is_none());
        let series = Series { metric: Metric::Drills, group: 0, target: 0, class: "rate_limited" };
        assert_eq!(attempt.take_told().counts, [Count { series, by: 1 }]);
        let names: Vec<_> = start.headers.iter().map(|(name, _)| String::from_utf8_lossy(name)).collect();
        assert_eq!(names, [":method", ":path", ":authority", ":scheme", "content-length", "user-agent"]);
        let Step::Release { headers, .. } =
            attempt.head(&Head { status: 503, headers: &[] }, false, &|| NOW_MS)
        else {
            panic!()
        };
        let value = |name: &str| {
            headers.iter().find(|(known, _)| **known == *name.as_bytes()).map(|(_, value)| value.to_vec())
        };
        assert_eq!(value(":status").unwrap(), b"429");
        assert_eq!(value(headers::RETRY).unwrap(), b"1");
        assert_eq!(attempt.take_told(), Told::default(), "a drill cools nobody down, and nobody has failed");
        assert_eq!(attempt.body(b"whatever".to_vec(), true, &|| NOW_MS), Step::Chunk(Vec::new()));
        assert_eq!(trip.verdict(), "No target of g answered: a failed (rate_limited) (drill).");
        let why =
            "a.b answered for g, after a pause of 2000 ms (drill) because a failed (rate_limited) (drill).";
        assert_eq!(trip.decision(1), why);
    }

    #[test]
    fn a_slow_attempt_is_a_real_one() {
        let runtime = runtime(100);
        let (trip, _) = sent(&runtime, &[]);
        let start = start_with(&trip, "a.b", &[], NOW_MS).unwrap();
        let mut attempt = start.attempt;
        let path = start.headers.iter().find(|(name, _)| *name == b":path").unwrap().1;
        assert_eq!((attempt.delay_ms(), path), (Some(2000), &b"/chat/completions"[..]));
        let limited =
            attempt.head(&Head { status: 429, headers: &[(b"retry-after", b"3")] }, true, &|| NOW_MS);
        assert!(matches!(limited, Step::Release { .. }));
        assert_eq!(
            attempt.take_told().news,
            Some((1, crate::plan::News::Limited { wait_ms: 3000 })),
            "what the provider says counts"
        );
        let mut attempt = start_with(&trip, "c", &[], NOW_MS).unwrap().attempt;
        assert_eq!((attempt.delay_ms(), attempt.take_told()), (None, Told::default()));
    }

    #[test]
    fn an_answer_is_marked_with_what_it_met() {
        let (trip, _) = sent(&runtime(100), &[]);
        assert_eq!(trip.drill_mark(None).unwrap(), "a:rate_limited, a.b:latency");
        assert_eq!(trip.drill_mark(Some(2)).unwrap(), "a:rate_limited, a.b:latency");
        assert_eq!(trip.drill_mark(Some(0)).unwrap(), "a:rate_limited");
        let (trip, order) = sent(&runtime(0), &[]);
        assert_eq!((trip.drill_mark(None), order.as_str()), (None, "g|a|a.b|c"));
    }

    #[test]
    fn drills_survive_the_handoff() {
        let runtime = runtime(100);
        let (trip, _) = sent(&runtime, &[]);
        let again = Trip::from_handoff(&runtime, &trip.handoff(9)).unwrap();
        assert_eq!(again.drills, trip.drills);
        assert_eq!(again.drills.len(), 2);
        // Should they ever be lost, an attempt at the twin still fails.
        let mut lost = again;
        lost.drills.clear();
        let seat = runtime.seat("a!fail").unwrap();
        assert_eq!(lost.drill_at(seat), Some(Effect::Fail(Class::Overloaded)));
        assert!(runtime.seat("a!slow").is_none() && runtime.seat("b").is_none());
    }
}
