//! What is remembered of a request until its answer comes.

use crate::chat::Maker;
use crate::json::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What reading this attempt's answer needs to know about its request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// Tool names that the provider would have rejected: the name sent → the caller's name.
    pub renamed: BTreeMap<String, String>,
    /// The answer's JSON was asked for by forcing a call of the tool of this name.
    pub format_tool: Option<String>,
    /// Who signs this target's thoughts, where one dialect has the models of several makers.
    pub maker: Option<Maker>,
    /// The provider counts the tokens of a stream only if asked, and we asked.
    pub usage_asked: bool,
    /// The answer is a stream in the provider's framing.
    pub stream: bool,
    /// What the answer repeats of the caller's request, as JSON: an object of members; the caller's instructions alone where the
    /// provider repeats the rest.
    pub repeated: Option<String>,
    /// The caller offered its tools as OpenAI's legacy `functions`, and looks for `function_call` in the answer.
    pub calls_functions: bool,
    /// Marks what this target seals in its answers, so that it comes back to no other.
    pub origin: Option<String>,
    /// The caller's tools whose input is a text.
    pub free_form: FreeForm,
    /// The request went by OpenAI's Responses though its caller speaks something else, and so comes the answer.
    pub by_responses: bool,
    /// The provider tells pages beside a stream, which its words name by number.
    pub tells_pages: bool,
    /// What a request for embeddings asked for.
    pub wanted: Wanted,
}

impl Memo {
    /// The caller's name of a tool.
    pub fn original<'m>(&'m self, sent: &'m str) -> &'m str {
        self.renamed.get(sent).map_or(sent, String::as_str)
    }
}

/// A caller's tools whose input is a text and no JSON, by the caller's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreeForm {
    /// The caller's names of them.
    pub names: BTreeSet<String>,
    /// They went out as functions with one argument.
    pub as_functions: bool,
}

impl FreeForm {
    /// Whether a tool is one of them.
    pub fn has(&self, name: &Text<'_>) -> bool {
        !self.names.is_empty() && self.names.contains(name.decode().as_ref())
    }
}

/// What reading an answer with vectors must know of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// So many vectors.
    pub vectors: usize,
    /// As little-endian 32-bit floats in base64, not as numbers.
    pub base64: bool,
}
