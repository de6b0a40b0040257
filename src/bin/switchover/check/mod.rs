//! `switchover check FILE`.

mod report;

use crate::document::{CheckedFile, read};
use crate::input;
use crate::stop::Stop;
use std::path::PathBuf;
use switchover::config::Config;

#[derive(clap::Args)]
pub struct CheckArgs {
    /// The file to check.
    file: PathBuf,
    /// `text` for people, on standard error; `json` and `sarif` (2.1.0) for programs, on standard output. The exit code is 1 where
    /// the file is wrong, 0 where there are warnings only.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CheckFormat {
    Text,
    Json,
    Sarif,
}

/// # Errors
/// Every problem of the file.
pub fn run(args: &CheckArgs) -> Result<(), Stop> {
    let write = match args.format {
        CheckFormat::Text => {
            CheckedFile::open(&args.file)?.warn();
            return Ok(());
        }
        CheckFormat::Json => report::json,
        CheckFormat::Sarif => report::sarif,
    };
    let bytes = read(&args.file)?;
    match Config::from_yaml(&bytes) {
        Err(problems) => {
            input::print_json(&write(&args.file, &problems, report::Severity::Error))?;
            Err(Stop::Told)
        }
        Ok(config) => {
            let warnings = CheckedFile { path: args.file.clone(), bytes, config }.warnings();
            input::print_json(&write(&args.file, &warnings, report::Severity::Warning))
        }
    }
}
