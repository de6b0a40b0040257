//! What may stand in `switchover.yaml`: every key with its kind, bounds, default and meaning, once.
//!
//! The checker ([`super::shape`]), the resolver (its defaults) and `switchover schema` all read this table, so they can't
//! differ. What needs more than one key to judge is in [`super::check`].

use super::form::{self, Form};
use crate::chat::Features;
use crate::dialect::PROVIDERS;
use crate::failure::Class;

/// A map with known keys.
pub(super) struct Object {
    pub doc: &'static str,
    pub fields: &'static [Field],
    /// Keys of which exactly one must be there; empty: no such rule.
    pub exactly_one: &'static [&'static str],
}

/// A key.
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub need: Need,
    pub doc: &'static str,
}

/// Whether a key must be there.
pub(super) enum Need {
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
pub(super) enum Kind {
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
    Text(&'static Form),
    /// One of these texts.
    OneOf(fn() -> Vec<&'static str>),
    Object(&'static Object),
    /// Any keys, each with a text.
    Map(&'static Form),
    List {
        of: &'static Kind,
        min: usize,
    },
    /// A list that must stay empty until what it is for exists; the text says what that is.
    Later(&'static str),
}

impl Object {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn field(name: &'static str, kind: Kind, need: Need, doc: &'static str) -> Field {
    Field { name, kind, need, doc }
}

const fn default_text(text: &'static str) -> Need {
    Need::Default(Literal::Text(text))
}

use Need::{Optional, Required};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Any time from 1 ms to a day.
const TIME: Kind = Kind::Duration { min_ms: 1, max_ms: DAY_MS };
const TOKENS: Kind = Kind::Whole { min: 1, max: 100_000_000 };
const USD: Kind = Kind::Number { min: 0.0, max: 1_000_000.0 };
const ID: Kind = Kind::Text(&form::ID);
/// What a label may say.
pub(super) static LABEL: Kind = Kind::Text(&form::TEXT);

fn providers() -> Vec<&'static str> {
    PROVIDERS.iter().map(|row| row.name).collect()
}
/// Every feature, and how to take one away that isn't just left out of the list.
fn features() -> Vec<&'static str> {
    let removals = [
        "-sampling",
        "-reasoning_effort",
        "-reasoning_budget",
        "-image_urls",
        "-candidates",
        "-logprobs",
        "-json_mode",
    ];
    Features::NAMED.iter().map(|(_, name)| *name).chain(removals).collect()
}
fn classes() -> Vec<&'static str> {
    Class::all().map(Class::name).collect()
}
/// All but `invalid_request`: the caller's mistake is one everywhere.
fn failover_classes() -> Vec<&'static str> {
    Class::all().filter(|class| *class != Class::InvalidRequest).map(Class::name).collect()
}
fn default_failover() -> Vec<&'static str> {
    Class::all().filter(|class| class.fails_over()).map(Class::name).collect()
}
fn strategies() -> Vec<&'static str> {
    vec!["ordered", "weighted_round_robin", "lowest_latency", "lowest_cost"]
}
fn when_all() -> Vec<&'static str> {
    vec!["try_anyway", "fail_fast"]
}
fn unsupported() -> Vec<&'static str> {
    vec!["refuse", "drop"]
}

