//! A member's share among those of its tier, as the file says.

use super::row::{Signal, Source};
use crate::settings::Member;

pub(in crate::plan) static WEIGHT: Signal =
    Signal { key: "weight", source: Source::Member { several: "Weights" } };

/// At least 1.
pub(in crate::plan) fn weight(member: &Member) -> u64 {
    u64::from(member.weight)
}
