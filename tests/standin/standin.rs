//! Stand-in providers: one program that speaks each provider's dialect and misbehaves on demand.
//!
//! The demo, the tests against a real Envoy and the bench talk to it instead of to the providers, so it answers what
//! they answer, checks what they check, and fails in every way they were seen to fail. Who answered, and to what, is
//! in the text. It is steered through `/_standin/` (see `control.rs`), never by anything in a request.
//!
//! It shares no code with the filter: it is a second reading of the same provider references.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program: it has a clock, and a panic in it is a failed test, not a dead Envoy worker"
)]

#[cfg(not(target_family = "wasm"))]
mod answer;
#[cfg(not(target_family = "wasm"))]
mod behaviour;
#[cfg(not(target_family = "wasm"))]
mod body;
#[cfg(not(target_family = "wasm"))]
mod control;
#[cfg(not(target_family = "wasm"))]
mod dialect;
#[cfg(not(target_family = "wasm"))]
mod fast;
#[cfg(not(target_family = "wasm"))]
mod log;
#[cfg(not(target_family = "wasm"))]
mod misbehave;
#[cfg(not(target_family = "wasm"))]
mod options;
#[cfg(not(target_family = "wasm"))]
mod provider;
#[cfg(not(target_family = "wasm"))]
mod schema;
#[cfg(not(target_family = "wasm"))]
mod server;
#[cfg(not(target_family = "wasm"))]
mod sigv4;
#[cfg(not(target_family = "wasm"))]
mod validate;

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    use clap::Parser;
    let options = options::Options::parse();
    let mut runtime = match options.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        threads => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads);
            builder
        }
    };
    let served = runtime.enable_all().build().and_then(|runtime| runtime.block_on(server::serve(&options)));
    match served {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("standin: {problem}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// `cargo test` builds examples for every target; on wasm there is nothing to serve with.
#[cfg(target_family = "wasm")]
fn main() {}