/// The whole file.
pub(super) static FILE: Object = Object {
    doc: "Switchover: LLM targets, their credentials, and the model groups that callers ask for.",
    exactly_one: &[],
    fields: &[
        field("version", Kind::Whole { min: 1, max: 1 }, Required, "The format of this file."),
        field(
            "listen",
            Kind::Object(&LISTEN),
            Optional,
            "What the filter takes as its own; all else passes untouched.",
        ),
        field("tenant", Kind::Object(&TENANT), Optional, "Where the tenant of a request is found."),
        field(
            "targets",
            Kind::List { of: &Kind::Object(&TARGET), min: 1 },
            Required,
            "Models at providers. Each becomes an Envoy cluster.",
        ),
        field(
            "credentials",
            Kind::List { of: &Kind::Object(&CREDENTIAL), min: 0 },
            Need::Default(Literal::Nothing),
            "Where providers' keys come from. The keys themselves are never in this file and never in the filter.",
        ),
        field(
            "model_groups",
            Kind::List { of: &Kind::Object(&GROUP), min: 1 },
            Required,
            "What callers put in `model`, and the targets that answer.",
        ),
        field(
            "circuit_breaker",
            Kind::Object(&BREAKER),
            Optional,
            "When a target that keeps failing is left alone (Envoy's outlier detection). A target may have its own.",
        ),
        field(
            "policies",
            Kind::Later("routing policies"),
            Need::Default(Literal::Nothing),
            "Routing policies: not supported yet, so the list must be empty.",
        ),
        field(
            "drills",
            Kind::List { of: &Kind::Object(&DRILL), min: 0 },
            Need::Default(Literal::Nothing),
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
            Kind::List { of: &Kind::Text(&form::HOST), min: 0 },
            Need::Default(Literal::Nothing),
            "Host names that requests must be for, `*.example.com` for all below it; empty: any.",
        ),
        field(
            "base_path",
            Kind::Text(&form::BASE_PATH),
            default_text(""),
            "What stands before `/v1/…` in the paths, such as `/llm`.",
        ),
        field(
            "max_body_bytes",
            Kind::Whole { min: 1024, max: 1 << 30 },
            Need::Default(Literal::Whole(32 << 20)),
            "The largest request body; larger ones get 413.",
        ),
    ],
};

static TENANT: Object = Object {
    doc: "Where the tenant of a request is found.",
    exactly_one: &[],
    fields: &[
        field(
            "header",
            Kind::Text(&form::HEADER),
            Required,
            "A request header that an earlier filter sets from what it verified (jwt_authn, api_key_auth).",
        ),
        field(
            "trusted",
            Kind::Bool,
            Need::Default(Literal::Bool(true)),
            "Whether such a filter is there. If not, the header is removed from every request and there is no tenant.",
        ),
    ],
};

static TARGET: Object = Object {
    doc: "A model at a provider.",
    exactly_one: &[],
    fields: &[
        field("id", ID, Required, "The target's name in groups, logs, metrics and answers."),
        field(
            "cluster",
            Kind::Text(&form::CLUSTER),
            Optional,
            "The name of the target's Envoy cluster. Default: the id.",
        ),
        field(
            "provider",
            Kind::OneOf(providers),
            Required,
            "A row of the provider table: it says which dialect is spoken.",
        ),
        field(
            "model",
            Kind::Text(&form::TEXT),
            Optional,
            "The provider's name for the model (for Azure with `api_version`, the deployment). Default: what the caller asked for.",
        ),
        field(
            "endpoint",
            Kind::Text(&form::URL),
            Optional,
            "Base URL as the provider's official SDK takes it. https is verified against the system's roots; http is not \
             encrypted. Default: the provider's.",
        ),
        field(
            "api_version",
            ID,
            Optional,
            "Azure only: requests go to `/openai/deployments/{model}/…?api-version=` instead of `/openai/v1/…`.",
        ),
        field("project", ID, Optional, "Vertex AI only: the Google Cloud project."),
        field("location", ID, Optional, "Vertex AI only: the location, such as `us-central1` or `global`."),
        field("region", ID, Optional, "Bedrock only: the AWS region. Default: the credential's."),
        field(
            "credential",
            ID,
            Optional,
            "The id of a credential. Only targets of one's own (http, or a self-hosted server) go without.",
        ),
        field(
            "capabilities",
            Kind::List { of: &Kind::OneOf(features), min: 0 },
            Optional,
            "What the model can do: of tools, vision, json_schema, audio, documents and reasoning exactly those listed. \
             What parameters it takes (sampling, logprobs, …) stays as in the provider's row, but for those listed or taken \
             away by `-`, as in `-sampling`. Default: the provider's row.",
        ),
        field("context_window", TOKENS, Optional, "Tokens of prompt and answer together. Default: unknown."),
        field(
            "max_output_tokens",
            TOKENS,
            Optional,
            "The most tokens of an answer. Anthropic's dialect can't do without: it is what a request without a limit gets.",
        ),
        field("price", Kind::Object(&PRICE), Optional, "For `lowest_cost` and the metrics."),
        field(
            "labels",
            Kind::Map(&form::ID),
            Optional,
            "Free words about the target, for policies and metrics.",
        ),
        field(
            "circuit_breaker",
            Kind::Object(&TARGET_BREAKER),
            Optional,
            "This target's own, where it differs from the file's.",
        ),
    ],
};

