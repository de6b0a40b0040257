//! The folder of one `serve`: who may have it, what it says about itself, and how it is asked to go back.

use super::ServeArgs;
use super::parts::{StateFolder, digest};
use super::voice;
use crate::render::replace;
use crate::stop::{Stop, print};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use switchover::json::{Raw, Text, Writer};

/// The folder that belongs to these arguments.
///
/// # Errors
/// It can't be told.
pub fn folder(args: &ServeArgs) -> Result<StateFolder, Stop> {
    if let Some(folder) = &args.state {
        return Ok(StateFolder { folder: crate::render::absolute(folder)? });
    }
    let file = args.file.as_deref().map_or(Ok(PathBuf::new()), crate::render::absolute)?;
    let user = rustix::process::getuid().as_raw();
    let base = match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(base) if Path::new(&base).is_dir() => PathBuf::from(base).join("switchover"),
        _ => std::env::temp_dir().join(format!("switchover-{user}")),
    };
    Ok(StateFolder { folder: base.join(digest(file.as_os_str().as_bytes())) })
}

/// The folder, taken. What lies in it of keys goes with it, and what it says about itself.
#[derive(Debug)]
pub struct StateLock {
    places: StateFolder,
    _lock: File,
}

impl Drop for StateLock {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.places.file("keys"));
        let _ = std::fs::remove_file(self.places.file("status.json"));
    }
}

/// Makes the folder and takes it: for as long as the lock is held nobody else serves from it.
///
/// # Errors
/// It can't be made, isn't one's own, or somebody serves from it.
pub fn take(places: &StateFolder, is_default: bool) -> Result<StateLock, Stop> {
    let folder = &places.folder;
    let made = std::fs::DirBuilder::new().mode(0o700).recursive(true).create(folder);
    made.map_err(|error| Stop::io("making the folder", folder, &error))?;
    // The folder above it is only ours where nobody named it.
    if !is_private(folder) || is_default && !folder.parent().is_some_and(is_private) {
        return Err(Stop::wrong(format!(
            "{}: others can reach this folder, and keys would lie in it. Name one of your own with --state DIR (mode 700).",
            folder.display()
        )));
    }
    let path = places.file("lock");
    let lock = File::create(&path).map_err(|error| Stop::io("making", &path, &error))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Stop::wrong(format!(
            "Another `switchover serve` uses {}. Stop it, or give this one another folder with --state DIR.",
            folder.display()
        ))
    })?;
    // What one left that was killed.
    for name in ["rollback", "status.json"] {
        let _ = std::fs::remove_file(places.file(name));
    }
    Ok(StateLock { places: places.clone(), _lock: lock })
}

/// Whether nobody else reaches a folder; a link is none.
fn is_private(folder: &Path) -> bool {
    let ours = rustix::process::getuid().as_raw();
    std::fs::symlink_metadata(folder)
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == ours && meta.mode() & 0o077 == 0)
}

/// What it says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServeStatus {
    pub file: String,
    pub url: String,
    pub admin: String,
    pub envoy: u32,
    pub revision: String,
    pub since: String,
    pub groups: Vec<String>,
    /// Sentences about what isn't as the file wants it.
    pub troubles: Vec<String>,
    /// Clusters that wait for the last requests of earlier files.
    pub retired: usize,
    /// How often Envoy was started anew.
    pub restarts: u64,
}

impl ServeStatus {
    /// Writes it where it says something new.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self, places: &StateFolder) -> Result<(), Stop> {
        let mut text = Vec::new();
        Writer::new(&mut text).object(|w| {
            w.key("process").u64(u64::from(std::process::id()));
            w.key("written").string(&voice::time());
            for (name, value) in [
                ("file", &self.file),
                ("url", &self.url),
                ("admin", &self.admin),
                ("revision", &self.revision),
                ("since", &self.since),
            ] {
                w.key(name).string(value);
            }
            w.key("envoy").u64(u64::from(self.envoy));
            w.key("restarts").u64(self.restarts);
            w.key("retired_clusters").u64(u64::try_from(self.retired).unwrap_or(u64::MAX));
            for (name, list) in [("groups", &self.groups), ("troubles", &self.troubles)] {
                w.key(name).array(|w| list.iter().for_each(|text| w.string(text)));
            }
        });
        text.push(b'\n');
        replace(&places.file("status.json"), &text, 0o600)
    }
}

/// Whether somebody serves from the folder.
fn is_served(places: &StateFolder) -> bool {
    let Ok(lock) = File::open(places.file("lock")) else { return false };
    flock(&lock, FlockOperation::NonBlockingLockShared).is_err()
}

fn nobody(places: &StateFolder) -> Stop {
    Stop::wrong(format!(
        "Nobody serves this file (there is no lock on {}). If it was started with --state, say the same here.",
        places.file("lock").display()
    ))
}

/// `--status`: what the one that serves says about itself; exit code 1 if something isn't as the file wants it.
///
/// # Errors
/// Nobody serves, or there are troubles.
pub fn tell(places: &StateFolder) -> Result<(), Stop> {
    if !is_served(places) {
        return Err(nobody(places));
    }
    let Ok(bytes) = crate::document::read(&places.file("status.json")) else {
        return Err(Stop::wrong("It has not begun to serve: Envoy starts."));
    };
    let status = Raw::parse(&bytes).map_err(|_| Stop::wrong("The status is unreadable."))?;
    let text = |name| status.get(name).and_then(Raw::text).map(Text::into_string).unwrap_or_default();
    let number = |name| status.get(name).and_then(Raw::as_u64).unwrap_or(0);
    let list = |name| -> Vec<String> {
        let items = status.get(name).into_iter().flat_map(Raw::items);
        items.filter_map(|item| Some(item.text()?.into_string())).collect()
    };
    let troubles = list("troubles");
    let mut out = format!(
        "serving {} on {}, admin on {}\nrevision {} of {}, since {}\nEnvoy is process {}, started anew {} times\n",
        list("groups").join(", "),
        text("url"),
        text("admin"),
        text("revision"),
        text("file"),
        text("since"),
        number("envoy"),
        number("restarts"),
    );
    if number("retired_clusters") > 0 {
        out.push_str(&format!(
            "{} clusters of earlier revisions wait for their last requests\n",
            number("retired_clusters")
        ));
    }
    print(out.as_bytes())?;
    if troubles.is_empty() { Ok(()) } else { Err(Stop::wrong(troubles.join("\n"))) }
}

/// `--rollback`: asks the one that serves to go back.
///
/// # Errors
/// Nobody serves.
pub fn ask_back(places: &StateFolder) -> Result<(), Stop> {
    if !is_served(places) {
        return Err(nobody(places));
    }
    replace(&places.file("rollback"), b"", 0o600)?;
    print(b"Asked for it; `switchover serve --status` tells what is served.\n")
}

/// Whether somebody asked to go back since the last look.
pub fn is_asked_back(places: &StateFolder) -> bool {
    std::fs::remove_file(places.file("rollback")).is_ok()
}
