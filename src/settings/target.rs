//! Targets: one model at one provider, what it costs and when it is left alone.

use super::SwitchedOff;
use crate::dialect;

/// One model at one provider.
#[derive(Clone, Debug)]
pub struct TargetSettings {
    /// What the dialects see of it: id, provider, model, endpoint, capabilities, limits.
    pub wire: dialect::Target,
    /// The Envoy cluster's name; the id unless the file says otherwise.
    pub cluster: String,
    /// Nothing for one that requests may go to.
    pub off: Option<SwitchedOff>,
    /// A place in [`Config::credentials`](super::Config::credentials).
    pub credential: Option<usize>,
    /// What it costs, if the file says so.
    pub price: Option<Price>,
    /// Its embeddings are those of the first target of each group that it is in, whatever its model is called.
    pub same_vectors: bool,
    /// By name.
    pub labels: Vec<(String, String)>,
    /// Its own, or the file's.
    pub circuit_breaker: CircuitBreaker,
}

impl TargetSettings {
    /// What groups call it by.
    pub fn id(&self) -> &str {
        &self.wire.id
    }
}

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// A prompt token.
    pub input: f64,
    /// The same as `input` unless the file says otherwise.
    pub cached_input: f64,
    /// An answer token.
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
    /// So many in a row eject the target.
    pub consecutive_failures: u32,
    /// How often Envoy looks whether ejected targets may come back.
    pub interval_ms: u64,
    /// How long the first ejection lasts; each further one lasts so much longer.
    pub base_ejection_time_ms: u64,
    /// The longest ejection.
    pub max_ejection_time_ms: u64,
}