static PRICE: Object = Object {
    doc: "USD per million tokens.",
    exactly_one: &[],
    fields: &[
        field("input", USD, Required, "Per million prompt tokens."),
        field(
            "cached_input",
            USD,
            Optional,
            "Per million prompt tokens read from the provider's cache. Default: as `input`.",
        ),
        field("output", USD, Required, "Per million answer tokens."),
    ],
};

const FAILURES: Kind = Kind::Whole { min: 1, max: 1_000_000 };
const FAILURES_DOC: &str = "So many failures in a row eject the target.";
const INTERVAL_DOC: &str = "How often Envoy looks whether ejected targets may come back.";
const BASE_EJECTION_DOC: &str = "How long the first ejection lasts; each further one lasts so much longer.";
const MAX_EJECTION_DOC: &str = "The longest ejection.";

static BREAKER: Object = Object {
    doc: "When a target that keeps failing is left alone.",
    exactly_one: &[],
    fields: &[
        field("consecutive_failures", FAILURES, Need::Default(Literal::Whole(5)), FAILURES_DOC),
        field("interval", TIME, default_text("10s"), INTERVAL_DOC),
        field("base_ejection_time", TIME, default_text("30s"), BASE_EJECTION_DOC),
        field("max_ejection_time", TIME, default_text("300s"), MAX_EJECTION_DOC),
    ],
};

/// As [`BREAKER`], but what is left out is the file's.
static TARGET_BREAKER: Object = Object {
    doc: "This target's own circuit breaker; what is left out is as the file's.",
    exactly_one: &[],
    fields: &[
        field("consecutive_failures", FAILURES, Optional, FAILURES_DOC),
        field("interval", TIME, Optional, INTERVAL_DOC),
        field("base_ejection_time", TIME, Optional, BASE_EJECTION_DOC),
        field("max_ejection_time", TIME, Optional, MAX_EJECTION_DOC),
    ],
};

