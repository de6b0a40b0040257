//! Chat Completions: <https://platform.openai.com/docs/api-reference/chat>, with what compatible servers add.

use super::shape::{ABOUT, CACHE, CITATION, IDS, Number, Rule, SEALED, Shape, Speaks};
use super::{Sort, Speaker};

/// A request, an answer, an event.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&REQUEST), Rule::In(&ANSWER), Rule::In(&ANSWER)];

static REQUEST: Shape = Shape {
    told: &[
        ("messages", Rule::In(&MESSAGE)),
        ("prediction", Rule::In(&MESSAGE_TO_COME)),
        ("response_format", Rule::In(&FORMAT)),
        ("tools", Rule::In(&TOOL)),
        ("functions", Rule::In(&FUNCTION)),
    ],
    silent: &[IDS, CACHE, SETTINGS],
    ..Shape::ANY
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

static MESSAGE: Shape = Shape {
    speaks: Speaks::Role,
    counts: Some(Number::Item),
    bare: Some(Sort::Text),
    told: SAID,
    silent: &[IDS, CACHE, SEALED, MEMBERS],
    ..Shape::ANY
};

/// What the caller believes that the model will say.
static MESSAGE_TO_COME: Shape =
    Shape { speaks: Speaks::As(Speaker::Assistant), told: SAID, silent: &[IDS], ..Shape::ANY };

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

static PART: Shape = Shape {
    counts: Some(Number::Part),
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
    ..Shape::ANY
};

static FILE: Shape = Shape {
    told: &[("filename", Rule::Words(Sort::Name))],
    silent: &[IDS, SEALED, &["detail"]],
    ..Shape::ANY
};

static SOUND: Shape =
    Shape { told: &[("transcript", Rule::Words(Sort::Text))], silent: &[IDS, SEALED], ..Shape::ANY };

static DETAIL: Shape = Shape {
    counts: Some(Number::Part),
    numbers: &[(Number::Part, "index")],
    bare: Some(Sort::Reasoning),
    told: &[
        ("text", Rule::Words(Sort::Reasoning)),
        ("summary", Rule::Words(Sort::Reasoning)),
        ("thinking", Rule::Words(Sort::Reasoning)),
    ],
    silent: &[IDS, SEALED],
    ..Shape::ANY
};

static CALL: Shape = Shape {
    counts: Some(Number::Part),
    numbers: &[(Number::Part, "index")],
    told: &[("function", Rule::In(&CALLED)), ("custom", Rule::In(&CALLED))],
    silent: &[IDS, SEALED],
    ..Shape::ANY
};

static CALLED: Shape = Shape {
    told: &[("arguments", Rule::Encoded), ("input", Rule::Words(Sort::Arguments))],
    silent: &[IDS],
    ..Shape::ANY
};

/// What Groq tells of tools that it has run itself.
static EXECUTED: Shape = Shape {
    speaks: Speaks::As(Speaker::Tool),
    told: &[
        ("arguments", Rule::Encoded),
        ("output", Rule::Words(Sort::Text)),
        ("search_results", Rule::In(&FOUND)),
    ],
    silent: &[IDS],
    ..Shape::ANY
};

static FOUND: Shape = Shape { told: &[("results", Rule::In(&CITATION))], ..Shape::ANY };

/// What Azure tells of the caller's own data.
static CONTEXT: Shape = Shape {
    speaks: Speaks::As(Speaker::Tool),
    told: &[("citations", Rule::In(&OWN_DATA)), ("intent", Rule::Words(Sort::Text))],
    ..Shape::ANY
};

static OWN_DATA: Shape = Shape {
    told: &[
        ("content", Rule::Words(Sort::Citation)),
        ("title", Rule::Words(Sort::Citation)),
        ("filepath", Rule::Words(Sort::Name)),
    ],
    silent: &[SEALED, &["chunk_id"]],
    ..Shape::ANY
};

static FORMAT: Shape = Shape { told: &[("json_schema", Rule::In(&FUNCTION))], silent: &[IDS], ..Shape::ANY };

static TOOL: Shape = Shape {
    told: &[("function", Rule::In(&FUNCTION)), ("custom", Rule::In(&FUNCTION))],
    silent: &[IDS, CACHE],
    ..Shape::ANY
};

/// A tool, or a schema with its name.
static FUNCTION: Shape = Shape {
    told: &[
        ("description", Rule::Words(Sort::Description)),
        ("parameters", Rule::Schema),
        ("schema", Rule::Schema),
        ("format", Rule::Schema),
    ],
    silent: &[IDS],
    ..Shape::ANY
};

static ANSWER: Shape = Shape {
    told: &[
        ("choices", Rule::In(&CHOICE)),
        ("search_results", Rule::In(&CITATION)),
        // Zhipu's.
        ("web_search", Rule::In(&CITATION)),
    ],
    silent: &[IDS, ABOUT, FILTERED, &["citations", "obfuscation", "x_groq"]],
    ..Shape::ANY
};

/// What Azure's and Zhipu's filters say.
const FILTERED: &[&str] =
    &["content_filter", "content_filter_result", "content_filter_results", "prompt_filter_results"];

static CHOICE: Shape = Shape {
    counts: Some(Number::Choice),
    numbers: &[(Number::Choice, "index")],
    told: &[
        ("message", Rule::In(&ANSWERED)),
        ("delta", Rule::Pieces(&ANSWERED)),
        ("text", Rule::Words(Sort::Text)),
    ],
    silent: &[IDS, FILTERED, &["logprobs", "finish_reason", "native_finish_reason"]],
    ..Shape::ANY
};

/// Its `role` may be missing: it is the model's all the same.
static ANSWERED: Shape = Shape {
    speaks: Speaks::As(Speaker::Assistant),
    told: SAID,
    silent: &[IDS, SEALED, MEMBERS],
    ..Shape::ANY
};
