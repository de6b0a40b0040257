//! Counters, by Envoy's numbers for them.

use super::abi;
use crate::filter::{Count, MetricKind, Runtime};

/// Adds to a counter, which exists from then on.
pub fn count(runtime: &Runtime, count: &Count) {
    let define = |kind, name: &str| abi::define_metric(metric(kind), name).ok();
    if let Some(id) = runtime.counter(&count.series, define) {
        abi::increment_metric(id, i64::from(count.by));
    }
}

fn metric(kind: MetricKind) -> abi::EnvoyMetric {
    match kind {
        MetricKind::Counter => abi::EnvoyMetric::Counter,
    }
}