static CREDENTIAL: Object = Object {
    doc: "Where a provider's key comes from.",
    exactly_one: &["secret_file", "secret_env", "aws"],
    fields: &[
        field("id", ID, Required, "The credential's name."),
        field(
            "secret_file",
            Kind::Text(&form::FILE),
            Optional,
            "A file that holds the key alone; rotated by replacing the file. A relative path counts from this file's folder.",
        ),
        field(
            "secret_env",
            Kind::Text(&form::ENV),
            Optional,
            "An environment variable that holds the key; written to a secret file at start.",
        ),
        field(
            "aws",
            Kind::Object(&AWS),
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

static GROUP: Object = Object {
    doc: "What callers put in `model`.",
    exactly_one: &[],
    fields: &[
        field("name", Kind::Text(&form::GROUP), Required, "What callers put in `model`."),
        field(
            "aliases",
            Kind::List { of: &Kind::Text(&form::ALIAS), min: 0 },
            Need::Default(Literal::Nothing),
            "Other names; one `*` stands for anything. Names win over aliases, aliases without `*` over those with.",
        ),
        field(
            "strategy",
            Kind::OneOf(strategies),
            default_text("ordered"),
            "Which target of the best priority comes first.",
        ),
        field(
            "targets",
            Kind::List { of: &Kind::Object(&MEMBER), min: 1 },
            Required,
            "The targets; at most 6 together with those of the fallback groups.",
        ),
        field(
            "fallback_group",
            Kind::Text(&form::GROUP),
            Optional,
            "A group whose targets follow, at lower priority.",
        ),
        field(
            "max_attempts",
            Kind::Whole { min: 1, max: 10 },
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
        field("timeout", TIME, default_text("300s"), "The longest a whole request may take."),
        field(
            "failover_on",
            Kind::List { of: &Kind::OneOf(failover_classes), min: 0 },
            Need::Default(Literal::Texts(default_failover)),
            "The failure classes after which another target is tried.",
        ),
        field(
            "unsupported",
            Kind::OneOf(unsupported),
            default_text("refuse"),
            "What becomes of something that a dialect can't carry and that changes the meaning: the request is refused, or \
             goes on without it.",
        ),
        field(
            "when_all_ejected",
            Kind::OneOf(when_all),
            default_text("try_anyway"),
            "When the circuit breaker has ejected every target: try them all the same, or fail at once.",
        ),
        field(
            "when_all_cooling",
            Kind::OneOf(when_all),
            default_text("fail_fast"),
            "When every target waits for its rate limit to pass: try them all the same, or answer 429 with the earliest \
             `Retry-After`.",
        ),
        field(
            "degraded",
            Kind::Object(&DEGRADED),
            Optional,
            "The answer when every target failed, instead of an error.",
        ),
        field(
            "back_off",
            Kind::Object(&BACK_OFF),
            Optional,
            "The pause before another target is asked; random up to a bound that doubles.",
        ),
        field("retry_budget", Kind::Object(&RETRY_BUDGET), Optional, "How many retries may run at once."),
    ],
};

static MEMBER: Object = Object {
    doc: "A target of a group.",
    exactly_one: &[],
    fields: &[
        field("id", ID, Required, "The id of a target."),
        field(
            "priority",
            Kind::Whole { min: 0, max: 100 },
            Need::Default(Literal::Whole(0)),
            "Lower ones are tried first.",
        ),
        field(
            "weight",
            Kind::Whole { min: 1, max: 1_000_000 },
            Need::Default(Literal::Whole(1)),
            "Its share among the targets of its priority, with `weighted_round_robin`.",
        ),
    ],
};

static DEGRADED: Object = Object {
    doc: "The answer when every target failed.",
    exactly_one: &[],
    fields: &[field("content", Kind::Text(&form::PROSE), Required, "What the assistant says.")],
};

static BACK_OFF: Object = Object {
    doc: "The pause before another target is asked.",
    exactly_one: &[],
    fields: &[
        field("base_interval", TIME, default_text("5ms"), "The bound of the first pause."),
        field("max_interval", TIME, default_text("50ms"), "The bound of any pause."),
    ],
};

static RETRY_BUDGET: Object = Object {
    doc: "How many retries may run at once.",
    exactly_one: &[],
    fields: &[
        field(
            "budget_percent",
            Kind::Number { min: 0.0, max: 100.0 },
            Need::Default(Literal::Number(100.0)),
            "In percent of the requests that are running.",
        ),
        field(
            "min_retry_concurrency",
            Kind::Whole { min: 0, max: 1_000_000 },
            Need::Default(Literal::Whole(100)),
            "So many always.",
        ),
    ],
};

static DRILL: Object = Object {
    doc: "A failure on purpose. No provider is called for a failing attempt.",
    exactly_one: &["class", "latency"],
    fields: &[
        field("target", ID, Required, "The id of the target that fails."),
        field("class", Kind::OneOf(classes), Optional, "How it fails."),
        field("latency", TIME, Optional, "How long it waits before it goes on as usual."),
        field(
            "percentage",
            Kind::Number { min: 0.0, max: 100.0 },
            Need::Default(Literal::Number(100.0)),
            "Of the attempts at the target; 0: only those that a caller forces.",
        ),
        field(
            "until",
            Kind::Text(&form::TIMESTAMP),
            Required,
            "When the drill is over, so that none is left on by mistake.",
        ),
        field(
            "allow_tenants",
            Kind::List { of: &Kind::Text(&form::TEXT), min: 0 },
            Need::Default(Literal::Nothing),
            "Tenants whose callers may force the drill with the header `x-switchover-drill`.",
        ),
    ],
};
