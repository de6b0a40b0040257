//! Server-sent events: bytes to frames, and frames to bytes.
//!
//! The reader takes chunks cut anywhere (inside a character, between CR and LF) and hands out each event as soon as its
//! blank line is there. An event that lies whole in one chunk is borrowed from it; only what a chunk leaves unfinished
//! is copied. It follows the [event stream format](https://html.spec.whatwg.org/multipage/server-sent-events.html)
//! and never looks into the data, which need not be UTF-8.

use super::Stopped;
use memchr::{memchr, memchr2};

/// The largest event a provider may send, in bytes, unless the reader is made with another bound.
pub const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

/// The end of an OpenAI stream.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// What an event's name is when it is not UTF-8: a name that no dialect knows.
const NOT_UTF8: &str = "\u{fffd}";

/// Buffers that a large event has grown beyond this are given back.
const KEEP_CAPACITY: usize = 64 * 1024;

/// One event that has data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The last `event:` field, or "" where there is none.
    pub event: &'a str,
    /// The `data:` fields, several joined by a line feed.
    pub data: &'a [u8],
    /// The event as it came, its blank line included. If a chunk ends between the CR and the LF of that blank line, the
    /// LF is the first byte of the next frame's `raw`.
    pub raw: &'a [u8],
}

/// An event exceeds the reader's bound. The stream can't be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The bound, in bytes.
    pub limit: usize,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an event of the stream is larger than {} bytes", self.limit)
    }
}

/// An incremental reader of server-sent events; its time is linear in the bytes, however they are cut.
#[derive(Debug)]
pub struct Sse {
    limit: usize,
    /// The event that is not finished yet, as it came.
    pending: Vec<u8>,
    /// Where several `data:` fields are joined.
    joined: Vec<u8>,
    /// Nothing of the current line has been seen yet.
    line_is_empty: bool,
    /// The last byte seen was a CR: a LF next belongs to it.
    after_cr: bool,
    /// No event has ended yet, so the first bytes may be a byte order mark.
    at_start: bool,
    failed: bool,
    /// By the sink: what follows is nobody's.
    stopped: bool,
}

impl Default for Sse {
    fn default() -> Self {
        Self::new()
    }
}

impl Sse {
    /// A reader with the usual bound, [`MAX_EVENT_BYTES`].
    pub fn new() -> Self {
        Self::with_limit(MAX_EVENT_BYTES)
    }

    /// A reader that refuses events of more than `limit` bytes, framing included.
    pub fn with_limit(limit: usize) -> Self {
        Sse {
            limit,
            pending: Vec::new(),
            joined: Vec::new(),
            line_is_empty: true,
            after_cr: false,
            at_start: true,
            failed: false,
            stopped: false,
        }
    }

    /// Takes the next chunk and gives `sink` each event that it completes, up to the first that it fails at: what comes
    /// after that is not read, then or later. Comments, and events without a `data:` field, are left out.
    ///
    /// # Errors
    /// What `sink` said; [`TooLarge`], from then on for every call.
    pub fn push<E>(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), Stopped<TooLarge, E>> {
        if self.stopped {
            return Ok(());
        }
        self.read(bytes, sink).inspect_err(|stopped| {
            self.stopped = matches!(stopped, Stopped::Sink(_));
            self.pending = Vec::new();
        })
    }

