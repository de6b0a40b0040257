//! What may stand in `switchover.yaml`: every key with its kind, bounds, default and meaning, once.
//!
//! The checker ([`super::shape`]), the resolver (its defaults) and `switchover schema` all read this table, so they can't
//! differ. What needs more than one key to judge is in [`super::check`].

mod drill;
mod group;
mod shared;
mod target;

use super::form::{self, TextForm};
use drill::DRILL;
use group::GROUP;
pub(super) use shared::DEFAULTS;
use target::{BREAKER, TARGET};

/// A map with known keys.
pub(super) struct Object {
    pub doc: &'static str,
    pub fields: &'static [KeyRow],
    /// Keys of which exactly one must be there; empty: no such rule.
    pub exactly_one: &'static [&'static str],
}

/// A key.
pub(super) struct KeyRow {
    pub name: &'static str,
    pub kind: ValueKind,
    pub need: Presence,
    pub doc: &'static str,
}

/// Whether a key must be there.
pub(super) enum Presence {
    Required,
    Optional,
    Default(Literal),
}

/// A default.
pub(super) enum Literal {
    Bool(bool),
    Whole(u64),
    Number(f64),
    Text(&'static str),
    /// `[]`
    Nothing,
    /// Texts by function, as some come from tables of other modules.
    Texts(fn() -> Vec<&'static str>),
}

/// What a value must be.
pub(super) enum ValueKind {
    Bool,
    Whole {
        min: u64,
        max: u64,
    },
    Number {
        min: f64,
        max: f64,
    },
    /// A number and a unit: `500ms`, `10s`, `5m`, `1h`.
    Duration {
        min_ms: u64,
        max_ms: u64,
    },
    Text(&'static TextForm),
    /// One of these texts; of the others those are names that are settled and mean nothing yet.
    OneOf(fn() -> Vec<&'static str>, &'static [&'static str]),
    Object(&'static Object),
    /// Any keys, each with a text.
    Map(&'static TextForm),
    List {
        of: &'static ValueKind,
        min: usize,
    },
    /// A list that must stay empty until what it is for exists; the text says what that is.
    Later(&'static str),
}

impl Object {
    pub(super) fn field(&self, name: &str) -> Option<&'static KeyRow> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn field(name: &'static str, kind: ValueKind, need: Presence, doc: &'static str) -> KeyRow {
    KeyRow { name, kind, need, doc }
}

const fn default_text(text: &'static str) -> Presence {
    Presence::Default(Literal::Text(text))
}

use Presence::{Optional, Required};

/// The format of the file, which its key `version` names.
pub const FORMAT: u64 = 1;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Any time from 1 ms to a day.
const TIME: ValueKind = ValueKind::Duration { min_ms: 1, max_ms: DAY_MS };
/// How many of something a request may have.
const COUNT: ValueKind = ValueKind::Whole { min: 1, max: 1 << 30 };
const ID: ValueKind = ValueKind::Text(&form::ID);
/// What a label may say.
pub(super) static LABEL: ValueKind = ValueKind::Text(&form::TEXT);

/// The whole file.
pub(super) static FILE: Object = Object {
    doc: "Switchover: LLM targets, their credentials, and the model groups that callers ask for.",
    exactly_one: &[],
    fields: &[
        field("version", ValueKind::Whole { min: FORMAT, max: FORMAT }, Required, "The format of this file."),
        field(
            "revision",
            ValueKind::Text(&form::TEXT),
            Optional,
            "Which content of the file this is. `switchover serve` writes it into the filter's document, whose `GET /health` then \
             answers with it; without one that path is left alone.",
        ),
        field(
            "listen",
            ValueKind::Object(&LISTEN),
            Optional,
            "What the filter takes as its own; all else passes untouched.",
        ),
        field("tenant", ValueKind::Object(&TENANT), Optional, "Where the tenant of a request is found."),
        field(
            "targets",
            ValueKind::List { of: &ValueKind::Object(&TARGET), min: 1 },
            Required,
            "Models at providers. Each becomes an Envoy cluster.",
        ),
        field(
            "credentials",
            ValueKind::List { of: &ValueKind::Object(&CREDENTIAL), min: 0 },
            Presence::Default(Literal::Nothing),
            "Where providers' keys come from. The keys themselves are never in this file and never in the filter.",
        ),
        field(
            "model_groups",
            ValueKind::List { of: &ValueKind::Object(&GROUP), min: 1 },
            Required,
            "What callers put in `model`, and the targets that answer.",
        ),
        field(
            "defaults",
            ValueKind::Object(&DEFAULTS),
            Optional,
            "What all groups share: a group takes from here each key that it doesn't have itself, a map as a whole. What is not \
             written here either is as each key says.",
        ),
        field(
            "circuit_breaker",
            ValueKind::Object(&BREAKER),
            Optional,
            "When a target that keeps failing is left alone (Envoy's outlier detection). A target may have its own.",
        ),
        field(
            "policies",
            ValueKind::Later("routing policies"),
            Presence::Default(Literal::Nothing),
            "Routing policies: not supported yet, so the list must be empty.",
        ),
        field(
            "drills",
            ValueKind::List { of: &ValueKind::Object(&DRILL), min: 0 },
            Presence::Default(Literal::Nothing),
            "Failures on purpose, to see failover work. Each ends by itself.",
        ),
    ],
};

static LISTEN: Object = Object {
    doc: "What the filter takes as its own; all else passes untouched and unbuffered.",
    exactly_one: &[],
    fields: &[
        field(
            "hosts",
            ValueKind::List { of: &ValueKind::Text(&form::HOST), min: 0 },
            Presence::Default(Literal::Nothing),
            "Host names that requests must be for, `*.example.com` for all below it; empty: any.",
        ),
        field(
            "base_path",
            ValueKind::Text(&form::BASE_PATH),
            default_text(""),
            "What stands before `/v1/…` in the paths, such as `/llm`.",
        ),
        field(
            "max_body_bytes",
            ValueKind::Whole { min: 1024, max: 1 << 30 },
            Presence::Default(Literal::Whole(32 << 20)),
            "The largest request body; larger ones get 413.",
        ),
        field(
            "max_answer_bytes",
            ValueKind::Whole { min: 1024, max: 256 << 20 },
            Presence::Default(Literal::Whole(64 << 20)),
            "The largest answer that is collected before it goes on: a whole one, or what comes of a stream before its first \
             token. A larger one is `malformed`, and the next target is asked. What flows has no such bound.",
        ),
        field(
            "memory",
            ValueKind::Whole { min: 8 << 20, max: 1 << 30 },
            Presence::Default(Literal::Whole(512 << 20)),
            "How many bytes each worker may take for requests and answers: half of it is the filter's, a quarter Envoy's, for \
             requests that it keeps for their next attempt and large answers on their way, and a quarter what is lost between. \
             What doesn't fit gets 503 `gateway_busy`, and no target is blamed. At least ten times `max_body_bytes` and five \
             times `max_answer_bytes`. So an Envoy takes at most what it takes at its start and this for each worker, \
             besides 256 KiB for each connection or stream whose caller doesn't read.",
        ),
        field(
            "body_timeout",
            TIME,
            default_text("60s"),
            "The longest that a request's body may take to arrive; slower ones get 408 `body_timeout`, and so do those that bring \
             fewer than 1,024 bytes a second after the first ten.",
        ),
        field(
            "max_messages",
            COUNT,
            Presence::Default(Literal::Whole(20_000)),
            "The most messages of a chat or items of a response's input; more get 400.",
        ),
        field(
            "max_tools",
            COUNT,
            Presence::Default(Literal::Whole(2048)),
            "The most tools of a request; more get 400. Providers take up to 128.",
        ),
        field(
            "max_parts",
            COUNT,
            Presence::Default(Literal::Whole(20_000)),
            "The most parts of one message, the tool calls and what is in tool results included; more get 400.",
        ),
        field(
            "max_inputs",
            COUNT,
            Presence::Default(Literal::Whole(20_480)),
            "The most texts of a request for embeddings; more get 400. Providers take up to 2048.",
        ),
        field(
            "max_values",
            COUNT,
            Presence::Default(Literal::Whole(100_000)),
            "The most members, objects, lists and strings in lists of a request, those in calls' arguments included; more get 400. Of the numbers in a list, 16 count as one.",
        ),
        field(
            "max_unknown",
            COUNT,
            Presence::Default(Literal::Whole(10_000)),
            "The most members of a chat and of its messages that its dialect has no place for; more get 400.",
        ),
    ],
};

static TENANT: Object = Object {
    doc: "Where the tenant of a request is found.",
    exactly_one: &[],
    fields: &[
        field(
            "header",
            ValueKind::Text(&form::HEADER),
            Required,
            "A request header that an earlier filter sets from what it verified (jwt_authn, api_key_auth).",
        ),
        field(
            "trusted",
            ValueKind::Bool,
            Presence::Default(Literal::Bool(true)),
            "Whether such a filter is there. If not, the header is removed from every request that Switchover takes, and there \
             is no tenant.",
        ),
    ],
};

static CREDENTIAL: Object = Object {
    doc: "Where a provider's key comes from.",
    exactly_one: &["secret_file", "secret_env", "aws"],
    fields: &[
        field("id", ID, Required, "The credential's name."),
        field(
            "secret_file",
            ValueKind::Text(&form::FILE),
            Optional,
            "A file that holds the key alone. A relative path counts from this file's folder. The key is replaced by moving another \
             file to this name (`mv`): Envoy does not see a file that is written in place, and goes on with the old key when the \
             file is deleted.",
        ),
        field(
            "secret_env",
            ValueKind::Text(&form::ENV),
            Optional,
            "An environment variable that holds the key; `switchover render` writes it into a file that only its owner can read.",
        ),
        field(
            "aws",
            ValueKind::Object(&AWS),
            Optional,
            "Requests are signed by Envoy with the AWS credentials of its surroundings.",
        ),
    ],
};

static AWS: Object = Object {
    doc: "AWS Signature Version 4.",
    exactly_one: &[],
    fields: &[
        field("region", ID, Required, "The AWS region, such as `us-east-1`."),
        field("service", ID, default_text("bedrock"), "The service's name in the signature."),
    ],
};
