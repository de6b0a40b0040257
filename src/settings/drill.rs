//! Drills: failures on purpose, and what stands in for a target meanwhile.

use super::Config;
use crate::failure::Class;

/// A failure on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    /// A place in [`Config::targets`].
    pub target: usize,
    /// If not, it is as if it were over.
    pub enabled: bool,
    /// What happens to an attempt.
    pub effect: Effect,
    /// Of the attempts at the target, in millionths: 0 to 1,000,000.
    pub per_million: u32,
    /// Milliseconds since 1970; from then on the drill is over.
    pub until_ms: u64,
    /// Tenants whose callers may force the drill on a request.
    pub allow_tenants: Vec<String>,
}

impl Drill {
    /// Whether it is enabled and not over.
    pub fn is_on(&self, now_ms: u64) -> bool {
        self.enabled && now_ms < self.until_ms
    }
}

/// See [`Drill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It fails, in this way.
    Fail(Class),
    /// It waits for so long.
    DelayMs(u64),
}

impl Effect {
    /// What stands in the target's place while this drill is on.
    pub fn twin(self) -> Twin {
        match self {
            Effect::Fail(_) => Twin::Fail,
            Effect::DelayMs(_) => Twin::Slow,
        }
    }

    /// In headers, logs and metrics: the failure's class, or `latency`.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Fail(class) => class.name(),
            Effect::DelayMs(_) => "latency",
        }
    }
}

/// A cluster that stands in for a target while it is drilled. It has a circuit breaker of its own like the target's, so
/// that a drill takes the real path and the real target's breaker learns nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twin {
    /// Nobody is there: each attempt fails at once.
    Fail,
    /// The provider is there, after a pause.
    Slow,
}

impl Twin {
    /// What follows the target's id where the twin is meant; no id holds a `!`.
    pub fn suffix(self) -> &'static str {
        match self {
            Twin::Fail => "!fail",
            Twin::Slow => "!slow",
        }
    }
}

/// The most orders that a group may have with all the twins that its drills bring; each is a cluster in Envoy.
pub const MAX_DRILLED_ORDERS: usize = 768;

impl Config {
    /// The twins of a target (a place in [`Config::targets`]): one for each way in which drills treat it, those that are
    /// over or disabled included.
    pub fn twins(&self, target: usize) -> impl Iterator<Item = Twin> {
        let has = move |twin: Twin| {
            self.drills.iter().any(|drill| drill.target == target && drill.effect.twin() == twin)
        };
        [Twin::Fail, Twin::Slow].into_iter().filter(move |twin| has(*twin))
    }
}
