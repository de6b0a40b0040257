//! The other direction, for tests: frames as Bedrock sends them.

use super::{HeaderValue, crc32};

/// A frame with these headers.
pub(crate) fn frame(headers: &[(&str, HeaderValue<'_>)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        write_value(*value, &mut head);
    }
    let size = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
    let mut out = [size(head.len() + payload.len() + 16), size(head.len())].concat();
    out.extend(crc32::of(&out).to_be_bytes());
    out.extend(head);
    out.extend_from_slice(payload);
    out.extend(crc32::of(&out).to_be_bytes());
    out
}

/// An event as Converse sends it.
pub(crate) fn event(name: &str, payload: &[u8]) -> Vec<u8> {
    message("event", ":event-type", name, payload)
}

/// An exception as Converse sends it.
pub(crate) fn exception(name: &str, payload: &[u8]) -> Vec<u8> {
    message("exception", ":exception-type", name, payload)
}

fn message(kind: &str, key: &str, name: &str, payload: &[u8]) -> Vec<u8> {
    let content_type = (":content-type", HeaderValue::Text("application/json"));
    frame(
        &[(key, HeaderValue::Text(name)), content_type, (":message-type", HeaderValue::Text(kind))],
        payload,
    )
}

fn write_value(value: HeaderValue<'_>, out: &mut Vec<u8>) {
    let mut with_length = |kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
        out.extend_from_slice(bytes);
    };
    match value {
        HeaderValue::Bytes(bytes) => with_length(6, bytes),
        HeaderValue::Text(text) => with_length(7, text.as_bytes()),
        HeaderValue::Bool(value) => out.push(u8::from(!value)),
        HeaderValue::Timestamp(value) => {
            out.push(8);
            out.extend(value.to_be_bytes());
        }
        HeaderValue::Uuid(value) => {
            out.push(9);
            out.extend(value);
        }
        HeaderValue::Integer(value) => {
            if let Ok(value) = i8::try_from(value) {
                out.push(2);
                out.extend(value.to_be_bytes());
            } else if let Ok(value) = i16::try_from(value) {
                out.push(3);
                out.extend(value.to_be_bytes());
            } else if let Ok(value) = i32::try_from(value) {
                out.push(4);
                out.extend(value.to_be_bytes());
            } else {
                out.push(5);
                out.extend(value.to_be_bytes());
            }
        }
    }
}
