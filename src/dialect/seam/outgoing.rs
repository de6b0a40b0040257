//! What goes to a target.

use super::Memo;
use std::borrow::Cow;

/// A request as one target gets it. The method is always POST; `content-type` is always `application/json`.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Path and query.
    pub path: String,
    /// The dialect's own headers, in lower case; never a credential.
    pub headers: Vec<(&'static str, String)>,
    /// The request in the provider's dialect, or its beginning; see `kept`.
    pub body: Vec<u8>,
    /// So many bytes at the end of the caller's request follow `body` as they are.
    pub kept: usize,
    /// What was left out, by the caller's name for it.
    pub dropped: Vec<Cow<'static, str>>,
    /// What the answer's readers need to know of the request.
    pub memo: Memo,
}

impl Outgoing {
    /// Appends what follows of the caller's request.
    pub fn complete(&mut self, request: &[u8]) {
        let start = request.len().saturating_sub(std::mem::take(&mut self.kept));
        self.body.extend_from_slice(request.get(start..).unwrap_or_default());
    }
}
