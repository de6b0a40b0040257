//! The keys of model groups.

use super::Presence::{Optional, Required};
use super::{ID, Literal, Object, Presence, TIME, ValueKind, default_text, field};
use crate::config::form;
use crate::failure::Class;
use crate::plan;

/// All but `invalid_request`: the caller's mistake is one everywhere.
fn failover_classes() -> Vec<&'static str> {
    Class::all().filter(|class| *class != Class::InvalidRequest).map(Class::name).collect()
}
fn default_failover() -> Vec<&'static str> {
    Class::all().filter(|class| class.fails_over()).map(Class::name).collect()
}
fn strategies() -> Vec<&'static str> {
    plan::strategies().map(|strategy| strategy.name).collect()
}
fn when_all() -> Vec<&'static str> {
    vec!["try_anyway", "fail_fast"]
}
fn unsupported() -> Vec<&'static str> {
    vec!["refuse", "drop"]
}

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
             targets are left out; those of its own fallback group still follow.",
        ),
        field(
            "strategy",
            ValueKind::OneOf(strategies, plan::LATER),
            default_text("ordered"),
            "Which target of the best priority comes first.",
        ),
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
        field(
            "max_attempts",
            ValueKind::Whole { min: 1, max: 10 },
            Optional,
            "The most attempts of a request. Default: one per target.",
        ),
        field(
            "first_token_timeout",
            TIME,
            default_text("10s"),
            "The longest wait for the first real token, in each attempt at a stream.",
        ),
        field(
            "answer_timeout",
            TIME,
            Optional,
            "The longest wait for a whole answer that is not a stream, in each attempt. Default: `first_token_timeout` where \
             that is written, else 60s.",
        ),
        field(
            "stream_idle_timeout",
            TIME,
            default_text("60s"),
            "The longest silence of a stream that has begun; after it the stream ends with an error event.",
        ),
        field(
            "timeout",
            TIME,
            default_text("1800s"),
            "The longest a whole request may take: enough for an answer of 32,000 tokens at 25 a second, as silence is what \
             `stream_idle_timeout` ends. A stream that reaches it ends with an error event.",
        ),
        field(
            "failover_on",
            ValueKind::List { of: &ValueKind::OneOf(failover_classes, &[]), min: 0 },
            Presence::Default(Literal::Texts(default_failover)),
            "The failure classes after which another target is tried.",
        ),
        field(
            "unsupported",
            ValueKind::OneOf(unsupported, &[]),
            default_text("refuse"),
            "What becomes of something that a dialect can't carry and that changes the meaning: the request is refused, or \
             goes on without it. What only some targets have (`n`, `logprobs`, a form of the answer) is asked of those; it \
             is left out where no target of the group has it.",
        ),
        field(
            "when_all_ejected",
            ValueKind::OneOf(when_all, &[]),
            default_text("try_anyway"),
            "When the circuit breaker has ejected every target: try them all the same, or fail at once.",
        ),
        field(
            "when_all_cooling",
            ValueKind::OneOf(when_all, &[]),
            default_text("fail_fast"),
            "When every target waits for its rate limit to pass: try them all the same, or answer 429 with the earliest \
             `Retry-After`.",
        ),
        field(
            "degraded",
            ValueKind::Object(&DEGRADED),
            Optional,
            "The answer when every target failed, instead of an error.",
        ),
        field(
            "back_off",
            ValueKind::Object(&BACK_OFF),
            Optional,
            "The pause before each further attempt; random up to a bound that doubles. Default: none to speak of (1 ms) before \
             another target, and where `max_attempts` is more than there are targets up to 250ms: from 1 ms on, or from 25 ms \
             for a target alone.",
        ),
        field(
            "retry_budget",
            ValueKind::Object(&RETRY_BUDGET),
            Optional,
            "How many repeated tries of targets may run at once, on each worker. No budget holds the first try of another \
             target back.",
        ),
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

static DEGRADED: Object = Object {
    doc: "The answer when every target failed.",
    exactly_one: &[],
    fields: &[field("content", ValueKind::Text(&form::PROSE), Required, "What the assistant says.")],
};

static BACK_OFF: Object = Object {
    doc: "The pause before each further attempt.",
    exactly_one: &[],
    fields: &[
        field("base_interval", TIME, default_text("1ms"), "The bound of the first pause."),
        field("max_interval", TIME, Optional, "The bound of any pause. Default: ten times `base_interval`."),
    ],
};

static RETRY_BUDGET: Object = Object {
    doc: "How many repeated tries (attempts at targets that their request has tried already) may run at once, on each worker.",
    exactly_one: &[],
    fields: &[
        field(
            "budget_percent",
            ValueKind::Number { min: 0.0, max: 100.0 },
            Presence::Default(Literal::Number(100.0)),
            "In percent of the requests that are running.",
        ),
        field(
            "min_retry_concurrency",
            ValueKind::Whole { min: 0, max: 1_000_000 },
            Presence::Default(Literal::Whole(100)),
            "So many always.",
        ),
    ],
};
