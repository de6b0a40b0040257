//! Embeddings as data: every folder under `tests/golden/embeddings` is a case, found and never listed.
//!
//! ```text
//! request/<case>/in.json            what a caller sends
//!               /<target>.json      what that target gets, or <target>.refused.json, the error body of the caller
//! reply/<target>/<case>/in.json     a provider's whole answer
//!                      /asked.json  optional: {"vectors": 1, "base64": false, "headers": {}}
//!                      /out.json    what the caller gets, or failure.json
//! ```
//!
//! `BLESS=1 cargo test --test embeddings` writes the expected files: read the diff.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use switchover::chat::Features;
use switchover::dialect::{
    CallerError, Endpoint, Memo, Surface, Target, Turn, Unsupported, Wanted, exchange, failure_json, provider,
};
use switchover::failure::Head;
use switchover::json::{Raw, indented};

/// Target id, provider, model.
const TARGETS: &[(&str, &str, &str)] = &[
    ("openai", "openai", "text-embedding-3-small"),
    ("azure_openai", "azure_openai", "text-embedding-3-small"),
    ("mistral", "mistral", "mistral-embed"),
    ("gemini", "gemini", "gemini-embedding-001"),
    ("vertex", "vertex", "text-embedding-005"),
    ("vertex_gemini", "vertex", "gemini-embedding-001"),
    ("cohere", "cohere", "embed-v4.0"),
    ("titan", "bedrock", "amazon.titan-embed-text-v2:0"),
    ("titan_v1", "bedrock", "amazon.titan-embed-text-v1"),
    ("bedrock_cohere", "bedrock", "cohere.embed-multilingual-v3"),
    ("bedrock_chat", "bedrock", "amazon.nova-pro-v1:0"),
    ("anthropic", "anthropic", "claude-sonnet-4-5"),
    ("groq", "groq", "llama-4"),
];

fn target(id: &str, name: &str, model: &str) -> Target {
    let row = provider(name).unwrap();
    let base = row.endpoint.unwrap_or("https://provider.test").trim_start_matches("https://");
    let (host, path) = base.split_once('/').map_or((base, String::new()), |(h, p)| (h, format!("/{p}")));
    Target {
        id: id.to_owned(),
        row,
        model: Some(model.to_owned()),
        endpoint: Endpoint { tls: true, host: host.to_owned(), port: 443, base_path: path },
        capabilities: row.carries,
        denied: Features::NONE,
        context_window: None,
        max_output_tokens: Some(8192),
        api: Default::default(),
        api_version: (name == "azure_openai").then(|| "2024-10-21".to_owned()),
        project: Some("acme".to_owned()),
        location: Some("us-central1".to_owned()),
        instructions: Default::default(),
    }
}

fn targets() -> Vec<Target> {
    TARGETS.iter().map(|(id, name, model)| target(id, name, model)).collect()
}

fn turn(unsupported: Unsupported) -> Turn {
    Turn {
        surface: Surface::Embeddings,
        requested_model: "search".to_owned(),
        stream: false,
        stream_usage: false,
        id: "golden".to_owned(),
        created: 1_750_000_000,
        unsupported,
        caller_headers: Vec::new(),
    }
}

#[test]
fn requests() {
    let mut problems = Vec::new();
    let cases = folders(&root().join("request"));
    assert!(cases.len() > 5);
    for case in cases {
        let body = fs::read(case.join("in.json")).unwrap();
        let drops = case.file_name().unwrap().to_string_lossy().ends_with("-dropped");
        let turn = turn(if drops { Unsupported::Drop } else { Unsupported::Refuse });
        for target in targets() {
            let (name, other, json) = match exchange::request(&turn, Raw::parse(&body).unwrap(), &target) {
                Ok(outgoing) => {
                    let mut json = Vec::new();
                    outgoing.write_json(&mut json);
                    ("json", "refused.json", json)
                }
                Err(refusal) => {
                    let error = exchange::error(Surface::Embeddings, &CallerError::from(refusal));
                    ("refused.json", "json", error)
                }
            };
            let path = |ending: &str| case.join(format!("{}.{ending}", target.id));
            expect(&path(name), &path(other), &json, &mut problems);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn replies() {
    let mut problems = Vec::new();
    let mut count = 0;
    for folder in folders(&root().join("reply")) {
        let id = folder.file_name().unwrap().to_string_lossy().into_owned();
        let target = targets().into_iter().find(|target| target.id == id).unwrap_or_else(|| panic!("{id}"));
        for case in folders(&folder) {
            count += 1;
            let body = fs::read(case.join("in.json")).unwrap();
            let asked = fs::read_to_string(case.join("asked.json")).unwrap_or_else(|_| "{}".to_owned());
            let asked = Raw::parse(asked.as_bytes()).unwrap();
            let wanted = Wanted {
                vectors: asked.get("vectors").and_then(Raw::as_u64).unwrap_or(1).try_into().unwrap(),
                base64: asked.get("base64").and_then(Raw::as_bool).unwrap_or(false),
            };
            let more = asked.get("headers").unwrap_or(Raw::NULL);
            let more: Vec<(String, String)> =
                more.fields().map(|(n, v)| (n.into_string(), v.text().unwrap().into_string())).collect();
            let mut headers: Vec<(&[u8], &[u8])> = vec![(b"content-type", b"application/json")];
            headers.extend(more.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
            let head = Head { status: 200, headers: &headers };
            let memo = Memo { wanted, ..Memo::default() };
            let reply = exchange::reply(&turn(Unsupported::Refuse), &target, &memo, &head, &body);
            let (name, other, json) = match reply {
                Ok(answer) => ("out.json", "failure.json", answer.body),
                Err(failure) => {
                    let mut json = Vec::new();
                    failure_json(&failure, &mut json);
                    ("failure.json", "out.json", json)
                }
            };
            expect(&case.join(name), &case.join(other), &json, &mut problems);
        }
    }
    assert!(count > 10);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Compares with the expected file, or writes it; `other` must not be there.
fn expect(path: &Path, other: &Path, json: &[u8], problems: &mut Vec<String>) {
    let actual = indented(Raw::parse(json).unwrap());
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(path, &actual).unwrap();
        let _ = fs::remove_file(other);
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected != actual {
        problems.push(format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", path.display()));
    }
    if other.exists() {
        problems.push(format!("{} is not what comes out", other.display()));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/embeddings")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
