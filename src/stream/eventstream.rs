//! `application/vnd.amazon.eventstream`: the binary frames of Amazon Bedrock's streams.
//!
//! Chunks may be cut anywhere. A frame that lies whole in one chunk is borrowed from it. Both checksums are checked, the
//! prelude's as soon as its twelve bytes are there, so that a stream that is no event stream is an error at once and
//! never a wait for gigabytes. Written here, as the SDK's decoder brings twenty crates for what is two pages.
//! The format: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

mod crc32;
mod header;

pub use header::{HeaderValue, Headers};

use super::Stopped;

/// The largest frame that a provider may send, in bytes, unless the decoder is made with another bound.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Total length, length of the headers, checksum of both.
const PRELUDE: usize = 12;
/// The checksum of all before it.
const TRAILER: usize = 4;

/// Buffers that a large frame has grown beyond this are given back.
const KEEP_CAPACITY: usize = 64 * 1024;

/// The `:message-type` of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// An event of the answer.
    Event,
    /// A failure that the service's model names.
    Exception,
    /// Any other failure.
    Error,
}

/// One frame whose checksums are right.
#[derive(Clone, Copy, Debug)]
pub struct AwsFrame<'a> {
    /// Whether it is an event or a failure.
    pub message_type: MessageType,
    /// The `:event-type`, `:exception-type` or `:error-code`; "" where the frame has none.
    pub name: &'a str,
    /// The `:content-type`; "" where the frame has none.
    pub content_type: &'a str,
    /// What the frame carries; nothing but `content_type` says what it is.
    pub payload: &'a [u8],
    headers: &'a [u8],
}

impl<'a> AwsFrame<'a> {
    /// All headers, in their order.
    pub fn headers(&self) -> Headers<'a> {
        Headers::new(self.headers)
    }

    /// The text of the first header of that name.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        text_of(self.headers, name)
    }
}

/// Why a stream can't be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    /// The checksum of a frame's prelude is wrong: what came is no event stream, or bytes were lost.
    Prelude,
    /// The checksum of a whole frame is wrong.
    Message,
    /// A frame's lengths contradict each other.
    Lengths,
    /// A frame's headers can't be read, or its `:message-type` is missing or unknown.
    Headers,
    /// A frame is larger than the bound, in bytes.
    TooLarge {
        /// The bound.
        limit: usize,
    },
}

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Corrupt::Prelude => f.write_str("the checksum of a frame's prelude is wrong"),
            Corrupt::Message => f.write_str("the checksum of a frame is wrong"),
            Corrupt::Lengths => f.write_str("the lengths of a frame contradict each other"),
            Corrupt::Headers => f.write_str("the headers of a frame can't be read"),
            Corrupt::TooLarge { limit } => write!(f, "a frame of the stream is larger than {limit} bytes"),
        }
    }
}

/// An incremental decoder; its time is linear in the bytes, however they are cut.
#[derive(Debug)]
pub struct EventStream {
    limit: usize,
    /// The frame that is not whole yet.
    pending: Vec<u8>,
    failed: Option<Corrupt>,
    /// By the sink: what follows is nobody's.
    stopped: bool,
}

impl Default for EventStream {
    fn default() -> Self {
        Self::new()
    }
}

impl EventStream {
    /// A decoder with the usual bound, [`MAX_FRAME_BYTES`].
    pub fn new() -> Self {
        Self::with_limit(MAX_FRAME_BYTES)
    }

