//! The file that is served, and whether it changed.

use super::ServeArgs;
use crate::document::listed;
use crate::stop::Stop;
use std::path::{Path, PathBuf};
use switchover::config::{Config, yaml_to_json};

/// A content of the file that can be served.
#[derive(Clone, Debug)]
pub struct Revision {
    /// A number that grows, and what tells the content.
    pub name: String,
    /// The document, as JSON.
    pub json: Vec<u8>,
}

/// Where the file's content comes from.
#[derive(Debug)]
pub enum FileSource {
    /// A file that people change.
    File(PathBuf),
    /// Written from the keys in the environment, once.
    Environment(String),
}

impl FileSource {
    /// # Errors
    /// There is neither a file nor a key.
    pub fn of(args: &ServeArgs) -> Result<FileSource, Stop> {
        match &args.file {
            Some(file) => Ok(FileSource::File(file.clone())),
            None => crate::init::from_environment().map(FileSource::Environment),
        }
    }

    /// What to call it in sentences.
    pub fn name(&self) -> String {
        match self {
            FileSource::File(path) => path.display().to_string(),
            FileSource::Environment(_) => "the keys in the environment".to_owned(),
        }
    }

    /// The folder that relative paths in it count from.
    pub fn folder(&self) -> &Path {
        match self {
            FileSource::File(path) => path.parent().unwrap_or(Path::new("")),
            FileSource::Environment(_) => Path::new(""),
        }
    }

    /// Its bytes; `None` while there is no such file, as between an editor's two steps.
    pub fn read(&self) -> Option<Vec<u8>> {
        match self {
            FileSource::File(path) => std::fs::read(path).ok(),
            FileSource::Environment(text) => Some(text.clone().into_bytes()),
        }
    }

    /// Reads a content: what it means, and as JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self, bytes: &[u8]) -> Result<(Config, Vec<u8>), String> {
        let path = PathBuf::from(self.name());
        let config = Config::from_yaml(bytes).map_err(|problems| listed(&path, &problems))?;
        let json = yaml_to_json(bytes).map_err(|problems| listed(&path, &problems))?;
        Ok((config, json))
    }
}
