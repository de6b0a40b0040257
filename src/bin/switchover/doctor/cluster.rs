//! Clusters: whether those of the document are there, and are as they are rendered.

use super::Findings;
use super::dump::{Dump, each, text, whole};
use super::filter::{OurFilter, flag, policy};
use crate::render::rendered_clusters;
use std::collections::BTreeMap;
use switchover::config::Config;
use switchover::json::Raw;

/// How many names a sentence has.
const NAMED: usize = 3;

/// Looks at all that the document's orders need; says how many orders there are.
/// `shared` is the translator that all orders have from Envoy's router.
pub fn examine(
    dump: &Dump<'_>,
    config: &Config,
    router: &OurFilter<'_>,
    shared: Option<&OurFilter<'_>>,
    found: &mut Findings,
) -> usize {
    let there: BTreeMap<String, Raw<'_>> =
        dump.clusters.iter().filter_map(|one| Some((text(*one, &["name"])?, *one))).collect();
    let (orders, targets): (Vec<_>, Vec<_>) =
        rendered_clusters(config).into_iter().partition(|one| one.targets.is_some());
    let missing = |all: &[crate::render::RenderedCluster]| {
        all.iter()
            .filter(|one| !there.contains_key(&one.name))
            .map(|one| one.name.clone())
            .collect::<Vec<_>>()
    };
    let put =
        "Put the clusters of clusters.yaml or cds.yaml in, of the same render as the router role's document";
    if let Some(names) = listed(&missing(&orders)) {
        found.say(format!("There is no cluster {names}, an order that the router role may name. {put}."));
    }
    if let Some(names) = listed(&missing(&targets)) {
        found.say(format!("There is no cluster {names}, a target of the document. {put}."));
    }
    let mut faults = Faults::default();
    for order in &orders {
        if let Some(cluster) = there.get(&order.name) {
            let asked: Vec<_> = each(*cluster, &["cluster_type", "typed_config", "clusters"])
                .into_iter()
                .filter_map(|name| Some(name.text()?.into_string()))
                .collect();
            if order.targets.as_ref() != Some(&asked) {
                faults.add(Fault::Members, &order.name);
            }
            look_at_order(*cluster, &order.name, dump, router, shared, &mut faults);
        }
    }
    for target in &targets {
        if let Some(cluster) = there.get(&target.name) {
            look_at_target(*cluster, &target.name, target.has_breaker, &mut faults);
        }
    }
    faults.tell(found);
    orders.len()
}

/// Something that many clusters may lack alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Members,
    Awaited,
    NoTranslator,
    OtherDocument,
    OtherVm,
    NoFlag,
    Policy(&'static str),
    NoRetries,
    FewRetries,
    Panic,
    NoTarget,
    NoBreaker,
}

#[derive(Default)]
struct Faults(BTreeMap<Fault, Vec<String>>);

impl Faults {
    fn add(&mut self, fault: Fault, name: &str) {
        self.0.entry(fault).or_default().push(name.to_owned());
    }

    /// One sentence for each, whatever number of clusters has it.
    fn tell(self, found: &mut Findings) {
        for (fault, names) in self.0 {
            let names = listed(&names).unwrap_or_default();
            found.say(match fault {
                Fault::Members => format!(
                    "The cluster {names} has other targets, or in another order, than the router role's document. Put both in from \
                     one render."
                ),
                Fault::Awaited => format!(
                    "The translator of cluster {names} has not come from the control plane (ECDS), so LLM calls get 503. The control \
                     plane has not sent it or Envoy refused it (`switchover doctor --istiod URL` says which), or the module could not be \
                     fetched (the agent's log)."
                ),
                Fault::NoTranslator => format!(
                    "The cluster {names} lacks the filter in its role `translator`, so a provider would get the caller's request as \
                     it is. Put the `http_filters` of clusters.yaml into its HttpProtocolOptions."
                ),
                Fault::OtherDocument => format!(
                    "The translator of cluster {names} has another document than the router role. Put both in from one render."
                ),
                Fault::OtherVm => format!(
                    "The translator of cluster {names} has another `vm_id` than the router role, so neither knows what the other \
                     found out. Give both the same."
                ),
                Fault::NoFlag => flag(&format!("The translator of cluster {names}")),
                Fault::Policy(then) => policy(&format!("The translator of cluster {names}"), then),
                Fault::NoRetries => format!(
                    "The cluster {names} has no `retry_policy` in its HttpProtocolOptions, so a failed target is the last one. Put \
                     in that of clusters.yaml."
                ),
                Fault::FewRetries => format!(
                    "The cluster {names} lets only few retries run at a time (Envoy's default is 3), so under load nothing fails \
                     over. Write `circuit_breakers: {{thresholds: [{{max_retries: 1000000}}]}}`, as clusters.yaml does."
                ),
                Fault::Panic => format!(
                    "The cluster {names} has no `common_lb_config: {{healthy_panic_threshold: {{value: 0}}}}`, so ejected targets are \
                     asked all the same. Write it, as clusters.yaml does."
                ),
                Fault::NoTarget => format!(
                    "The endpoint of cluster {names} doesn't say which target it is, so the translator can't write for it. Give it \
                     `metadata: {{filter_metadata: {{switchover: {{target: …}}}}}}`, as clusters.yaml does."
                ),
                Fault::NoBreaker => format!(
                    "The cluster {names} has no `outlier_detection`, so a target that fails is asked by each request. Put in that of \
                     clusters.yaml."
                ),
            });
        }
    }
}

