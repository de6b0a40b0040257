//! Model groups: what callers ask for, and which targets answer.

use crate::dialect::Unsupported;
use crate::failure::Classes;

/// What callers put in `model`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What callers put in `model`.
    pub name: String,
    /// In file order.
    pub aliases: Vec<Alias>,
    /// If not, whoever asks for it is told so, and nobody of it is asked.
    pub enabled: bool,
    /// Which target of a tier comes first: the name of one of [`crate::plan::strategies`], which say the rest.
    pub strategy: &'static str,
    /// The group's targets and those of its fallback groups, in the order to try: by tier, inside a tier in file order
    /// unless the strategy sorts them. From 1 to [`MAX_MEMBERS`], each target once.
    pub members: Vec<GroupMember>,
    /// From 1 to 10.
    pub max_attempts: u32,
    /// To the first real token of each attempt at a stream.
    pub first_token_timeout_ms: u64,
    /// Of each attempt at an answer that isn't a stream.
    pub answer_timeout_ms: u64,
    /// Between two events of a stream that has begun.
    pub stream_idle_timeout_ms: u64,
    /// The whole request.
    pub timeout_ms: u64,
    /// After these the next target is asked.
    pub failover_on: Classes,
    /// What becomes of what a dialect can't carry.
    pub unsupported: Unsupported,
    /// Where the breaker has ejected all.
    pub when_all_ejected: WhenAll,
    /// Where all wait for their rate limits.
    pub when_all_cooling: WhenAll,
    /// What the group says when every target failed.
    pub degraded: Option<String>,
    /// `None`: as [`crate::plan::back_off`] says.
    pub back_off: Option<BackOff>,
    /// How many repeated tries may run at once.
    pub retry_budget: RetryBudget,
}

/// The most targets a group may have after flattening: each set of them that a request can be left with is an order,
/// and each order is a cluster in Envoy.
pub const MAX_MEMBERS: usize = 6;

/// A target's place in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// A place in [`Config::targets`](super::Config::targets).
    pub target: usize,
    /// From 0, without gaps; a lower one is tried first.
    pub tier: u8,
    /// At least 1; counts among the targets of its tier.
    pub weight: u32,
    /// Nothing for one that requests may go to.
    pub off: Option<SwitchedOff>,
}

/// Why the file lets no request go to a member of a group. It stays a member all the same, and its clusters and the orders
/// that name it stay rendered: nothing but the filter's document changes with a word like `enabled`. One exception: a target that a
/// disabled fallback group shares with a later one of the chain has its place in the later one, so the orders are others.
///
/// Where the members of a group are off for several reasons, the greatest counts: it is a fault, and no wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SwitchedOff {
    /// The fallback group that it comes from has `enabled: false`.
    WithGroup,
    /// Its target has `enabled: false`.
    Disabled,
    /// Its target has `out: auth`.
    NoKey,
}

/// Another name of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alias {
    /// This name.
    Exact(String),
    /// Anything (or nothing) may stand between the two.
    Glob {
        /// Before the `*`.
        prefix: String,
        /// Behind it.
        suffix: String,
    },
}

/// What happens when no target of a group is fit to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAll {
    /// They are asked all the same.
    TryAnyway,
    /// The caller gets an error at once.
    FailFast,
}

/// The pause before another target is asked: random between nothing and a bound that doubles from `base_ms` to `max_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// The first bound.
    pub base_ms: u64,
    /// The last bound.
    pub max_ms: u64,
}

/// How many repeated tries may run at once: attempts at targets that their request has tried already. The first try of
/// another target is never among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    /// Of the requests that are running, 0 to 100.
    pub budget_percent: f64,
    /// So many always.
    pub min_retry_concurrency: u32,
}
