//! Error bodies in each provider's words, and what becomes of them: `golden/failure/<provider>/<case>.json`, found, never
//! listed (`golden/README.md` says where they come from). A case is `{status, headers, body, now, expect}`; with `event` its body is an event of a stream, with
//! `exception` the payload of Bedrock's frame of that name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_family = "wasm")]
use crate::fs;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};
#[cfg(not(target_family = "wasm"))]
use std::fs;
use std::path::{Path, PathBuf};
use switchover::failure::{Failure, Head, classify, classify_event, classify_exception, reports_error};
use switchover::json::Raw;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/failure");
    let entries =
        |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut cases: Vec<_> = entries(&root).iter().flat_map(|provider| entries(provider)).collect();
    cases.sort();
    cases
}

fn bytes(body: &Value) -> Vec<u8> {
    body.as_str().map_or_else(|| body.to_string().into_bytes(), |text| text.as_bytes().to_vec())
}

fn failure(case: &Value) -> Failure {
    let (body, now) = (bytes(&case["body"]), case["now"].as_u64().unwrap());
    if case["event"] == true {
        let event = Raw::parse(&body).unwrap();
        assert!(reports_error(event), "the event isn't recognised as an error");
        return classify_event(event, now);
    }
    if let Some(name) = case["exception"].as_str() {
        return classify_exception(name, &body, now);
    }
    let headers: Vec<_> = case["headers"].as_object().unwrap().iter().collect();
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_bytes(), value.as_str().unwrap().as_bytes())).collect();
    classify(
        &Head { status: u16::try_from(case["status"].as_u64().unwrap()).unwrap(), headers: &headers },
        &body,
        now,
    )
}

#[test]
fn every_golden_case() {
    let mut wrong = Vec::new();
    let cases = cases();
    for path in &cases {
        let case: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let failure = failure(&case);
        let got = json!({
            "class": failure.class.name(),
            "status": failure.status,
            "message": failure.message,
            "code": failure.code,
            "param": failure.param,
            "retry_after_ms": failure.retry_after_ms,
        });
        if got != case["expect"] {
            wrong.push(format!("{}\n  expected {}\n  got      {got}", path.display(), case["expect"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
}

/// The words of many providers, as recorded: only the class of each counts (`golden/wordings.json`, each row with its source).
#[test]
fn recorded_wordings() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/wordings.json");
    let rows: Vec<Value> = serde_json::from_slice(&fs::read(table).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        let (body, status) = (bytes(&row["body"]), u16::try_from(row["status"].as_u64().unwrap()).unwrap());
        let kind = row["type"].as_str().map(|kind| (&b"x-amzn-errortype"[..], kind.as_bytes()));
        let headers: Vec<_> = kind.into_iter().collect();
        let failure = match row["exception"].as_str() {
            Some(name) => classify_exception(name, &body, 0),
            None => classify(&Head { status, headers: &headers }, &body, 0),
        };
        if row["class"] != failure.class.name() {
            wrong.push(format!("{row}\n  is {}", failure.class.name()));
        }
        assert!(row["source"].as_str().is_some_and(|source| !source.is_empty()), "{row}");
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert!(rows.len() >= 80, "only {} rows", rows.len());
}

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever comes, there is a failure, its message is bounded, and nobody waits for longer than five minutes.
        #[test]
        fn any_bytes(status in 0u16..700, body in proptest::collection::vec(any::<u8>(), 0..300), now in any::<u64>()) {
            check(&classify(&Head { status, headers: &[] }, &body, now))?;
            check(&classify_exception("x", &body, now))?;
        }

        /// A body cut anywhere, or with a byte changed, is still classified, and with an error status never as malformed.
        #[test]
        fn cut_and_changed(pick in any::<proptest::sample::Index>(), at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
            let cases = cases();
            let case: Value = serde_json::from_slice(&fs::read(&cases[pick.index(cases.len())]).unwrap()).unwrap();
            let mut body = bytes(&case["body"]);
            if body.is_empty() { return Ok(()) }
            let at = at.index(body.len());
            let head = Head { status: 400, headers: &[] };
            check(&classify(&head, &body[..at], 0))?;
            body[at] = byte;
            let failure = classify(&head, &body, 0);
            check(&failure)?;
            prop_assert_ne!(failure.class.name(), "malformed");
        }
    }

    fn check(failure: &Failure) -> Result<(), TestCaseError> {
        prop_assert!(failure.message.len() <= 1024 && !failure.message.is_empty());
        prop_assert!(!failure.message.chars().any(char::is_control));
        prop_assert!(failure.retry_after_ms.is_none_or(|wait| wait <= 300_000));
        Ok(())
    }
}
