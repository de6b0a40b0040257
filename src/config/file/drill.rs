//! The keys of drills.

use super::Presence::{Optional, Required};
use super::{ID, Literal, Object, Presence, TIME, ValueKind, field};
use crate::config::form;
use crate::failure::Class;

fn classes() -> Vec<&'static str> {
    Class::all().map(Class::name).collect()
}

pub(super) static DRILL: Object = Object {
    doc: "A failure on purpose, for an hour or a few days: `check` warns of more than a week. No provider is called for a failing attempt. A \
          drilled attempt goes to a cluster of its own, so the target's own circuit breaker and cool-downs learn nothing of \
          it; everything else takes the real path. Answers say what was drilled in `x-switchover-drill`.",
    exactly_one: &["class", "latency"],
    fields: &[
        field("target", ID, Required, "The id of the target that fails."),
        field(
            "enabled",
            ValueKind::Bool,
            Presence::Default(Literal::Bool(true)),
            "Whether it is on. One that is off stays rendered, so that turning it on needs no new clusters.",
        ),
        field(
            "class",
            ValueKind::OneOf(classes, &[]),
            Optional,
            "How it fails: at once, or for `timeout` when the time for an answer is over.",
        ),
        field(
            "latency",
            TIME,
            Optional,
            "How long it waits before it goes on as usual; longer than `first_token_timeout`, it is a timeout.",
        ),
        field(
            "percentage",
            ValueKind::Number { min: 0.0, max: 100.0 },
            Presence::Default(Literal::Number(100.0)),
            "Of the attempts at the target; 0: only those that a caller forces.",
        ),
        field(
            "until",
            ValueKind::Text(&form::TIMESTAMP),
            Required,
            "When the drill is over, so that none is left on by mistake.",
        ),
        field(
            "allow_tenants",
            ValueKind::List { of: &ValueKind::Text(&form::TEXT), min: 0 },
            Presence::Default(Literal::Nothing),
            "Tenants whose callers may force the drill on a request, with the header `x-switchover-drill: <target>` or, where \
             a target has several, `<target>:<class>` or `<target>:latency` (several with commas between). From anybody else the header counts for nothing.",
        ),
    ],
};
