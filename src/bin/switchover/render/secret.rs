//! Files for the keys, in Envoy's form (SDS). A key in a file stays there: Envoy gets its path and watches its folder. A key
//! from the environment, or one with something around it, goes into a file that only its owner can read. No key is ever
//! printed, nor in the bootstrap, nor in a file whose text Envoy logs.

use super::envoy::SecretFile;
use super::tree::{Map, TreeNode, list, one};
use super::{absolute, text_of, yaml};
use crate::document::CheckedFile;
use crate::key::{self, Found, NoKey};
use crate::stop::Stop;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use switchover::config::Config;

/// Looks at every key, in the order of the file.
///
/// # Errors
/// All that is wrong with all of them.
pub fn find(document: &CheckedFile) -> Result<Vec<Found>, Stop> {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for credential in &document.config.credentials {
        match key::look(&credential.source, document.folder()) {
            Ok(key) => found.push(key),
            Err(NoKey { wrong: what, instead }) => {
                let file = document.path.display();
                wrong.push(format!("{file}: credential `{}`: {what}. {instead}.", credential.id));
            }
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(Stop::wrong(wrong.join("\n"))) }
}

/// Writes what Envoy needs for each key into `folder`: the SDS file, and the key where it is nowhere alone.
///
/// # Errors
/// The folder or a file can't be written.
pub fn write(config: &Config, keys: &[Found], folder: &Path) -> Result<Vec<Option<SecretFile>>, Stop> {
    let mut files = Vec::new();
    for (credential, key) in config.credentials.iter().zip(keys) {
        if *key == Found::Nowhere {
            files.push(None);
            continue;
        }
        if files.iter().all(Option::is_none) {
            match std::fs::DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(Stop::io("making the folder", folder, &error));
                }
                _ => {}
            }
        }
        let copy = folder.join(format!("{}.key", credential.id));
        let (key, is_copied) = match key {
            Found::Nowhere => continue,
            Found::File(path, _) => (absolute(path)?, false),
            // Not into the SDS file itself: Envoy writes what it reads there into its log at the level debug.
            Found::Value(key) | Found::Wrapped(key, _) => {
                replace(&copy, key.as_bytes(), 0o600)?;
                (copy.clone(), true)
            }
        };
        let path = folder.join(format!("{}.yaml", credential.id));
        let watched = key.parent().map(text_of).transpose()?;
        let secret = one("filename", text_of(&key)?);
        replace(&path, yaml::write(&sds(&credential.id, secret)).as_bytes(), 0o600)?;
        files.push(Some(SecretFile { name: credential.id.clone(), path: text_of(&path)?, watched }));
        if !is_copied && key != copy {
            remove(&copy)?;
        }
    }
    Ok(files)
}

/// An SDS file that says where a key is.
pub fn sds(name: &str, secret: TreeNode) -> TreeNode {
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
    remove(&part)?;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&part).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), Stop> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Stop::io("removing", path, &error)),
        _ => Ok(()),
    }
}
