//! Chat Completions: <https://platform.openai.com/docs/api-reference/chat>, with what compatible servers add.

use super::shape::{ABOUT, CACHE, CITATION, IDS, ObjectShape, Rule, SEALED, Speaks, StrandNumber};
use super::{Sort, Speaker};

/// A request, an answer, an event.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&REQUEST), Rule::In(&ANSWER), Rule::In(&ANSWER)];

static REQUEST: ObjectShape = ObjectShape {
    told: &[
        ("messages", Rule::In(&MESSAGE)),
        ("prediction", Rule::In(&MESSAGE_TO_COME)),
        ("response_format", Rule::In(&FORMAT)),
        ("tools", Rule::In(&TOOL)),
        ("functions", Rule::In(&FUNCTION)),
    ],
    silent: &[IDS, CACHE, SETTINGS],
    ..ObjectShape::ANY
};

const SETTINGS: &[&str] = &[
    "audio",
    "function_call",
    "modalities",
    "reasoning_effort",
    "service_tier",
    "thinking",
    "tool_choice",
    "verbosity",
    "web_search_options",
];

static MESSAGE: ObjectShape = ObjectShape {
    speaks: Speaks::Role,
    counts: Some(StrandNumber::Item),
    bare: Some(Sort::Text),
    told: SAID,
    silent: &[IDS, CACHE, SEALED, MEMBERS],
    ..ObjectShape::ANY
};

/// What the caller believes that the model will say.
static MESSAGE_TO_COME: ObjectShape =
    ObjectShape { speaks: Speaks::As(Speaker::Assistant), told: SAID, silent: &[IDS], ..ObjectShape::ANY };

/// Servers differ in where thoughts stand, and several say them in more places than one.
const SAID: &[(&str, Rule)] = &[
    ("content", Rule::In(&PART)),
    ("refusal", Rule::Words(Sort::Refusal)),
    ("reasoning_content", Rule::Words(Sort::Reasoning)),
    ("reasoning", Rule::Again(1, &Rule::Words(Sort::Reasoning))),
    ("reasoning_details", Rule::Again(2, &Rule::In(&DETAIL))),
    ("thinking_blocks", Rule::Again(3, &Rule::In(&DETAIL))),
    ("tool_calls", Rule::In(&CALL)),
    ("function_call", Rule::In(&CALLED)),
    ("executed_tools", Rule::Whole(&EXECUTED)),
    ("annotations", Rule::Whole(&CITATION)),
    ("audio", Rule::In(&SOUND)),
    ("name", Rule::Words(Sort::Name)),
    ("images", Rule::Whole(&PART)),
    ("context", Rule::Whole(&CONTEXT)),
];

const MEMBERS: &[&str] = &["channel", "tool_call_id"];

static PART: ObjectShape = ObjectShape {
    counts: Some(StrandNumber::Part),
    bare: Some(Sort::Text),
    told: &[
        ("text", Rule::Words(Sort::Text)),
        ("refusal", Rule::Words(Sort::Refusal)),
        // Mistral's thoughts are a part with parts.
        ("thinking", Rule::In(&DETAIL)),
        ("file", Rule::In(&FILE)),
        ("video_url", Rule::In(&FILE)),
        ("annotations", Rule::Whole(&CITATION)),
    ],
    silent: &[IDS, CACHE, SEALED, &["input_audio"]],
    ..ObjectShape::ANY
};

static FILE: ObjectShape = ObjectShape {
    told: &[("filename", Rule::Words(Sort::Name))],
    silent: &[IDS, SEALED, &["detail"]],
    ..ObjectShape::ANY
};

static SOUND: ObjectShape = ObjectShape {
    told: &[("transcript", Rule::Words(Sort::Text))],
    silent: &[IDS, SEALED],
    ..ObjectShape::ANY
};

