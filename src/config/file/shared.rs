//! The keys that groups may share by `defaults`.

use super::Presence::{Optional, Required};
use super::{KeyRow, Literal, Object, Presence, TIME, ValueKind, default_text, field};
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

/// What groups may share: their own keys, without those that make a group what it is.
pub(in crate::config) static DEFAULTS: Object = Object {
    doc: "What groups share: a group takes from here each key that it doesn't have itself, a map as a whole.",
    exactly_one: &[],
    fields: &[
        STRATEGY,
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

pub(super) const STRATEGY: KeyRow = field(
    "strategy",
    ValueKind::OneOf(strategies, plan::LATER),
    default_text("ordered"),
    "Which target of the best priority comes first.",
);
pub(super) const MAX_ATTEMPTS: KeyRow = field(
    "max_attempts",
    ValueKind::Whole { min: 1, max: 10 },
    Optional,
    "The most attempts of a request. Default: one per target.",
);
pub(super) const FIRST_TOKEN_TIMEOUT: KeyRow = field(
    "first_token_timeout",
    TIME,
    default_text("10s"),
    "The longest wait for the first real token, in each attempt at a stream.",
);
pub(super) const ANSWER_TIMEOUT: KeyRow = field(
    "answer_timeout",
    TIME,
    Optional,
    "The longest wait for a whole answer that is not a stream, in each attempt. Default: `first_token_timeout` where \
     that is written, else 60s.",
);
pub(super) const STREAM_IDLE_TIMEOUT: KeyRow = field(
    "stream_idle_timeout",
    TIME,
    default_text("60s"),
    "The longest silence of a stream that has begun; after it the stream ends with an error event.",
);
pub(super) const TIMEOUT: KeyRow = field(
    "timeout",
    TIME,
    default_text("1800s"),
    "The longest a whole request may take: enough for an answer of 32,000 tokens at 25 a second, as silence is what \
     `stream_idle_timeout` ends. A stream that reaches it ends with an error event.",
);
pub(super) const FAILOVER_ON: KeyRow = field(
    "failover_on",
    ValueKind::List { of: &ValueKind::OneOf(failover_classes, &[]), min: 0 },
    Presence::Default(Literal::Texts(default_failover)),
    "The failure classes after which another target is tried.",
);
pub(super) const UNSUPPORTED: KeyRow = field(
    "unsupported",
    ValueKind::OneOf(unsupported, &[]),
    default_text("refuse"),
    "What becomes of something that a dialect can't carry and that changes the meaning: the request is refused, or \
     goes on without it. What only some targets have (`n`, `logprobs`, a form of the answer) is asked of those; it \
     is left out where no target of the group has it.",
);
pub(super) const WHEN_ALL_EJECTED: KeyRow = field(
    "when_all_ejected",
    ValueKind::OneOf(when_all, &[]),
    default_text("try_anyway"),
    "When the circuit breaker has ejected every target: try them all the same, or fail at once.",
);
pub(super) const WHEN_ALL_COOLING: KeyRow = field(
    "when_all_cooling",
    ValueKind::OneOf(when_all, &[]),
    default_text("fail_fast"),
    "When every target waits for its rate limit to pass: try them all the same, or answer 429 with the earliest \
     `Retry-After`.",
);
pub(super) const DEGRADED: KeyRow = field(
    "degraded",
    ValueKind::Object(&ANSWER),
    Optional,
    "The answer when every target failed, instead of an error.",
);
pub(super) const BACK_OFF: KeyRow = field(
    "back_off",
    ValueKind::Object(&PAUSE),
    Optional,
    "The pause before each further attempt; random up to a bound that doubles. Default: none to speak of (1 ms) before \
     another target, and where `max_attempts` is more than there are targets up to 250ms: from 1 ms on, or from 25 ms \
     for a target alone.",
);
pub(super) const RETRY_BUDGET: KeyRow = field(
    "retry_budget",
    ValueKind::Object(&BUDGET),
    Optional,
    "How many repeated tries of targets may run at once, on each worker. No budget holds the first try of another \
     target back.",
);

static ANSWER: Object = Object {
    doc: "The answer when every target failed.",
    exactly_one: &[],
    fields: &[field("content", ValueKind::Text(&form::PROSE), Required, "What the assistant says.")],
};

static PAUSE: Object = Object {
    doc: "The pause before each further attempt.",
    exactly_one: &[],
    fields: &[
        field("base_interval", TIME, default_text("1ms"), "The bound of the first pause."),
        field("max_interval", TIME, Optional, "The bound of any pause. Default: ten times `base_interval`."),
    ],
};

static BUDGET: Object = Object {
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
