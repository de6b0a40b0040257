//! Opens a `switchover.yaml`.

use crate::stop::Stop;
use std::path::{Path, PathBuf};
use switchover::config::{Config, Problem};

/// A checked file.
pub struct Document {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub config: Config,
}

impl Document {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file can't be read, or all that is wrong with it.
    pub fn open(path: &Path) -> Result<Document, Stop> {
        let bytes = read(path)?;
        match Config::from_yaml(&bytes) {
            Ok(config) => Ok(Document { path: path.to_owned(), bytes, config }),
            Err(problems) => Err(Stop::wrong(listed(path, &problems))),
        }
    }

    /// The folder that relative paths in the file count from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// Reads any file.
///
/// # Errors
/// In words for a person.
pub fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path).map_err(|error| Stop::io("reading", path, &error))
}

/// Every problem on a line of its own, as compilers print them.
pub fn listed(path: &Path, problems: &[Problem]) -> String {
    let file = path.display().to_string();
    problems.iter().map(|problem| problem.in_file(&file)).collect::<Vec<_>>().join("\n")
}
