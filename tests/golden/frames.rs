//! Event streams of AWS for the golden cases, written so that a person can read them (`in.frames.json`).
//!
//! An array of frames, each an object: its only member, or the first of several, is the event's name and payload.
//!
//! ```text
//! {"messageStart": {"role": "assistant"}}
//! {":anthropic": {"type": "ping"}}                     an event of Anthropic's, in base64 in a `chunk`
//! {":exception": "throttlingException", "payload": {"message": "…"}}
//! {":error": "AccessDenied", "message": "…"}           an error that the service's model doesn't name
//! {":payload": "cut {", "event": "contentBlockDelta"}  a payload as it is
//! {":bytes": "<html>"}                                 no frame at all
//! ```
//!
//! More members damage a frame: `"crc": "prelude"` or `"crc": "message"` gives a wrong checksum, `"keep": 20` keeps only
//! its first bytes. The format: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use switchover::json::Raw;

/// The bytes that the frames of a case are.
pub fn encode(frames: Raw<'_>) -> Vec<u8> {
    frames.items().flat_map(one).collect()
}

/// Whether the last of whole frames is Anthropic's end of a message.
pub fn ends_message(bytes: &[u8]) -> bool {
    // The same letters at each of the three places that they may have in base64.
    let text = String::from_utf8_lossy(bytes);
    ["message_stop", "xmessage_stop", "xxmessage_stop"].iter().any(|words| {
        let whole = base64(words.as_bytes());
        text.contains(whole.get(4..14).unwrap())
    })
}

pub fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| char::from(digits[usize::try_from(bits & 63).unwrap()]);
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let at = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        out.extend([digit(bits >> 18), digit(bits >> 12)]);
        out.push(if group.len() > 1 { digit(bits >> 6) } else { '=' });
        out.push(if group.len() > 2 { digit(bits) } else { '=' });
    }
    out
}

/// Whether the bytes end where a frame does.
pub fn are_whole(mut bytes: &[u8]) -> bool {
    while let Some((size, _)) = bytes.split_first_chunk::<4>() {
        match bytes.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).unwrap()) {
            Some((frame, rest)) if frame.len() > 4 => bytes = rest,
            _ => return false,
        }
    }
    bytes.is_empty()
}

fn one(frame: Raw<'_>) -> Vec<u8> {
    let text = |name| frame.get(name).map(|value: Raw<'_>| value.text().unwrap().into_string());
    let (name, value) = frame.fields().next().unwrap();
    let json = (":content-type", "application/json");
    let bytes = match name.decode().as_ref() {
        ":bytes" => value.text().unwrap().into_string().into_bytes(),
        ":exception" => {
            let name = value.text().unwrap().into_string();
            let payload = frame.get("payload").unwrap().as_json();
            encode_frame(&[(":exception-type", &name), json, (":message-type", "exception")], payload)
        }
        ":error" => {
            let (code, message) = (value.text().unwrap().into_string(), text("message").unwrap());
            let headers = [(":message-type", "error"), (":error-code", &code), (":error-message", &message)];
            encode_frame(&headers, "")
        }
        ":anthropic" => {
            event("chunk", &format!(r#"{{"bytes":"{}","p":"abcd"}}"#, base64(value.as_json().as_bytes())))
        }
        ":payload" => event(&text("event").unwrap(), &value.text().unwrap().into_string()),
        name => event(name, value.as_json()),
    };
    damaged(bytes, text("crc").as_deref(), frame.get("keep").and_then(Raw::as_u64))
}

fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    encode_frame(&headers, payload)
}

fn damaged(mut bytes: Vec<u8>, crc: Option<&str>, keep: Option<u64>) -> Vec<u8> {
    let last = bytes.len() - 1;
    match crc {
        None => {}
        Some("prelude") => bytes[8] ^= 1,
        Some("message") => bytes[last] ^= 1,
        Some(other) => panic!("a frame has no checksum of its {other}"),
    }
    bytes.truncate(keep.map_or(bytes.len(), |keep| usize::try_from(keep).unwrap()));
    bytes
}

pub fn encode_frame(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        // The type of a text.
        head.push(7);
        head.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let size = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
    let mut out = [size(head.len() + payload.len() + 16), size(head.len())].concat();
    out.extend(crc32(&out).to_be_bytes());
    out.extend(head);
    out.extend_from_slice(payload.as_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
