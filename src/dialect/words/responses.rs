//! Responses: <https://platform.openai.com/docs/api-reference/responses>. A stream says everything several times: in pieces,
//! at the end of each part and of each item, and once more at its own end.

use super::shape::{ABOUT, CACHE, CITATION, IDS, ObjectShape, Rule, SEALED, Speaks, StrandNumber};
use super::{Sort, Speaker};

/// A request, an answer, an event. An answer repeats most of its request.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&RESPONSE), Rule::In(&RESPONSE), Rule::Pick(event)];

static RESPONSE: ObjectShape = ObjectShape {
    told: &[
        ("instructions", Rule::In(&INSTRUCTIONS)),
        ("input", Rule::Pick(item)),
        ("output", Rule::Pick(item)),
        ("output_text", Rule::Words(Sort::Text)),
        ("prompt", Rule::In(&PROMPT)),
        ("text", Rule::In(&TEXT)),
        ("tools", Rule::In(&TOOL)),
    ],
    silent: &[IDS, ABOUT, CACHE, SETTINGS],
    ..ObjectShape::ANY
};

const SETTINGS: &[&str] = &[
    "conversation",
    "include",
    "incomplete_details",
    "previous_response_id",
    "reasoning",
    "tool_choice",
    "truncation",
];

static INSTRUCTIONS: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::System),
    bare: Some(Sort::Text),
    told: &[("content", Rule::Pick(content))],
    silent: &[IDS],
    ..ObjectShape::ANY
};

/// A prompt in OpenAI's store, and what is put into it.
static PROMPT: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::User),
    told: &[("variables", Rule::Words(Sort::Text))],
    silent: &[IDS, &["version"]],
    ..ObjectShape::ANY
};

static TEXT: ObjectShape =
    ObjectShape { told: &[("format", Rule::In(&TOOL))], silent: &[IDS, &["verbosity"]], ..ObjectShape::ANY };

/// A tool, or a schema with its name.
static TOOL: ObjectShape = ObjectShape {
    told: &[
        ("description", Rule::Words(Sort::Description)),
        ("parameters", Rule::Schema),
        ("schema", Rule::Schema),
        ("format", Rule::Schema),
    ],
    silent: &[IDS, &["authorization", "headers", "search_context_size", "server_url"]],
    ..ObjectShape::ANY
};

/// An item by its type; without one it is a message.
fn item(kind: &str) -> &'static ObjectShape {
    match kind {
        "message" | "" => &MESSAGE,
        "reasoning" => &THOUGHT,
        _ if kind.ends_with("_output") => &RESULT,
        _ => &CALL,
    }
}

static MESSAGE: ObjectShape = ObjectShape {
    speaks: Speaks::Role,
    counts: Some(StrandNumber::Item),
    bare: Some(Sort::Text),
    told: &[("content", Rule::Pick(content))],
    silent: &[IDS, &["phase"]],
    ..ObjectShape::ANY
};

static THOUGHT: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    counts: Some(StrandNumber::Item),
    told: &[("summary", Rule::In(&THINKING)), ("content", Rule::Again(1, &Rule::In(&THINKING)))],
    silent: &[IDS, SEALED],
    ..ObjectShape::ANY
};

static RESULT: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Tool),
    counts: Some(StrandNumber::Item),
    told: &[("output", Rule::Pick(content))],
    silent: &[IDS, SEALED, &["call_id", "caller"]],
    ..ObjectShape::ANY
};

/// A call of a tool, the caller's or OpenAI's; those have their results in them.
static CALL: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    counts: Some(StrandNumber::Item),
    told: &[
        ("arguments", Rule::Encoded),
        ("input", Rule::Words(Sort::Arguments)),
        ("action", Rule::Words(Sort::Arguments)),
        ("code", Rule::Words(Sort::Arguments)),
        ("queries", Rule::Words(Sort::Arguments)),
        ("output", Rule::In(&OUTPUT)),
        ("outputs", Rule::In(&OUTPUT)),
        ("results", Rule::In(&OUTPUT)),
    ],
    // An image that was made is its `result`.
    silent: &[IDS, SEALED, &["call_id", "caller", "container_id", "result", "server_label"]],
    ..ObjectShape::ANY
};

static OUTPUT: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Tool),
    counts: Some(StrandNumber::Part),
    bare: Some(Sort::Text),
    told: &[
        ("text", Rule::Words(Sort::Text)),
        ("logs", Rule::Words(Sort::Text)),
        ("filename", Rule::Words(Sort::Name)),
    ],
    silent: &[IDS, SEALED],
    ..ObjectShape::ANY
};

