//! One aggregate cluster for each order of targets that a request can be sent down.

use super::{Surroundings, cluster, credential, ejected_means_ejected, target};
use crate::render::tree::{ListItem, Map, TreeNode, duration, list, one};
use switchover::config::{BackOff, Config, Group, Twin};
use switchover::filter::headers::RETRY;
use switchover::plan::{Order, attempts, back_off, orders};

const PROTOCOL_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const SECTION: &str = "\
THE ORDERS, each a cluster: a group and its targets in the order to try. There is one for every set of targets that a \
request can be left with (after capabilities, cool-downs and context windows) and every target that may then come first; \
where drills are configured, also with a drilled target's stand-in (`!fail`, `!slow`) in its place. \
The filter computes the same names from the same file.\n\n";

/// The clusters of all orders. Without `translator` they have no filters: Envoy's router has those of [`filters`].
pub fn clusters(config: &Config, here: &Surroundings, translator: Option<&TreeNode>) -> Vec<ListItem> {
    let keys = credential::keys(config, here);
    let shared = translator.map(SharedOrders::new);
    let limits = TreeNode::shared("limits", limits());
    let mut clusters = Vec::new();
    for group in &config.groups {
        // Written once, however many orders have it.
        let mut policies: Vec<((usize, BackOff), TreeNode)> = Vec::new();
        for (i, order) in orders(config, group).into_iter().enumerate() {
            let mut why = String::new();
            if clusters.is_empty() {
                why.push_str(SECTION);
            }
            if i == 0 {
                why.push_str(&format!("Model group {}", group.name));
            }
            let real = order.seats.iter().filter(|seat| seat.twin != Some(Twin::Fail));
            let keys = real.filter_map(|seat| keys.get(seat.target)?.clone()).collect();
            let key = credential::filter(keys, order.seats.len() == 1);
            let filters = shared.as_ref().map(|shared| shared.filters(key));
            let how = (attempts(group, order.seats.len()), back_off(group, order.seats.len()));
            let policy = match policies.iter().find(|(known, _)| *known == how) {
                Some((_, policy)) => policy.clone(),
                None => {
                    let name = format!("{}-attempts-of-{}", how.0, group.name);
                    let policy = TreeNode::shared(&name, retry_policy(how.0, how.1));
                    policies.push((how, policy.clone()));
                    policy
                }
            };
            clusters.push(cluster(why, one_order(config, group, &order, &policy, &limits, filters)));
        }
    }
    clusters
}

/// Filters that all orders have.
struct SharedOrders {
    translator: TreeNode,
    strip: TreeNode,
    codec: TreeNode,
}

/// The filters of each attempt, for the orders of all targets: what Envoy's router runs before whatever goes upstream.
pub fn filters(config: &Config, here: &Surroundings, translator: &TreeNode) -> TreeNode {
    let keys = credential::keys(config, here).into_iter().flatten().collect();
    SharedOrders::new(translator).filters(credential::filter(keys, false))
}

impl SharedOrders {
    fn new(translator: &TreeNode) -> SharedOrders {
        SharedOrders {
            translator: translator.clone(),
            strip: TreeNode::shared("strip-internal-headers", strip()),
            codec: TreeNode::shared("codec", codec()),
        }
    }

    /// The filters of one order, in the order they run.
    fn filters(&self, credentials: Option<TreeNode>) -> TreeNode {
        let filters = [Some(&self.translator), credentials.as_ref(), Some(&self.strip), Some(&self.codec)];
        list(filters.into_iter().flatten().cloned())
    }
}

fn one_order(
    config: &Config,
    group: &Group,
    order: &Order,
    policy: &TreeNode,
    limits: &TreeNode,
    filters: Option<TreeNode>,
) -> Map {
    let targets = target::names(config, order, group.when_all_ejected);
    let aggregate =
        Map::typed("envoy.extensions.clusters.aggregate.v3.ClusterConfig").with("clusters", list(targets));
    let options = Map::typed(PROTOCOL_OPTIONS)
        .with("explicit_http_config", one("http_protocol_options", Map::new()))
        .with("retry_policy", policy.clone())
        .with_some("http_filters", filters);
    Map::new()
        .with("name", order.name.as_str())
        .with("lb_policy", "CLUSTER_PROVIDED")
        .with(
            "cluster_type",
            Map::new().with("name", "envoy.clusters.aggregate").with("typed_config", aggregate),
        )
        .with("common_lb_config", ejected_means_ejected())
        .with("circuit_breakers", limits.clone())
        .with("typed_extension_protocol_options", one(PROTOCOL_OPTIONS, options))
}

/// The fallback chain. Here and not in request headers: Envoy would read those anew for each request, and this policy stands
/// in the place of the route's, so that a mesh's own retries don't interfere.
///
/// No `per_try_idle_timeout`: Envoy stops that timer when the per-try timeout passes, also where the answer has begun by
/// then (seen on 1.37 and 1.40), so it would watch no stream for longer than its first token may take.
fn retry_policy(attempts: usize, pause: BackOff) -> TreeNode {
    let retries = u64::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    if retries == 0 {
        let none = Map::new().why("There is no other target to try.").with("num_retries", 0u64);
        return none.into();
    }
    let previous =
        Map::typed("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig")
            .with("update_frequency", 1u64);
    let priority =
        Map::new().with("name", "envoy.retry_priorities.previous_priorities").with("typed_config", previous);
    let back_off = Map::new()
        .with("base_interval", duration(pause.base_ms))
        .with("max_interval", duration(pause.max_ms));
    Map::new()
        .why("Each attempt goes to the next target. The translator marks the failures that another target may mend.")
        .with("retry_on", "retriable-headers,connect-failure,reset")
        .with("retriable_headers", list([Map::new().with("name", RETRY).with("present_match", true)]))
        .with("num_retries", retries)
        .with("retry_priority", priority)
        .with("retry_back_off", back_off)
        .into()
}

/// A budget in percent of the running requests does not work here (seen on 1.37 and 1.40): Envoy counts running requests
/// at the targets' clusters, so an aggregate never has any, and only the budget's least number would count.
fn limits() -> TreeNode {
    let thresholds = Map::new()
        .why("Envoy's default of three retries at a time would stop failover under load.")
        .with("max_retries", 1_000_000u64);
    one("thresholds", list([thresholds]))
}

/// What no provider may see.
fn strip() -> TreeNode {
    let prefixes = ["x-switchover-", "x-envoy-", "x-forwarded-"];
    let remove =
        prefixes.iter().map(|prefix| one("remove_on_match", one("key_matcher", one("prefix", *prefix))));
    let mutation = Map::typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation")
        .why("No header of ours, of Envoy's or about the caller's address reaches a provider.")
        .with("mutations", one("request_mutations", list(remove)));
    Map::new().with("name", "envoy.filters.http.header_mutation").with("typed_config", mutation).into()
}

fn codec() -> TreeNode {
    let codec = Map::typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec");
    Map::new().with("name", "envoy.filters.http.upstream_codec").with("typed_config", codec).into()
}
