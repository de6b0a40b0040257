//! What the two directions of one exchange share.

use crate::dialect::loss::Unsupported;
use crate::dialect::surface::Surface;

/// One caller's request, from the first byte in to the last byte out, over all its attempts.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What the caller called: the dialect of the answer.
    pub surface: Surface,
    /// `model` as the caller wrote it; what the answer says too.
    pub requested_model: String,
    /// The answer goes out as server-sent events.
    pub stream: bool,
    /// The caller of an OpenAI stream asked for a usage chunk.
    pub stream_usage: bool,
    /// Unique; ids that we have to make up are built on it (`chatcmpl-{id}`, `msg_{id}`).
    pub id: String,
    /// Unix seconds, for `created`.
    pub created: u64,
    /// What happens to what a target can't carry of it.
    pub unsupported: Unsupported,
    /// Headers of the caller that a provider of the same dialect may see (`anthropic-beta`, `anthropic-version`),
    /// in lower case.
    pub caller_headers: Vec<(String, String)>,
}

impl Turn {
    /// The id of the turn of a trip with this key.
    pub fn id_of(key: u64) -> String {
        format!("{key:016x}")
    }

    /// The first of the caller's headers of that name, in lower case, that a provider may see.
    pub fn caller_header(&self, name: &str) -> Option<&str> {
        self.caller_headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
