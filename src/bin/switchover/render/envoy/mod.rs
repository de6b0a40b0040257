//! Envoy's bootstrap for one `switchover.yaml`: everything a stand-alone Envoy needs, and nothing newer than Envoy 1.37.
//!
//! Each part explains itself to whoever reads the result. No key is ever in it: keys stay in files that Envoy watches.

mod credential;
mod drill;
mod listener;
mod mesh;
mod order;
mod parts;
mod stats;
mod target;
mod wasm;

pub use drill::cluster_name as twin_cluster;
pub use mesh::{MeshParts, Upstream, in_mesh, in_place};
pub use parts::{RenderedCluster, RenderedPart, files as part_files, rendered_clusters};
pub use wasm::local;

use super::tree::{ListItem, Map, TreeNode, address, list, one};
use switchover::config::Config;

/// What the bootstrap says about the machine that Envoy runs on.
#[derive(Debug)]
pub struct Surroundings {
    pub listen: (String, u16),
    pub admin: (String, u16),
    /// The filter's file.
    pub wasm: String,
    /// The certificates that providers' are verified against.
    pub ca_file: String,
    /// For each of [`Config::credentials`]; `None` where Envoy needs no file.
    pub secrets: Vec<Option<SecretFile>>,
}

/// A key as Envoy finds it.
#[derive(Clone, Debug)]
pub struct SecretFile {
    /// The secret's name in the file.
    pub name: String,
    /// The SDS file.
    pub path: String,
    /// The folder of the key itself.
    pub watched: Option<String>,
}

/// What Envoy holds at most for one connection or stream before it stops reading what fills it.
const BUFFER_BYTES: u64 = 256 << 10;
/// The same of an HTTP/2 stream of a provider's, and of all streams of a caller's connection: a larger window lets more come in
/// a round trip.
const WINDOW_BYTES: u64 = 1 << 20;

const HEAD: &str = "\
An Envoy bootstrap, made by `switchover render envoy` from switchover.yaml: change that file and render again.
It needs Envoy 1.37 or newer: before that, a retry after a held answer lets bytes of the failed attempt through to the caller.

How a request travels: the listener's wasm filter (role `router`) finds the model group, picks an order of targets and names \
it in x-switchover-order; the route takes that header as the name of a cluster. Such a cluster is an aggregate of the \
targets' clusters in that order. Its wasm filter (role `translator`) runs once for each attempt, in the dialect of the \
target that Envoy picked; then the target's key is added. Retries, timeouts, ejection and connections are Envoy's own.";

/// The whole bootstrap. `document` is the configuration as the filter gets it.
pub fn bootstrap(config: &Config, document: String, here: &Surroundings) -> TreeNode {
    let roles = wasm::Roles::new(document, &here.wasm);
    let resources = Map::new()
        .with("listeners", list(listeners(config, here, &roles)))
        .with("clusters", TreeNode::List(clusters(config, here, &roles)));
    let extensions = drill::is_needed(config).then(drill::extensions);
    surroundings(config, here, Map::new().why(HEAD), extensions).with("static_resources", resources).into()
}

/// The same for an Envoy that reads what may change from files, and watches them.
pub struct WatchedParts {
    /// What stays until the next start.
    pub bootstrap: TreeNode,
    pub listeners: Vec<TreeNode>,
    pub clusters: Vec<TreeNode>,
    /// The filter's roles, which the listener and the orders find by their names: the router's and the translator's.
    pub roles: [TreeNode; 2],
}

/// Where an Envoy finds its parts.
pub struct PartFiles {
    pub listeners: String,
    pub clusters: String,
    pub router: String,
    pub translator: String,
}

/// The parts of an Envoy that is told of changes while it runs.
pub fn watched(config: &Config, document: String, here: &Surroundings, files: &PartFiles) -> WatchedParts {
    let roles = wasm::Roles::watched(&files.router, &files.translator);
    let source = |path: &str| {
        Map::new().with("resource_api_version", "V3").with("path_config_source", one("path", path))
    };
    let dynamic =
        Map::new().with("lds_config", source(&files.listeners)).with("cds_config", source(&files.clusters));
    WatchedParts {
        bootstrap: surroundings(config, here, Map::new(), Some(drill::extensions()))
            .with("dynamic_resources", dynamic)
            .into(),
        listeners: listeners(config, here, &roles).collect(),
        clusters: clusters(config, here, &roles).into_iter().map(|item| item.value).collect(),
        roles: wasm::resources(document, &here.wasm),
    }
}

