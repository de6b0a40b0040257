//! Opens a `switchover.yaml`.

use crate::key::{self, Found};
use crate::stop::Stop;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use switchover::config::{Config, LookAtKey, Problem};

/// A checked file.
pub struct CheckedFile {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub config: Config,
}

impl CheckedFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file can't be read, or all that is wrong with it.
    pub fn open(path: &Path) -> Result<CheckedFile, Stop> {
        let bytes = read(path)?;
        match Config::from_yaml(&bytes) {
            Ok(config) => Ok(CheckedFile { path: path.to_owned(), bytes, config }),
            Err(problems) => Err(Stop::wrong(listed(path, &problems))),
        }
    }

    /// Tells on standard error what the file says and perhaps doesn't mean, with what is wrong with keys on this machine.
    pub fn warn(&self) {
        tell(&self.path, &self.warnings());
    }

    /// What [`CheckedFile::warn`] tells.
    pub fn warnings(&self) -> Vec<Problem> {
        self.found(&|source| match key::look(source, self.folder()) {
            Ok(Found::Wrapped(_, trouble)) | Err(trouble) => Some((trouble.wrong, trouble.instead)),
            Ok(_) => None,
        })
    }

    /// The same without the keys that can't be used at all.
    pub fn warn_of_usable(&self) {
        let usable = self.found(&|source| match key::look(source, self.folder()) {
            Ok(Found::Wrapped(_, trouble)) => Some((trouble.wrong, trouble.instead)),
            _ => None,
        });
        tell(&self.path, &usable);
    }

    /// The same without a look at any key: they are on another machine.
    pub fn warn_of_no_key(&self) {
        tell(&self.path, &self.found(&|_| None));
    }

    fn found(&self, look: LookAtKey<'_>) -> Vec<Problem> {
        switchover::config::warnings(&self.bytes, now_ms(), look)
    }

    /// The folder that relative paths in the file count from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

fn tell(path: &Path, warnings: &[Problem]) {
    for warning in warnings {
        // Nowhere is left to say that standard error is closed.
        let _ = writeln!(io::stderr(), "warning: {}", warning.in_file(&path.display().to_string()));
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

/// Milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the command reads the clock that the core gets as an argument"
)]
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
