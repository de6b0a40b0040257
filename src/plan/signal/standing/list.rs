//! The standings of all targets, as the workers of an Envoy share them: as text.

use super::{News, Standing};
use crate::failure::MAX_RETRY_AFTER_MS;
use crate::settings::CircuitBreaker;
use std::fmt::Write;

/// Targets by their identities (see [`crate::filter::Runtime::identity`]), those of which there is something to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings(Vec<(u64, Standing)>);

/// So long after the last news nothing of them counts any more, unless they named a later time.
const FORGET_MS: u64 = 60 * 60 * 1000;
/// News of the future is from before the clock jumped back. The workers' clocks are one, but for what is cached.
const SKEW_MS: u64 = 60_000;
/// No breaker ejects for longer (a day).
const MAX_EJECTION_MS: u64 = 24 * 60 * 60 * 1000;

impl Standings {
    /// Reads what [`Standings::write`] wrote. What is no line, and what the clock has overtaken, counts for nothing.
    pub fn read(text: &[u8], now_ms: u64) -> Standings {
        let text = std::str::from_utf8(text).unwrap_or_default();
        Standings(text.lines().filter_map(|line| read_line(line, now_ms)).collect())
    }

    /// Without those that mean nothing for a request now.
    #[must_use]
    pub fn at(mut self, now_ms: u64) -> Standings {
        self.0.retain(|(_, standing)| !standing.is_idle(now_ms));
        self
    }

    /// Whether nothing is known of any target.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each target's identity and how it stands.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Standing)> {
        self.0.iter().copied()
    }

    /// How a target stands; well, if nothing is known of it.
    pub fn of(&self, identity: u64) -> Standing {
        self.0.iter().find(|(known, _)| *known == identity).map_or_else(Standing::default, |(_, one)| *one)
    }

    /// With what is new of a target; `None` if it is none.
    #[must_use]
    pub fn after(
        &self,
        identity: u64,
        news: News,
        now_ms: u64,
        breaker: &CircuitBreaker,
    ) -> Option<Standings> {
        // Failures are Envoy's to count. Here they only say who can't stand in for one that comes back.
        let on_the_way = || self.iter().any(|(known, one)| known != identity && one.is_on_the_way(now_ms));
        if news == News::Failed && !on_the_way() {
            return None;
        }
        let next = self.of(identity).after(news, now_ms, breaker)?;
        let mut all = self.clone();
        match all.0.iter_mut().find(|(known, _)| *known == identity) {
            Some((_, known)) => *known = next,
            None => all.0.push((identity, next)),
        }
        Some(all)
    }

    /// As text, for [`Standings::read`].
    pub fn write(&self) -> String {
        let mut text = String::with_capacity(self.0.len() * 96);
        for (identity, one) in &self.0 {
            let Standing { told_ms, cools_until_ms, broken, ejections, .. } = one;
            let Standing { ejected_until_ms, missed_ms, back_ms, failed_ms, .. } = one;
            // A text takes all there is.
            let _ = writeln!(
                text,
                "{identity} {told_ms} {cools_until_ms} {broken} {ejections} {ejected_until_ms} {missed_ms} {back_ms} {failed_ms}"
            );
        }
        text
    }
}

impl Standing {
    /// Whether a request is planned, and its end told, as if nothing were known.
    fn is_idle(&self, now_ms: u64) -> bool {
        let is_good = self.state(now_ms) == super::Availability::Good && self.is_reliable(now_ms);
        self.broken == 0 && is_good
    }
}

fn read_line(line: &str, now_ms: u64) -> Option<(u64, Standing)> {
    let mut numbers = line.split(' ').map(|number| number.parse::<u64>().ok());
    let mut next = || numbers.next().flatten();
    let identity = next()?;
    let mut one = Standing {
        told_ms: next()?,
        cools_until_ms: next()?,
        broken: next()?.try_into().ok()?,
        ejections: next()?.try_into().ok()?,
        ejected_until_ms: next()?,
        missed_ms: next()?,
        back_ms: next()?,
        failed_ms: next()?,
    };
    if one.told_ms > now_ms.saturating_add(SKEW_MS) {
        return None;
    }
    // Further away than any can be: the clock jumped back.
    if one.cools_until_ms.saturating_sub(now_ms) > MAX_RETRY_AFTER_MS {
        one.cools_until_ms = 0;
    }
    if one.ejected_until_ms.saturating_sub(now_ms) > MAX_EJECTION_MS {
        one.ejected_until_ms = 0;
    }
    let last_ms = one.told_ms.max(one.ejected_until_ms);
    (now_ms.saturating_sub(last_ms) < FORGET_MS).then_some((identity, one))
}
