//! The native command `switchover`: the filter's own code, without an Envoy around it.
//!
//! It opens files, reads the environment and prints; what a configuration or a request means is decided in the library.

// Cargo builds it for every integration test, tests/wasm.rs included: for WebAssembly it is an empty crate.
#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

mod check;
mod doctor;
mod document;
mod drill;
mod explain;
mod help;
mod import;
mod init;
mod input;
mod key;
mod providers;
mod render;
mod serve;
mod stop;
mod translate;
mod version;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// Failover and translation between LLM providers, inside Envoy.
#[derive(Parser)]
#[command(name = "switchover", version, long_version = version::LONG.as_str(), arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    call: Call,
}

#[derive(Subcommand)]
enum Call {
    /// Checks a file: prints every problem with its place and what to write instead.
    Check(check::CheckArgs),
    /// Runs an Envoy for a file, keeps it running, and takes over every change of the file and of the keys.
    Serve(serve::ServeArgs),
    #[command(hide = true)]
    BecomeEnvoy(serve::BecomeArgs),
    /// Writes a first file, from the keys that are in the environment.
    Init(init::InitArgs),
    /// Makes configuration for a proxy from a file.
    #[command(subcommand)]
    Render(render::RenderArgs),
    /// Shows a translation, without a network and without keys.
    #[command(subcommand)]
    Translate(translate::TranslateArgs),
    /// Reads a request body; prints where it would go and why.
    Explain(explain::ExplainArgs),
    /// Forces each drill of a file on a running Envoy, and prints what the callers saw.
    Drill(drill::DrillArgs),
    /// Looks at a running Envoy: says what in its configuration is not as it has to be.
    Doctor(doctor::DoctorArgs),
    /// Prints the providers that a target can name.
    Providers(providers::ProvidersArgs),
    /// Makes a file from another gateway's configuration, and lists what it can't carry over.
    Import(import::ImportArgs),
    /// Prints the JSON Schema of the file.
    Schema,
    /// Prints what completes the words of this command in a shell.
    Completions(help::CompletionsArgs),
    /// Prints the manual page, or writes those of all commands.
    Man(help::ManArgs),
}

fn main() -> ExitCode {
    let command = help::with_examples(Cli::command());
    let call = match Cli::from_arg_matches(&command.clone().get_matches()) {
        Ok(cli) => cli.call,
        Err(error) => error.exit(),
    };
    let done = match call {
        Call::Check(args) => check::run(&args),
        Call::Serve(args) => serve::run(&args),
        Call::BecomeEnvoy(args) => serve::become_envoy(&args),
        Call::Init(args) => init::run(&args),
        Call::Render(call) => render::run(&call),
        Call::Translate(call) => translate::run(&call),
        Call::Explain(args) => explain::run(&args),
        Call::Drill(args) => drill::run(&args),
        Call::Doctor(args) => doctor::run(&args),
        Call::Providers(args) => providers::run(&args),
        Call::Import(args) => import::run(&args),
        Call::Schema => stop::print(switchover::config::schema().as_bytes()),
        Call::Completions(args) => help::completions(&args, command),
        Call::Man(args) => help::man(&args, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    }
}
