//! What changes while it runs: keys, the file, and somebody's mind.

use super::begin::parts;
use super::keys::KeyChanges;
use super::live::LiveParts;
use super::seen::{Acceptance, Refused};
use super::source::Served;
use super::supervisor::{PACE, Supervisor};
use super::{now, pause, voice};
use std::time::Duration;

/// How much longer than the longest request a cluster stays that nothing names.
const GRACE: Duration = Duration::from_secs(5);
/// Before something is tried again that may go another time.
const AGAIN: Duration = Duration::from_secs(5);

impl Supervisor<'_> {
    pub(super) fn look_at_keys(&mut self) {
        match self.keys.follow() {
            Ok(changes) => {
                self.say_of_keys(&changes);
                self.troubles.keys = None;
            }
            Err(stop) => {
                let words = Refused::from(stop).words;
                if self.troubles.keys.as_ref() != Some(&words) {
                    self.voice.warn(&words);
                    self.troubles.keys = Some(words);
                }
            }
        }
        // Envoy is told until it knows, whatever came between.
        let waits = self.out_again.is_some_and(|at| at > now());
        if !waits && self.keys.gone(&self.served.config) != self.out {
            let served = self.served.clone();
            match self.take_over(&served) {
                Ok(_) => self.troubles.parts = None,
                Err(refused) => {
                    self.trouble_with_parts(refused.words);
                    self.out_again = Some(now() + AGAIN);
                }
            }
        }
    }

    fn say_of_keys(&self, changes: &KeyChanges) {
        for id in &changes.rotated {
            self.voice.say(&format!("credential `{id}` has a new key"));
        }
        for lost in &changes.lost {
            self.voice.warn(&format!("{lost} Its targets are out until it has one."));
        }
        for id in &changes.back {
            self.voice.say(&format!("credential `{id}` has a key again: its targets are back"));
        }
    }

    /// Said once, however often it is met.
    fn trouble_with_parts(&mut self, words: String) {
        if self.troubles.parts.as_ref() != Some(&words) {
            self.voice.warn(&words);
            self.troubles.parts = Some(words);
        }
    }

    pub(super) fn look_at_file(&mut self) {
        if let Some(new) = self.read_file() {
            self.serve(new);
        }
    }

    /// Another content of the file that can be served.
    fn read_file(&mut self) -> Option<Served> {
        let bytes = self.source.read().ok().filter(|bytes| *bytes != self.looked_at)?;
        // Half a file, as somebody writes it in place: what is there after a pause is what is meant.
        pause(PACE);
        if self.source.read().as_ref().ok() != Some(&bytes) {
            return None;
        }
        self.pending = None;
        self.troubles.back = None;
        self.looked_at = bytes;
        if self.looked_at == self.served.bytes {
            self.troubles.file = None;
            self.voice.say(&format!("the file is revision {} again, which is served", self.served.revision));
            self.forget_keys();
            return None;
        }
        self.count += 1;
        match self.source.check(&self.looked_at, self.count) {
            Ok(new) => Some(new),
            Err(problems) => {
                let words = format!(
                    "{problems}\nThe file is not taken over; revision {} is served on.",
                    self.served.revision
                );
                self.voice.warn(&words);
                self.troubles.file = Some(words);
                None
            }
        }
    }

    /// Envoy doesn't start with what it is to serve: if the file says something else by now, it is tried with that. Whether it is.
    pub(super) fn start_with_another(&mut self) -> bool {
        let pending = self.pending.take().map(|(new, _)| new);
        let Some(new) = self.read_file().or(pending) else { return false };
        let given = self.keys.add(&new.config).and_then(|missing| {
            self.say_of_keys(&KeyChanges { lost: missing, ..KeyChanges::default() });
            let parts = parts(self.args, &new, &self.keys, &self.places)?;
            LiveParts::write(self.places.clone(), parts)
        });
        match given {
            Ok(live) => {
                self.live = live;
                (self.out, self.out_again) = (self.keys.gone(&new.config), None);
                self.is_served(new);
                true
            }
            Err(stop) => {
                self.trouble_with_parts(Refused::from(stop).words);
                false
            }
        }
    }

    /// Has it as what is served from now on.
    fn is_served(&mut self, new: Served) {
        self.before = Some(std::mem::replace(&mut self.served, new));
        self.troubles.file = None;
        self.troubles.parts = None;
        self.since = voice::time();
        self.forget_keys();
    }

    pub(super) fn go_back(&mut self) {
        let Some(before) = self.before.take() else {
            self.voice.warn("asked to go back, but nothing else was served before");
            return;
        };
        self.voice.say(&format!("asked to go back to revision {}", before.revision));
        let kept = before.clone();
        if self.serve(before) {
            self.troubles.back =
                Some(format!("Revision {} is served, as asked for, and not the file.", self.served.revision));
        } else {
            self.before = Some(kept);
        }
    }

    /// What couldn't be taken over for a reason that may have passed.
    pub(super) fn try_again(&mut self) {
        if let Some((new, _)) = self.pending.take_if(|(_, at)| *at <= now()) {
            self.serve(new);
        }
    }

    /// Serves another content; whether it does.
    fn serve(&mut self, new: Served) -> bool {
        let begun = now();
        let added = self.keys.add(&new.config);
        let taken = match added {
            Ok(missing) => {
                self.say_of_keys(&KeyChanges { lost: missing, ..KeyChanges::default() });
                self.take_over(&new)
            }
            Err(stop) => Err(Refused::from(stop)),
        };
        match taken {
            Ok(touched) => {
                self.voice.say(&format!(
                    "serving revision {} after {} ms: {touched}",
                    new.revision,
                    begun.elapsed().as_millis()
                ));
                if new.config.listen.memory != self.memory {
                    self.voice
                        .warn("`listen.memory` changed: Envoy's own bounds follow when it is started next");
                }
                self.is_served(new);
                true
            }
            Err(refused) => {
                let words = format!("{}\nRevision {} is served on.", refused.words, self.served.revision);
                self.voice.warn(&words);
                self.troubles.file = Some(words);
                if refused.is_passing {
                    self.pending = Some((new, now() + AGAIN));
                }
                self.forget_keys();
                false
            }
        }
    }

    /// Has Envoy take a content over; what that touched.
    fn take_over(&mut self, new: &Served) -> Result<String, Refused> {
        let out = self.keys.gone(&new.config);
        let parts = parts(self.args, new, &self.keys, &self.places)?;
        let grace = self.grace();
        let acceptance = Acceptance { admin: &self.admin, stops: &self.stops };
        let touched = self.live.take_over(parts, grace, now(), &acceptance)?;
        (self.out, self.out_again) = (out, None);
        let mut what = Vec::new();
        match touched.clusters {
            0 => {}
            1 => what.push("1 cluster".to_owned()),
            many => what.push(format!("{many} clusters")),
        }
        what.extend(touched.document.then(|| "the filter's document".to_owned()));
        what.extend(touched.listeners.then(|| "the listener".to_owned()));
        Ok(if what.is_empty() { "nothing changed for Envoy".to_owned() } else { what.join(", ") })
    }

    /// How long a request of what is served may still need what the next content lacks.
    fn grace(&self) -> Duration {
        let longest = self.served.config.groups.iter().map(|group| group.timeout_ms).max().unwrap_or(0);
        Duration::from_millis(longest) + GRACE
    }

    /// Lets go of what no request can need any more: clusters, and then the copies of keys that only they named.
    pub(super) fn contract(&mut self) {
        let acceptance = Acceptance { admin: &self.admin, stops: &self.stops };
        match self.live.contract(now(), &acceptance) {
            Ok(0) => {}
            Ok(gone) => {
                self.voice.say(&format!("let go of {gone} clusters that no request needs any more"));
                self.troubles.parts = None;
                self.forget_keys();
            }
            Err(refused) => self.trouble_with_parts(refused.words),
        }
    }

    /// Lets go of copies of keys that nothing names any more.
    pub(super) fn forget_keys(&mut self) {
        if self.live.retired() == 0 && self.pending.is_none() {
            let configs = [Some(&self.served), self.before.as_ref()];
            let configs: Vec<_> = configs.into_iter().flatten().map(|served| &served.config).collect();
            self.keys.keep(&configs);
        }
    }
}
