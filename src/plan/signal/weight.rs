//! A member's share among those of its tier, as the file says.

use super::row::{Signal, SignalSource};
use crate::settings::GroupMember;

pub(in crate::plan) static WEIGHT: Signal =
    Signal { key: "weight", source: SignalSource::GroupMember { several: "Weights" } };

/// At least 1.
pub(in crate::plan) fn weight(member: &GroupMember) -> u64 {
    u64::from(member.weight)
}
