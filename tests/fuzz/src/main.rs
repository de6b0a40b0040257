//! Every place where bytes from outside come in, held to laws by libFuzzer.
//!
//! `SWITCHOVER_FUZZ` names the target; `tests/fuzz/run.sh` sets it. With `SWITCHOVER_FUZZ_SEEDS` the golden cases are
//! first written into that folder as the target takes them. One program for all, as building is what takes long.
#![no_main]

mod config;
mod exchange;
mod failure;
mod framing;
mod json;
mod seeds;

#[expect(dead_code, reason = "the golden cases also ask where a frame ends")]
#[path = "../../golden/frames.rs"]
mod frames;

use std::path::PathBuf;
use std::process::exit;
use std::sync::OnceLock;

/// One byte boundary.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

const TARGETS: &[Target] = &[
    target("json", json::any, seeds::json),
    target("sse", framing::sse, seeds::sse),
    target("eventstream", framing::eventstream, seeds::eventstream),
    target("caller_openai", exchange::caller_openai, || seeds::requests("openai")),
    target("caller_anthropic", exchange::caller_anthropic, || seeds::requests("anthropic")),
    target("caller_responses", exchange::caller_responses, || seeds::requests("responses")),
    target("caller_embeddings", exchange::caller_embeddings, || seeds::embeddings("request")),
    target("caller_count", exchange::caller_count, || seeds::requests("anthropic")),
    target("reply_embeddings", exchange::reply_embeddings, || seeds::embeddings("reply")),
    target("reply_count", exchange::reply_count, seeds::counts),
    target("reply_openai", |data| exchange::reply("openai", data), || seeds::replies("openai")),
    target("reply_responses", |data| exchange::reply("responses", data), || seeds::replies("responses")),
    target("reply_anthropic", |data| exchange::reply("anthropic", data), || seeds::replies("anthropic")),
    target("reply_gemini", |data| exchange::reply("gemini", data), || seeds::replies("gemini")),
    target("reply_bedrock", |data| exchange::reply("bedrock", data), || seeds::replies("bedrock")),
    target("reply_cohere", |data| exchange::reply("cohere", data), || seeds::replies("cohere")),
    target("stream_openai", |data| exchange::stream("openai", data), || seeds::streams("openai")),
    target("stream_responses", |data| exchange::stream("responses", data), || seeds::streams("responses")),
    target("stream_anthropic", |data| exchange::stream("anthropic", data), || seeds::streams("anthropic")),
    target(
        "stream_anthropic_bedrock",
        |data| exchange::stream("anthropic_bedrock", data),
        || seeds::streams("anthropic_bedrock"),
    ),
    target("stream_gemini", |data| exchange::stream("gemini", data), || seeds::streams("gemini")),
    target("stream_bedrock", |data| exchange::stream("bedrock", data), || seeds::streams("bedrock")),
    target("stream_cohere", |data| exchange::stream("cohere", data), || seeds::streams("cohere")),
    target("classify", failure::any, seeds::failures),
    target("retry_after", failure::retry_after, seeds::waits),
    target("config_json", config::json, seeds::config_json),
    target("config_yaml", config::yaml, seeds::config_yaml),
];

static CHOSEN: OnceLock<&Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: begin(),
    |data: &[u8]| if let Some(target) = CHOSEN.get() {
        (target.run)(data);
    }
);

fn begin() {
    let name = std::env::var("SWITCHOVER_FUZZ").unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        // Also how the script learns what there is.
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        exit(i32::from(name != "list"));
    };
    if let Some(folder) = std::env::var_os("SWITCHOVER_FUZZ_SEEDS").map(PathBuf::from) {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "no golden case feeds {name}");
        for (at, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{at}")), seed).unwrap();
        }
    }
    CHOSEN.set(target).ok().unwrap();
}
