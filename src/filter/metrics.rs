//! The names of metrics, once.
//!
//! Envoy gives a filter's metrics no labels, so they are written into the name, each as `label=.=value;.;`, the form that
//! Istio's `extraStatTags` and the rendered `stats_tags` take out again. No value holds a `;`.

use crate::failure::Class;

/// All labels there are.
pub const LABELS: [&str; 3] = [GROUP, TARGET, CLASS];
const GROUP: &str = "group";
const TARGET: &str = "target";
const CLASS: &str = "class";

/// Attempts that were drilled, by group, target and class (`latency` for a pause).
const DRILLS: &str = "switchover_drills_total";

/// Attempts that failed before a token, by group, target and class.
const FAILURES: &str = "switchover_failed_attempts_total";
/// Requests that another target than the first one asked answered, by group and target (which answered).
const SWITCHES: &str = "switchover_switches_total";
/// Cool-downs that began or were asked for again, by group, target and class.
const COOL_DOWNS: &str = "switchover_cool_downs_total";
/// Streams that broke off after their first token and were told so, by group, target and class.
const BROKEN: &str = "switchover_broken_streams_total";
/// Events of streams that were not what the dialect promises and were left out, by group and target.
const MALFORMED: &str = "switchover_malformed_events_total";

/// What the workers told each other of targets; not labelled, as they read it too.
pub const NEWS: &str = "switchover_news_total";

pub(super) fn failures(group: &str, target: &str, class: Class) -> String {
    labelled(FAILURES, &[(GROUP, group), (TARGET, target), (CLASS, class.name())])
}

pub(super) fn switches(group: &str, target: &str) -> String {
    labelled(SWITCHES, &[(GROUP, group), (TARGET, target)])
}

pub(super) fn cool_downs(group: &str, target: &str, class: Class) -> String {
    labelled(COOL_DOWNS, &[(GROUP, group), (TARGET, target), (CLASS, class.name())])
}

pub(super) fn broken_streams(group: &str, target: &str, class: Class) -> String {
    labelled(BROKEN, &[(GROUP, group), (TARGET, target), (CLASS, class.name())])
}

pub(super) fn malformed_events(group: &str, target: &str) -> String {
    labelled(MALFORMED, &[(GROUP, group), (TARGET, target)])
}

pub(super) fn drills(group: &str, target: &str, class: &str) -> String {
    labelled(DRILLS, &[(GROUP, group), (TARGET, target), (CLASS, class)])
}

fn labelled(metric: &str, labels: &[(&str, &str)]) -> String {
    let mut name: String = labels.iter().map(|(label, value)| format!("{label}=.={value};.;")).collect();
    name.push_str(metric);
    name
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_stand_before_the_name() {
        let name = super::drills("g/1:2", "a", "latency");
        assert_eq!(name, "group=.=g/1:2;.;target=.=a;.;class=.=latency;.;switchover_drills_total");
    }
}
