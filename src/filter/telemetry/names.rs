//! How a counter is called.
//!
//! Envoy gives a filter's metrics no labels, so they are written into the name, each as `label=.=value;.;`, the form that
//! Istio's `extraStatTags` and the rendered `stats_tags` take out again. No value holds a `;`.

use super::Series;
use super::table::Label;
use crate::filter::Runtime;

/// All labels there are.
pub const LABELS: [&str; 3] = [Label::Group.name(), Label::Target.name(), Label::Class.name()];

/// The name of a counter of this configuration: labels before the metric.
pub(super) fn name(series: &Series, runtime: &Runtime) -> String {
    let line = series.metric.line();
    let mut name = String::with_capacity(96);
    for label in line.labels {
        let value = match label {
            Label::Group => runtime.group_name(series.group),
            Label::Target => runtime.id(series.target),
            Label::Class => series.class,
        };
        [label.name(), "=.=", value, ";.;"].iter().for_each(|part| name.push_str(part));
    }
    name.push_str(line.name);
    name
}

#[cfg(test)]
mod tests {
    use super::super::{Metric, Series};
    use super::*;

    #[test]
    fn labels_stand_before_the_name() {
        let json =
            br#"{"version":1,"targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://x"}],
            "model_groups":[{"name":"g/1:2","targets":[{"id":"a"}]}]}"#;
        let runtime = Runtime::load(json).unwrap();
        let of = |metric| name(&Series { metric, group: 0, target: 0, class: "latency" }, &runtime);
        let drills = "group=.=g/1:2;.;target=.=a;.;class=.=latency;.;switchover_drills_total";
        assert_eq!(of(Metric::Drills), drills);
        assert_eq!(of(Metric::Switches), "group=.=g/1:2;.;target=.=a;.;switchover_switches_total");
        assert_eq!(of(Metric::News), "switchover_news_total");
    }
}
