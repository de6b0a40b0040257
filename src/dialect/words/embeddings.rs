//! Embeddings: <https://platform.openai.com/docs/api-reference/embeddings>. Answers have no words and there are no streams;
//! inputs that are a tokenizer's numbers have none either.

use super::shape::{ABOUT, IDS, Number, Rule, Shape, Speaks};
use super::{Sort, Speaker};

/// A request, an answer, an event.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&REQUEST), Rule::In(&ANSWER), Rule::In(&ANSWER)];

static REQUEST: Shape = Shape {
    told: &[("input", Rule::In(&INPUT))],
    silent: &[IDS, &["encoding_format", "input_type"]],
    ..Shape::ANY
};

static INPUT: Shape = Shape {
    speaks: Speaks::As(Speaker::User),
    counts: Some(Number::Item),
    bare: Some(Sort::Text),
    ..Shape::ANY
};

static ANSWER: Shape = Shape { silent: &[IDS, ABOUT, &["data"]], ..Shape::ANY };
