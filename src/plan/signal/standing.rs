//! How a target stands: what its last requests taught that Envoy can't know.
//!
//! Envoy's outlier detection judges an attempt by the status in its headers. So three things are kept here: that a target
//! asked to be left alone (rate limits), that its streams break off after their first token (their status was 200, and gone),
//! and that it has only just come back. Envoy would send everybody there at once; its own slow start does nothing for
//! clusters of one host.
//!
//! Times are milliseconds since 1970; 0 means never.

mod known;
mod list;

pub use known::Known;
pub use list::Standings;

use crate::failure::MAX_RETRY_AFTER_MS;
use crate::settings::CircuitBreaker;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last news of it.
    told_ms: u64,
    /// It is rate limited or its quota is spent until then.
    cools_until_ms: u64,
    /// So many of its streams in a row broke off.
    broken: u32,
    /// So many times in a row broken streams ejected it, when the last ejection began.
    ejections: u32,
    /// Its last ejection for broken streams lasts, or lasted, until then.
    ejected_until_ms: u64,
    /// Envoy had ejected it when an attempt last passed it over.
    missed_ms: u64,
    /// The first attempt that reached it after that.
    back_ms: u64,
    /// An attempt at it failed; kept only while others come back.
    failed_ms: u64,
}

/// Something that happened to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It wants to be left alone for so long.
    Limited {
        /// Milliseconds from now on.
        wait_ms: u64,
    },
    /// A stream of it broke off after its first token, by its fault.
    Broke,
    /// An answer or a stream of it came whole.
    Whole,
    /// A request wanted it first, and Envoy passed it over.
    Missed,
    /// A request wanted it first and came there.
    Reached,
    /// An attempt at it failed, by its fault.
    Failed,
}

impl News {
    /// Whether it says something only of a target that there is something known of, or of others' company.
    pub fn is_good(self) -> bool {
        matches!(self, News::Whole | News::Reached | News::Failed)
    }
}

/// What may be done with a target at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Whatever is wanted.
    Good,
    /// Leave it alone until then, as it asked for.
    Cooling(u64),
    /// Leave it alone until then: its streams broke off.
    Ejected(u64),
    /// Envoy has it ejected, as far as is known: so many percent of the requests look whether it is back.
    Missing(u32),
    /// It has come back: so many percent of the requests may ask it first.
    Returning(u32),
}

/// What a target that comes back gets, in percent of the requests, and from when on, in milliseconds since its return.
const RAMP: [(u64, u32); 3] = [(0, 10), (10_000, 30), (20_000, 60)];
/// Then it gets all of them.
const RAMP_MS: u64 = 30_000;
/// Attempts that pass a target over are noted so often, for all workers together: thousands a second say the same.
const SAME_MS: u64 = 250;
/// Workers hear of an ejection one after the other: one that reaches the target so soon after another had passed it over has
/// not heard yet.
const SETTLE_MS: u64 = 100;
/// Where nobody looked for so long whether a target is back, the next request does, whatever its luck.
const LOOK_MS: u64 = 1_000;
/// Who failed so recently doesn't stand in for one that comes back.
const DOUBT_MS: u64 = 2_000;

impl Standing {
    /// What may be done with it now.
    pub fn state(&self, now_ms: u64) -> Availability {
        if self.ejected_until_ms > now_ms {
            return Availability::Ejected(self.ejected_until_ms);
        }
        if self.cools_until_ms > now_ms {
            return Availability::Cooling(self.cools_until_ms);
        }
        if self.is_missing() {
            let unseen_ms = now_ms.saturating_sub(self.missed_ms);
            return if unseen_ms < LOOK_MS { Availability::Missing(ramp(0)) } else { Availability::Good };
        }
        match ramp(now_ms.saturating_sub(self.returned_ms())) {
            100.. => Availability::Good,
            percent => Availability::Returning(percent),
        }
    }

    /// Whether it may stand in for a target that comes back.
    pub fn is_reliable(&self, now_ms: u64) -> bool {
        let is_well = matches!(self.state(now_ms), Availability::Good | Availability::Returning(_))
            && !self.is_missing();
        is_well && now_ms.saturating_sub(self.failed_ms) >= DOUBT_MS
    }

    /// Whether it is coming back, or may at any moment.
    fn is_on_the_way(&self, now_ms: u64) -> bool {
        self.is_missing() || matches!(self.state(now_ms), Availability::Returning(_))
    }

    fn is_missing(&self) -> bool {
        self.missed_ms > 0 && self.back_ms == 0
    }

    /// When it last came back.
    fn returned_ms(&self) -> u64 {
        self.back_ms.max(self.ejected_until_ms)
    }

    /// How it stands after some news; `None` if the news is none.
    #[must_use]
    pub fn after(&self, news: News, now_ms: u64, breaker: &CircuitBreaker) -> Option<Standing> {
        let mut next = Standing { told_ms: now_ms, ..*self };
        let is_news = match news {
            News::Limited { wait_ms } => {
                // The later deadline wins.
                next.cools_until_ms = now_ms.saturating_add(wait_ms.min(MAX_RETRY_AFTER_MS));
                next.cools_until_ms > self.cools_until_ms
            }
            // Streams that had begun before the ejection say nothing new.
            News::Broke if self.ejected_until_ms > now_ms => false,
            News::Broke => {
                next.broken = self.broken.saturating_add(1);
                if next.broken >= breaker.consecutive_failures {
                    next.eject(now_ms, breaker);
                }
                true
            }
            News::Whole => {
                next.broken = 0;
                self.broken > 0
            }
            News::Missed => {
                (next.missed_ms, next.back_ms) = (now_ms, 0);
                self.back_ms > 0 || now_ms.saturating_sub(self.missed_ms) >= SAME_MS
            }
            News::Reached => {
                next.back_ms = now_ms;
                self.is_missing() && now_ms.saturating_sub(self.missed_ms) >= SETTLE_MS
            }
            News::Failed => {
                next.failed_ms = now_ms;
                now_ms.saturating_sub(self.failed_ms) >= SAME_MS
            }
        };
        is_news.then_some(next)
    }

    /// As Envoy's outlier detection does it: each ejection in a row lasts the base time longer, and each interval without one
    /// takes one from the row.
    fn eject(&mut self, now_ms: u64, breaker: &CircuitBreaker) {
        let good_ms = now_ms.saturating_sub(self.ejected_until_ms);
        let forgiven = good_ms.checked_div(breaker.interval_ms).unwrap_or(0);
        let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
        self.ejections = self.ejections.saturating_sub(forgiven).saturating_add(1);
        let time_ms = breaker.base_ejection_time_ms.saturating_mul(u64::from(self.ejections));
        self.ejected_until_ms = now_ms.saturating_add(time_ms.min(breaker.max_ejection_time_ms));
        self.broken = 0;
    }
}

/// What a target gets that came back so long ago, in percent.
fn ramp(since_ms: u64) -> u32 {
    if since_ms >= RAMP_MS {
        return 100;
    }
    RAMP.iter().rfind(|(from_ms, _)| since_ms >= *from_ms).map_or(100, |(_, percent)| *percent)
}

#[cfg(test)]
mod tests;
