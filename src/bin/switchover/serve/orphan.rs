//! The Envoy of an earlier `serve` that was killed: it ends by itself, but maybe not before the next `serve` starts.

use super::parts::StateFolder;
use super::voice::LineVoice;
use super::{now, pause};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// How long it may take to end by itself: it may be at work on its configuration.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take once it was killed.
const LAST: Duration = Duration::from_secs(5);
const PACE: Duration = Duration::from_millis(20);

/// Waits until no Envoy is left that reads from this folder, whose lock is ours: it would have our addresses, and would write where
/// it is into our folder.
pub fn wait_for_the_end(places: &StateFolder, voice: LineVoice) {
    let begun = now();
    let mut told = false;
    loop {
        let left = left(places);
        let waited = begun.elapsed();
        if left.is_empty() || waited > PATIENCE + LAST {
            return;
        }
        if !told {
            voice.say("waiting for the Envoy that an earlier `serve` left");
            told = true;
        }
        if waited > PATIENCE {
            for process in left {
                let _ = kill_process(process, Signal::KILL);
            }
        }
        pause(PACE);
    }
}

/// The processes that were told to read this folder's bootstrap.
fn left(places: &StateFolder) -> Vec<Pid> {
    let bootstrap = places.file("envoy.json");
    let Ok(all) = std::fs::read_dir("/proc") else { return Vec::new() };
    all.flatten()
        .filter_map(|entry| {
            let process = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let words = std::fs::read(entry.path().join("cmdline")).ok()?;
            is_told_of(&words, bootstrap.as_os_str().as_bytes()).then_some(process)
        })
        .collect()
}

/// Whether a process's words, each with a zero behind it, name this bootstrap.
fn is_told_of(words: &[u8], bootstrap: &[u8]) -> bool {
    let mut words = words.split(|byte| *byte == 0);
    words.any(|word| word == b"--config-path") && words.next() == Some(bootstrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envoy_is_known_by_its_bootstrap() {
        let words = b"/usr/bin/envoy\0--config-path\0/run/a/envoy.json\0--disable-hot-restart\0";
        assert!(is_told_of(words, b"/run/a/envoy.json"));
        assert!(!is_told_of(words, b"/run/b/envoy.json"));
        assert!(!is_told_of(b"tail\0-f\0/run/a/envoy.json\0", b"/run/a/envoy.json"));
        assert!(!is_told_of(b"", b"/run/a/envoy.json"));
    }
}
