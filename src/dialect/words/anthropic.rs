//! Messages: <https://docs.anthropic.com/en/api/messages>. What is counted by `count_tokens` is such a request.

use super::shape::{ABOUT, CACHE, CITATION, IDS, ObjectShape, Rule, SEALED, Speaks, StrandNumber};
use super::{Sort, Speaker};

/// A request, an answer, an event.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&REQUEST), Rule::In(&ANSWER), Rule::In(&EVENT)];

static REQUEST: ObjectShape = ObjectShape {
    told: &[
        ("system", Rule::In(&BLOCK)),
        ("messages", Rule::In(&MESSAGE)),
        ("tools", Rule::In(&TOOL)),
        ("output_config", Rule::In(&OUTPUT)),
        ("output_format", Rule::In(&FORMAT)),
        ("mcp_servers", Rule::In(&SERVER)),
    ],
    silent: &[IDS, CACHE, SETTINGS],
    ..ObjectShape::ANY
};

const SETTINGS: &[&str] = &[
    "container",
    "context_management",
    "inference_geo",
    "service_tier",
    "thinking",
    "thread",
    "tool_choice",
];

static MESSAGE: ObjectShape = ObjectShape {
    speaks: Speaks::Role,
    counts: Some(StrandNumber::Item),
    told: &[("content", Rule::In(&BLOCK))],
    silent: &[IDS, CACHE],
    ..ObjectShape::ANY
};

/// Every block there is: what a member means does not depend on the block's type, but for `source`.
static BLOCK: ObjectShape = ObjectShape {
    speaks: Speaks::Result,
    counts: Some(StrandNumber::Part),
    bare: Some(Sort::Text),
    told: &[
        ("text", Rule::Words(Sort::Text)),
        ("thinking", Rule::Words(Sort::Reasoning)),
        ("input", Rule::Words(Sort::Arguments)),
        ("content", Rule::Whole(&BLOCK)),
        ("source", Rule::Pick(source)),
        ("title", Rule::Words(Sort::Citation)),
        ("page_age", Rule::Words(Sort::Citation)),
        ("context", Rule::Words(Sort::Text)),
        ("citations", Rule::Whole(&CITATION)),
        ("stdout", Rule::Words(Sort::Text)),
        ("stderr", Rule::Words(Sort::Text)),
    ],
    silent: &[IDS, CACHE, SEALED, &["tool_use_id", "caller", "error_code"]],
    ..ObjectShape::ANY
};

/// Where a document or an image comes from. That of a search result is an address, and a string.
fn source(kind: &str) -> &'static ObjectShape {
    if kind == "text" { &WORDS } else { &MEDIA }
}

static WORDS: ObjectShape = ObjectShape {
    told: &[("data", Rule::Words(Sort::Text))],
    silent: &[IDS, &["media_type"]],
    ..ObjectShape::ANY
};

static MEDIA: ObjectShape =
    ObjectShape { told: &[("content", Rule::In(&BLOCK))], silent: &[IDS, SEALED], ..ObjectShape::ANY };

static TOOL: ObjectShape = ObjectShape {
    told: &[("description", Rule::Words(Sort::Description)), ("input_schema", Rule::Schema)],
    silent: &[IDS, CACHE],
    ..ObjectShape::ANY
};

static OUTPUT: ObjectShape =
    ObjectShape { told: &[("format", Rule::In(&FORMAT))], silent: &[IDS, &["effort"]], ..ObjectShape::ANY };

static FORMAT: ObjectShape =
    ObjectShape { told: &[("schema", Rule::Schema)], silent: &[IDS], ..ObjectShape::ANY };

static SERVER: ObjectShape =
    ObjectShape { silent: &[IDS, SEALED, &["authorization_token"]], ..ObjectShape::ANY };

static ANSWER: ObjectShape = ObjectShape {
    told: &[("content", Rule::In(&BLOCK)), ("stop_details", Rule::In(&STOP))],
    silent: &[IDS, ABOUT, SETTINGS],
    ..ObjectShape::ANY
};

static STOP: ObjectShape = ObjectShape {
    told: &[("explanation", Rule::Words(Sort::Refusal))],
    silent: &[IDS, &["category"]],
    ..ObjectShape::ANY
};

static EVENT: ObjectShape = ObjectShape {
    numbers: &[(StrandNumber::Part, "index")],
    told: &[
        ("message", Rule::In(&ANSWER)),
        // What a block begins with, its pieces go on from.
        ("content_block", Rule::Pieces(&BLOCK)),
        ("delta", Rule::Pieces(&DELTA)),
    ],
    silent: &[IDS, ABOUT, SETTINGS],
    ..ObjectShape::ANY
};

static DELTA: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::Assistant),
    told: &[
        ("text", Rule::Words(Sort::Text)),
        ("thinking", Rule::Words(Sort::Reasoning)),
        ("partial_json", Rule::Words(Sort::Arguments)),
        ("citation", Rule::Whole(&CITATION)),
        ("stop_details", Rule::Whole(&STOP)),
    ],
    silent: &[IDS, ABOUT, SEALED, SETTINGS],
    ..ObjectShape::ANY
};
