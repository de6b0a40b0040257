//! Keys on this machine: looked at once, so that a missing or unusable one is told now and not by a failing request.
//!
//! A key in a file stays there: Envoy gets its path and watches its folder. A key from the environment goes into a file
//! that only its owner can read. No key is ever printed, nor in the bootstrap.

use super::envoy::SecretFile;
use super::tree::{Map, Node, list, one};
use super::{absolute, text_of, yaml};
use crate::document::Document;
use crate::stop::Stop;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use switchover::config::{Config, Credential, CredentialSource};

/// Where a key is.
pub enum Found {
    /// In a file of its own, at this absolute path.
    File(PathBuf),
    /// In memory, from the environment.
    Value(String),
    /// Envoy finds it by itself.
    Nowhere,
}

/// Looks at every key, in the order of the file.
///
/// # Errors
/// All that is wrong with all of them.
pub fn find(document: &Document) -> Result<Vec<Found>, Stop> {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for credential in &document.config.credentials {
        match look(credential, document.folder()) {
            Ok(key) => found.push(key),
            Err(problem) => {
                wrong.push(format!("{}: credential `{}`: {problem}", document.path.display(), credential.id));
            }
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(Stop::wrong(wrong.join("\n"))) }
}

fn look(credential: &Credential, folder: &Path) -> Result<Found, String> {
    match &credential.source {
        CredentialSource::Aws { .. } => Ok(Found::Nowhere),
        CredentialSource::SecretEnv(name) => {
            let value = std::env::var_os(name)
                .ok_or_else(|| format!("the environment variable {name} is not set. Set it to the key."))?;
            let value = value.into_encoded_bytes();
            match usable(value.trim_ascii()) {
                Ok(key) => Ok(Found::Value(key.to_owned())),
                Err(what) => Err(format!("the environment variable {name} {what}. Set it to the key alone.")),
            }
        }
        CredentialSource::SecretFile(written) => {
            let path = folder.join(written);
            let place = path.display();
            let bytes = std::fs::read(&path).map_err(|error| {
                format!("{place} can't be read ({error}). Write the key there: printf %s \"$KEY\" > {place}")
            })?;
            let trimmed = bytes.trim_ascii();
            // Up to 1.39 Envoy puts the file's bytes into the header as they are, and a line break there breaks the request.
            if trimmed.len() != bytes.len() && !trimmed.is_empty() {
                return Err(format!(
                    "{place} has a blank or a line break around the key, which Envoy before 1.40 would send with it. Write \
                     the key alone: printf %s \"$KEY\" > {place}"
                ));
            }
            usable(trimmed).map_err(|what| {
                format!("{place} {what}. Write the key alone: printf %s \"$KEY\" > {place}")
            })?;
            absolute(&path).map(Found::File).map_err(|_| format!("{place} has no absolute path"))
        }
    }
}

/// The key, if a header can carry it.
fn usable(key: &[u8]) -> Result<&str, &'static str> {
    match std::str::from_utf8(key) {
        Ok("") => Err("is empty"),
        Ok(key) if key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => Ok(key),
        _ => Err("holds characters that no header can carry, such as a line break"),
    }
}

/// Writes a file for each key, in Envoy's form (SDS), into `folder`.
///
/// # Errors
/// The folder or a file can't be written.
pub fn write(config: &Config, keys: &[Found], folder: &Path) -> Result<Vec<Option<SecretFile>>, Stop> {
    let mut files = Vec::new();
    for (credential, key) in config.credentials.iter().zip(keys) {
        let (secret, watched) = match key {
            Found::Nowhere => {
                files.push(None);
                continue;
            }
            Found::File(path) => (one("filename", text_of(path)?), path.parent().map(text_of).transpose()?),
            Found::Value(value) => (one("inline_string", value.as_str()), None),
        };
        if files.iter().all(Option::is_none) {
            match std::fs::DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(Stop::io("making the folder", folder, &error));
                }
                _ => {}
            }
        }
        let path = folder.join(format!("{}.yaml", credential.id));
        replace(&path, yaml::write(&sds(&credential.id, secret)).as_bytes(), 0o600)?;
        files.push(Some(SecretFile { name: credential.id.clone(), path: text_of(&path)?, watched }));
    }
    Ok(files)
}

fn sds(name: &str, secret: Node) -> Node {
    let resource = Map::typed("envoy.extensions.transport_sockets.tls.v3.Secret")
        .with("name", name)
        .with("generic_secret", one("secret", secret));
    one("resources", list([resource]))
}

/// Writes a file whole or not at all: Envoy may be watching it.
///
/// # Errors
/// It can't be written.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Stop> {
    let failed = |error: std::io::Error| Stop::io("writing", path, &error);
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&part).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}
