//! `switchover check FILE`.

use crate::document::CheckedFile;
use crate::stop::Stop;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct CheckArgs {
    /// The file to check.
    file: PathBuf,
}

/// # Errors
/// Every problem of the file.
pub fn run(args: &CheckArgs) -> Result<(), Stop> {
    CheckedFile::open(&args.file)?.warn();
    Ok(())
}
