//! Choosing: which members of a group a request may go to, why the others not, and who comes first.

use super::drill::draw;
use super::fit::{Vectors, verdict};
use super::strategy::pick;
use super::{Availability, Circumstances, Demand, Members, Verdict, heads, order};
use crate::dialect::Unsupported;
use crate::settings::{Config, Group, GroupMember, SwitchedOff, WhenAll};

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Places in [`Group::members`], in the order to try; empty if nobody can be asked.
    pub order: Vec<usize>,
    /// One for each member.
    pub verdicts: Vec<Verdict>,
    /// Every target that could take the request is cooling down; the first comes back in so many milliseconds.
    /// With `when_all_cooling: try_anyway` there is an order all the same.
    pub all_cooling_ms: Option<u64>,
    /// Every target that could take the request and isn't cooling down is ejected for broken streams; the first comes back in
    /// so many milliseconds. With `when_all_ejected: try_anyway` there is an order all the same.
    pub all_ejected_ms: Option<u64>,
    /// Nobody can be asked, as every target that could take the request is off; if for several reasons, the greatest.
    pub all_off: Option<SwitchedOff>,
}

/// Plans one request.
pub fn choose(config: &Config, group: &Group, demand: &Demand<'_>, now: &Circumstances<'_>) -> Plan {
    let vectors = demand.embeds.and_then(|asked| Vectors::of(config, group, asked));
    let judged = |member: &GroupMember, goes_without: bool| {
        verdict(config, member.target, demand, vectors, now, goes_without)
    };
    let judge = |goes_without: bool| -> Vec<Verdict> {
        let on = |member: &GroupMember| member.off.map_or_else(|| judged(member, goes_without), Verdict::Off);
        group.members.iter().map(on).collect()
    };
    let mut verdicts = judge(false);
    // Only where nobody has all of it does a request go on without a part.
    let has_all =
        |verdict: &Verdict| matches!(verdict, Verdict::In | Verdict::Cooling(_) | Verdict::Ejected { .. });
    if group.unsupported == Unsupported::Drop && !verdicts.iter().any(has_all) {
        verdicts = judge(true);
    }
    let mut left = those(&verdicts, |verdict| *verdict == Verdict::In);
    let (mut all_cooling_ms, mut all_ejected_ms) = (None, None);
    if left.is_empty() {
        all_ejected_ms = first_back(&verdicts, now.now_ms, |verdict| match verdict {
            Verdict::Ejected { until_ms, .. } => Some(*until_ms),
            _ => None,
        });
        let cooling_ms = first_back(&verdicts, now.now_ms, |verdict| match verdict {
            Verdict::Cooling(until_ms) => Some(*until_ms),
            _ => None,
        });
        all_cooling_ms = cooling_ms.filter(|_| all_ejected_ms.is_none());
        left = anyway(group, &verdicts);
    }
    let mut all_off = None;
    if left.is_empty() && all_ejected_ms.is_none() && all_cooling_ms.is_none() {
        let drops = group.unsupported == Unsupported::Drop;
        let are_all = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Off(_)));
        let could = |member: &&GroupMember| are_all || has_all(&judged(member, drops));
        let off = group.members.iter().filter(|member| member.off.is_some());
        all_off = off.filter(could).filter_map(|member| member.off).max();
    }
    let (left, head) = head(config, group, left, now, &mut verdicts);
    let order = order(group, left, head);
    Plan { order, verdicts, all_cooling_ms, all_ejected_ms, all_off }
}

fn those(verdicts: &[Verdict], wanted: fn(&Verdict) -> bool) -> Members {
    verdicts.iter().enumerate().filter(|(_, verdict)| wanted(verdict)).map(|(place, _)| place).collect()
}

/// In so many milliseconds the first of those comes back that `until` says a time of (since 1970).
fn first_back(verdicts: &[Verdict], now_ms: u64, until: fn(&Verdict) -> Option<u64>) -> Option<u64> {
    verdicts.iter().filter_map(until).map(|until_ms| until_ms.saturating_sub(now_ms)).min()
}

/// Who is asked although all are left alone: those that are ejected before those that asked for it.
fn anyway(group: &Group, verdicts: &[Verdict]) -> Members {
    let mut left = Members::NONE;
    if group.when_all_ejected == WhenAll::TryAnyway {
        left = those(verdicts, |verdict| matches!(verdict, Verdict::Ejected { .. }));
    }
    if left.is_empty() && group.when_all_cooling == WhenAll::TryAnyway {
        left = those(verdicts, |verdict| matches!(verdict, Verdict::Cooling(_)));
    }
    left
}

/// Who comes first, and who is left with it.
///
/// A target that comes back gets only a share of the requests. One that doesn't get this request stays in the order where
/// another of its tier may come first, and so stands behind it; else it is left out, as the order of priorities is fixed. But
/// only where somebody reliable stands in: better all requests for one that has just come back than for one that fails.
fn head(
    config: &Config,
    group: &Group,
    left: Members,
    now: &Circumstances<'_>,
    verdicts: &mut [Verdict],
) -> (Members, Option<usize>) {
    let standing = |place: usize| (now.standing)(group.members.get(place)?.target);
    let mut set = left;
    let mut stood_back: Vec<(usize, Verdict)> = Vec::new();
    loop {
        let first = heads(group, set);
        let back: Vec<(usize, Verdict)> = first
            .iter()
            .filter_map(|place| Some((place, stands_back(standing(place)?.state(now.now_ms), place, now)?)))
            .collect();
        let candidates = back.iter().fold(first, |candidates, (place, _)| candidates.without(*place));
        let rest = first.iter().fold(set, Members::without);
        stood_back.extend(back);
        if !candidates.is_empty() {
            for (place, verdict) in stood_back {
                if let Some(known) = verdicts.get_mut(place) {
                    *known = verdict;
                }
            }
            return (set, pick(config, group, candidates, now));
        }
        let is_reliable = |place: usize| standing(place).is_none_or(|one| one.is_reliable(now.now_ms));
        if !rest.iter().any(is_reliable) {
            return (left, pick(config, group, heads(group, left), now));
        }
        set = rest;
    }
}

/// Why a target doesn't come first for this request, if it comes back only little by little.
fn stands_back(state: Availability, place: usize, now: &Circumstances<'_>) -> Option<Verdict> {
    /// Other luck than that of drills.
    const APART: usize = 1_000;
    let is_chosen =
        |percent: u32| draw(now.pick, place.saturating_add(APART)) < percent.saturating_mul(10_000);
    match state {
        Availability::Missing(percent) if !is_chosen(percent) => Some(Verdict::Missing(percent)),
        Availability::Returning(percent) if !is_chosen(percent) => Some(Verdict::Returning(percent)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
