//! What one worker knows of all targets, and when it has to look again at what all of them share.

use super::{News, Standings};
use crate::settings::CircuitBreaker;

/// How old the knowledge may be that a request is planned with, in milliseconds, where nobody says that there is news: what is
/// told in VMs of another kind is not counted here.
const STALE_MS: u64 = 1000;
/// The same where the translators are in such VMs.
const APART_STALE_MS: u64 = 10;

/// See the module.
#[derive(Debug, Default)]
pub struct Known {
    /// When it was read, in milliseconds since 1970.
    read_ms: u64,
    /// What the counter of all workers' news said just before.
    told: u64,
    standings: Standings,
}

impl Known {
    /// Whether it is too old to plan a request with. `told` is what the counter of all workers' news says now, `None` where nobody
    /// can say; `are_together` says whether those who learn the news count it there.
    pub fn is_stale(&self, now_ms: u64, told: Option<u64>, are_together: bool) -> bool {
        let most_ms = if told.is_some() && are_together { STALE_MS } else { APART_STALE_MS };
        let is_young = now_ms.checked_sub(self.read_ms).is_some_and(|age_ms| age_ms < most_ms);
        !is_young || told.is_some_and(|told| told != self.told)
    }

    /// What [`Standings::write`] wrote, read at this moment; `told` was asked for just before, so that what is told meanwhile
    /// is read again.
    #[must_use]
    pub fn read(bytes: &[u8], now_ms: u64, told: Option<u64>) -> Known {
        let standings = Standings::read(bytes, now_ms).at(now_ms);
        Known { read_ms: now_ms, told: told.unwrap_or_default(), standings }
    }

    /// All that means something for a request.
    pub fn standings(&self) -> &Standings {
        &self.standings
    }

    /// Whether news is surely none, whatever the time: most answers are good, and nothing is known of their targets.
    pub fn is_all_well(&self, news: News) -> bool {
        self.standings.is_empty() && news.is_good()
    }

    /// Whether something is news to this worker.
    pub fn is_news(&self, identity: u64, news: News, now_ms: u64, breaker: &CircuitBreaker) -> bool {
        self.standings.after(identity, news, now_ms, breaker).is_some()
    }

    /// What this worker told counts for it at once, and for the others once they see that there is news.
    pub fn has_told(&mut self, all: Standings, now_ms: u64) {
        self.standings = all.at(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_750_000_000_000;
    const BREAKER: CircuitBreaker = CircuitBreaker {
        consecutive_failures: 3,
        interval_ms: 10_000,
        base_ejection_time_ms: 30_000,
        max_ejection_time_ms: 100_000,
    };

    #[test]
    fn it_is_read_again_when_the_counter_has_changed_and_now_and_then() {
        let known = Known::read(b"\n", NOW_MS, Some(5));
        assert!(!known.is_stale(NOW_MS + 999, Some(5), true));
        assert!(known.is_stale(NOW_MS + 1000, Some(5), true), "it is old");
        assert!(known.is_stale(NOW_MS, Some(6), true), "somebody told something");
        assert!(known.is_stale(NOW_MS - 1, Some(5), true), "the clock jumped back");
        assert!(Known::default().is_stale(NOW_MS, Some(0), true), "nothing was read yet");
    }

    #[test]
    fn where_nobody_counts_it_is_read_much_more_often() {
        let known = Known::read(b"\n", NOW_MS, None);
        for (told, are_together) in [(None, true), (Some(0), false)] {
            assert!(!known.is_stale(NOW_MS + 9, told, are_together));
            assert!(known.is_stale(NOW_MS + 10, told, are_together));
        }
    }

    #[test]
    fn what_was_told_counts_at_once_and_is_told_once() {
        let mut known = Known::read(b"\n", NOW_MS, Some(0));
        let limited = News::Limited { wait_ms: 1_000 };
        assert!(known.is_all_well(News::Whole) && !known.is_all_well(limited));
        assert!(known.is_news(1, limited, NOW_MS, &BREAKER));
        known.has_told(known.standings().after(1, limited, NOW_MS, &BREAKER).unwrap(), NOW_MS);
        assert!(!known.is_news(1, limited, NOW_MS, &BREAKER));
        assert!(known.is_news(2, limited, NOW_MS, &BREAKER), "another target");
        assert!(!known.is_all_well(News::Whole));
    }
}
