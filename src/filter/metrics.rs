//! The names of metrics, once.
//!
//! Envoy gives a filter's metrics no labels, so they are written into the name, each as `label=.=value;.;`, the form that
//! Istio's `extraStatTags` and the rendered `stats_tags` take out again. No value holds a `;`.

/// Attempts that were drilled, by group, target and class (`latency` for a pause).
const DRILLS: &str = "switchover_drills_total";

pub(super) fn drills(group: &str, target: &str, class: &str) -> String {
    labelled(DRILLS, &[("group", group), ("target", target), ("class", class)])
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