static DETAIL: ObjectShape = ObjectShape {
    counts: Some(StrandNumber::Part),
    numbers: &[(StrandNumber::Part, "index")],
    bare: Some(Sort::Reasoning),
    told: &[
        ("text", Rule::Words(Sort::Reasoning)),
        ("summary", Rule::Words(Sort::Reasoning)),
        ("thinking", Rule::Words(Sort::Reasoning)),
    ],
    silent: &[IDS, SEALED],
    ..ObjectShape::ANY
};

static CALL: ObjectShape = ObjectShape {
    counts: Some(StrandNumber::Part),
    numbers: &[(StrandNumber::Part, "index")],
    told: &[("function", Rule::In(&CALLED)), ("custom", Rule::In(&CALLED))],
    silent: &[IDS, SEALED],
    ..ObjectShape::ANY
};

static CALLED: ObjectShape = ObjectShape {
    told: &[("arguments", Rule::Encoded), ("input", Rule::Words(Sort::Arguments))],
    silent: &[IDS],
    ..ObjectShape::ANY
};

/// What Groq tells of tools that it has run itself.
static EXECUTED: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Tool),
    told: &[
        ("arguments", Rule::Encoded),
        ("output", Rule::Words(Sort::Text)),
        ("search_results", Rule::In(&FOUND)),
    ],
    silent: &[IDS],
    ..ObjectShape::ANY
};

static FOUND: ObjectShape = ObjectShape { told: &[("results", Rule::In(&CITATION))], ..ObjectShape::ANY };

/// What Azure tells of the caller's own data.
static CONTEXT: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Tool),
    told: &[("citations", Rule::In(&OWN_DATA)), ("intent", Rule::Words(Sort::Text))],
    ..ObjectShape::ANY
};

static OWN_DATA: ObjectShape = ObjectShape {
    told: &[
        ("content", Rule::Words(Sort::Citation)),
        ("title", Rule::Words(Sort::Citation)),
        ("filepath", Rule::Words(Sort::Name)),
    ],
    silent: &[SEALED, &["chunk_id"]],
    ..ObjectShape::ANY
};

static FORMAT: ObjectShape =
    ObjectShape { told: &[("json_schema", Rule::In(&FUNCTION))], silent: &[IDS], ..ObjectShape::ANY };

static TOOL: ObjectShape = ObjectShape {
    told: &[("function", Rule::In(&FUNCTION)), ("custom", Rule::In(&FUNCTION))],
    silent: &[IDS, CACHE],
    ..ObjectShape::ANY
};

/// A tool, or a schema with its name.
static FUNCTION: ObjectShape = ObjectShape {
    told: &[
        ("description", Rule::Words(Sort::Description)),
        ("parameters", Rule::Schema),
        ("schema", Rule::Schema),
        ("format", Rule::Schema),
    ],
    silent: &[IDS],
    ..ObjectShape::ANY
};

static ANSWER: ObjectShape = ObjectShape {
    told: &[
        ("choices", Rule::In(&CHOICE)),
        ("search_results", Rule::In(&CITATION)),
        // Zhipu's.
        ("web_search", Rule::In(&CITATION)),
    ],
    silent: &[IDS, ABOUT, FILTERED, &["citations", "obfuscation", "x_groq"]],
    ..ObjectShape::ANY
};

/// What Azure's and Zhipu's filters say.
const FILTERED: &[&str] =
    &["content_filter", "content_filter_result", "content_filter_results", "prompt_filter_results"];

static CHOICE: ObjectShape = ObjectShape {
    counts: Some(StrandNumber::Choice),
    numbers: &[(StrandNumber::Choice, "index")],
    told: &[
        ("message", Rule::In(&ANSWERED)),
        ("delta", Rule::Pieces(&ANSWERED)),
        ("text", Rule::Words(Sort::Text)),
    ],
    silent: &[IDS, FILTERED, &["logprobs", "finish_reason", "native_finish_reason"]],
    ..ObjectShape::ANY
};

/// Its `role` may be missing: it is the model's all the same.
static ANSWERED: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    told: SAID,
    silent: &[IDS, SEALED, MEMBERS],
    ..ObjectShape::ANY
};
