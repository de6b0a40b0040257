//! The framings of streams: the same frames come out at any split of the bytes.

use crate::frames::{base64, encode_frame};
use std::convert::Infallible;
use switchover::stream::eventstream::EventStream;
use switchover::stream::sse::Sse;

/// The bytes after the first two, and the chunks that those choose: one cut, or many of one size.
pub fn chunks(data: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let (&[high, low], bytes) = data.split_first_chunk()?;
    let chosen = usize::from(u16::from_be_bytes([high & 0x7f, low]));
    if bytes.is_empty() {
        return Some((bytes, vec![bytes]));
    }
    let chunks = if high & 0x80 == 0 {
        let (before, after) = bytes.split_at(chosen % bytes.len());
        vec![before, after]
    } else {
        bytes.chunks(chosen % bytes.len() + 1).collect()
    };
    Some((bytes, chunks))
}

pub fn sse(data: &[u8]) {
    let Some((whole, parts)) = chunks(data) else { return };
    let limit = 1024;
    let read = |chunks: &[&[u8]]| {
        let (mut reader, mut frames) = (Sse::with_limit(limit), Vec::new());
        let mut sink = |frame: switchover::stream::sse::Frame<'_>| {
            frames.push((frame.event.to_owned(), frame.data.to_vec()));
            Ok::<(), Infallible>(())
        };
        let fine = chunks.iter().all(|chunk| reader.push(chunk, &mut sink).is_ok());
        (frames, fine, reader.leftover().to_vec())
    };
    assert_eq!(read(&[whole]), read(&parts));
}

pub fn eventstream(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    let Some((whole, _)) = chunks(data) else { return };
    // Checksums are beyond what mutation finds: every other input is framed here.
    let framed = if mode & 1 == 1 { frame(whole) } else { whole.to_vec() };
    let cut = [&data[..2], &framed].concat();
    let Some((whole, parts)) = chunks(&cut) else { return };
    let read = |chunks: &[&[u8]]| {
        let (mut reader, mut frames) = (EventStream::with_limit(4096), Vec::new());
        let mut sink = |frame: switchover::stream::eventstream::AwsFrame<'_>| {
            let headers: Vec<_> = frame.headers().map(|(name, value)| format!("{name}: {value:?}")).collect();
            frames.push((frame.message_type, frame.name.to_owned(), frame.payload.to_vec(), headers));
            Ok::<(), Infallible>(())
        };
        let result = chunks.iter().try_for_each(|chunk| reader.push(chunk, &mut sink));
        (frames, result, reader.is_inside_frame())
    };
    assert_eq!(read(&[whole]), read(&parts));
}

/// What stands between the names and payloads of [`frame`]; neither is a byte of UTF-8.
pub const NEXT_FRAME: u8 = 0xff;
pub const PAYLOAD: u8 = 0xfe;

/// Frames with right checksums, of names and payloads that mutation can change. A `!` before the name makes an
/// exception, a `?` an error, a `+` an event of Anthropic's on Bedrock: the payload in base64.
pub fn frame(text: &[u8]) -> Vec<u8> {
    let frames = text.split(|byte| *byte == NEXT_FRAME).filter(|part| !part.is_empty());
    let one = |part: &[u8]| {
        let (name, payload) = part.split_at(part.iter().position(|byte| *byte == PAYLOAD).unwrap_or(0));
        let name = String::from_utf8_lossy(name.get(..name.len().min(200)).unwrap_or_default());
        let payload = payload.get(1..).unwrap_or_default();
        let payload = match name.starts_with('+') {
            true => format!("{{\"bytes\":\"{}\"}}", base64(payload)).into(),
            false => String::from_utf8_lossy(payload),
        };
        let json = (":content-type", "application/json");
        let headers = match name.split_at_checked(1) {
            Some(("!", name)) => [(":exception-type", name), json, (":message-type", "exception")],
            Some(("?", name)) => [(":error-code", name), json, (":message-type", "error")],
            Some(("+", name)) => [(":event-type", name), json, (":message-type", "event")],
            _ => [(":event-type", name.as_ref()), json, (":message-type", "event")],
        };
        encode_frame(&headers, &payload)
    };
    frames.flat_map(one).collect()
}
