//! Keys: what Envoy gets of each, and which are gone.
//!
//! Envoy hears only of files that are renamed to a name. So it reads copies, and these follow their originals however those change: an
//! editor's save, `kubectl`'s swap of folders, a file that is written in place.

use super::parts::StateFolder;
use crate::key::{self, Found, NoKey};
use crate::render::{SecretFile, replace, sds, text_of};
use crate::stop::Stop;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use switchover::config::Config;

/// What a request carries whose key is gone, should one be on its way: no provider takes it.
const NOTHING: &str = "key-is-gone";

/// The copies, by credential.
#[derive(Debug, Default)]
pub struct KeyCopies {
    written: BTreeMap<String, String>,
    /// Why a key can't be used: one sentence for each that is gone.
    gone: BTreeMap<String, String>,
}

/// What a look at the keys found.
#[derive(Debug, Default)]
pub struct KeyChanges {
    /// Credentials with another key than before.
    pub rotated: Vec<String>,
    /// Sentences about keys that are gone since.
    pub lost: Vec<String>,
    /// Credentials whose key is back.
    pub back: Vec<String>,
}

impl KeyChanges {
    /// Whether a target is out or in that wasn't.
    pub fn moves_targets(&self) -> bool {
        !self.lost.is_empty() || !self.back.is_empty()
    }
}

impl KeyCopies {
    /// Looks at every key of a file, and brings the copies up to date.
    ///
    /// # Errors
    /// A copy can't be written.
    pub fn follow(
        &mut self,
        config: &Config,
        folder: &Path,
        places: &StateFolder,
    ) -> Result<KeyChanges, Stop> {
        let mut changes = KeyChanges::default();
        let known: BTreeSet<&str> =
            config.credentials.iter().map(|credential| credential.id.as_str()).collect();
        self.gone.retain(|id, _| known.contains(id.as_str()));
        for credential in &config.credentials {
            let id = &credential.id;
            let key = match key::look(&credential.source, folder) {
                Ok(Found::Nowhere) => continue,
                Ok(Found::Value(key) | Found::Wrapped(key, _)) => Ok(key),
                Ok(Found::File(path)) => read(&path),
                Err(NoKey { wrong, instead }) => Err(format!("{wrong}. {instead}.")),
            };
            match key {
                Ok(key) => {
                    if self.gone.remove(id).is_some() {
                        changes.back.push(id.clone());
                    } else if self.written.get(id).is_some_and(|written| *written != key) {
                        changes.rotated.push(id.clone());
                    }
                    self.write(id, key, places)?;
                }
                Err(why) => {
                    if self.gone.insert(id.clone(), why.clone()).is_none() {
                        changes.lost.push(format!("credential `{id}`: {why}"));
                    }
                    self.write(id, NOTHING.to_owned(), places)?;
                }
            }
        }
        Ok(changes)
    }

    fn write(&mut self, id: &str, key: String, places: &StateFolder) -> Result<(), Stop> {
        if self.written.get(id) == Some(&key) {
            return Ok(());
        }
        let folder = places.file("keys");
        if !folder.is_dir() {
            let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
            made.map_err(|error| Stop::io("making the folder", &folder, &error))?;
        }
        let path = folder.join(format!("{id}.key"));
        replace(&path, key.as_bytes(), 0o600)?;
        if !self.written.contains_key(id) {
            replace(&folder.join(format!("{id}.yaml")), sds(id, &text_of(&path)?).as_bytes(), 0o600)?;
        }
        self.written.insert(id.to_owned(), key);
        Ok(())
    }

    /// What Envoy is told of each credential.
    ///
    /// # Errors
    /// A path that Envoy can't take.
    pub fn files(&self, config: &Config, places: &StateFolder) -> Result<Vec<Option<SecretFile>>, Stop> {
        let folder = places.file("keys");
        let of = |id: &String| {
            self.written.contains_key(id).then(|| {
                let path = text_of(&folder.join(format!("{id}.yaml")))?;
                Ok(SecretFile { name: id.clone(), path, watched: Some(text_of(&folder)?) })
            })
        };
        config.credentials.iter().map(|credential| of(&credential.id).transpose()).collect()
    }

    /// Credentials without a key.
    pub fn gone(&self) -> BTreeSet<String> {
        self.gone.keys().cloned().collect()
    }

    /// The sentences about them.
    pub fn complaints(&self) -> impl Iterator<Item = String> {
        self.gone.iter().map(|(id, why)| format!("credential `{id}`: {why}"))
    }
}

fn read(path: &Path) -> Result<String, String> {
    // It was looked at a moment ago: whatever is wrong now is gone or right with the next look.
    std::fs::read_to_string(path).map_err(|error| format!("{} can't be read ({error}).", path.display()))
}
