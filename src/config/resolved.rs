//! The configuration as the rest of the program uses it.
//!
//! Made from the file by [`super::check`], which settles everything that can be settled once: references are indices,
//! defaults are filled in, fallback groups are flattened. What is an `Option` here is really optional. Nothing here
//! reads files or holds a secret.

use crate::dialect::{self, Unsupported};
use crate::failure::{Class, Classes};

/// A whole checked file.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: Listen,
    pub tenant: Option<Tenant>,
    /// In file order; [`Member::target`] and [`Drill::target`] are places in this list.
    pub targets: Vec<Target>,
    /// In file order; [`Target::credential`] is a place in this list.
    pub credentials: Vec<Credential>,
    /// In file order.
    pub groups: Vec<Group>,
    pub drills: Vec<Drill>,
}

/// What the filter takes as its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Host names in lower case; empty: any.
    pub hosts: Vec<String>,
    /// What stands before `/v1/…`; empty or begins with `/`, never ends with one.
    pub base_path: String,
    pub max_body_bytes: u64,
    /// Of an answer that is collected, not of one that flows.
    pub max_answer_bytes: u64,
    /// What each worker may hold, in bytes.
    pub memory: u64,
    pub body_timeout_ms: u64,
    /// `max_messages`, `max_tools`, `max_parts`, `max_inputs`, `max_values`, `max_unknown`
    pub limits: dialect::Limits,
}

/// Where the tenant of a request is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// A header's name in lower case.
    pub header: String,
    /// Whether an earlier filter sets it. If not, it is removed from every request of ours and there is no tenant.
    pub trusted: bool,
}

/// One model at one provider.
#[derive(Clone, Debug)]
pub struct Target {
    /// What the dialects see of it: id, provider, model, endpoint, capabilities, limits.
    pub wire: dialect::Target,
    /// The Envoy cluster's name; the id unless the file says otherwise.
    pub cluster: String,
    /// A place in [`Config::credentials`].
    pub credential: Option<usize>,
    pub price: Option<Price>,
    /// Its embeddings are those of the first target of each group that it is in, whatever its model is called.
    pub same_vectors: bool,
    /// By name.
    pub labels: Vec<(String, String)>,
    pub circuit_breaker: CircuitBreaker,
}

impl Target {
    pub fn id(&self) -> &str {
        &self.wire.id
    }
}

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    pub input: f64,
    /// The same as `input` unless the file says otherwise.
    pub cached_input: f64,
    pub output: f64,
}

impl Price {
    /// One number to compare targets by before a request is known: three tokens in for each one out.
    pub fn blended(&self) -> f64 {
        (3.0 * self.input + self.output) / 4.0
    }
}

/// Envoy's outlier detection for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    pub consecutive_failures: u32,
    pub interval_ms: u64,
    pub base_ejection_time_ms: u64,
    pub max_ejection_time_ms: u64,
}

/// Where a provider's key comes from. The key itself is never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub id: String,
    pub source: CredentialSource,
}

/// See [`Credential`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// A file that holds the key alone, as written; a relative path counts from the folder of `switchover.yaml`.
    SecretFile(String),
    /// An environment variable's name.
    SecretEnv(String),
    /// SigV4 by Envoy's own filter, with the AWS credentials that Envoy finds around it.
    Aws { region: String, service: String },
}

/// What callers put in `model`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    /// In file order.
    pub aliases: Vec<Alias>,
    pub strategy: Strategy,
    /// The group's targets and those of its fallback groups, in the order to try: by tier, inside a tier in file order
    /// (with [`Strategy::LowestCost`] the cheapest first). From 1 to [`MAX_MEMBERS`], each target once.
    pub members: Vec<Member>,
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
    pub failover_on: Classes,
    pub unsupported: Unsupported,
    pub when_all_ejected: WhenAll,
    pub when_all_cooling: WhenAll,
    /// What the group says when every target failed.
    pub degraded: Option<String>,
    /// `None`: as [`crate::plan::back_off`] says.
    pub back_off: Option<BackOff>,
    pub retry_budget: RetryBudget,
}