    fn read<E>(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), Stopped<TooLarge, E>> {
        bytes = self.usual_ones(bytes, sink)?;
        while let Some(end) = self.event_end(bytes) {
            let (block, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            bytes = rest;
            if self.pending.is_empty() {
                self.check_size(block.len()).map_err(Stopped::Framing)?;
                self.dispatch(block, sink)?;
            } else {
                self.pending.extend_from_slice(block);
                self.check_size(self.pending.len()).map_err(Stopped::Framing)?;
                let mut block = std::mem::take(&mut self.pending);
                self.dispatch(&block, sink)?;
                block.clear();
                if block.capacity() <= KEEP_CAPACITY {
                    self.pending = block;
                }
                bytes = self.usual_ones(bytes, sink)?;
            }
        }
        self.check_size(self.pending.len().saturating_add(bytes.len())).map_err(Stopped::Framing)?;
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes the events that the bytes begin with, as long as they are as nearly all are.
    fn usual_ones<'b, E>(
        &self,
        mut bytes: &'b [u8],
        sink: &mut dyn FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<&'b [u8], Stopped<TooLarge, E>> {
        let is_inside = !self.pending.is_empty() || !self.line_is_empty || self.after_cr;
        if is_inside || self.at_start || self.failed {
            return Ok(bytes);
        }
        while let Some((frame, rest)) = usual(bytes, self.limit) {
            bytes = rest;
            sink(frame).map_err(Stopped::Sink)?;
        }
        Ok(bytes)
    }

    /// What came after the last whole event, without the line ends around it; empty if the stream ended where an event
    /// did. Not an event: at the end of the input it means that the stream was cut.
    pub fn leftover(&self) -> &[u8] {
        trim_line_ends(&self.pending)
    }

    /// How many bytes are kept of an event that is not whole.
    pub fn held(&self) -> usize {
        self.pending.capacity().saturating_add(self.joined.capacity())
    }

    fn check_size(&mut self, size: usize) -> Result<(), TooLarge> {
        self.failed |= size > self.limit;
        if self.failed { Err(TooLarge { limit: self.limit }) } else { Ok(()) }
    }

    /// How many of `bytes` belong to the current event, if its blank line is among them. Each byte is looked at once,
    /// as the state of the current line is kept between chunks.
    fn event_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            if std::mem::take(&mut self.after_cr) && rest.first() == Some(&b'\n') {
                at += 1;
                continue;
            }
            let Some(found) = memchr2(b'\r', b'\n', rest) else {
                self.line_is_empty = false;
                return None;
            };
            let is_blank = self.line_is_empty && found == 0;
            self.line_is_empty = true;
            self.after_cr = rest.get(found) == Some(&b'\r');
            at += found + 1;
            if is_blank {
                if self.after_cr && bytes.get(at) == Some(&b'\n') {
                    self.after_cr = false;
                    at += 1;
                }
                return Some(at);
            }
        }
    }

    fn dispatch<E>(
        &mut self,
        raw: &[u8],
        sink: &mut dyn FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), Stopped<TooLarge, E>> {
        if let Some(frame) = self.frame(raw) {
            sink(frame).map_err(Stopped::Sink)?;
        }
        if self.joined.capacity() > KEEP_CAPACITY {
            self.joined = Vec::new();
        }
        Ok(())
    }

    /// Reads the fields of a whole event.
    fn frame<'f>(&'f mut self, raw: &'f [u8]) -> Option<Frame<'f>> {
        let mut lines = raw;
        if std::mem::take(&mut self.at_start) {
            lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        }
        let mut event: &[u8] = b"";
        let mut first: Option<&[u8]> = None;
        let mut several = false;
        for line in Lines(lines) {
            let (name, value) = split_field(line);
            match (name, first) {
                (b"event", _) => event = value,
                (b"data", None) => first = Some(value),
                (b"data", Some(first)) => {
                    if !several {
                        several = true;
                        self.joined.clear();
                        self.joined.extend_from_slice(first);
                    }
                    self.joined.push(b'\n');
                    self.joined.extend_from_slice(value);
                }
                _ => {}
            }
        }
        let data = if several { self.joined.as_slice() } else { first? };
        Some(Frame { event: std::str::from_utf8(event).unwrap_or(NOT_UTF8), data, raw })
    }
}

/// The event that the bytes begin with, if it is whole and as nearly all are: one line of data, perhaps a name before it.
/// It is looked at once then. Anything else is left to those who take everything.
fn usual(bytes: &[u8], limit: usize) -> Option<(Frame<'_>, &[u8])> {
    let (event, name_end) = match bytes.strip_prefix(b"event: ") {
        None => ("", 0),
        Some(name) => {
            let end = memchr2(b'\r', b'\n', name)?;
            (std::str::from_utf8(name.get(..end)?).ok()?, end + 8)
        }
    };
    let after_name =
        if name_end == 0 || bytes.get(name_end - 1) == Some(&b'\n') { bytes.get(name_end..)? } else { b"" };
    let line = after_name.strip_prefix(b"data: ")?;
    let (data, end) = line.split_at_checked(memchr2(b'\r', b'\n', line)?)?;
    let rest = end.strip_prefix(b"\n\n")?;
    let raw = bytes.get(..bytes.len() - rest.len()).filter(|raw| raw.len() <= limit)?;
    Some((Frame { event, data, raw }, rest))
}

/// The lines of a whole event; the empty ones that a CRLF makes do no harm, as they are no field.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr2(b'\r', b'\n', self.0).unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}

/// A line's name and value; a comment has the name "".
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some((name, value)) = memchr(b':', line).and_then(|colon| line.split_at_checked(colon)) else {
        return (line, b"");
    };
    let value = value.get(1..).unwrap_or_default();
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

fn trim_line_ends(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let start = bytes.iter().position(is_text).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_text).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
}

/// Appends one event to `out`; `data` writes its data, which may have line ends (JSON that a provider laid out): each
/// becomes a `data:` field of its own.
pub fn write_event(out: &mut Vec<u8>, event: Option<&str>, data: impl FnOnce(&mut Vec<u8>)) {
    if let Some(event) = event {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(event.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    let start = out.len();
    data(out);
    if memchr2(b'\r', b'\n', out.get(start..).unwrap_or_default()).is_some() {
        let text = out.split_off(start);
        let mut rest = text.as_slice();
        while let Some((line, after)) = memchr2(b'\r', b'\n', rest).and_then(|end| rest.split_at_checked(end))
        {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\ndata: ");
            rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        }
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests;
