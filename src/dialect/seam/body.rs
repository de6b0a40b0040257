//! What a provider said: the body of a whole answer, or the data of an event.

use crate::json::{Document, Kind, Raw, SyntaxError};

/// Bytes, and the JSON that they are or aren't: read once, whoever asks.
pub struct Body<'b> {
    pub bytes: &'b [u8],
    document: Result<Document<&'b str>, SyntaxError>,
}

impl<'b> Body<'b> {
    pub fn new(bytes: &'b [u8]) -> Body<'b> {
        Body { bytes, document: Document::read(bytes) }
    }

    /// # Errors
    /// Why and where it is not JSON.
    pub fn json(&self) -> Result<Raw<'_>, &SyntaxError> {
        self.document.as_ref().map(Document::root)
    }

    /// The object that it is; `None` if it is anything else.
    pub fn object(&self) -> Option<Raw<'_>> {
        self.json().ok().filter(|value| value.kind() == Kind::Object)
    }
}
