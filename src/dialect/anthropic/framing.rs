//! How a stream's events lie in the bytes: as server-sent events, or on Bedrock in the frames of AWS, each with an
//! event of Anthropic's in base64.

use crate::dialect::piece::base64::decode;
use crate::dialect::seam::Framing;
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

pub(super) enum Frames {
    Sse(Sse),
    Aws(EventStream),
}

impl Frames {
    pub(super) fn new(is_aws: bool) -> Frames {
        if is_aws { Frames::Aws(EventStream::new()) } else { Frames::Sse(Sse::new()) }
    }

    /// What came after the last whole event.
    pub(super) fn leftover(&self) -> &[u8] {
        match self {
            Frames::Sse(frames) => frames.leftover(),
            Frames::Aws(_) => b"",
        }
    }
}

impl Framing for Frames {
    type Frame<'f> = Piece<'f>;

    /// An exception of Bedrock's is a failure here already.
    fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(Piece<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            Frames::Sse(frames) => {
                let mut take = |frame: sse::Frame<'_>| sink(Piece { name: frame.event, data: frame.data });
                frames.push(bytes, &mut take)?;
            }
            Frames::Aws(frames) => {
                let mut take = |frame: eventstream::Frame<'_>| unwrap(&frame, sink);
                frames.push(bytes, &mut take)?;
            }
        }
        Ok(())
    }

    fn held(&self) -> usize {
        match self {
            Frames::Sse(frames) => frames.held(),
            Frames::Aws(frames) => frames.held(),
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
