//! Keys: what Envoy gets of each, and which are gone.
//!
//! Envoy hears only of files that are renamed to a name. So it reads copies, and these follow their originals however those change: an
//! editor's save, `kubectl`'s swap of folders, a file that is written in place. Each source has a copy of its own, named for the source:
//! a credential that gets another one reaches no cluster that was made for the one before.

use super::parts::{StateFolder, digest};
use crate::key::{self, Found, NoKey};
use crate::render::{SecretFile, replace, sds, text_of};
use crate::stop::Stop;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use switchover::config::{Config, Credential, CredentialSource};

/// What a request carries whose key is gone, should one be on its way: no provider takes it.
const NOTHING: &str = "key-is-gone";

/// The copies, by their names.
#[derive(Debug)]
pub struct KeyCopies {
    places: StateFolder,
    /// The folder that relative paths count from.
    folder: PathBuf,
    copies: BTreeMap<String, KeyCopy>,
}

/// A key, or why there is none.
type Looked = Result<String, String>;

#[derive(Debug)]
struct KeyCopy {
    /// For sentences.
    credential: String,
    source: CredentialSource,
    now: Looked,
    /// What the last look found, if it was something else: half a file, as somebody writes it in place, is no key.
    next: Option<Looked>,
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

impl KeyCopies {
    /// None yet; those of an earlier run are removed.
    pub fn new(places: &StateFolder, folder: &Path) -> KeyCopies {
        let _ = std::fs::remove_dir_all(places.file("keys"));
        KeyCopies { places: places.clone(), folder: folder.to_owned(), copies: BTreeMap::new() }
    }

    /// Has a copy of each key of a file; sentences about those that are not there.
    ///
    /// # Errors
    /// A copy can't be written.
    pub fn add(&mut self, config: &Config) -> Result<Vec<String>, Stop> {
        let mut missing = Vec::new();
        for credential in &config.credentials {
            let Some(name) = name(credential) else { continue };
            if !self.copies.contains_key(&name) {
                let now = look(&credential.source, &self.folder);
                self.write(&name, &now, true)?;
                if let Err(why) = &now {
                    missing.push(complaint(&credential.id, why));
                }
                let (credential, source) = (credential.id.clone(), credential.source.clone());
                self.copies.insert(name, KeyCopy { credential, source, now, next: None });
            }
        }
        Ok(missing)
    }

    /// Looks at every original; a change counts once two looks found the same.
    ///
    /// # Errors
    /// A copy can't be written: the next look tries again.
    pub fn follow(&mut self) -> Result<KeyChanges, Stop> {
        let mut changes = KeyChanges::default();
        let names: Vec<String> = self.copies.keys().cloned().collect();
        for name in names {
            let Some(copy) = self.copies.get_mut(&name) else { continue };
            let found = look(&copy.source, &self.folder);
            if found == copy.now {
                copy.next = None;
                continue;
            }
            if copy.next.as_ref() != Some(&found) {
                copy.next = Some(found);
                continue;
            }
            self.write(&name, &found, false)?;
            let Some(copy) = self.copies.get_mut(&name) else { continue };
            match (&copy.now, &found) {
                (Ok(_), Ok(_)) => changes.rotated.push(copy.credential.clone()),
                (Err(_), Ok(_)) => changes.back.push(copy.credential.clone()),
                (Ok(_), Err(why)) => changes.lost.push(complaint(&copy.credential, why)),
                (Err(_), Err(_)) => {}
            }
            (copy.now, copy.next) = (found, None);
        }
        Ok(changes)
    }

    fn write(&self, name: &str, key: &Looked, is_new: bool) -> Result<(), Stop> {
        let folder = self.places.file("keys");
        if !folder.is_dir() {
            let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
            made.map_err(|error| Stop::io("making the folder", &folder, &error))?;
        }
        let path = folder.join(format!("{name}.key"));
        let key = key.as_deref().unwrap_or(NOTHING);
        replace(&path, key.as_bytes(), 0o600)?;
        if is_new {
            replace(&folder.join(format!("{name}.yaml")), sds(name, &text_of(&path)?).as_bytes(), 0o600)?;
        }
        Ok(())
    }

    /// Lets go of copies that none of these files names.
    pub fn keep(&mut self, configs: &[&Config]) {
        let named: BTreeSet<String> =
            configs.iter().flat_map(|config| &config.credentials).filter_map(name).collect();
        let folder = self.places.file("keys");
        self.copies.retain(|name, _| {
            let is_named = named.contains(name);
            if !is_named {
                for end in ["key", "yaml"] {
                    let _ = std::fs::remove_file(folder.join(format!("{name}.{end}")));
                }
            }
            is_named
        });
    }

    /// What Envoy is told of each credential.
    ///
    /// # Errors
    /// A path that Envoy can't take.
    pub fn files(&self, config: &Config) -> Result<Vec<Option<SecretFile>>, Stop> {
        let folder = self.places.file("keys");
        let of = |credential: &Credential| {
            name(credential).map(|name| {
                let path = text_of(&folder.join(format!("{name}.yaml")))?;
                Ok(SecretFile { name, path, watched: Some(text_of(&folder)?) })
            })
        };
        config.credentials.iter().map(|credential| of(credential).transpose()).collect()
    }

    /// The credentials of a file that have no key.
    pub fn gone(&self, config: &Config) -> BTreeSet<String> {
        self.gone_of(config).map(|(id, _)| id.to_owned()).collect()
    }

    /// The sentences about them.
    pub fn complaints(&self, config: &Config) -> Vec<String> {
        self.gone_of(config).map(|(id, why)| complaint(id, why)).collect()
    }

    fn gone_of<'c>(&'c self, config: &'c Config) -> impl Iterator<Item = (&'c str, &'c str)> {
        config.credentials.iter().filter_map(|credential| {
            let why = self.copies.get(&name(credential)?)?.now.as_ref().err()?;
            Some((credential.id.as_str(), why.as_str()))
        })
    }
}

fn complaint(id: &str, why: &str) -> String {
    format!("credential `{id}`: {why}")
}

/// The name of a credential's copy; none where Envoy finds the key by itself.
fn name(credential: &Credential) -> Option<String> {
    let source = match &credential.source {
        CredentialSource::Aws { .. } => return None,
        CredentialSource::SecretFile(path) => format!("file {path}"),
        CredentialSource::SecretEnv(name) => format!("variable {name}"),
    };
    Some(format!("{}-{}", credential.id, digest(source.as_bytes())))
}

fn look(source: &CredentialSource, folder: &Path) -> Looked {
    match key::look(source, folder) {
        Ok(Found::Value(key) | Found::Wrapped(key, _) | Found::File(_, key)) => Ok(key),
        Ok(Found::Nowhere) => Err("Envoy finds it by itself.".to_owned()),
        Err(NoKey { wrong, instead }) => Err(format!("{wrong}. {instead}.")),
    }
}