/// A part by its type.
fn content(kind: &str) -> &'static ObjectShape {
    match kind {
        "summary_text" | "reasoning_text" => &THINKING,
        _ => &PART,
    }
}

static PART: ObjectShape = ObjectShape {
    counts: Some(StrandNumber::Part),
    bare: Some(Sort::Text),
    told: &[
        ("text", Rule::Words(Sort::Text)),
        ("refusal", Rule::Words(Sort::Refusal)),
        ("transcript", Rule::Words(Sort::Text)),
        ("filename", Rule::Words(Sort::Name)),
        ("annotations", Rule::In(&CITATION)),
    ],
    silent: &[IDS, CACHE, SEALED, &["detail", "input_audio", "logprobs"]],
    ..ObjectShape::ANY
};

static THINKING: ObjectShape = ObjectShape {
    counts: Some(StrandNumber::Part),
    bare: Some(Sort::Reasoning),
    told: &[("text", Rule::Words(Sort::Reasoning))],
    silent: &[IDS],
    ..ObjectShape::ANY
};

/// An event by its type, <https://platform.openai.com/docs/api-reference/responses-streaming>.
fn event(kind: &str) -> &'static ObjectShape {
    let kind = kind.strip_prefix("response.").unwrap_or(kind);
    match kind.rsplit_once('.').map_or(kind, |(of, _)| of) {
        "refusal" => &REFUSED,
        "reasoning_text" => &THOUGHT_ALOUD,
        of if of.starts_with("reasoning") => &THOUGHT_OF,
        of if ["_arguments", "_input", "_code"].iter().any(|end| of.ends_with(end)) => &ARGUED,
        "audio" => &HEARD,
        _ => &SAID,
    }
}

/// Which text an event goes on with.
const NUMBERS: &[(StrandNumber, &str)] = &[
    (StrandNumber::Item, "output_index"),
    (StrandNumber::Part, "content_index"),
    (StrandNumber::Part, "summary_index"),
];

const OF_EVENTS: &[&str] = &["error", "code", "message", "param", "item_id", "logprobs", "obfuscation"];

/// An event of an answer, an item or a part, or a piece of words.
static SAID: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    numbers: NUMBERS,
    told: &[
        ("response", Rule::In(&RESPONSE)),
        ("item", Rule::Pick(item)),
        ("part", Rule::Pick(content)),
        ("delta", Rule::Pieces(&PART)),
        ("text", Rule::Words(Sort::Text)),
        ("transcript", Rule::Words(Sort::Text)),
        ("annotation", Rule::In(&CITATION)),
    ],
    silent: &[IDS, OF_EVENTS, &["partial_image_b64"]],
    ..ObjectShape::ANY
};

static REFUSED: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    numbers: NUMBERS,
    told: &[("delta", Rule::Pieces(&REFUSING)), ("refusal", Rule::Words(Sort::Refusal))],
    silent: &[IDS, OF_EVENTS],
    ..ObjectShape::ANY
};

static REFUSING: ObjectShape = ObjectShape { bare: Some(Sort::Refusal), ..ObjectShape::ANY };

/// What is told of a thought.
static THOUGHT_OF: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    numbers: NUMBERS,
    told: &[
        ("delta", Rule::Pieces(&THINKING)),
        ("text", Rule::Words(Sort::Reasoning)),
        ("part", Rule::In(&THINKING)),
    ],
    silent: &[IDS, OF_EVENTS],
    ..ObjectShape::ANY
};

/// The thought itself.
static THOUGHT_ALOUD: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    numbers: NUMBERS,
    told: &[
        ("delta", Rule::Again(1, &Rule::Pieces(&THINKING))),
        ("text", Rule::Again(1, &Rule::Words(Sort::Reasoning))),
    ],
    silent: &[IDS, OF_EVENTS],
    ..ObjectShape::ANY
};

static ARGUED: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    numbers: NUMBERS,
    told: &[
        ("delta", Rule::Pieces(&ARGUING)),
        ("arguments", Rule::Encoded),
        ("input", Rule::Words(Sort::Arguments)),
        ("code", Rule::Words(Sort::Arguments)),
    ],
    silent: &[IDS, OF_EVENTS],
    ..ObjectShape::ANY
};

static ARGUING: ObjectShape = ObjectShape { bare: Some(Sort::Arguments), ..ObjectShape::ANY };

/// A piece of sound; its words come in events of their own.
static HEARD: ObjectShape =
    ObjectShape { numbers: NUMBERS, silent: &[IDS, OF_EVENTS, &["delta"]], ..ObjectShape::ANY };
