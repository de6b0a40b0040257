//! What providers say when they fail.

use switchover::failure::{
    Failure, Head, MAX_RETRY_AFTER_MS, classify, classify_event, classify_exception, reports_error,
};
use switchover::json::Raw;

const NOW_MS: u64 = 1_750_000_000_000;

/// Two bytes of status, a header's value up to the first line end, and the body.
pub fn any(data: &[u8]) {
    let Some((&[high, low], rest)) = data.split_first_chunk() else { return };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (value, body) = rest.split_at(end);
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    let status = u16::from_be_bytes([high, low]);
    let headers: &[(&[u8], &[u8])] =
        &[(b"content-type", b"application/json"), (b"x-amzn-errortype", value), (b"retry-after", value)];
    check(&classify(&Head { status, headers }, body, NOW_MS));
    check(&classify_exception(&String::from_utf8_lossy(value), body, NOW_MS));
    if let Ok(event) = Raw::parse(body) {
        let _ = reports_error(event);
        check(&classify_event(event, NOW_MS));
    }
}

/// A header's value, and the message after the first line end.
pub fn retry_after(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (value, message) = data.split_at(end);
    for name in ["retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "ratelimit-reset"] {
        let headers: &[(&[u8], &[u8])] = &[(name.as_bytes(), value)];
        for now in [0, NOW_MS, u64::MAX] {
            let failure = classify(&Head { status: 429, headers }, message, now);
            check(&failure);
        }
    }
}

fn check(failure: &Failure) {
    assert!(failure.retry_after_ms.is_none_or(|wait| wait <= MAX_RETRY_AFTER_MS), "{failure:?}");
    let said = [Some(&failure.message), failure.code.as_ref(), failure.param.as_ref()];
    for text in said.into_iter().flatten() {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let status = failure.caller_status();
    assert!((400..600).contains(&status), "{status}");
    assert!(!failure.caller_message("a").is_empty());
}
