//! The keys of model groups.

use super::Presence::{Optional, Required};
use super::shared::{
    ANSWER_TIMEOUT, BACK_OFF, DEGRADED, FAILOVER_ON, FIRST_TOKEN_TIMEOUT, MAX_ATTEMPTS, RETRY_BUDGET,
    STRATEGY, STREAM_IDLE_TIMEOUT, TIMEOUT, UNSUPPORTED, WHEN_ALL_COOLING, WHEN_ALL_EJECTED,
};
use super::{ID, Literal, Object, Presence, ValueKind, field};
use crate::config::form;

pub(super) static GROUP: Object = Object {
    doc: "What callers put in `model`.",
    exactly_one: &[],
    fields: &[
        field("name", ValueKind::Text(&form::GROUP), Required, "What callers put in `model`."),
        field(
            "aliases",
            ValueKind::List { of: &ValueKind::Text(&form::ALIAS), min: 0 },
            Presence::Default(Literal::Nothing),
            "Other names; one `*` stands for anything. Names win over aliases, aliases without `*` over those with.",
        ),
        field(
            "enabled",
            ValueKind::Bool,
            Presence::Default(Literal::Bool(true)),
            "Whether it is there for callers. A group that is not stays checked and rendered: who asks for it, or by one of its \
             aliases, gets 404 `model_not_found`, which says so, `/v1/models` doesn't list it, and where it is a fallback group its \
             targets are left out; those of its own fallback group still follow. Turning it off or on changes nothing in Envoy but the \
             filter's document, unless a fallback group behind it has one of its targets, too: that one then stands there, and \
             the clusters of orders are rendered anew.",
        ),
        STRATEGY,
        field(
            "targets",
            ValueKind::List { of: &ValueKind::Object(&MEMBER), min: 1 },
            Required,
            "The targets; at most 6 together with those of the fallback groups.",
        ),
        field(
            "fallback_group",
            ValueKind::Text(&form::GROUP),
            Optional,
            "A group whose targets follow, at lower priority.",
        ),
        MAX_ATTEMPTS,
        FIRST_TOKEN_TIMEOUT,
        ANSWER_TIMEOUT,
        STREAM_IDLE_TIMEOUT,
        TIMEOUT,
        FAILOVER_ON,
        UNSUPPORTED,
        WHEN_ALL_EJECTED,
        WHEN_ALL_COOLING,
        DEGRADED,
        BACK_OFF,
        RETRY_BUDGET,
    ],
};

static MEMBER: Object = Object {
    doc: "A target of a group.",
    exactly_one: &[],
    fields: &[
        field("id", ID, Required, "The id of a target."),
        field(
            "priority",
            ValueKind::Whole { min: 0, max: 100 },
            Presence::Default(Literal::Whole(0)),
            "Lower ones are tried first.",
        ),
        field(
            "weight",
            ValueKind::Whole { min: 1, max: 1_000_000 },
            Presence::Default(Literal::Whole(1)),
            "Its share among the targets of its priority, with `weighted_round_robin`.",
        ),
    ],
};
