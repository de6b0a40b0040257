//! Frames of `application/vnd.amazon.eventstream`, written by hand from the specification.
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Event, Part};
use crate::behaviour::Failure;

/// The media type of such a stream.
pub const TYPE: &str = "application/vnd.amazon.eventstream";

/// An event with a JSON payload.
pub fn event(kind: &str, payload: &Value, part: Part) -> Event {
    let headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    Event { bytes: frame(&headers, payload.to_string().as_bytes()), part }
}

/// A frame whose payload is cut JSON.
pub fn malformed(kind: &str) -> Event {
    let headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    Event { bytes: frame(&headers, b"{\"contentBlockIndex\":0,\"delta\":{\"te"), part: Part::Token }
}

/// An exception of the service, or the unmodelled error that `forbidden` stands for.
pub fn failure(failure: Failure, message: Option<&str>) -> Event {
    let (kind, words) = match failure {
        Failure::Overloaded => ("serviceUnavailableException", "Bedrock is unable to process your request."),
        Failure::RateLimited | Failure::Quota => {
            ("throttlingException", "Too many requests, please wait before trying again.")
        }
        Failure::ServerError => (
            "internalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
        Failure::InvalidRequest | Failure::TooLarge | Failure::ContentPolicy => {
            ("validationException", "Malformed input request, please reformat your input and try again.")
        }
        Failure::ContextLength => (
            "validationException",
            "The model returned the following errors: Input is too long for requested model.",
        ),
        Failure::Forbidden => {
            let message = message.unwrap_or("Access denied");
            let headers =
                [(":message-type", "error"), (":error-code", "AccessDenied"), (":error-message", message)];
            return Event { bytes: frame(&headers, b""), part: Part::Token };
        }
        Failure::BrokenAnswer => (
            "modelStreamErrorException",
            "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide.",
        ),
        Failure::Auth | Failure::ModelUnavailable | Failure::NotFound => {
            ("modelStreamErrorException", "The model could not answer.")
        }
    };
    let headers =
        [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")];
    let payload = json!({"message": message.unwrap_or(words)}).to_string();
    Event { bytes: frame(&headers, payload.as_bytes()), part: Part::Token }
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name.as_bytes());
        // 7 is a text, its length in two bytes.
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = Vec::new();
    frame.extend_from_slice(&length(16 + head.len() + payload.len()));
    frame.extend_from_slice(&length(head.len()));
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame.into()
}

/// The CRC of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}
