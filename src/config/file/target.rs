//! The keys of targets, and of circuit breakers, which a target may have of its own.

use super::Presence::{Optional, Required};
use super::{ID, Literal, Object, Presence, TIME, ValueKind, default_text, field};
use crate::chat::{Effort, Features};
use crate::config::form;
use crate::dialect::PROVIDERS;
use crate::failure::Class;

const TOKENS: ValueKind = ValueKind::Whole { min: 1, max: 100_000_000 };
const USD: ValueKind = ValueKind::Number { min: 0.0, max: 1_000_000.0 };

fn efforts() -> Vec<&'static str> {
    Effort::ALL.into_iter().map(Effort::name).collect()
}

fn providers() -> Vec<&'static str> {
    PROVIDERS.iter().map(|row| row.name).collect()
}

/// The failure classes that a target can be out with before anybody asks it.
fn outs() -> Vec<&'static str> {
    vec![Class::Auth.name()]
}

fn apis() -> Vec<&'static str> {
    vec!["auto", "responses", "chat"]
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
        "-stop",
        "-penalties",
        "-forced_tools",
        "-reasoning_adaptive",
        "-system_role",
    ];
    Features::NAMED.iter().map(|(_, name)| *name).chain(removals).collect()
}

pub(super) static TARGET: Object = Object {
    doc: "A model at a provider.",
    exactly_one: &[],
    fields: &[
        field("id", ID, Required, "The target's name in groups, logs, metrics and answers."),
        field(
            "enabled",
            ValueKind::Bool,
            Presence::Default(Literal::Bool(true)),
            "Whether requests may go to it. A target that is off stays checked and rendered, and groups keep it: attempts that run \
             go on, planning leaves it out, and `x-switchover-decision` says so. So turning it off or on changes nothing in Envoy but \
             the filter's document, and no ejection is forgotten. Where no other target could take a request, that gets 503 \
             `targets_disabled`.",
        ),
        field(
            "out",
            ValueKind::OneOf(outs, &[]),
            Optional,
            "Written by `switchover serve` into the filter's document, and of no use in a file of one's own: the target is out with \
             this failure class. `auth`: its key is missing. It is left out as with `enabled: false`, but where no other target could \
             take a request, that gets 502 `auth`.",
        ),
        field(
            "cluster",
            ValueKind::Text(&form::CLUSTER),
            Optional,
            "The name of the target's Envoy cluster. Default: the id.",
        ),
        field(
            "provider",
            ValueKind::OneOf(providers, &[]),
            Required,
            "A row of the provider table: it says which dialect is spoken.",
        ),
        field(
            "model",
            ValueKind::Text(&form::TEXT),
            Optional,
            "The provider's name for the model (for Azure with `api_version`, the deployment). Default: what the caller asked for.",
        ),
        field(
            "endpoint",
            ValueKind::Text(&form::URL),
            Optional,
            "Base URL as the provider's official SDK takes it. https is verified against the system's roots; http is not \
             encrypted. Default: the provider's.",
        ),
        field(
            "api",
            ValueKind::OneOf(apis, &[]),
            default_text("auto"),
            "Which of OpenAI's APIs it is asked by: `responses` (`/responses`) or `chat` (`/chat/completions`), whatever the \
             caller speaks. `auto`: a caller's own where the provider has it. At OpenAI's and Azure's own endpoints, models that \
             take tools with reasoning in Responses only are asked by Responses: by Anthropic's callers but for \
             requests with `stop_sequences`, which Responses hasn't, as their reasoning comes back only there, and by those of Chat \
             Completions where that API refuses the request.",
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
            ValueKind::List { of: &ValueKind::OneOf(features, &[]), min: 0 },
            Optional,
            "What the model can do: of tools, vision, json_schema, audio, documents and reasoning exactly those listed. \
             What parameters it takes (sampling, stop, logprobs, …) stays as it is known, but for those listed or taken away \
             by `-`, as in `-sampling`. Default: what is known of the model, else the provider's row.",
        ),
        field(
            "efforts",
            ValueKind::List { of: &ValueKind::OneOf(efforts, &[]), min: 1 },
            Optional,
            "The reasoning efforts that the model knows; another one becomes the nearest of them. Default: what is known of the \
             model, else all.",
        ),
        field(
            "context_window",
            TOKENS,
            Optional,
            "Tokens of prompt and answer together. Default: what is known of the model.",
        ),
        field(
            "max_output_tokens",
            TOKENS,
            Optional,
            "The most tokens of an answer. Anthropic's dialect can't do without: it is what a request without a limit gets. \
             Default: what is known of the model.",
        ),
        field(
            "same_vectors",
            ValueKind::Bool,
            Presence::Default(Literal::Bool(false)),
            "For embeddings: its vectors are those of the first target of its groups that has embeddings, though its `model` \
             has another name (as a deployment at Azure has). Targets of other models are not asked for embeddings, whatever \
             fails: vectors of two models can't be compared.",
        ),
        field(
            "instructions",
            ValueKind::Object(&INSTRUCTIONS),
            Optional,
            "What its model is told besides the caller's instructions, in every chat and count of tokens. Callers don't see it.",
        ),
        field(
            "price",
            ValueKind::Object(&PRICE),
            Optional,
            "What it costs: `lowest_cost` goes by it, and `switchover explain` shows it.",
        ),
        field(
            "labels",
            ValueKind::Map(&form::ID),
            Optional,
            "Free words about the target, such as its region; `switchover explain` shows them.",
        ),
        field(
            "circuit_breaker",
            ValueKind::Object(&TARGET_BREAKER),
            Optional,
            "This target's own, where it differs from the file's.",
        ),
    ],
};

static INSTRUCTIONS: Object = Object {
    doc: "What its model is told besides the caller's instructions, in every chat and count of tokens. Callers don't see it.",
    exactly_one: &[],
    fields: &[
        field(
            "prepend",
            ValueKind::Text(&form::INSTRUCTIONS),
            Optional,
            "A text before the caller's instructions. It is the same in each request, so that the provider's cache of prompts holds.",
        ),
        field(
            "append",
            ValueKind::Text(&form::INSTRUCTIONS),
            Optional,
            "A text after the caller's instructions, before the conversation.",
        ),
    ],
};

static PRICE: Object = Object {
    doc: "USD per million tokens. `lowest_cost` compares what three prompt tokens and one answer token cost.",
    exactly_one: &[],
    fields: &[
        field("input", USD, Required, "Per million prompt tokens."),
        field(
            "cached_input",
            USD,
            Optional,
            "Per million prompt tokens read from the provider's cache, for `switchover explain`: `lowest_cost` can't know what \
             will be cached. Default: as `input`.",
        ),
        field("output", USD, Required, "Per million answer tokens."),
    ],
};

const FAILURES: ValueKind = ValueKind::Whole { min: 1, max: 1_000_000 };
const FAILURES_DOC: &str = "So many failures in a row eject the target.";
const INTERVAL_DOC: &str = "How often Envoy looks whether ejected targets may come back.";
const BASE_EJECTION_DOC: &str = "How long the first ejection lasts; each further one lasts so much longer.";
const MAX_EJECTION_DOC: &str = "The longest ejection.";

pub(super) static BREAKER: Object = Object {
    doc: "When a target that keeps failing is left alone.",
    exactly_one: &[],
    fields: &[
        field("consecutive_failures", FAILURES, Presence::Default(Literal::Whole(5)), FAILURES_DOC),
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
