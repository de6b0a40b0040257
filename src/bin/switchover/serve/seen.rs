//! Whether Envoy has what it was told.

use super::admin::AdminClient;
use super::{now, pause};
use crate::stop::Stop;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Why it has not.
#[derive(Debug)]
pub struct Refused {
    pub words: String,
    /// It may well go another time: Envoy didn't say no.
    pub is_passing: bool,
}

impl Refused {
    fn passing(words: &str) -> Refused {
        Refused { words: words.to_owned(), is_passing: true }
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Refused {
        match stop {
            Stop::Wrong(message) => Refused::passing(&message),
            Stop::Refused | Stop::Unread | Stop::Told => Refused::passing("A file couldn't be written."),
        }
    }
}

/// The longest that Envoy gets: names are looked up and many clusters made in it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest without an answer at all.
const SILENCE: Duration = Duration::from_secs(20);
/// How often it is asked.
const PACE: Duration = Duration::from_millis(20);
/// Until every worker has what the main thread has.
const WORKERS: Duration = Duration::from_millis(100);

/// Asks the Envoy that runs.
pub struct Acceptance<'a> {
    pub admin: &'a AdminClient,
    /// Nobody waits for anything once it is to stop.
    pub stops: &'a AtomicUsize,
}

/// What the counters were before something was written.
pub struct Mark<'a> {
    of: &'a Acceptance<'a>,
    what: &'static str,
    filter: &'static str,
    before: BTreeMap<String, u64>,
}

impl Acceptance<'_> {
    /// # Errors
    /// Envoy doesn't answer.
    pub fn clusters(&self) -> Result<Mark<'_>, Refused> {
        self.mark("clusters", "^cluster_manager.(cds.update_|warming)")
    }

    /// # Errors
    /// Envoy doesn't answer.
    pub fn listeners(&self) -> Result<Mark<'_>, Refused> {
        self.mark("listeners", "^listener_manager.(lds.update_|total_listeners_warming)")
    }

    /// # Errors
    /// Envoy doesn't answer.
    pub fn router(&self) -> Result<Mark<'_>, Refused> {
        self.mark("document", "^extension_config_discovery.http_filter.switchover-router.(config_|update_)")
    }

    /// What an Envoy that starts refused of what it was given.
    pub fn refused(&self) -> Option<String> {
        let filter = "^(cluster_manager.cds|listener_manager.lds|extension_config_discovery.*).(update_rejected|update_failure|config_fail|init_fetch_timeout)$";
        let (name, _) = self.admin.stats(filter)?.into_iter().find(|(_, value)| *value > 0)?;
        Some(format!("Envoy refuses a part of its configuration ({name})."))
    }

    fn mark(&self, what: &'static str, filter: &'static str) -> Result<Mark<'_>, Refused> {
        let end = now() + SILENCE;
        loop {
            if let Some(before) = self.admin.stats(filter) {
                return Ok(Mark { of: self, what, filter, before });
            }
            if now() > end || self.is_over() || self.admin.is_gone() {
                return Err(Refused::passing("Envoy doesn't answer."));
            }
            pause(PACE);
        }
    }

    fn is_over(&self) -> bool {
        self.stops.load(Ordering::Relaxed) > 0
    }
}

impl Mark<'_> {
    /// Waits until Envoy has it, warm.
    ///
    /// # Errors
    /// Envoy refused it, or isn't ready with it after a minute, or is gone.
    pub fn wait(self) -> Result<(), Refused> {
        let end = now() + PATIENCE;
        let mut heard = now();
        let mut had = false;
        while now() < end && !self.of.is_over() {
            match self.of.admin.stats(self.filter) {
                None if heard.elapsed() > SILENCE || self.of.admin.is_gone() => {
                    return Err(Refused::passing("Envoy doesn't answer."));
                }
                None => {}
                Some(stats) => {
                    heard = now();
                    let more = |end: &str| {
                        stats.iter().any(|(name, value)| {
                            name.ends_with(end) && *value > self.before.get(name).copied().unwrap_or(0)
                        })
                    };
                    if ["update_rejected", "update_failure", "config_fail"].into_iter().any(more) {
                        let words = format!("Envoy refuses the {}; its own words are above.", self.what);
                        return Err(Refused { words, is_passing: false });
                    }
                    had |= more("update_success");
                    if had && stats.iter().all(|(name, value)| !name.contains("warming") || *value == 0) {
                        pause(WORKERS);
                        return Ok(());
                    }
                }
            }
            pause(PACE);
        }
        Err(Refused::passing(&format!(
            "Envoy wasn't ready with the {} after {} s.",
            self.what,
            PATIENCE.as_secs()
        )))
    }
}
