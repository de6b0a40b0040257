//! The file that is served, and what a content of it means.

use super::ServeArgs;
use super::parts::digest;
use crate::document::listed;
use crate::stop::Stop;
use std::path::{Path, PathBuf};
use switchover::config::{Config, yaml_to_json};

/// A content of the file that can be served.
#[derive(Clone)]
pub struct Served {
    /// A number that grows, and what tells the content.
    pub revision: String,
    /// What it means.
    pub config: Config,
    /// The document, as JSON.
    pub json: Vec<u8>,
    /// As it was written.
    pub bytes: Vec<u8>,
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

    /// Its bytes.
    ///
    /// # Errors
    /// There is no such file, as between an editor's two steps.
    pub fn read(&self) -> Result<Vec<u8>, Stop> {
        match self {
            FileSource::File(path) => crate::document::read(path),
            FileSource::Environment(text) => Ok(text.clone().into_bytes()),
        }
    }

    /// Reads a content, as the revision of this number.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self, bytes: &[u8], number: u64) -> Result<Served, String> {
        let path = PathBuf::from(self.name());
        let config = Config::from_yaml(bytes).map_err(|problems| listed(&path, &problems))?;
        let json = yaml_to_json(bytes).map_err(|problems| listed(&path, &problems))?;
        let revision = format!("{number}-{}", digest(bytes));
        Ok(Served { revision, config, json, bytes: bytes.to_vec() })
    }
}
