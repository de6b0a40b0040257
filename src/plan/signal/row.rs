//! What a signal is.

use crate::settings::TargetSettings;

/// A line of the table: what `check` has to know of a signal. How it is read is a function of its file.
#[derive(Debug)]
pub struct Signal {
    /// The key of the file that it comes from.
    pub key: &'static str,
    /// Where it comes from, and so what `check` says of it.
    pub source: SignalSource,
}

/// Where a signal comes from.
#[derive(Debug)]
pub enum SignalSource {
    /// A target's key, which the file need not have. A strategy that reads it can't do without.
    Target {
        /// Whether the file says it of a target.
        is_known: fn(&TargetSettings) -> bool,
        /// Ends the sentence "… must know".
        tells: &'static str,
    },
    /// A key of a group's member, which has a default. It counts only where a strategy reads it.
    GroupMember {
        /// Several of them, as a sentence begins.
        several: &'static str,
    },
}

impl PartialEq for Signal {
    fn eq(&self, other: &Signal) -> bool {
        self.key == other.key
    }
}
