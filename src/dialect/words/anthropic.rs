//! Messages: <https://docs.anthropic.com/en/api/messages>. What is counted by `count_tokens` is such a request.

use super::shape::{ABOUT, CACHE, CITATION, IDS, Number, Rule, SEALED, Shape, Speaks};
use super::{Sort, Speaker};

/// A request, an answer, an event.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&REQUEST), Rule::In(&ANSWER), Rule::In(&EVENT)];

static REQUEST: Shape = Shape {
    told: &[
        ("system", Rule::In(&BLOCK)),
        ("messages", Rule::In(&MESSAGE)),
        ("tools", Rule::In(&TOOL)),
        ("output_config", Rule::In(&OUTPUT)),
        ("output_format", Rule::In(&FORMAT)),
        ("mcp_servers", Rule::In(&SERVER)),
    ],
    silent: &[IDS, CACHE, SETTINGS],
    ..Shape::ANY
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

static MESSAGE: Shape = Shape {
    speaks: Speaks::Role,
    counts: Some(Number::Item),
    told: &[("content", Rule::In(&BLOCK))],
    silent: &[IDS, CACHE],
    ..Shape::ANY
};

/// Every block there is: what a member means does not depend on the block's type, but for `source`.
static BLOCK: Shape = Shape {
    speaks: Speaks::Result,
    counts: Some(Number::Part),
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
    ..Shape::ANY
};

/// Where a document or an image comes from. That of a search result is an address, and a string.
fn source(kind: &str) -> &'static Shape {
    if kind == "text" { &WORDS } else { &MEDIA }
}

static WORDS: Shape =
    Shape { told: &[("data", Rule::Words(Sort::Text))], silent: &[IDS, &["media_type"]], ..Shape::ANY };

static MEDIA: Shape = Shape { told: &[("content", Rule::In(&BLOCK))], silent: &[IDS, SEALED], ..Shape::ANY };

static TOOL: Shape = Shape {
    told: &[("description", Rule::Words(Sort::Description)), ("input_schema", Rule::Schema)],
    silent: &[IDS, CACHE],
    ..Shape::ANY
};

static OUTPUT: Shape =
    Shape { told: &[("format", Rule::In(&FORMAT))], silent: &[IDS, &["effort"]], ..Shape::ANY };

static FORMAT: Shape = Shape { told: &[("schema", Rule::Schema)], silent: &[IDS], ..Shape::ANY };

static SERVER: Shape = Shape { silent: &[IDS, SEALED, &["authorization_token"]], ..Shape::ANY };

static ANSWER: Shape = Shape {
    told: &[("content", Rule::In(&BLOCK)), ("stop_details", Rule::In(&STOP))],
    silent: &[IDS, ABOUT, SETTINGS],
    ..Shape::ANY
};

static STOP: Shape = Shape {
    told: &[("explanation", Rule::Words(Sort::Refusal))],
    silent: &[IDS, &["category"]],
    ..Shape::ANY
};

static EVENT: Shape = Shape {
    numbers: &[(Number::Part, "index")],
    told: &[
        ("message", Rule::In(&ANSWER)),
        // What a block begins with, its pieces go on from.
        ("content_block", Rule::Pieces(&BLOCK)),
        ("delta", Rule::Pieces(&DELTA)),
    ],
    silent: &[IDS, ABOUT, SETTINGS],
    ..Shape::ANY
};

static DELTA: Shape = Shape {
    speaks: Speaks::As(Speaker::Assistant),
    told: &[
        ("text", Rule::Words(Sort::Text)),
        ("thinking", Rule::Words(Sort::Reasoning)),
        ("partial_json", Rule::Words(Sort::Arguments)),
        ("citation", Rule::Whole(&CITATION)),
        ("stop_details", Rule::Whole(&STOP)),
    ],
    silent: &[IDS, ABOUT, SEALED, SETTINGS],
    ..Shape::ANY
};
