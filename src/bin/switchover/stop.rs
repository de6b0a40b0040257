//! Why a call ends early, and with which exit code.

use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code: the file, the machine or the arguments are not right; the message says what to do.
const WRONG: u8 = 1;
/// Exit code: the caller's request was refused, and the refusal is on standard output.
const REFUSED: u8 = 2;

/// The early end of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// Sentences for a person, one a line.
    Wrong(String),
    /// All is printed that there is to say.
    Refused,
    /// Something is wrong, and all that there is to say of it is on standard output.
    Told,
    /// Nobody reads the output any more.
    Unread,
}

impl Stop {
    pub fn wrong(message: impl Into<String>) -> Stop {
        Stop::Wrong(message.into())
    }

    /// A file or folder that could not be used, by its path and what was tried.
    pub fn io(what: &str, path: &std::path::Path, error: &io::Error) -> Stop {
        Stop::Wrong(format!("{}: {what} failed: {error}.", path.display()))
    }

    pub fn report(self) -> ExitCode {
        match self {
            Stop::Wrong(message) => {
                // Nowhere is left to say that standard error is closed.
                let _ = writeln!(io::stderr(), "{message}");
                ExitCode::from(WRONG)
            }
            Stop::Refused => ExitCode::from(REFUSED),
            Stop::Told | Stop::Unread => ExitCode::from(WRONG),
        }
    }
}

/// Writes to standard output.
///
/// # Errors
/// It is closed, as by `| head`.
pub fn print(bytes: &[u8]) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|_| Stop::Unread)
}
