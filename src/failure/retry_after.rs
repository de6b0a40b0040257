//! How long a provider wants to be left alone: every form in which providers say it, in headers, error bodies and prose.
//!
//! The most precise word wins, not the longest: `retry-after-ms`, then `Retry-After`, then the error's own fields, then
//! the limits' reset times, then the message. Never more than [`MAX_MS`], so that a provider's clock or a typing mistake
//! can't take a target away for hours.

use super::Head;
use super::date::{http_date, rfc3339};
use crate::json::{Kind, Raw};

/// The longest cool-down, in milliseconds.
pub const MAX_MS: u64 = 300_000;

/// For a rate limit of which nothing is said.
const RATE_LIMITED_MS: u64 = 10_000;

/// Reset times and the headers that tell whether that limit is the one that was hit.
/// [OpenAI](https://platform.openai.com/docs/guides/rate-limits),
/// [Anthropic](https://docs.anthropic.com/en/api/rate-limits#response-headers),
/// [Cerebras](https://inference-docs.cerebras.ai/support/rate-limits).
const LIMITS: [(&str, &str); 11] = [
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    ("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
    ("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
    ("x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day"),
    ("x-ratelimit-reset-tokens-minute", "x-ratelimit-remaining-tokens-minute"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("ratelimit-reset", "ratelimit-remaining"),
    ("ratelimitbysize-reset", "ratelimitbysize-remaining"),
];

/// What stands before a time in a provider's message.
const LEADS: [&str; 8] = [
    "try again in ",
    "retry in ",
    "retry after ",
    "try again after ",
    "wait for ",
    "wait ",
    "available in ",
    "reset in ",
];

/// What a provider's words say, in milliseconds from now, at most [`MAX_MS`]; a moment that is past is 0. `in_error` is
/// what [`of_error`] found.
pub(super) fn said(head: &Head<'_>, in_error: Option<u64>, message: &str, now_ms: u64) -> Option<u64> {
    of_headers(head, now_ms)
        .or(in_error)
        .or_else(|| of_limits(head, now_ms))
        .or_else(|| of_text(message))
        .map(|wait| wait.min(MAX_MS))
}

/// What a rate limit asks for, whether it says so or not.
pub(super) fn rate_limited(said: Option<u64>) -> u64 {
    said.unwrap_or(RATE_LIMITED_MS).min(MAX_MS)
}

fn of_headers(head: &Head<'_>, now_ms: u64) -> Option<u64> {
    let exact = head.text("retry-after-ms").and_then(|value| scaled(value, 1));
    exact.or_else(|| {
        let value = head.text("retry-after")?;
        scaled(value, 1000).or_else(|| Some(http_date(value, now_ms)?.saturating_sub(now_ms)))
    })
}

/// The fields of an error's object: Google's `google.rpc.RetryInfo`, and a number of seconds that some put beside the
/// message. In milliseconds, not bounded yet.
pub(super) fn of_error(error: Raw<'_>) -> Option<u64> {
    let delay = error
        .get("details")
        .and_then(|details| details.items().find_map(|detail| detail.present("retryDelay")?.text()));
    if let Some(delay) = delay {
        return go_duration(&delay.decode());
    }
    ["retry_after", "retryAfter", "retry_after_seconds", "estimated_time"].iter().find_map(|name| {
        let value = error.get(name).or_else(|| error.at(&["metadata", name]))?;
        match value.kind() {
            Kind::Number => scaled(value.as_json(), 1000),
            Kind::String => scaled(&value.text()?.decode(), 1000),
            _ => None,
        }
    })
}

/// The reset time of the limit that is used up; if none is, of the slowest that is not a matter of hours.
fn of_limits(head: &Head<'_>, now_ms: u64) -> Option<u64> {
    let mut used_up = None;
    let mut other = None;
    for (reset, remaining) in LIMITS {
        let Some(wait) = head.text(reset).and_then(|value| moment(value, now_ms)) else { continue };
        if head.text(remaining).is_some_and(|left| scaled(left, 1) == Some(0)) {
            used_up = used_up.max(Some(wait));
        } else if wait <= MAX_MS {
            other = other.max(Some(wait));
        }
    }
    used_up.or(other)
}

/// A reset header: a duration, seconds, or a moment as RFC 3339 or in seconds or milliseconds since 1970.
fn moment(value: &str, now_ms: u64) -> Option<u64> {
    if let Some(wait) = scaled(value, 1000) {
        return Some(match wait {
            ..1_000_000_000_000 => wait,
            1_000_000_000_000..1_000_000_000_000_000 => wait.saturating_sub(now_ms),
            _ => (wait / 1000).saturating_sub(now_ms),
        });
    }
    go_duration(value).or_else(|| Some(rfc3339(value)?.saturating_sub(now_ms)))
}

/// A time in a message: "Please try again in 1m30s.", "Please retry after 6 seconds."
fn of_text(message: &str) -> Option<u64> {
    let message = message.to_ascii_lowercase();
    LEADS.iter().find_map(|lead| {
        message.match_indices(lead).find_map(|(at, _)| {
            let rest = message.get(at + lead.len()..)?.trim_start();
            duration(rest.strip_prefix("about ").unwrap_or(rest)).map(|(wait, _)| wait)
        })
    })
}

/// A Go-like duration that is the whole text: `6m0s`, `1s`, `120ms`, `52.5s`.
fn go_duration(text: &str) -> Option<u64> {
    duration(text.trim()).filter(|(_, rest)| rest.is_empty()).map(|(wait, _)| wait)
}

/// The duration that `text` begins with, and the rest. Rounded up: a moment too early is a second refusal.
fn duration(text: &str) -> Option<(u64, &str)> {
    let mut total: Option<u64> = None;
    let mut rest = text;
    while let Some((wait, after)) = component(rest) {
        total = Some(total.unwrap_or_default().saturating_add(wait));
        // "1 minute and 30 seconds" and "1 m, 30 s" are one duration.
        let next = after.trim_start_matches([' ', ',']);
        let next = next.strip_prefix("and ").unwrap_or(next);
        rest = if component(next).is_some() { next } else { after };
    }
    Some((total?, rest))
}

/// One number with its unit.
fn component(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(digits)?;
    let rest = rest.trim_start_matches(' ');
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(letters)?;
    let unit_ms = match unit {
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    Some((scaled(number, unit_ms)?, rest))
}

/// A decimal number of units of `unit_ms`, as milliseconds, rounded up; nothing for anything that is not digits with at
/// most one point. Not by way of a float, whose conversion back would need a cast.
fn scaled(number: &str, unit_ms: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = |text: &str| {
        text.bytes().fold(0u64, |sum, byte| sum.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    };
    let millionths: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let part = digits(&millionths).saturating_mul(unit_ms).div_ceil(1_000_000);
    Some(digits(whole).saturating_mul(unit_ms).saturating_add(part))
}

#[cfg(test)]
mod tests;
