//! What a strategy is.

use crate::plan::signal::Signal;
use crate::plan::{Circumstances, Members};
use crate::settings::{Config, Group, GroupMember, TargetSettings};
use std::cmp::Ordering;

/// A line of the table: all that there is to say of a strategy.
pub struct Strategy {
    /// In the file.
    pub name: &'static str,
    /// Why a target comes first, as `switchover explain` says it: "by price".
    pub how: &'static str,
    /// How the members of a tier are sorted when the file is read; else they stay as the file has them. Equal ones stay too.
    pub sort: Option<fn(&TargetSettings, &TargetSettings) -> Ordering>,
    /// Which one comes first.
    pub head: First,
    /// What `sort` and `head` go by.
    pub reads: &'static [&'static Signal],
}

/// Which member comes first.
pub enum First {
    /// Always the first of those that are left: one order for each set.
    InOrder,
    /// Any of the best tier that is left, and this says which for a request: an order for each of them. Who is no
    /// candidate counts as not given, and the first of them comes first.
    Any(fn(&Candidates<'_>) -> Option<usize>),
}

/// What there is to choose from for a request.
pub struct Candidates<'c> {
    /// The whole configuration.
    pub config: &'c Config,
    /// The group that was asked for.
    pub group: &'c Group,
    /// Those that may come first, in the order of [`Group::members`]; at least one.
    pub candidates: Members,
    /// The time, a random number, and how targets stand.
    pub now: &'c Circumstances<'c>,
}

impl<'c> Candidates<'c> {
    /// The candidates with their places.
    pub fn members(&self) -> impl Iterator<Item = (usize, &'c GroupMember)> {
        let group = self.group;
        self.candidates.iter().filter_map(|place| Some((place, group.members.get(place)?)))
    }

    /// What the file says of a candidate.
    pub fn target(&self, member: &GroupMember) -> Option<&'c TargetSettings> {
        self.config.targets.get(member.target)
    }
}

impl Strategy {
    /// Whether it is settled for each request anew who comes first.
    pub fn picks(&self) -> bool {
        matches!(self.head, First::Any(_))
    }

    /// Whether it goes by this signal.
    pub fn reads(&self, signal: &Signal) -> bool {
        self.reads.contains(&signal)
    }
}
