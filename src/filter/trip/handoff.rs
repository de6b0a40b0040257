//! The handoff: what a translator in another VM is told of a trip, as JSON in a property.

use super::{Planned, Route, Trip};
use crate::dialect::{Surface, Turn, Unsupported};
use crate::filter::aside::Asides;
use crate::filter::{Runtime, drill};
use crate::json::{Raw, Text, Writer};
use crate::plan::attempts;
use std::rc::Rc;

/// One member of a handoff.
struct HandoffField {
    name: &'static str,
    /// Whether it says nothing and is not written.
    is_empty: fn(&Trip) -> bool,
    write: fn(&Trip, &mut Writer<'_>),
    /// `None`: this is no handoff.
    read: fn(Raw<'_>, &Runtime, &mut Route) -> Option<()>,
    /// Whether there is no trip without it.
    is_needed: bool,
}

impl HandoffField {
    const fn needed(
        name: &'static str,
        write: fn(&Trip, &mut Writer<'_>),
        read: fn(Raw<'_>, &Runtime, &mut Route) -> Option<()>,
    ) -> HandoffField {
        HandoffField { name, is_empty: |_| false, write, read, is_needed: true }
    }

    const fn unless(
        is_empty: fn(&Trip) -> bool,
        name: &'static str,
        write: fn(&Trip, &mut Writer<'_>),
        read: fn(Raw<'_>, &Runtime, &mut Route) -> Option<()>,
    ) -> HandoffField {
        HandoffField { name, is_empty, write, read, is_needed: false }
    }
}

/// Every member, in the order in which they are written. What a [`Route`] has and isn't here would be lost between VMs.
const FIELDS: [HandoffField; 11] = [
    HandoffField::needed("group", |trip, w| w.string(trip.group_key()), read_group),
    HandoffField::needed("order", write_order, read_order),
    HandoffField::unless(|trip| trip.drills.is_empty(), "drills", write_drills, read_drills),
    HandoffField::unless(
        |trip| trip.asides.is_empty(),
        "asides",
        |trip, w| w.object(|w| trip.asides.write(w)),
        |raw, _, route| set(&mut route.asides, Some(Asides::read(raw).unwrap_or_default())),
    ),
    HandoffField::needed(
        "surface",
        |trip, w| w.string(trip.turn.surface.path()),
        |raw, _, route| set(&mut route.turn.surface, Surface::of_path(&raw.text()?.decode())),
    ),
    HandoffField::needed(
        "model",
        |trip, w| w.string(&trip.turn.requested_model),
        |raw, _, route| set(&mut route.turn.requested_model, raw.text().map(Text::into_string)),
    ),
    HandoffField::needed(
        "stream",
        |trip, w| w.bool(trip.turn.stream),
        |raw, _, route| set(&mut route.turn.stream, raw.as_bool()),
    ),
    HandoffField::needed(
        "stream_usage",
        |trip, w| w.bool(trip.turn.stream_usage),
        |raw, _, route| set(&mut route.turn.stream_usage, raw.as_bool()),
    ),
    HandoffField::needed(
        "id",
        |trip, w| w.string(&trip.turn.id),
        |raw, _, route| set(&mut route.turn.id, raw.text().map(Text::into_string)),
    ),
    HandoffField::needed(
        "created",
        |trip, w| w.u64(trip.turn.created),
        |raw, _, route| set(&mut route.turn.created, raw.as_u64()),
    ),
    HandoffField::needed("headers", write_headers, read_headers),
];

fn set<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn read_group(raw: Raw<'_>, runtime: &Runtime, route: &mut Route) -> Option<()> {
    let name = raw.text()?.into_string();
    let (place, group) = runtime.config.groups.iter().enumerate().find(|(_, group)| group.name == name)?;
    route.group = place;
    // It is the group's, so it needs no member of its own.
    route.turn.unsupported = group.unsupported;
    Some(())
}

fn write_order(trip: &Trip, w: &mut Writer<'_>) {
    w.array(|w| trip.order.iter().for_each(|place| w.string(trip.runtime.id(*place))));
}

fn read_order(raw: Raw<'_>, runtime: &Runtime, route: &mut Route) -> Option<()> {
    route.order = raw.items().filter_map(|id| runtime.target(&id.text()?.decode())).collect();
    Some(())
}

fn write_drills(trip: &Trip, w: &mut Writer<'_>) {
    w.array(|w| drill::write(trip, w));
}

fn read_drills(raw: Raw<'_>, runtime: &Runtime, route: &mut Route) -> Option<()> {
    route.drills = raw.items().filter_map(|one| drill::read(one, runtime)).collect();
    Some(())
}

fn write_headers(trip: &Trip, w: &mut Writer<'_>) {
    let headers = &trip.turn.caller_headers;
    w.object(|w| headers.iter().for_each(|(name, value)| w.key_string(name).string(value)));
}

fn read_headers(raw: Raw<'_>, _: &Runtime, route: &mut Route) -> Option<()> {
    let line = |(name, value): (Text<'_>, Raw<'_>)| Some((name.into_string(), value.text()?.into_string()));
    route.turn.caller_headers = raw.fields().filter_map(line).collect();
    Some(())
}

/// A route that says nothing yet: [`FIELDS`] say all of it.
fn blank() -> Route {
    let turn = Turn {
        surface: Surface::Chat,
        requested_model: String::new(),
        stream: false,
        stream_usage: false,
        id: String::new(),
        created: 0,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    };
    Route { group: 0, turn, order: Vec::new(), drills: Vec::new(), asides: Asides::default() }
}

impl Trip {
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
        Writer::new(&mut out).object(|w| {
            w.key("key").string(&key.to_string());
            for field in FIELDS.iter().filter(|field| !(field.is_empty)(self)) {
                (field.write)(self, w.key(field.name));
            }
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

    /// A trip of one's own, where the router role's is in another VM.
    pub fn from_handoff(runtime: &Rc<Runtime>, handoff: &[u8]) -> Option<Trip> {
        let raw = Raw::parse(handoff).ok()?;
        let mut route = blank();
        for field in &FIELDS {
            match raw.get(field.name) {
                Some(value) => (field.read)(value, runtime, &mut route)?,
                None if field.is_needed => return None,
                None => {}
            }
        }
        Some(Trip::new(runtime, route, None, Planned::Elsewhere))
    }

    /// The group's name, as a handoff has it.
    fn group_key(&self) -> &str {
        self.runtime.config.groups.get(self.group).map_or("", |group| group.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Effect;
    use crate::failure::Class;
    use crate::plan::Drilled;

    fn runtime() -> Rc<Runtime> {
        let json = br#"{"version":1,
            "targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://x","model":"m"},
                       {"id":"b","provider":"openai_compatible","endpoint":"http://x","model":"m"},
                       {"id":"c","provider":"openai_compatible","endpoint":"http://x","model":"m"}],
            "model_groups":[{"name":"f","targets":[{"id":"a"}]},
                            {"name":"g","unsupported":"drop","targets":[{"id":"c"},{"id":"b"},{"id":"a"}]}]}"#;
        Rc::new(Runtime::load(json).unwrap())
    }

    /// A route of which no member is as in a blank one.
    fn route() -> Route {
        let turn = Turn {
            surface: Surface::Messages,
            requested_model: "caf\u{e9}".to_owned(),
            stream: true,
            stream_usage: true,
            id: "17".to_owned(),
            created: 1_750_000_000,
            unsupported: Unsupported::Drop,
            caller_headers: vec![("anthropic-beta".to_owned(), "x \"y\"".to_owned())],
        };
        Route {
            group: 1,
            turn,
            order: vec![2, 1],
            drills: vec![Drilled { target: 2, effect: Effect::Fail(Class::RateLimited) }],
            asides: Asides::read(Raw::trusted(r#"{"anyway":true,"out":[[0,"lacks vision"]]}"#)).unwrap(),
        }
    }

    /// All that a trip of another VM must have too, each by itself. Who adds a field decides here whether it is handed off,
    /// and gives it a line in the table if it is.
    fn told(trip: &Trip) -> [String; 12] {
        let Trip {
            group,
            turn,
            order,
            drills,
            asides,
            // Each VM has its own.
            runtime: _,
            ticket: _,
            ledger: _,
            // Envoy has the request, and keeps it for each attempt.
            body: _,
            held: _,
            length: _,
            weight: _,
            // Tells who planned it.
            planned_ms: _,
        } = trip;
        let Turn { surface, requested_model, stream, stream_usage, id, created, unsupported, caller_headers } =
            turn;
        [
            format!("{group:?}"),
            format!("{order:?}"),
            format!("{drills:?}"),
            format!("{asides:?}"),
            format!("{surface:?}"),
            format!("{requested_model:?}"),
            format!("{stream:?}"),
            format!("{stream_usage:?}"),
            format!("{id:?}"),
            format!("{created:?}"),
            format!("{unsupported:?}"),
            format!("{caller_headers:?}"),
        ]
    }

    #[test]
    fn a_handoff_loses_nothing() {
        let runtime = runtime();
        let trip = Trip::new(&runtime, route(), None, Planned::Elsewhere);
        let nothing = Trip::new(&runtime, blank(), None, Planned::Elsewhere);
        for (said, unsaid) in told(&trip).iter().zip(told(&nothing)) {
            assert_ne!(*said, unsaid, "what is as in a blank route shows nothing");
        }
        let handoff = trip.handoff(9);
        assert_eq!(Trip::handoff_key(&handoff), Some(9));
        let again = Trip::from_handoff(&runtime, &handoff).unwrap();
        assert_eq!(told(&again), told(&trip));
        assert!(again.is_handed_off());
    }

    #[test]
    fn what_says_nothing_is_not_written_and_the_rest_is_needed() {
        let runtime = runtime();
        let plain = Route { drills: Vec::new(), asides: Asides::default(), ..route() };
        let plain = Trip::new(&runtime, plain, None, Planned::Elsewhere);
        let handoff = String::from_utf8(plain.handoff(9)).unwrap();
        let begin = r#"{"key":"9","group":"g","order":["c","b"],"surface":"/v1/messages","model":"#;
        assert!(handoff.starts_with(begin), "{handoff}");
        assert_eq!(told(&Trip::from_handoff(&runtime, handoff.as_bytes()).unwrap()), told(&plain));
        for field in FIELDS.iter().filter(|field| field.is_needed) {
            let without = handoff.replace(&format!("\"{}\":", field.name), "\"other\":");
            assert!(Trip::from_handoff(&runtime, without.as_bytes()).is_none(), "{}", field.name);
        }
        assert!(Trip::from_handoff(&runtime, b"{}").is_none());
    }
}
