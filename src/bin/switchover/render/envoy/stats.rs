//! What Envoy counts: the labels of the filter's metrics, and when a cluster's counters begin to exist.
//!
//! Envoy holds each rule for labels against the name of each counter it makes, some hundred for a cluster, and searches one
//! that begins with no literal word from each of the name's places on. With a few dozen orders that was most of Envoy's
//! start. So each rule here begins with a word that few names begin with, or with one cluster's whole name.

use crate::render::tree::{Map, TreeNode, list, one};
use switchover::config::Config;
use switchover::filter::LABELS;
use switchover::plan::orders;

/// Milliseconds: from a first token at once to the longest answers.
pub const BUCKETS: [f64; 15] =
    [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5];

pub fn stats(config: &Config) -> Map {
    let first = first_order(config);
    let label = |place: &str, label: &str| {
        // The same form that Istio's `extraStatTags` makes.
        rule(label, &format!("^{place}wasmcustom\\..*?({label}=\\.=(.*?);\\.;)"))
    };
    let place = format!("cluster\\.{first}\\.");
    let scope = Map::new()
        .why(
            "Envoy 1.37 and 1.38 count a filter's metrics under the cluster that started its VM: the first order. That means \
             nothing, and this takes it out of the name.",
        )
        .with("tag_name", "wasm_scope")
        .with("regex", format!("^({place})wasmcustom\\."));
    let here = LABELS.iter().map(|name| label("", name));
    let scoped = LABELS.iter().map(|name| label(&place, name));
    let buckets: Vec<TreeNode> = BUCKETS.iter().copied().map(TreeNode::Number).collect();
    Map::new()
        .why("A wasm filter can't label its metrics. It writes labels into the name, and these rules take them out again.")
        .with("stats_tags", list(here.chain([scope]).chain(scoped)))
        .why("Milliseconds: from a first token at once to the longest answers.")
        .with(
            "histogram_bucket_settings",
            list([Map::new().with("match", one("suffix", "_ms")).with("buckets", list(buckets))]),
        )
}

/// A cluster's counters of traffic exist from its first request on: there are many orders, and most are never used.
pub fn deferred() -> Map {
    Map::new()
        .why("A cluster's counters of traffic begin with its first request: there is a cluster for each order, and few are used.")
        .with("enable_deferred_creation_stats", true)
}

fn rule(name: &str, regex: &str) -> Map {
    Map::new().with("tag_name", name).with("regex", regex)
}

/// The name of the first rendered order, as a regular expression: what Envoy writes otherwise into its counters' names (`:`),
/// or what means something in an expression, is any character.
fn first_order(config: &Config) -> String {
    let first = config.groups.first().and_then(|group| orders(config, group).into_iter().next());
    let name = first.map(|order| order.name).unwrap_or_default();
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '.' }).collect()
}
