//! What the running Envoy was told, and how it is told of something else without losing a request.

use super::parts::{EnvoyParts, StateFolder, listing, replace};
use super::seen::{Acceptance, Refused};
use crate::stop::Stop;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Before clusters are let go of once more that Envoy kept.
const AGAIN: Duration = Duration::from_secs(5);

/// The parts as Envoy has them, with clusters that nothing names any more.
#[derive(Debug)]
pub struct LiveParts {
    places: StateFolder,
    parts: EnvoyParts,
    /// Clusters of earlier files, until no request can need them: their texts, and when they may go.
    retired: BTreeMap<String, Retired>,
    /// The files may say something else than this does: a write failed.
    is_dirty: bool,
}

#[derive(Clone, Debug)]
struct Retired {
    text: String,
    due: Instant,
}

/// What a change touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub clusters: usize,
    pub listeners: bool,
    pub document: bool,
}

impl LiveParts {
    /// Writes everything for an Envoy that starts.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write(places: StateFolder, parts: EnvoyParts) -> Result<LiveParts, Stop> {
        let live = LiveParts { places, parts, retired: BTreeMap::new(), is_dirty: false };
        live.write_all()?;
        Ok(live)
    }

    fn write_all(&self) -> Result<(), Stop> {
        self.put("envoy.json", &self.parts.bootstrap)?;
        self.put_listeners(&self.parts.listeners)?;
        self.put_clusters(&self.parts, &self.retired)?;
        self.put_role("router.json", &self.parts.router)?;
        self.put_role("translator.json", &self.parts.translator)
    }

    fn put(&self, name: &str, text: &str) -> Result<(), Stop> {
        replace(&self.places.file(name), text)
    }

    fn put_role(&self, name: &str, text: &str) -> Result<(), Stop> {
        self.put(name, &listing([text]))
    }

    fn put_listeners(&self, listeners: &[String]) -> Result<(), Stop> {
        self.put("listeners.json", &listing(listeners.iter().map(String::as_str)))
    }

    fn put_clusters(&self, parts: &EnvoyParts, retired: &BTreeMap<String, Retired>) -> Result<(), Stop> {
        let live = parts.clusters.iter().map(|(_, text)| text.as_str());
        self.put("clusters.json", &listing(live.chain(retired.values().map(|retired| retired.text.as_str()))))
    }

    /// Takes new parts over: first the clusters that they add or change, and when Envoy has those, the filter's document that
    /// names them, then the listener. Clusters that the new parts lack stay for `grace`: requests that were planned before may still
    /// need them for their next attempt.
    ///
    /// # Errors
    /// Envoy refused a part: it goes on as before.
    pub fn take_over(
        &mut self,
        parts: EnvoyParts,
        grace: Duration,
        now: Instant,
        seen: &Acceptance<'_>,
    ) -> Result<Touched, Refused> {
        let mut touched = Touched::default();
        let before: BTreeMap<&str, &str> = texts(&self.parts.clusters);
        let after: BTreeMap<&str, &str> = texts(&parts.clusters);
        let mut retired = self.retired.clone();
        retired.retain(|name, _| !after.contains_key(name.as_str()));
        for (name, text) in &before {
            if !after.contains_key(name) {
                retired.insert((*name).to_owned(), Retired { text: (*text).to_owned(), due: now + grace });
            }
        }
        // What was retired is known in the form that it had.
        let known = |name: &str| {
            before.get(name).copied().or_else(|| self.retired.get(name).map(|retired| retired.text.as_str()))
        };
        touched.clusters = after.iter().filter(|(name, text)| known(name) != Some(text)).count();
        touched.document = self.is_dirty || parts.router != self.parts.router;
        touched.listeners = self.is_dirty || parts.listeners != self.parts.listeners;
        if self.is_dirty {
            touched.clusters = touched.clusters.max(1);
        }
        let mut has_clusters = false;
        if let Err(refused) = self.hand_over(&parts, &retired, touched, seen, &mut has_clusters) {
            if has_clusters {
                // Requests may have been planned that need them.
                for (name, text) in
                    parts.clusters.iter().filter(|(name, _)| !before.contains_key(name.as_str()))
                {
                    retired.insert(name.clone(), Retired { text: text.clone(), due: now + grace });
                }
                retired.retain(|name, _| !before.contains_key(name.as_str()));
                self.retired = retired;
            }
            self.is_dirty = self.restore(seen).is_err();
            return Err(refused);
        }
        self.parts = parts;
        self.retired = retired;
        self.is_dirty = false;
        Ok(touched)
    }

    fn hand_over(
        &self,
        parts: &EnvoyParts,
        retired: &BTreeMap<String, Retired>,
        touched: Touched,
        seen: &Acceptance<'_>,
        has_clusters: &mut bool,
    ) -> Result<(), Refused> {
        if touched.clusters > 0 {
            let mark = seen.clusters()?;
            self.put_clusters(parts, retired)?;
            mark.wait()?;
        }
        *has_clusters = true;
        if touched.document {
            let mark = seen.router()?;
            self.put_role("router.json", &parts.router)?;
            mark.wait()?;
            // In the same VM the translator works by the router's document; its own is for a VM that never saw the request.
            self.put_role("translator.json", &parts.translator)?;
        }
        if touched.listeners {
            let mark = seen.listeners()?;
            self.put_listeners(&parts.listeners)?;
            mark.wait()?;
        }
        Ok(())
    }

    /// Has Envoy go on with what it had.
    fn restore(&self, seen: &Acceptance<'_>) -> Result<(), Refused> {
        self.put_listeners(&self.parts.listeners)?;
        self.put_role("router.json", &self.parts.router)?;
        self.put_role("translator.json", &self.parts.translator)?;
        self.rewrite_clusters(&self.retired, seen)
    }

    /// Writes the clusters, and waits so that whoever counts next counts what is its own.
    fn rewrite_clusters(
        &self,
        retired: &BTreeMap<String, Retired>,
        seen: &Acceptance<'_>,
    ) -> Result<(), Refused> {
        let mark = seen.clusters();
        self.put_clusters(&self.parts, retired)?;
        mark?.wait()
    }

    /// Lets go of what is due; how many.
    ///
    /// # Errors
    /// The file can't be written, or Envoy doesn't take it: they stay for another time.
    pub fn contract(&mut self, now: Instant, seen: &Acceptance<'_>) -> Result<usize, Refused> {
        let kept: BTreeMap<_, _> = self
            .retired
            .iter()
            .filter(|(_, retired)| retired.due > now)
            .map(|(name, retired)| (name.clone(), retired.clone()))
            .collect();
        let gone = self.retired.len().saturating_sub(kept.len());
        if gone > 0 {
            if let Err(refused) = self.rewrite_clusters(&kept, seen) {
                // Envoy may have let go of them all the same, so whoever names them again writes them again.
                self.is_dirty = true;
                self.retired.values_mut().for_each(|retired| retired.due = retired.due.max(now + AGAIN));
                return Err(refused);
            }
            self.retired = kept;
        }
        Ok(gone)
    }

    /// Clusters that only requests of earlier files can need.
    pub fn retired(&self) -> usize {
        self.retired.len()
    }

    /// For an Envoy that starts anew: nothing of before is in it, and what only follows at a start does.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn again(&mut self) -> Result<(), Stop> {
        self.retired.clear();
        self.write_all()?;
        self.is_dirty = false;
        Ok(())
    }
}

fn texts(clusters: &[(String, String)]) -> BTreeMap<&str, &str> {
    clusters.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}