fn look_at_order(
    cluster: Raw<'_>,
    name: &str,
    dump: &Dump<'_>,
    router: &OurFilter<'_>,
    shared: Option<&OurFilter<'_>>,
    faults: &mut Faults,
) {
    let options = cluster
        .at(&["typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]);
    let filters = options.map(|options| each(options, &["http_filters"])).unwrap_or_default();
    let is_awaited = filters.iter().any(|filter| dump.awaited(*filter).is_some());
    let mut ours = filters.into_iter().filter_map(|filter| OurFilter::of(filter, dump));
    match ours.find(|filter| filter.role == "translator").or_else(|| shared.cloned()) {
        None if is_awaited => faults.add(Fault::Awaited, name),
        None => faults.add(Fault::NoTranslator, name),
        Some(translator) => {
            if translator.document != router.document {
                faults.add(Fault::OtherDocument, name);
            }
            if translator.vm() != router.vm() {
                faults.add(Fault::OtherVm, name);
            }
            if !translator.has_flag() {
                faults.add(Fault::NoFlag, name);
            }
            if let Some(then) = translator.after_a_crash() {
                faults.add(Fault::Policy(then), name);
            }
        }
    }
    if options.is_none_or(|options| options.get("retry_policy").is_none()) {
        faults.add(Fault::NoRetries, name);
    }
    let retries = each(cluster, &["circuit_breakers", "thresholds"]);
    let most = retries.iter().filter_map(|one| whole(*one, &["max_retries"])).max();
    if most.unwrap_or(3) < 1000 {
        faults.add(Fault::FewRetries, name);
    }
    panics(cluster, name, faults);
}

fn look_at_target(cluster: Raw<'_>, name: &str, has_breaker: bool, faults: &mut Faults) {
    let places = each(cluster, &["load_assignment", "endpoints"]);
    let places = places.into_iter().flat_map(|locality| each(locality, &["lb_endpoints"]));
    let is_named =
        |place: &Raw<'_>| text(*place, &["metadata", "filter_metadata", "switchover", "target"]).is_some();
    if !places.into_iter().all(|place| is_named(&place)) {
        faults.add(Fault::NoTarget, name);
    }
    if has_breaker {
        if cluster.get("outlier_detection").is_none() {
            faults.add(Fault::NoBreaker, name);
        }
        panics(cluster, name, faults);
    }
}

fn panics(cluster: Raw<'_>, name: &str, faults: &mut Faults) {
    let Some(threshold) = cluster.at(&["common_lb_config", "healthy_panic_threshold"]) else {
        return faults.add(Fault::Panic, name);
    };
    // Protobuf's JSON may leave a zero out.
    if threshold.get("value").and_then(Raw::as_f64).unwrap_or(0.0) > 0.0 {
        faults.add(Fault::Panic, name);
    }
}

/// `` `a`, `b` and 7 others``; nothing for none.
fn listed(names: &[String]) -> Option<String> {
    let quoted: Vec<_> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(NAMED);
    match (quoted.split_last(), more) {
        (None, _) => None,
        (Some((last, [])), 0) => Some(last.clone()),
        (Some((last, rest)), 0) => Some(format!("{} and {last}", rest.join(", "))),
        (_, 1) => Some(format!("{} and 1 other", quoted.join(", "))),
        (_, more) => Some(format!("{} and {more} others", quoted.join(", "))),
    }
}
