//! An answer: <https://platform.openai.com/docs/api-reference/embeddings/object>.

use super::vector::Vector;
use crate::chat::Usage;
use crate::dialect::Wanted;
use crate::dialect::seam::WholeAnswer;
use crate::dialect::{Seen, Turn};
use crate::json::Writer;

/// What a provider answered.
#[derive(Debug, Default)]
pub(super) struct EmbeddingsReply<'a> {
    /// In the order of the inputs.
    pub(super) vectors: Vec<Vector<'a>>,
    /// Tokens of all inputs, where the provider counts them.
    pub(super) tokens: Option<u64>,
}

impl EmbeddingsReply<'_> {
    /// As OpenAI's list. OpenAI's clients want counts: zero stands where the provider gives none.
    ///
    /// # Errors
    /// What is wrong with the vectors, as a clause.
    pub(super) fn write(&self, turn: &Turn, wanted: Wanted, length: usize) -> Result<WholeAnswer, String> {
        check_count(self.vectors.len(), wanted)?;
        let mut body = Vec::with_capacity(length + 256);
        let mut w = Writer::new(&mut body);
        w.open_object();
        w.key("object").string("list");
        w.key("data").open_array();
        for (index, vector) in (0_u64..).zip(&self.vectors) {
            w.open_object();
            w.key("object").string("embedding");
            w.key("index").u64(index);
            vector.write(wanted.base64, w.key("embedding")).ok_or_else(|| no_vector(index))?;
            w.close_object();
        }
        w.close_array();
        w.key("model").string(&turn.requested_model);
        w.key("usage").object(|w| {
            w.key("prompt_tokens").u64(self.tokens.unwrap_or(0));
            w.key("total_tokens").u64(self.tokens.unwrap_or(0));
        });
        w.close_object();
        let usage = Usage { input: self.tokens, ..Usage::default() };
        Ok(WholeAnswer { body, seen: Seen { usage, ..Seen::default() } })
    }
}

/// # Errors
/// Some inputs have no vector, or there are vectors of no input.
pub(super) fn check_count(found: usize, wanted: Wanted) -> Result<(), String> {
    if found == wanted.vectors {
        return Ok(());
    }
    Err(format!("it has {found} vectors for {} inputs", wanted.vectors))
}

pub(super) fn no_vector(index: u64) -> String {
    format!("its vector {index} is neither numbers nor base64")
}
