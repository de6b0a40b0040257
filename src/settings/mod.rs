//! The configuration as the rest of the program uses it: a file a section.
//!
//! Made from the one file by [`crate::config`], which settles everything that can be settled once: references are indices,
//! defaults are filled in, fallback groups are flattened. What is an `Option` here is really optional. Nothing here
//! reads files or holds a secret.

mod drill;
mod group;
mod target;

pub use drill::{Drill, Effect, MAX_DRILLED_ORDERS, Twin};
pub use group::{Alias, BackOff, Group, GroupMember, MAX_MEMBERS, RetryBudget, SwitchedOff, WhenAll};
pub use target::{CircuitBreaker, Price, TargetSettings};

use crate::dialect;

/// A whole checked file.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which content of the file this is, where whoever serves it says so.
    pub revision: Option<String>,
    /// What the filter takes as its own.
    pub listen: Listen,
    /// Where a request's tenant is found, if anywhere.
    pub tenant: Option<Tenant>,
    /// In file order; [`GroupMember::target`] and [`Drill::target`] are places in this list.
    pub targets: Vec<TargetSettings>,
    /// In file order; [`TargetSettings::credential`] is a place in this list.
    pub credentials: Vec<Credential>,
    /// In file order.
    pub groups: Vec<Group>,
    /// In file order.
    pub drills: Vec<Drill>,
}

/// What the filter takes as its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Host names in lower case; empty: any.
    pub hosts: Vec<String>,
    /// What stands before `/v1/…`; empty or begins with `/`, never ends with one.
    pub base_path: String,
    /// Of a request.
    pub max_body_bytes: u64,
    /// Of an answer that is collected, not of one that flows.
    pub max_answer_bytes: u64,
    /// What each worker may hold, in bytes.
    pub memory: u64,
    /// The longest that a request's body may take to arrive.
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

/// Where a provider's key comes from. The key itself is never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What targets call it by.
    pub id: String,
    /// Where its key is.
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
    Aws {
        /// `us-east-1`
        region: String,
        /// The service's name in the signature.
        service: String,
    },
}
