//! Code that a provider writes, runs and reads the output of by itself.

use super::Maker;
use crate::json::{Raw, Text};

/// The name of every caller's tool for it: their dialects' own are types.
pub const CODE_EXECUTION: &str = "code_execution";

/// A tool that lets the provider run code in a sandbox of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeExecution<'a> {
    /// [`super::Request::dialect`] of the request: for that dialect it stays as it was written.
    pub dialect: &'static str,
    /// The whole tool.
    pub raw: Raw<'a>,
}

/// Which run of a provider's it is.
#[derive(Clone, Debug, PartialEq)]
pub struct RunName<'a> {
    /// Whose sandbox it was: it goes back to no one else.
    pub maker: Maker,
    /// What ran it there, by the maker's name: one of Claude's tools, or a language.
    pub tool: Text<'a>,
    /// The maker's id of it, or one that was made up.
    pub id: Text<'a>,
}

/// What was run.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeRun<'a> {
    /// Its outcome has the same.
    pub name: RunName<'a>,
    /// The code.
    pub code: Text<'a>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeOutcome<'a> {
    /// As the run's.
    pub name: RunName<'a>,
    /// What it printed.
    pub output: Text<'a>,
    /// What it complained of.
    pub errors: Text<'a>,
    /// How it ended: 0 well, 124 in time that ran out, as `timeout` has it.
    pub exit: i64,
    /// Files that it made, by the ids that they have in the maker's store.
    pub files: Vec<Text<'a>>,
}

impl RunName<'_> {
    /// The same, for as long as it is wanted.
    #[must_use]
    pub fn into_owned(self) -> RunName<'static> {
        RunName { maker: self.maker, tool: self.tool.into_owned(), id: self.id.into_owned() }
    }
}

impl CodeOutcome<'_> {
    /// The same, for as long as it is wanted.
    #[must_use]
    pub fn into_owned(self) -> CodeOutcome<'static> {
        CodeOutcome {
            name: self.name.into_owned(),
            output: self.output.into_owned(),
            errors: self.errors.into_owned(),
            exit: self.exit,
            files: self.files.into_iter().map(Text::into_owned).collect(),
        }
    }
}

impl CodeRun<'_> {
    /// The same, for as long as it is wanted.
    #[must_use]
    pub fn into_owned(self) -> CodeRun<'static> {
        CodeRun { name: self.name.into_owned(), code: self.code.into_owned() }
    }
}
