//! The `EnvoyPatchPolicy`s: the clusters in objects of a bounded size, then the rest, which needs them.

use super::GatewayPlaces;
use crate::render::envoy::MeshParts;
use crate::render::manifest::{self, KEPT, Manifest, map, name_of};
use crate::render::tree::{ListItem, Map, TreeNode, one};

const CLUSTERS: &str = "\
Made by `switchover render envoy-gateway`: change switchover.yaml and render again.
Targets and orders of targets, each a cluster. Apply with `kubectl apply --server-side`: a client-side apply keeps a copy in an \
annotation, which is too small for it.";
const FILTER: &str = "\
Made by `switchover render envoy-gateway`: change switchover.yaml and render again.
How a request travels: the wasm filter of role `router` before Envoy's router, behind whatever of Envoy Gateway's lets callers in, \
finds the model group, picks an order of targets and names it in x-switchover-order; the route takes that header as the name of a \
cluster. There the role `translator` runs once for each attempt, in the dialect of the target that Envoy picked; then the target's \
key is added. Requests that are no LLM calls pass by.";
const OLD: &str = "\
Made by `switchover render envoy-gateway --keep`: what requests on their way still need. Delete it when the new ones are programmed \
and the longest request has ended.";

const CLUSTER: &str = "cluster.v3.Cluster";
const LISTENER: &str = "listener.v3.Listener";
const ROUTES: &str = "route.v3.RouteConfiguration";

/// The clusters' files, and the filter's.
pub fn manifests(places: &GatewayPlaces<'_>, parts: &MeshParts) -> Vec<Manifest> {
    let mut manifests: Vec<Manifest> = policies(places, parts.clusters.iter(), "clusters", CLUSTERS)
        .into_iter()
        .zip(1..)
        .map(|(document, n)| Manifest { name: format!("clusters-{n}.yaml"), documents: vec![document] })
        .collect();
    let document = policy(places, "", FILTER, filter(places, parts));
    manifests.push(Manifest { name: "filter.yaml".to_owned(), documents: vec![document] });
    manifests
}

/// The clusters that the new file lacks.
pub fn kept(places: &GatewayPlaces<'_>, old: &[ListItem], names: &[String]) -> Option<Manifest> {
    let gone = old.iter().filter(|item| !names.contains(&name_of(&item.value)));
    let documents = policies(places, gone, "kept", OLD);
    (!documents.is_empty()).then(|| Manifest { name: KEPT.to_owned(), documents })
}

fn policies<'t>(
    places: &GatewayPlaces<'_>,
    clusters: impl Iterator<Item = &'t ListItem>,
    called: &str,
    head: &str,
) -> Vec<TreeNode> {
    let patch = |cluster: TreeNode| {
        let name = name_of(&cluster);
        patch(CLUSTER, &name, Map::new().with("op", "add").with("path", "").with("value", cluster))
    };
    let object = |(patches, n): (Vec<ListItem>, u32)| {
        policy(places, &format!("-{called}-{n}"), head, TreeNode::List(patches))
    };
    manifest::split(clusters, patch).into_iter().zip(1..).map(object).collect()
}

fn filter(places: &GatewayPlaces<'_>, parts: &MeshParts) -> TreeNode {
    let args = places.args;
    let listener = format!("{}/{}/{}", args.namespace, args.gateway, args.listener);
    let router = "..http_filters[?(@.name=='envoy.filters.http.router')]";
    let mut patches = Vec::new();
    let mut put = |patch: TreeNode| patches.push(ListItem { why: String::new(), value: patch });
    let add = |place: &str, value: TreeNode| {
        Map::new().with("op", "add").with("jsonPath", place).with("value", value)
    };
    for filter in &parts.http_filters {
        put(patch(LISTENER, &listener, add(router, filter.clone())));
    }
    if let Some(filters) = &parts.upstream_filters {
        let place = Map::new().with("op", "add").with("jsonPath", format!("{router}.typed_config"));
        put(patch(
            LISTENER,
            &listener,
            place.with("path", "upstream_http_filters").with("value", filters.clone()),
        ));
    }
    for host in &places.hosts {
        let place = format!("..virtual_hosts[?(@.domains[0]=='{host}')]");
        let route = Map::new().with("name", "switchover").and(map(&parts.route));
        let place = Map::new().with("op", "add").with("jsonPath", place).with("path", "routes/0");
        put(patch(ROUTES, &listener, place.with("value", route)));
    }
    if let Some(drills) = &parts.drills {
        let operation = Map::new().with("op", "add").with("path", "").with("value", drills.clone());
        put(patch(LISTENER, &name_of(drills), operation));
    }
    TreeNode::List(patches)
}

fn patch(of: &str, name: &str, operation: Map) -> TreeNode {
    let kind = format!("type.googleapis.com/envoy.config.{of}");
    Map::new().with("type", kind).with("name", name).with("operation", operation).into()
}

fn policy(places: &GatewayPlaces<'_>, called: &str, head: &str, patches: TreeNode) -> TreeNode {
    let gateway = Map::new().with("group", "gateway.networking.k8s.io").with("kind", "Gateway");
    let spec = Map::new()
        .with("targetRef", gateway.with("name", places.args.gateway.as_str()))
        .with("type", "JSONPatch")
        .with("jsonPatches", patches);
    let object = places.owner().object(head, "gateway.envoyproxy.io/v1alpha1", "EnvoyPatchPolicy", called);
    object.with("spec", spec).into()
}

/// The head of a file that is no policy.
pub fn headed(head: &str) -> String {
    format!("Made by `switchover render envoy-gateway`. {head}")
}

/// `{name: …}` and more of an object that is referred to.
pub fn reference(kind: &str, name: &str) -> Map {
    map(&one("group", "gateway.envoyproxy.io")).with("kind", kind).with("name", name)
}
