//! Embeddings: <https://platform.openai.com/docs/api-reference/embeddings>. Answers have no words and there are no streams;
//! inputs that are a tokenizer's numbers have none either.

use super::shape::{ABOUT, IDS, ObjectShape, Rule, Speaks, StrandNumber};
use super::{Sort, Speaker};

/// A request, an answer, an event.
pub(super) static BODIES: [Rule; 3] = [Rule::In(&REQUEST), Rule::In(&ANSWER), Rule::In(&ANSWER)];

static REQUEST: ObjectShape = ObjectShape {
    told: &[("input", Rule::In(&INPUT))],
    silent: &[IDS, &["encoding_format", "input_type"]],
    ..ObjectShape::ANY
};

static INPUT: ObjectShape = ObjectShape {
    speaks: Speaks::As(Speaker::User),
    counts: Some(StrandNumber::Item),
    bare: Some(Sort::Text),
    ..ObjectShape::ANY
};

static ANSWER: ObjectShape = ObjectShape { silent: &[IDS, ABOUT, &["data"]], ..ObjectShape::ANY };
