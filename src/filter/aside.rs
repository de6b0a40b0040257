//! The targets that a request was not planned for, and why: what `x-switchover-decision` tells beside the attempts.

use super::runtime::Runtime;
use crate::config::Group;
use crate::json::{Raw, Text, Writer};
use crate::plan::{Plan, Strategy, Verdict};

/// A header has room for no more of a dialect's reasons, in characters.
const MOST_OF_A_REASON: usize = 120;

/// What planning left out. Empty, and without any memory of its own, for a request that every target could take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asides {
    /// (place in [`Group::members`], why), in the order of the places.
    out: Vec<(usize, String)>,
    /// All that are in the order cool down, or are left alone otherwise, and are asked anyway.
    pub(super) anyway: bool,
}

impl Asides {
    pub(super) fn of(plan: &Plan, now_ms: u64) -> Asides {
        if plan.verdicts.iter().all(|verdict| *verdict == Verdict::In) {
            return Asides::default();
        }
        let out = plan.verdicts.iter().enumerate();
        let out = out.filter(|(place, verdict)| **verdict != Verdict::In && !plan.order.contains(place));
        let is_in = |place: &usize| plan.verdicts.get(*place) == Some(&Verdict::In);
        Asides {
            out: out.map(|(place, verdict)| (place, short(words(verdict, now_ms)))).collect(),
            anyway: !plan.order.is_empty() && !plan.order.iter().any(is_in),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty() && !self.anyway
    }

    /// Of the members that a target (a place in the group) may have been chosen instead of: each with its reason.
    pub(super) fn before<'a>(
        &'a self,
        group: &'a Group,
        place: usize,
    ) -> impl Iterator<Item = (usize, &'a str)> {
        let tier = group.members.get(place).map(|member| member.tier);
        let any_may_come_first = Strategy::of(group).picks();
        let counts = move |other: usize| {
            other < place || any_may_come_first && group.members.get(other).map(|member| member.tier) == tier
        };
        self.out.iter().filter(move |(other, _)| counts(*other)).map(|(other, why)| (*other, why.as_str()))
    }

    /// For a handoff.
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        w.key("anyway").bool(self.anyway);
        w.key("out").array(|w| {
            for (place, why) in &self.out {
                w.array(|w| {
                    w.u64(u64::try_from(*place).unwrap_or(u64::MAX));
                    w.string(why);
                });
            }
        });
    }

    pub(super) fn read(raw: Raw<'_>) -> Option<Asides> {
        let one = |pair: Raw<'_>| {
            let mut items = pair.items();
            let place = usize::try_from(items.next()?.as_u64()?).ok()?;
            Some((place, items.next()?.text().map(Text::into_string)?))
        };
        let anyway = raw.get("anyway")?.as_bool()?;
        Some(Asides { out: raw.get("out")?.items().filter_map(one).collect(), anyway })
    }
}

/// Why a target is in or out, as it follows the target's name. Times are told from now on: nobody counts from 1970.
pub(super) fn words(verdict: &Verdict, now_ms: u64) -> String {
    match verdict {
        Verdict::Cooling(until_ms) => {
            let seconds = until_ms.saturating_sub(now_ms).div_ceil(1000);
            format!("is cooling down for {seconds} s more")
        }
        verdict => verdict.to_string(),
    }
}

fn short(why: String) -> String {
    match why.char_indices().nth(MOST_OF_A_REASON) {
        Some((end, _)) => format!("{}...", why.get(..end).unwrap_or_default()),
        None => why.trim_end_matches('.').to_owned(),
    }
}

/// Each member that is out, and why: for whoever got no answer.
pub(super) fn reasons(runtime: &Runtime, group: &Group, plan: &Plan, now_ms: u64) -> Vec<String> {
    let members = group.members.iter().zip(&plan.verdicts);
    let out = members.filter(|(_, verdict)| **verdict != Verdict::In);
    out.map(|(member, verdict)| format!("{} {}", runtime.id(member.target), words(verdict, now_ms))).collect()
}
