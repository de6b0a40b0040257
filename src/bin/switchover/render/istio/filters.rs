//! The `EnvoyFilter`s: the clusters in files of a bounded size, then the rest, which needs them.

use super::{MeshContext, MeshPlaces};
use crate::render::envoy::MeshParts;
use crate::render::manifest::{self, KEPT, Manifest, map, name_of};
use crate::render::tree::{ListItem, Map, TreeNode, one};

const CLUSTERS: &str = "\
Made by `switchover render istio`: change switchover.yaml and render again.
Targets and orders of targets, each a cluster. Apply with `kubectl apply --server-side`: a client-side apply keeps a copy in an \
annotation, which is too small for it.";
const FILTER: &str = "\
Made by `switchover render istio`: change switchover.yaml and render again.
How a request travels: the wasm filter of role `router` before Envoy's router finds the model group, picks an order of targets and \
names it in x-switchover-order; the route takes that header as the name of a cluster. There the role `translator` runs once for each \
attempt, in the dialect of the target that Envoy picked; then the target's key is added. Requests that are no LLM calls pass by.";
const OLD: &str = "\
Made by `switchover render istio --keep`: what requests on their way, and proxies that don't have the new document yet, still need. \
Delete it when every proxy has the new one and the longest request has ended.";

const MANAGER: &str = "envoy.filters.network.http_connection_manager";
const ROUTER: &str = "envoy.filters.http.router";

/// The clusters' files, and the filter's.
pub fn manifests(places: &MeshPlaces<'_>, parts: &MeshParts) -> Vec<Manifest> {
    let mut manifests: Vec<Manifest> = split(places, parts.clusters.iter(), "clusters", CLUSTERS)
        .into_iter()
        .zip(1..)
        .map(|(document, n)| Manifest { name: format!("clusters-{n}.yaml"), documents: vec![document] })
        .collect();
    let document = object(places, "", FILTER, 11, filter(places, parts));
    manifests.push(Manifest { name: "filter.yaml".to_owned(), documents: vec![document] });
    manifests
}

/// The clusters that the new file lacks.
pub fn kept(places: &MeshPlaces<'_>, old: &[ListItem], names: &[String]) -> Option<Manifest> {
    let gone = old.iter().filter(|item| !names.contains(&name_of(&item.value)));
    let documents = split(places, gone, "kept", OLD);
    (!documents.is_empty()).then(|| Manifest { name: KEPT.to_owned(), documents })
}

fn split<'t>(
    places: &MeshPlaces<'_>,
    clusters: impl Iterator<Item = &'t ListItem>,
    called: &str,
    head: &str,
) -> Vec<TreeNode> {
    let patch = |cluster| patch("CLUSTER", matched(places, None), "ADD", cluster);
    let object = |(patches, n): (Vec<ListItem>, u32)| {
        object(places, &format!("-{called}-{n}"), head, 10, TreeNode::List(patches))
    };
    manifest::split(clusters, patch).into_iter().zip(1..).map(object).collect()
}

fn filter(places: &MeshPlaces<'_>, parts: &MeshParts) -> TreeNode {
    let mut patches = Vec::new();
    let mut put = |why: &str, patch: TreeNode| patches.push(ListItem { why: why.to_owned(), value: patch });
    for (name, config) in &parts.extensions {
        let value = Map::new().with("name", *name).with("typed_config", config.clone());
        put("", patch("EXTENSION_CONFIG", matched(places, None), "ADD", value.into()));
    }
    for filter in &parts.http_filters {
        put("", patch("HTTP_FILTER", at_router(places), "INSERT_BEFORE", filter.clone()));
    }
    if let Some(filters) = &parts.upstream_filters {
        let config = Map::typed("envoy.extensions.filters.http.router.v3.Router")
            .with("upstream_http_filters", filters.clone());
        let value = Map::new().with("name", ROUTER).with("typed_config", config);
        put(
            "Whatever goes upstream from this gateway passes these, so it must serve nothing but LLM calls.",
            patch("HTTP_FILTER", at_router(places), "MERGE", value.into()),
        );
    }
    let hosts = places.hosts.iter().map(Some);
    // Without a host it goes into all of them: only the router role sets the header.
    let hosts: Vec<Option<&String>> = if places.hosts.is_empty() { vec![None] } else { hosts.collect() };
    for host in hosts {
        let route = Map::new().with("name", "switchover").and(map(&parts.route));
        put("", patch("HTTP_ROUTE", in_host(places, host), "INSERT_FIRST", route.into()));
    }
    if let Some(listener) = &parts.drills {
        put("", patch("LISTENER", matched(places, None), "ADD", listener.clone()));
    }
    TreeNode::List(patches)
}

fn patch(applied_to: &str, matched: Map, operation: &str, value: TreeNode) -> TreeNode {
    Map::new()
        .with("applyTo", applied_to)
        .with("match", matched)
        .with("patch", Map::new().with("operation", operation).with("value", value))
        .into()
}

fn matched(places: &MeshPlaces<'_>, more: Option<(&str, TreeNode)>) -> Map {
    let matched = Map::new().with("context", places.args.context.patched());
    match more {
        Some((key, value)) => matched.with(key, value),
        None => matched,
    }
}

fn at_router(places: &MeshPlaces<'_>) -> Map {
    let router = one("subFilter", one("name", ROUTER));
    let filter = Map::new().with("name", MANAGER).and(map(&router));
    let listener =
        Map::new().with("portNumber", u64::from(places.args.port)).with("filterChain", one("filter", filter));
    matched(places, Some(("listener", listener.into())))
}

fn in_host(places: &MeshPlaces<'_>, host: Option<&String>) -> Map {
    let port = u64::from(places.args.port);
    let mut routes = Map::new();
    if places.args.context == MeshContext::Gateway {
        routes = routes.with("portNumber", port);
    }
    // Istio calls a sidecar's virtual hosts by host and port.
    let vhost = host.map(|host| match places.args.context {
        MeshContext::Gateway => one("domainName", host.as_str()),
        MeshContext::Sidecar => one("name", format!("{host}:{port}")),
    });
    matched(places, Some(("routeConfiguration", routes.with_some("vhost", vhost).into())))
}

/// An `EnvoyFilter`.
fn object(places: &MeshPlaces<'_>, called: &str, head: &str, priority: u64, patches: TreeNode) -> TreeNode {
    let spec = places.whom().with("priority", priority).with("configPatches", patches);
    let filter = places.owner().object(head, "networking.istio.io/v1alpha3", "EnvoyFilter", called);
    filter.with("spec", spec).into()
}
