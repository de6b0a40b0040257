//! Strategies: which member of a group's best tier comes first. A file each, and a line in one table.
//!
//! Whatever has to know them reads the table: what the file may say, what `check` asks for and warns of, which orders are
//! rendered, who is picked for a request, and what `explain` calls it.

mod cost;
mod ordered;
mod row;
mod weighted;

pub use row::{Candidates, First, Strategy};

use super::{Circumstances, Members};
use crate::settings::{Config, Group, GroupMember, TargetSettings};
use std::cmp::Ordering;

/// A line a strategy, in the order in which they are listed to people.
#[rustfmt::skip]
static TABLE: &[&Strategy] = &[
    &ordered::ORDERED,
    &weighted::WEIGHTED_ROUND_ROBIN,
    &cost::LOWEST_COST,
];

/// Names that are settled and mean nothing yet.
pub const LATER: &[&str] = &["lowest_latency", "least_busy", "lowest_usage", "semantic"];

/// All of them, in the order of the table.
pub fn strategies() -> impl Iterator<Item = &'static Strategy> {
    TABLE.iter().copied()
}

impl Strategy {
    /// The one that the file calls so.
    pub fn named(name: &str) -> Option<&'static Strategy> {
        strategies().find(|strategy| strategy.name == name)
    }

    /// A group's. The reader of the file lets no name pass that none has.
    pub fn of(group: &Group) -> &'static Strategy {
        Strategy::named(group.strategy).unwrap_or(&ordered::ORDERED)
    }
}

/// The members that may come first when `left` are left.
pub fn heads(group: &Group, left: Members) -> Members {
    let present = || group.members.iter().enumerate().filter(|(place, _)| left.contains(*place));
    let Some((first, head)) = present().next() else { return Members::NONE };
    match Strategy::of(group).head {
        First::InOrder => Members::NONE.with(first),
        First::Any(_) => {
            present().filter(|(_, member)| member.tier == head.tier).map(|(place, _)| place).collect()
        }
    }
}

/// The one of these [`heads`] that comes first for this request.
pub(super) fn pick(
    config: &Config,
    group: &Group,
    candidates: Members,
    now: &Circumstances<'_>,
) -> Option<usize> {
    let picked = match Strategy::of(group).head {
        First::InOrder => None,
        First::Any(pick) => pick(&Candidates { config, group, candidates, now }),
    };
    picked.filter(|place| candidates.contains(*place)).or_else(|| candidates.iter().next())
}

/// Sorts a group's members inside each tier as the strategy wants them. Members of targets that `target` doesn't know
/// stay where they are, and so do all others then: the file is refused.
pub fn sort<'t>(
    strategy: &Strategy,
    members: &mut [GroupMember],
    target: impl Fn(usize) -> Option<&'t TargetSettings>,
) {
    let Some(compare) = strategy.sort else { return };
    if members.iter().all(|member| target(member.target).is_some()) {
        members.sort_by(|one, other| {
            let inside = || match (target(one.target), target(other.target)) {
                (Some(one), Some(other)) => compare(one, other),
                _ => Ordering::Equal,
            };
            one.tier.cmp(&other.tier).then_with(inside)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_lines() {
        for strategy in strategies() {
            assert_eq!(Strategy::named(strategy.name).map(|known| known.how), Some(strategy.how));
            assert!(!LATER.contains(&strategy.name), "{} is here now", strategy.name);
        }
        assert!(Strategy::named("oops").is_none());
    }

    #[test]
    fn what_is_always_first_leaves_one_head() {
        let targets = ["a", "b", "c"].map(|id| {
            format!(
                r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x","price":{{"input":1,"output":1}}}}"#
            )
        });
        for strategy in strategies() {
            let json = format!(
                r#"{{"version":1,"targets":[{}],"model_groups":[{{"name":"g","strategy":"{}",
                    "targets":[{{"id":"a"}},{{"id":"b"}},{{"id":"c","priority":1}}]}}]}}"#,
                targets.join(","),
                strategy.name
            );
            let config = Config::from_json(json.as_bytes()).unwrap();
            let heads = |left: &[usize]| heads(&config.groups[0], left.iter().copied().collect()).len();
            assert_eq!(heads(&[0, 1, 2]), if strategy.picks() { 2 } else { 1 }, "{}", strategy.name);
            assert_eq!((heads(&[1, 2]), heads(&[2]), heads(&[])), (1, 1, 0), "{}", strategy.name);
        }
    }
}
