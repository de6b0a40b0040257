//! The golden cases as the targets take them, and documents that are deeper than any person writes.

use crate::frames;
use crate::framing::{NEXT_FRAME, PAYLOAD};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use switchover::config::yaml_to_json;
use switchover::json::Raw;

/// All files below a folder of the golden cases.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden").join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { folders.push(entry) } else { found.push(entry) }
        }
    }
    found.sort();
    found
}

/// Name and bytes of the inputs below a folder.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let named = files(folder)
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
    named.filter(|(name, _)| name.starts_with("in.")).collect()
}

fn bodies(folder: &str) -> Vec<Vec<u8>> {
    inputs(folder).into_iter().map(|(_, bytes)| bytes).collect()
}

fn deep(open: &str, inner: &str, close: &str) -> String {
    [open.repeat(2000).as_str(), inner, &close.repeat(2000)].concat()
}

pub fn json() -> Vec<Vec<u8>> {
    bodies("request").into_iter().chain([deep("[", "1", "]").into_bytes()]).collect()
}

pub fn requests(caller: &str) -> Vec<Vec<u8>> {
    let schema = deep(r#"{"type":"object","properties":{"a":"#, r#"{"type":"string"}"#, "}}");
    let deep = match caller {
        "anthropic" => format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"a"}}],"tools":[{{"name":"t","input_schema":{schema}}}]}}"#
        ),
        "responses" => {
            format!(
                r#"{{"model":"m","input":"a","tools":[{{"type":"function","name":"t","parameters":{schema}}}]}}"#
            )
        }
        _ => format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],"tools":[{{"type":"function","function":{{"name":"t","strict":true,"parameters":{schema}}}}}]}}"#
        ),
    };
    bodies(&format!("request/{caller}")).into_iter().chain([deep.into_bytes()]).collect()
}

pub fn embeddings(kind: &str) -> Vec<Vec<u8>> {
    bodies(&format!("embeddings/{kind}"))
}

pub fn counts() -> Vec<Vec<u8>> {
    let answers = [r#"{"input_tokens":9}"#, r#"{"type":"error","error":{"type":"a","message":"b"}}"#];
    answers.iter().map(|answer| answer.as_bytes().to_vec()).collect()
}

pub fn replies(dialect: &str) -> Vec<Vec<u8>> {
    bodies(&format!("reply/{dialect}"))
}

/// What [`crate::framing::frame`] makes the frames of.
fn unframed(frames: Raw<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in frames.items().filter_map(|frame| frame.fields().next()) {
        match name.decode().as_ref() {
            ":exception" => out.extend([b"!", value.text().unwrap().decode().as_bytes()].concat()),
            ":error" => out.extend([b"?", value.text().unwrap().decode().as_bytes()].concat()),
            ":anthropic" => out.extend_from_slice(b"+chunk"),
            name => out.extend_from_slice(name.as_bytes()),
        }
        out.push(PAYLOAD);
        out.extend_from_slice(value.as_json().as_bytes());
        out.push(NEXT_FRAME);
    }
    out
}

pub fn streams(dialect: &str) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (at, (name, bytes)) in inputs(&format!("stream/{dialect}")).into_iter().enumerate() {
        // Another caller and another split for each.
        for caller in 0..3u8 {
            let split = [u8::try_from(at & 1).unwrap() << 7, u8::try_from(at * 7 % 256).unwrap()];
            if name.ends_with("frames.json") {
                let frames = Raw::parse(&bytes).unwrap();
                seeds.push([&[caller], &split[..], &frames::encode(frames)].concat());
                seeds.push([&[caller | 0x80], &split[..], &unframed(frames)].concat());
            } else {
                seeds.push([&[caller], &split[..], &bytes].concat());
            }
        }
    }
    seeds
}

pub fn sse() -> Vec<Vec<u8>> {
    let streams = inputs("stream").into_iter().filter(|(name, _)| name.ends_with(".sse"));
    streams.map(|(_, bytes)| [&[0, 9], &bytes[..]].concat()).collect()
}

pub fn eventstream() -> Vec<Vec<u8>> {
    streams("bedrock")
        .into_iter()
        .map(|mut seed| {
            seed[0] >>= 7;
            seed
        })
        .collect()
}

fn failed() -> Vec<Value> {
    files("failure").iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

fn body(case: &Value) -> String {
    case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned)
}

pub fn failures() -> Vec<Vec<u8>> {
    let one = |case: Value| {
        let status = u16::try_from(case["status"].as_u64().unwrap_or(0)).unwrap().to_be_bytes();
        let value = case["exception"].as_str().or(case["headers"]["retry-after"].as_str()).unwrap_or("");
        [&status, value.as_bytes(), b"\n", body(&case).as_bytes()].concat()
    };
    let deep = ["\u{1}\u{2}\n", &deep("{\"error\":", "1", "}")].concat();
    failed().into_iter().map(one).chain([deep.into_bytes()]).collect()
}

pub fn waits() -> Vec<Vec<u8>> {
    let values =
        ["12", "0.25", "1m30.5s", "Wed, 21 Oct 2026 07:28:00 GMT", "2026-10-21T07:28:00Z", "1750000005"];
    let values = values.iter().map(|value| value.as_bytes().to_vec());
    values.chain(failed().iter().map(|case| format!("7\n{}", body(case)).into_bytes())).collect()
}

pub fn config_yaml() -> Vec<Vec<u8>> {
    let mut found = files("config");
    found.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    found.iter().map(|path| fs::read(path).unwrap()).chain([deep("[", "1", "]").into_bytes()]).collect()
}

pub fn config_json() -> Vec<Vec<u8>> {
    let converted =
        config_yaml().into_iter().filter_map(|yaml| Some(yaml_to_json(&yaml).ok()?.as_slice().to_vec()));
    converted.chain([deep("[", "1", "]").into_bytes()]).collect()
}
