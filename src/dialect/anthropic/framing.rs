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
pub(super) struct MessageEvent<'a> {
    /// The name that the framing gives it; the data have it too.
    pub(super) name: &'a str,
    pub(super) data: &'a [u8],
}

pub(super) enum MessageFrames {
    Sse(Sse),
    Aws(EventStream),
}

impl MessageFrames {
    pub(super) fn new(is_aws: bool) -> MessageFrames {
        if is_aws { MessageFrames::Aws(EventStream::new()) } else { MessageFrames::Sse(Sse::new()) }
    }

    /// What came after the last whole event.
    pub(super) fn leftover(&self) -> &[u8] {
        match self {
            MessageFrames::Sse(frames) => frames.leftover(),
            MessageFrames::Aws(_) => b"",
        }
    }
}

impl Framing for MessageFrames {
    type Frame<'f> = MessageEvent<'f>;

    /// An exception of Bedrock's is a failure here already.
    fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(MessageEvent<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            MessageFrames::Sse(frames) => {
                let mut take =
                    |frame: sse::Frame<'_>| sink(MessageEvent { name: frame.event, data: frame.data });
                frames.push(bytes, &mut take)?;
            }
            MessageFrames::Aws(frames) => {
                let mut take = |frame: eventstream::AwsFrame<'_>| unwrap(&frame, sink);
                frames.push(bytes, &mut take)?;
            }
        }
        Ok(())
    }

    fn held(&self) -> usize {
        match self {
            MessageFrames::Sse(frames) => frames.held(),
            MessageFrames::Aws(frames) => frames.held(),
        }
    }
}

/// Takes Anthropic's event out of a frame: `{"bytes": "<base64>"}`.
fn unwrap(
    frame: &eventstream::AwsFrame<'_>,
    sink: &mut dyn FnMut(MessageEvent<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if frame.message_type != MessageType::Event {
        return Err(super::failure_of_exception(frame.name, frame.payload));
    }
    let bytes = Raw::parse(frame.payload).ok().and_then(|payload| payload.get("bytes")).and_then(Raw::text);
    match bytes.as_ref().map(Text::decode).map(|bytes| decode(&bytes)) {
        // No event of Anthropic's; Bedrock may add others.
        None => Ok(()),
        Some(data) => sink(MessageEvent { name: "", data: &data.unwrap_or_default() }),
    }
}
