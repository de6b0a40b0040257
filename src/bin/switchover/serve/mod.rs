//! `switchover serve FILE`: runs an Envoy, keeps it running, and takes over what changes in the file and in the keys.
//!
//! Everything that may change is in files that Envoy watches: a change touches what it changes, and nothing else. New clusters come
//! first, then the filter's document that names them, and what nothing names any more goes when no request can need it.

mod admin;
mod begin;
mod change;
mod drain;
mod envoy;
mod keys;
mod live;
mod orphan;
mod parts;
mod seen;
mod source;
mod status;
mod supervisor;
mod trouble;
mod voice;

use crate::stop::Stop;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub struct ServeArgs {
    /// The switchover.yaml. Without one: a group for each provider whose key is in the environment, as `switchover init` writes it.
    file: Option<PathBuf>,
    /// Where Envoy takes requests.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = crate::render::address)]
    listen: (String, u16),
    /// Take requests from other machines, though whoever reaches the address spends the providers' keys.
    #[arg(long)]
    open_to_all: bool,
    /// Where Envoy's admin interface is.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9901", value_parser = crate::render::address)]
    admin: (String, u16),
    /// The Envoy to run. Default: the one that came with this command, else `envoy` on the PATH.
    #[arg(long, value_name = "PATH", env = "SWITCHOVER_ENVOY")]
    envoy: Option<PathBuf>,
    /// The filter. Default: switchover.wasm in the folder of this command.
    #[arg(long)]
    wasm: Option<PathBuf>,
    /// The certificates of the authorities that providers' certificates are verified against.
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt")]
    ca_file: PathBuf,
    /// A folder of its own for what Envoy reads. Default: one for each file below $XDG_RUNTIME_DIR, else below the temporary folder.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How long running requests may take to end once it is told to stop, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    drain: u64,
    /// How many workers Envoy has. Default: one for each core.
    #[arg(long)]
    concurrency: Option<u32>,
    /// How lines are written: for people, or as JSON for programs.
    #[arg(long, value_enum, default_value_t = voice::LineForm::Text)]
    log: voice::LineForm,
    /// Start, say where it serves, and stop at once: whether Envoy takes the file, for CI.
    #[arg(long)]
    once: bool,
    /// Tell what the one that runs this file does.
    #[arg(long, conflicts_with_all = ["once", "rollback"])]
    status: bool,
    /// Have the one that runs this file go back to what it served before, until the file changes again.
    #[arg(long, conflicts_with = "once")]
    rollback: bool,
}

/// What `serve` becomes before it becomes Envoy: so that Envoy ends when its `serve` does, however that ends.
#[derive(clap::Args)]
pub struct BecomeArgs {
    /// The process that wants it: gone, there is nobody to run for.
    #[arg(long, required = true)]
    parent: u32,
    /// The program and what it is told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    words: Vec<OsString>,
}

/// # Errors
/// What keeps it from serving, in words for a person.
pub fn run(args: &ServeArgs) -> Result<(), Stop> {
    let state = status::folder(args)?;
    if args.status {
        return status::tell(&state);
    }
    if args.rollback {
        return status::ask_back(&state);
    }
    if !args.open_to_all && !is_loopback(&args.listen.0) {
        return Err(Stop::wrong(format!(
            "{} is open to other machines, and whoever reaches it spends the providers' keys. Say --open-to-all if something else \
             lets only the right callers in, or listen on 127.0.0.1.",
            args.listen.0
        )));
    }
    match supervisor::Supervisor::start(args, state)? {
        Some(supervisor) => supervisor.run(),
        None => Ok(()),
    }
}

/// # Errors
/// The program can't be run.
pub fn become_envoy(args: &BecomeArgs) -> Result<(), Stop> {
    envoy::replace_this_process(args.parent, &args.words)
}

fn is_loopback(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The clock, for durations.
#[expect(clippy::disallowed_methods, reason = "a supervisor waits")]
fn now() -> Instant {
    Instant::now()
}

fn pause(time: Duration) {
    std::thread::sleep(time);
}
