//! `switchover check FILE`.

use crate::document::Document;
use crate::stop::Stop;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The file to check.
    file: PathBuf,
}

/// # Errors
/// Every problem of the file.
pub fn run(args: &Args) -> Result<(), Stop> {
    Document::open(&args.file)?.warn();
    Ok(())
}