/// The most targets a group may have after flattening: each set of them that a request can be left with is an order,
/// and each order is a cluster in Envoy.
pub const MAX_MEMBERS: usize = 6;

/// A target's place in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// A place in [`Config::targets`].
    pub target: usize,
    /// From 0, without gaps; a lower one is tried first.
    pub tier: u8,
    /// At least 1; counts among the targets of its tier.
    pub weight: u32,
}

/// Another name of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alias {
    Exact(String),
    /// Anything (or nothing) may stand between the two.
    Glob {
        prefix: String,
        suffix: String,
    },
}

/// Which target of a tier comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Ordered,
    WeightedRoundRobin,
    LowestCost,
}

/// What happens when no target of a group is fit to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAll {
    TryAnyway,
    FailFast,
}

/// The pause before another target is asked: random between nothing and a bound that doubles from `base_ms` to `max_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    pub base_ms: u64,
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

/// A failure on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    /// A place in [`Config::targets`].
    pub target: usize,
    pub effect: Effect,
    /// Of the attempts at the target, in millionths: 0 to 1,000,000.
    pub per_million: u32,
    /// Milliseconds since 1970; from then on the drill is over.
    pub until_ms: u64,
    /// Tenants whose callers may force the drill on a request.
    pub allow_tenants: Vec<String>,
}

impl Drill {
    pub fn is_on(&self, now_ms: u64) -> bool {
        now_ms < self.until_ms
    }
}

/// See [`Drill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Fail(Class),
    DelayMs(u64),
}

impl Effect {
    /// What stands in the target's place while this drill is on.
    pub fn twin(self) -> Twin {
        match self {
            Effect::Fail(_) => Twin::Fail,
            Effect::DelayMs(_) => Twin::Slow,
        }
    }

    /// In headers, logs and metrics: the failure's class, or `latency`.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Fail(class) => class.name(),
            Effect::DelayMs(_) => "latency",
        }
    }
}

/// A cluster that stands in for a target while it is drilled. It has a circuit breaker of its own like the target's, so
/// that a drill takes the real path and the real target's breaker learns nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twin {
    /// Nobody is there: each attempt fails at once.
    Fail,
    /// The provider is there, after a pause.
    Slow,
}

impl Twin {
    /// What follows the target's id where the twin is meant; no id holds a `!`.
    pub fn suffix(self) -> &'static str {
        match self {
            Twin::Fail => "!fail",
            Twin::Slow => "!slow",
        }
    }
}

/// The most orders that a group may have with all the twins that its drills bring; each is a cluster in Envoy.
pub const MAX_DRILLED_ORDERS: usize = 768;

impl Config {
    /// The twins of a target (a place in [`Config::targets`]): one for each way in which drills treat it, those that are
    /// over included.
    pub fn twins(&self, target: usize) -> impl Iterator<Item = Twin> {
        let has = move |twin: Twin| {
            self.drills.iter().any(|drill| drill.target == target && drill.effect.twin() == twin)
        };
        [Twin::Fail, Twin::Slow].into_iter().filter(move |twin| has(*twin))
    }

    /// How many orders a group has, those with twins included: for every set of members that can be left, whoever may
    /// come first, and each member as itself or as one of its twins.
    pub fn order_count(&self, group: &Group) -> usize {
        let ways: Vec<usize> =
            group.members.iter().map(|member| 1 + self.twins(member.target).count()).collect();
        let one_set = |set: usize| {
            let left = || group.members.iter().zip(&ways).enumerate().filter(|(at, _)| set >> at & 1 == 1);
            let first = left().next().map(|(_, (member, _))| member.tier);
            let heads = match group.strategy {
                Strategy::Ordered | Strategy::LowestCost => 1,
                Strategy::WeightedRoundRobin => {
                    left().filter(|(_, (member, _))| Some(member.tier) == first).count()
                }
            };
            left().map(|(_, (_, ways))| *ways).product::<usize>() * heads
        };
        (1..1usize << group.members.len().min(MAX_MEMBERS)).map(one_set).sum()
    }
}
