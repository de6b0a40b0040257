//! Whether Envoy has what it was told.

use super::admin::AdminClient;
use super::{now, pause};
use crate::stop::Stop;
use std::collections::BTreeMap;
use std::time::Duration;

/// Why it has not.
#[derive(Debug)]
pub struct Refused(pub String);

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Refused {
        match stop {
            Stop::Wrong(message) => Refused(message),
            Stop::Refused | Stop::Unread | Stop::Told => Refused("The file couldn't be written.".to_owned()),
        }
    }
}

/// The longest that Envoy gets: names are looked up and many clusters made in it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked.
const PACE: Duration = Duration::from_millis(20);
/// Until every worker has what the main thread has.
const WORKERS: Duration = Duration::from_millis(100);

/// Asks the Envoy that runs.
pub struct Acceptance<'a> {
    pub admin: &'a AdminClient,
}

/// What the counters were before something was written.
pub struct Mark<'a> {
    admin: &'a AdminClient,
    what: &'static str,
    filter: &'static str,
    before: BTreeMap<String, u64>,
}

impl<'a> Acceptance<'a> {
    pub fn clusters(&self) -> Mark<'a> {
        self.mark("clusters", "^cluster_manager.(cds.update_|warming)")
    }

    pub fn listeners(&self) -> Mark<'a> {
        self.mark("listeners", "^listener_manager.(lds.update_|total_listeners_warming)")
    }

    pub fn router(&self) -> Mark<'a> {
        self.mark("document", "^extension_config_discovery.http_filter.switchover-router.(config_|update_)")
    }

    /// What an Envoy that starts refused of what it was given.
    pub fn refused(&self) -> Option<Refused> {
        let filter = "^(cluster_manager.cds|listener_manager.lds|extension_config_discovery.*).(update_rejected|update_failure|config_fail|init_fetch_timeout)$";
        let (name, _) = self.admin.stats(filter)?.into_iter().find(|(_, value)| *value > 0)?;
        Some(Refused(format!("Envoy refuses a part of its configuration ({name}).")))
    }

    fn mark(&self, what: &'static str, filter: &'static str) -> Mark<'a> {
        let before = self.admin.stats(filter).unwrap_or_default();
        Mark { admin: self.admin, what, filter, before }
    }
}

impl Mark<'_> {
    /// Waits until Envoy has it, warm.
    ///
    /// # Errors
    /// Envoy refused it, or isn't ready with it after a minute, or is gone.
    pub fn wait(self) -> Result<(), Refused> {
        let end = now() + PATIENCE;
        let (mut had, mut silent) = (false, 0);
        while now() < end {
            match self.admin.stats(self.filter) {
                None if silent > 100 => return Err(Refused("Envoy doesn't answer.".to_owned())),
                None => silent += 1,
                Some(stats) => {
                    let more = |end: &str| {
                        stats.iter().any(|(name, value)| {
                            name.ends_with(end) && *value > self.before.get(name).copied().unwrap_or(0)
                        })
                    };
                    if ["update_rejected", "update_failure", "config_fail"].into_iter().any(more) {
                        return Err(Refused(format!(
                            "Envoy refuses the {}; its own words are above.",
                            self.what
                        )));
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
        Err(Refused(format!("Envoy wasn't ready with the {} after {} s.", self.what, PATIENCE.as_secs())))
    }
}
