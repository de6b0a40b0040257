//! `switchover explain FILE`: where a request would go, and why.

use crate::document::CheckedFile;
use crate::input;
use crate::stop::Stop;
use std::path::PathBuf;
use std::rc::Rc;
use switchover::filter::{Moment, Runtime};

#[derive(clap::Args)]
pub struct ExplainArgs {
    /// The switchover.yaml.
    file: PathBuf,
    /// The path that the caller sends the request to.
    #[arg(long, default_value = "/v1/chat/completions")]
    path: String,
    /// A header of the request, as NAME=VALUE; several times for several.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = input::header)]
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The random number that weights pick by: another one may put another target first.
    #[arg(long, default_value_t = 0)]
    pick: u64,
}

/// # Errors
/// The file is wrong, or the caller would get an error, which is printed.
pub fn run(args: &ExplainArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.file)?;
    let surface = input::surface(&document.config, &args.path)?;
    let body = input::body()?;
    let runtime = Rc::new(Runtime::new(document.config));
    let moment = Moment { now_ms: input::CREATED * 1000, pick: args.pick, key: 0, standings: &[] };
    match switchover::filter::explain(&runtime, surface, &args.headers, &body, &moment) {
        Ok(json) => input::print_json(&json),
        Err(answer) => Err(input::print_json(&answer.body).err().unwrap_or(Stop::Refused)),
    }
}
