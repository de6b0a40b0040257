//! What Envoy counts: labels of the filter's counters, and who is ejected.

use super::Findings;
use super::dump::{Dump, each, is_true, text};
use switchover::filter::LABELS;
use switchover::json::Raw;

/// What the statistics of ejections are called in.
const EJECTIONS: &str = "outlier_detection";

pub fn examine(dump: &Dump<'_>, found: &mut Findings) {
    let Some(stats) = dump.bootstrap.and_then(|all| all.get("stats_config")) else {
        return labels(&[], found);
    };
    labels(&each(stats, &["stats_tags"]), found);
    if let Some(matcher) = stats.get("stats_matcher")
        && !has_ejections(matcher)
    {
        found.say(format!(
            "`stats_matcher` leaves the clusters' `{EJECTIONS}` out, so nobody sees which targets are ejected, `switchover drill` \
             least of all. Include `cluster\\..*\\.{EJECTIONS}\\..*`; in Istio annotations.yaml does it (`proxyStatsMatcher`)."
        ));
    }
}

fn labels(rules: &[Raw<'_>], found: &mut Findings) {
    // Ours begins with `wasmcustom`, the one that Istio's agent makes of `extraStatTags` has only what is around a label.
    let finds =
        |regex: &str, label: &str| regex.contains("wasmcustom") || regex.contains(&format!("{label}=\\.="));
    let has = |label: &str| {
        rules.iter().any(|rule| {
            text(*rule, &["tag_name"]).as_deref() == Some(label)
                && text(*rule, &["regex"]).is_some_and(|regex| finds(&regex, label))
        })
    };
    let missing: Vec<_> =
        LABELS.iter().filter(|label| !has(label)).map(|label| format!("`{label}`")).collect();
    if !missing.is_empty() {
        found.say(format!(
            "`stats_config` has no rule for the label {} of the filter's counters, so they have names nobody can sum up. Put the \
             `stats_tags` of stats.yaml (`switchover render envoy --only stats`) among yours; in Istio annotations.yaml does it \
             (`extraStatTags`).",
            missing.join(", ")
        ));
    }
}

/// Whether such a matcher lets the ejections of clusters be counted, as far as its patterns say it plainly.
fn has_ejections(matcher: Raw<'_>) -> bool {
    if is_true(matcher, &["reject_all"]) {
        return false;
    }
    let of_ejections = |pattern: &Raw<'_>| {
        let is = |name: &str, test: &dyn Fn(&str) -> bool| {
            let path: &[&str] = if name == "safe_regex" { &["safe_regex", "regex"] } else { &[name] };
            text(*pattern, path).is_some_and(|said| test(&said))
        };
        is("prefix", &|said| "cluster.".starts_with(said))
            || is("contains", &|said| EJECTIONS.contains(said) || said.contains(EJECTIONS))
            || is("suffix", &|said| said.contains(EJECTIONS) || "ejections_active".ends_with(said))
            || is("safe_regex", &|said| {
                said.contains(EJECTIONS) || [".*", "^.*$", "cluster\\..*"].contains(&said)
            })
    };
    let any = |list: &str| each(matcher, &[list, "patterns"]).iter().any(of_ejections);
    if matcher.get("inclusion_list").is_some() { any("inclusion_list") } else { !any("exclusion_list") }
}
