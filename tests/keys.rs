//! Every key that `check` accepts, and each of its choices, names a test that shows what it does: tests/keys.json.
//!
//! The keys come from the schema, which is written from the table that `check` reads. A key without a test, a test that
//! is not there, and a name of no key are failures here; whether a test shows what it says is for its reader to judge.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A key's path, like `targets[].price.input`, or a choice, like `model_groups[].strategy=ordered`.
fn keys(schema: &Value, path: &str, found: &mut Vec<String>) {
    for choice in schema["enum"].as_array().into_iter().flatten() {
        found.push(format!("{path}={}", choice.as_str().unwrap()));
    }
    if schema.get("items").is_some() {
        keys(&schema["items"], &format!("{path}[]"), found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let has_parts = inner.get("properties").is_some() || inner["items"].get("properties").is_some();
        if !has_parts {
            found.push(path.clone());
        }
        keys(inner, &path, found);
    }
}

/// Whether a test exists: `tests/envoy/test_keys.py::test_weights_are_shares`, `src/plan/needs.rs::a_schema_…`.
fn exists(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else { return false };
    let Ok(text) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)) else { return false };
    let head = if file.ends_with(".py") { format!("\ndef {name}(") } else { format!("fn {name}(") };
    text.contains(&head)
}

#[test]
fn each_key_and_choice_has_a_test() {
    let schema: Value = serde_json::from_str(&switchover::config::schema()).unwrap();
    let mut found = Vec::new();
    keys(&schema, "", &mut found);
    assert!(found.len() > 130, "only {} keys found", found.len());
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys.json")).unwrap();
    let tests: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for key in &found {
        // `=*` stands for all choices of a key that one test goes through.
        let all = key.split_once('=').map(|(key, _)| format!("{key}=*"));
        match tests.get(key).or_else(|| tests.get(&all?)) {
            Some(named) if !named.is_empty() => {}
            _ => wrong.push(format!("{key}: no test is named")),
        }
    }
    for (key, named) in &tests {
        let is_key = match key.strip_suffix('*') {
            Some(beginning) => found.iter().any(|known| known.starts_with(beginning)),
            None => found.contains(key),
        };
        if !is_key {
            wrong.push(format!("{key}: there is no such key"));
        }
        wrong.extend(named.iter().filter(|test| !exists(test)).map(|test| format!("{key}: no test {test}")));
    }
    assert!(wrong.is_empty(), "tests/keys.json:\n{}", wrong.join("\n"));
}
