//! What is counted, and by which numbers Envoy knows the counters.
//!
//! A counter is told by its places in the configuration, which cost nothing to carry. It gets its name, and Envoy's number
//! for it, where it first counts: from then on Envoy shows it, and what went well shows none.

mod names;
mod table;

pub use names::LABELS;
pub use table::{Metric, MetricKind};

use super::Runtime;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// One counter. What its metric has no label for tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// What is counted.
    pub metric: Metric,
    /// A place in the configuration's groups.
    pub group: usize,
    /// A place in the configuration's targets.
    pub target: usize,
    /// A failure class's name, or `latency` of a drill that is a pause.
    pub class: &'static str,
}

/// So many are added to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Which counter.
    pub series: Series,
    /// How many.
    pub by: u32,
}

/// Envoy's numbers for the counters of one configuration, as far as they have counted in this VM.
#[derive(Debug, Default)]
pub struct Telemetry {
    ids: RefCell<BTreeMap<Series, u32>>,
}

impl Runtime {
    /// Envoy's number for a counter. `define` makes one of this kind and name, where it has none yet; `None` if Envoy
    /// refuses that.
    pub fn counter(
        &self,
        series: &Series,
        define: impl FnOnce(MetricKind, &str) -> Option<u32>,
    ) -> Option<u32> {
        let mut ids = self.telemetry.ids.try_borrow_mut().ok()?;
        if let Some(id) = ids.get(series) {
            return Some(*id);
        }
        let id = define(series.metric.line().kind, &names::name(series, self))?;
        ids.insert(*series, id);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_defined_once() {
        let json =
            br#"{"version":1,"targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://x"}],
            "model_groups":[{"name":"g","targets":[{"id":"a"}]}]}"#;
        let runtime = Runtime::load(json).unwrap();
        let series = |class| Series { metric: Metric::FailedAttempts, group: 0, target: 0, class };
        let failed = series("connect");
        assert_eq!(runtime.counter(&failed, |_, _| None), None, "Envoy may make it the next time");
        let mut names = Vec::new();
        let mut define = |id, class| {
            runtime.counter(&series(class), |_, name| {
                names.push(name.to_owned());
                Some(id)
            })
        };
        assert_eq!(
            (define(7, "connect"), define(8, "timeout"), define(9, "connect")),
            (Some(7), Some(8), Some(7))
        );
        let begin = "group=.=g;.;target=.=a;.;class=.=";
        let end = ";.;switchover_failed_attempts_total";
        assert_eq!(names, [format!("{begin}connect{end}"), format!("{begin}timeout{end}")]);
    }
}
