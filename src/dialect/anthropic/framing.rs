//! How a stream's events lie in the bytes: as server-sent events, or on Bedrock in the frames of AWS, each with an
//! event of Anthropic's in base64.

use crate::dialect::piece::base64::decode;
use crate::failure::Failure;
use crate::json::{Raw, Text};
use crate::stream::eventstream::{self, EventStream, MessageType};
use crate::stream::sse::{self, Sse};

/// One event of the stream.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    /// The name that the framing gives it; the data have it too.
    pub(super) name: &'a str,
    pub(super) data: &'a [u8],
}

pub(super) enum Framing {
    Sse(Sse),
    Aws(EventStream),
}

impl Framing {
    pub(super) fn new(is_aws: bool) -> Framing {
        if is_aws { Framing::Aws(EventStream::new()) } else { Framing::Sse(Sse::new()) }
    }

    /// Gives `sink` each event that the chunk completes, up to the first that fails.
    ///
    /// # Errors
    /// What `sink` said; bytes that are no such stream; an exception of Bedrock's.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(Piece<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut result = Ok(());
        let framed = match self {
            Framing::Sse(frames) => {
                let mut take = |frame: sse::Frame<'_>| {
                    if result.is_ok() {
                        result = sink(Piece { name: frame.event, data: frame.data });
                    }
                };
                frames.push(bytes, &mut take).map_err(|error| error.to_string())
            }
            Framing::Aws(frames) => {
                let mut take = |frame: eventstream::Frame<'_>| {
                    if result.is_ok() {
                        result = unwrap(&frame, sink);
                    }
                };
                frames.push(bytes, &mut take).map_err(|error| error.to_string())
            }
        };
        result.and(framed.map_err(|error| Failure::malformed(&error)))
    }

    /// How many bytes are kept of an event that is not whole.
    pub(super) fn held(&self) -> usize {
        match self {
            Framing::Sse(frames) => frames.held(),
            Framing::Aws(frames) => frames.held(),
        }
    }

    /// What came after the last whole event.
    pub(super) fn leftover(&self) -> &[u8] {
        match self {
            Framing::Sse(frames) => frames.leftover(),
            Framing::Aws(_) => b"",
        }
    }
}

/// Takes Anthropic's event out of a frame: `{"bytes": "<base64>"}`.
fn unwrap(
    frame: &eventstream::Frame<'_>,
    sink: &mut dyn FnMut(Piece<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if frame.message_type != MessageType::Event {
        return Err(super::failure_of_exception(frame.name, frame.payload));
    }
    let bytes = Raw::parse(frame.payload).ok().and_then(|payload| payload.get("bytes")).and_then(Raw::text);
    match bytes.as_ref().map(Text::decode).map(|bytes| decode(&bytes)) {
        // No event of Anthropic's; Bedrock may add others.
        None => Ok(()),
        Some(data) => sink(Piece { name: "", data: &data.unwrap_or_default() }),
    }
}