    /// A decoder that refuses frames of more than `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        EventStream { limit, pending: Vec::new(), failed: None, stopped: false }
    }

    /// Takes the next chunk and gives `sink` each frame that it completes, up to the first that it fails at: what comes
    /// after that is not read, then or later.
    ///
    /// # Errors
    /// What `sink` said; [`Corrupt`], after the frames before the corrupt one, and from then on for every call.
    pub fn push<E>(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(AwsFrame<'_>) -> Result<(), E>,
    ) -> Result<(), Stopped<Corrupt, E>> {
        if let Some(corrupt) = self.failed {
            return Err(Stopped::Framing(corrupt));
        }
        if self.stopped {
            return Ok(());
        }
        self.read(bytes, sink).inspect_err(|stopped| {
            match stopped {
                Stopped::Framing(corrupt) => self.failed = Some(*corrupt),
                Stopped::Sink(_) => self.stopped = true,
            }
            self.pending = Vec::new();
        })
    }

    /// How many bytes are kept of a frame that is not whole.
    pub fn held(&self) -> usize {
        self.pending.capacity()
    }

    /// A frame has begun that is not whole: at the end of the input it means that the stream was cut.
    pub fn is_inside_frame(&self) -> bool {
        !self.pending.is_empty()
    }

    fn read<E>(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(AwsFrame<'_>) -> Result<(), E>,
    ) -> Result<(), Stopped<Corrupt, E>> {
        let limit = self.limit;
        let size = |bytes: &[u8]| frame_size(bytes, limit).map_err(Stopped::Framing);
        let mut take = |frame: &[u8]| sink(decode(frame).map_err(Stopped::Framing)?).map_err(Stopped::Sink);
        while !self.pending.is_empty() {
            let wanted = size(&self.pending)?.unwrap_or(PRELUDE);
            let missing = wanted.saturating_sub(self.pending.len());
            let (more, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.pending.extend_from_slice(more);
            bytes = rest;
            if more.len() < missing {
                // A prelude just completed is checked now and not when the next chunk comes.
                return size(&self.pending).map(|_| ());
            }
            if size(&self.pending)? == Some(self.pending.len()) {
                let mut frame = std::mem::take(&mut self.pending);
                take(&frame)?;
                frame.clear();
                if frame.capacity() <= KEEP_CAPACITY {
                    self.pending = frame;
                }
                break;
            }
        }
        while let Some((frame, rest)) = size(bytes)?.and_then(|size| bytes.split_at_checked(size)) {
            take(frame)?;
            bytes = rest;
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }
}

/// The size of the frame that `bytes` begins with; `None` while its prelude is not whole.
fn frame_size(bytes: &[u8], limit: usize) -> Result<Option<usize>, Corrupt> {
    let Some((prelude, _)) = bytes.split_first_chunk::<PRELUDE>() else { return Ok(None) };
    let [t0, t1, t2, t3, h0, h1, h2, h3, c0, c1, c2, c3] = *prelude;
    if crc32::of(&[t0, t1, t2, t3, h0, h1, h2, h3]) != u32::from_be_bytes([c0, c1, c2, c3]) {
        return Err(Corrupt::Prelude);
    }
    let size = |bytes| usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| Corrupt::TooLarge { limit });
    let (total, headers) = (size([t0, t1, t2, t3])?, size([h0, h1, h2, h3])?);
    if total < headers.saturating_add(PRELUDE + TRAILER) {
        return Err(Corrupt::Lengths);
    }
    if total > limit { Err(Corrupt::TooLarge { limit }) } else { Ok(Some(total)) }
}

/// Takes apart a whole frame whose prelude was checked.
fn decode(frame: &[u8]) -> Result<AwsFrame<'_>, Corrupt> {
    let (headers, payload) = split(frame)?;
    let mut walk = Headers::new(headers);
    walk.by_ref().for_each(drop);
    if !walk.is_whole() {
        return Err(Corrupt::Headers);
    }
    let (message_type, name) = match text_of(headers, ":message-type") {
        Some("event") => (MessageType::Event, ":event-type"),
        Some("exception") => (MessageType::Exception, ":exception-type"),
        Some("error") => (MessageType::Error, ":error-code"),
        _ => return Err(Corrupt::Headers),
    };
    Ok(AwsFrame {
        message_type,
        name: text_of(headers, name).unwrap_or_default(),
        content_type: text_of(headers, ":content-type").unwrap_or_default(),
        payload,
        headers,
    })
}

/// The headers and the payload of a whole frame, its checksum checked.
fn split(frame: &[u8]) -> Result<(&[u8], &[u8]), Corrupt> {
    let (body, crc) = frame.split_last_chunk::<TRAILER>().ok_or(Corrupt::Lengths)?;
    if crc32::of(body) != u32::from_be_bytes(*crc) {
        return Err(Corrupt::Message);
    }
    let headers = body.get(4..8).and_then(|size| size.try_into().ok()).map(u32::from_be_bytes);
    let headers = headers.and_then(|size| usize::try_from(size).ok()).ok_or(Corrupt::Lengths)?;
    body.get(PRELUDE..).and_then(|rest| rest.split_at_checked(headers)).ok_or(Corrupt::Lengths)
}

fn text_of<'a>(headers: &'a [u8], wanted: &str) -> Option<&'a str> {
    Headers::new(headers).find_map(|(name, value)| match value {
        HeaderValue::Text(text) if name == wanted => Some(text),
        _ => None,
    })
}

#[cfg(test)]
pub(crate) mod encode;
#[cfg(test)]
mod tests;