fn listeners(config: &Config, here: &Surroundings, roles: &wasm::Roles) -> impl Iterator<Item = TreeNode> {
    std::iter::once(listener::listener(config, here, roles)).chain(drill::listener(config))
}

fn clusters(config: &Config, here: &Surroundings, roles: &wasm::Roles) -> Vec<ListItem> {
    let mut clusters = target::clusters(config, here);
    clusters.extend(order::clusters(config, here, Some(&roles.translator)));
    clusters
}

/// All but listeners and clusters.
fn surroundings(config: &Config, here: &Surroundings, head: Map, extensions: Option<TreeNode>) -> Map {
    head.with("node", Map::new().with("id", "switchover").with("cluster", "switchover"))
        .why(
            "Only for this machine: whoever reaches this port can shut Envoy down and read its configuration (keys are \
             redacted in it).",
        )
        .with("admin", one("address", address(&here.admin.0, here.admin.1)))
        .with("overload_manager", overload(config))
        .with("stats_config", stats::stats(config))
        .with("deferred_stat_options", stats::deferred())
        .with_some("bootstrap_extensions", extensions)
}

/// What Envoy has without any request, and what it takes for connections.
const HEAP_BYTES: u64 = 512 << 20;
/// So many workers are taken to be there, at most.
const WORKERS: u64 = 16;

/// The bounds of what no filter sees. Not the cgroup's memory: the VMs' is in it and never shrinks, so an Envoy that once had much
/// to do would refuse everybody for good; and where there is no cgroup Envoy would not start.
fn overload(config: &Config) -> Map {
    let heap = HEAP_BYTES.saturating_add((config.listen.memory / 4).saturating_mul(WORKERS));
    let monitors = [
        monitor(
            "global_downstream_max_connections",
            "downstream_connections.v3.DownstreamConnectionsConfig",
            Map::new().with("max_active_downstream_connections", 50_000u64),
        ),
        monitor(
            "fixed_heap",
            "fixed_heap.v3.FixedHeapConfig",
            Map::new()
                .why(
                    "Envoy's own memory without that of the WebAssembly VMs, which `listen.memory` bounds: 512 MiB and a quarter of \
                     it for each of 16 workers.",
                )
                .with("max_heap_size_bytes", heap),
        ),
    ];
    let action = |name: &str, pressure: f64| {
        let trigger = Map::new()
            .with("name", "envoy.resource_monitors.fixed_heap")
            .with("threshold", one("value", TreeNode::Number(pressure)));
        Map::new().with("name", format!("envoy.overload_actions.{name}")).with("triggers", list([trigger]))
    };
    let actions = [action("shrink_heap", 0.8), action("stop_accepting_requests", 0.95)];
    Map::new()
        .why("Bounds, so that a flood ends here and not with Envoy out of memory.")
        .with("refresh_interval", "0.25s")
        .with("resource_monitors", list(monitors))
        .with("actions", list(actions))
}

fn monitor(name: &str, kind: &str, config: Map) -> Map {
    let typed = Map::typed(&format!("envoy.extensions.resource_monitors.{kind}"));
    Map::new().with("name", format!("envoy.resource_monitors.{name}")).with("typed_config", typed.and(config))
}

/// How the clusters of targets and of orders treat ejected hosts: never ask one, and know of each at once.
///
/// Envoy gathers changes of health for up to a second before the orders hear of them, unless told not to: a target that
/// comes back and fails again would be asked by everybody until then (seen on 1.37 and 1.40).
fn ejected_means_ejected() -> Map {
    Map::new().with("healthy_panic_threshold", one("value", 0u64)).with("update_merge_window", "0s")
}

/// A cluster with what stands above it.
fn cluster(why: String, map: Map) -> ListItem {
    ListItem { why, value: map.into() }
}
