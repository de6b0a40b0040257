use super::*;

/// 21 November 2026, 08:00:00.
const NOW: u64 = 1_795_248_000_000;

fn headers(headers: &[(&str, &str)]) -> Option<u64> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    said(&Head { status: 429, headers: &headers }, None, "", NOW)
}

fn error(json: &str) -> Option<u64> {
    said(&Head::default(), of_error(Raw::trusted(json)), "", NOW)
}

#[test]
fn retry_after() {
    for (value, wait) in [
        ("3", Some(3000)),
        (" 0 ", Some(0)),
        ("1.5", Some(1500)),
        ("0.0001", Some(1)),
        ("86400", Some(MAX_MS)),
        ("99999999999999999999999", Some(MAX_MS)),
        ("Sat, 21 Nov 2026 08:00:30 GMT", Some(30_000)),
        ("Saturday, 21-Nov-26 08:00:30 GMT", Some(30_000)),
        ("Sat Nov 21 08:00:30 2026", Some(30_000)),
        ("Sat, 21 Nov 2026 07:59:00 GMT", Some(0)),
        ("Sun, 22 Nov 2026 08:00:00 GMT", Some(MAX_MS)),
        ("-1", None),
        ("soon", None),
        ("", None),
        (".", None),
        ("1e3", None),
    ] {
        assert_eq!(headers(&[("Retry-After", value)]), wait, "{value}");
    }
}

#[test]
fn milliseconds_are_more_precise_than_seconds() {
    assert_eq!(headers(&[("retry-after", "2"), ("retry-after-ms", "1250")]), Some(1250));
    assert_eq!(headers(&[("retry-after", "2"), ("retry-after-ms", "x")]), Some(2000));
}

#[test]
fn the_limit_that_is_used_up() {
    let openai = [
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "8.64s"),
        ("x-ratelimit-remaining-tokens", "149000"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ];
    assert_eq!(headers(&openai), Some(8640));
    let other = [
        ("x-ratelimit-remaining-requests", "99"),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-reset-tokens", "4.2s"),
    ];
    assert_eq!(headers(&other), Some(4200), "no limit is used up: the slower");
    let anthropic = [
        ("anthropic-ratelimit-input-tokens-remaining", "0"),
        ("anthropic-ratelimit-input-tokens-reset", "2026-11-21T08:00:45Z"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-requests-reset", "2026-11-21T08:00:02Z"),
    ];
    assert_eq!(headers(&anthropic), Some(45_000));
    let cerebras = [
        ("x-ratelimit-remaining-requests-day", "100"),
        ("x-ratelimit-reset-requests-day", "33011.382867"),
        ("x-ratelimit-reset-tokens-minute", "11.382867"),
    ];
    assert_eq!(headers(&cerebras), Some(11_383));
    assert_eq!(
        headers(&[("x-ratelimit-reset-requests", "33011.38")]),
        None,
        "a day's limit that was not hit"
    );
    assert_eq!(
        headers(&[("x-ratelimit-reset", "1795248020000"), ("x-ratelimit-remaining", "0")]),
        Some(20_000)
    );
    assert_eq!(headers(&[("x-ratelimit-reset", "1795248020")]), Some(20_000));
    assert_eq!(headers(&[("x-ratelimit-reset", "20")]), Some(20_000));
    assert_eq!(
        headers(&[("retry-after", "1"), openai[0], openai[1]]),
        Some(1000),
        "Retry-After is the last word"
    );
}

#[test]
fn fields_of_the_error() {
    let google = r#"{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.Help"},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"52.5s"}]}"#;
    assert_eq!(error(google), Some(52_500));
    assert_eq!(error(r#"{"details":[{"retryDelay":"52s"}]}"#), Some(52_000));
    assert_eq!(error(r#"{"details":[{"retryDelay":"0s"}]}"#), Some(0));
    assert_eq!(error(r#"{"details":[{"retryDelay":"3600s"}]}"#), Some(MAX_MS));
    assert_eq!(error(r#"{"details":"none"}"#), None);
    assert_eq!(error(r#"{"estimated_time":20.5}"#), Some(20_500));
    assert_eq!(error(r#"{"metadata":{"retry_after_seconds":"7"}}"#), Some(7000));
    assert_eq!(error(r#"{"retry_after":null}"#), None);
}

#[test]
fn prose() {
    let text = |message| said(&Head::default(), None, message, NOW);
    for (message, wait) in [
        ("Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://x", Some(20_000)),
        ("Please try again in 1m30s.", Some(90_000)),
        ("Please try again in 9m38.016s. Need more?", Some(MAX_MS)),
        ("Please try again in 120ms.", Some(120)),
        ("Please retry after 6 seconds. Please go here", Some(6000)),
        ("Please retry in 52.383640917s.", Some(52_384)),
        ("Try again in 1 minute and 5 seconds", Some(65_000)),
        ("please wait 2 min, 1 sec", Some(121_000)),
        ("Too many tokens, please wait before trying again.", None),
        ("try again in a moment; retry in 3s", Some(3000)),
        ("Please retry after 30", None),
        ("try again in 1é", None),
        ("", None),
    ] {
        assert_eq!(text(message), wait, "{message}");
    }
}

#[test]
fn a_rate_limit_always_waits() {
    assert_eq!(
        [rate_limited(None), rate_limited(Some(0)), rate_limited(Some(u64::MAX))],
        [10_000, 0, MAX_MS]
    );
}

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_longer_than_the_bound(name in 0usize..13, value in "\\PC{0,30}|[0-9.]{0,25}|[0-9]{1,20}(ms|s|m|h|d)", text in any::<String>(), now in any::<u64>()) {
            let names = LIMITS.map(|(reset, _)| reset).into_iter().chain(["retry-after", "retry-after-ms"]).collect::<Vec<_>>();
            let headers = [(names[name].as_bytes(), value.as_bytes())];
            let head = Head { status: 429, headers: &headers };
            let json = format!("{{\"details\":[{{\"retryDelay\":{text:?}}}],\"retry_after\":{value}}}");
            for wait in [said(&head, None, &text, now), said(&Head::default(), of_error(Raw::trusted(&json)), &format!("retry in {value}"), now)] {
                prop_assert!(wait.is_none_or(|wait| wait <= MAX_MS));
            }
        }
    }
}
