//! The bootstrap in parts, for an Envoy that somebody has already.
//!
//! They are cut out of the bootstrap, so they can't say anything else. Each is called as the field that it goes into.

use super::{Surroundings, bootstrap};
use crate::render::tree::{ListItem, Map, TreeMember, TreeNode, list, one};
use switchover::config::Config;

/// A part that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RenderedPart {
    /// The targets and the orders, as clusters.yaml to put in and as cds.yaml for Envoy to read; drills.yaml where drills need more.
    Clusters,
    /// The HTTP filters, and what the connection manager needs besides.
    Filters,
    /// The route that stands first.
    Routes,
    /// The rules for the labels of what is counted.
    Stats,
    /// An access log.
    Logs,
}

impl RenderedPart {
    /// In the order in which they are written.
    pub const ALL: [RenderedPart; 5] = [
        RenderedPart::Clusters,
        RenderedPart::Filters,
        RenderedPart::Routes,
        RenderedPart::Stats,
        RenderedPart::Logs,
    ];
}

/// A file of a part: its name without an ending, and what is in it.
pub type PartFile = (&'static str, TreeNode);

const CLUSTERS: &str = "\
Made by `switchover render envoy --only clusters`: change switchover.yaml and render again.
These go among `static_resources.clusters`. cds.yaml has the same for an Envoy that reads them from a file: \
`dynamic_resources: {cds_config: {path_config_source: {path: …/cds.yaml}}}`. Envoy needs `node: {id: …, cluster: …}` to read keys.";
const CDS: &str = "\
Made by `switchover render envoy --only clusters`: change switchover.yaml and render again.
Envoy reads this file by `dynamic_resources: {cds_config: {path_config_source: {path: …}}}`, and again when another is moved to \
its name. filters.yaml must be of the same render: both hold the document.";
const DRILLS: &str = "\
Made by `switchover render envoy --only clusters`, as switchover.yaml has drills: the members of `bootstrap_extensions` and of \
`static_resources.listeners` that they need.";
const FILTERS: &str = "\
Made by `switchover render envoy --only filters`: change switchover.yaml and render again.
Members of the HTTP connection manager. `http_filters` go behind whatever lets callers in (jwt_authn, ext_authz) and before \
envoy.filters.http.router; the others stand beside.";
const ROUTES: &str = "\
Made by `switchover render envoy --only routes`.
It goes before every other route of the virtual host that could take the same paths: a catch-all before it would take them all.";
const STATS: &str = "\
Made by `switchover render envoy --only stats`.
Members of the bootstrap; `stats_tags` go among yours.";
const LOGS: &str = "\
Made by `switchover render envoy --only logs`.
It goes among the connection manager's `access_log`. `path` is what a filter of filters.yaml keeps.";

/// What the connection manager needs for the filter: who a caller is, how long a request may be silent, whose words a refusal has.
const MANAGER: [&str; 5] = [
    "use_remote_address",
    "internal_address_config",
    "stream_idle_timeout",
    "local_reply_config",
    "http_filters",
];

/// The files of a part.
pub fn files(part: RenderedPart, bootstrap: &TreeNode) -> Vec<PartFile> {
    match part {
        RenderedPart::Clusters => {
            let resources = bootstrap.member("static_resources");
            let clusters =
                resources.and_then(|all| all.member("clusters")).map(TreeNode::items).unwrap_or_default();
            let mut files = vec![
                ("clusters", headed(CLUSTERS, vec![plain("clusters", TreeNode::List(clusters.to_vec()))])),
                ("cds", headed(CDS, vec![plain("resources", TreeNode::List(typed(clusters)))])),
            ];
            files.extend(drills(bootstrap).map(|tree| ("drills", tree)));
            files
        }
        RenderedPart::Filters => {
            let mut kept: Vec<TreeMember> = members(manager(bootstrap), &MANAGER);
            for member in kept.iter_mut().filter(|member| member.key == "http_filters") {
                // Envoy's own router is there already, and is the last.
                let filters = member.value.items();
                let ours = filters.split_last().map(|(_, before)| before.to_vec());
                member.value = TreeNode::List(ours.unwrap_or_default());
            }
            vec![("filters", headed(FILTERS, kept))]
        }
        RenderedPart::Routes => {
            let hosts =
                manager(bootstrap).and_then(|all| all.member("route_config")?.member("virtual_hosts"));
            let first =
                hosts.and_then(|hosts| hosts.items().first()?.value.member("routes")?.items().first());
            vec![(
                "routes",
                headed(ROUTES, vec![plain("routes", TreeNode::List(first.cloned().into_iter().collect()))]),
            )]
        }
        RenderedPart::Stats => {
            vec![(
                "stats",
                headed(STATS, members(Some(bootstrap), &["stats_config", "deferred_stat_options"])),
            )]
        }
        RenderedPart::Logs => vec![("logs", headed(LOGS, members(manager(bootstrap), &["access_log"])))],
    }
}

/// The connection manager of the listener that callers reach.
fn manager(bootstrap: &TreeNode) -> Option<&TreeNode> {
    let listener = &bootstrap.member("static_resources")?.member("listeners")?.items().first()?.value;
    let chain = &listener.member("filter_chains")?.items().first()?.value;
    chain.member("filters")?.items().first()?.value.member("typed_config")
}

/// The listener that failing drills end at, and what it needs.
fn drills(bootstrap: &TreeNode) -> Option<TreeNode> {
    let extensions = members(Some(bootstrap), &["bootstrap_extensions"]);
    let listeners = bootstrap.member("static_resources")?.member("listeners")?.items().get(1..)?;
    let listeners = Map::new().with("listeners", TreeNode::List(listeners.to_vec()));
    (!extensions.is_empty()).then(|| {
        headed(DRILLS, extensions.into_iter().chain([plain("static_resources", listeners.into())]).collect())
    })
}

/// Each with its type, as resources of a file have it.
fn typed(clusters: &[ListItem]) -> Vec<ListItem> {
    let typed = |item: &ListItem| {
        let kind = one("@type", "type.googleapis.com/envoy.config.cluster.v3.Cluster");
        let members = [&kind, &item.value].into_iter().flat_map(TreeNode::members).cloned();
        ListItem { why: item.why.clone(), value: TreeNode::Map(members.collect()) }
    };
    clusters.iter().map(typed).collect()
}

fn members(node: Option<&TreeNode>, keys: &[&str]) -> Vec<TreeMember> {
    let all = node.map(TreeNode::members).unwrap_or_default();
    all.iter().filter(|member| keys.contains(&member.key.as_str())).cloned().collect()
}

fn plain(key: &str, value: TreeNode) -> TreeMember {
    TreeMember { key: key.to_owned(), why: String::new(), value }
}

/// With the file's own words above the first member.
fn headed(head: &str, mut members: Vec<TreeMember>) -> TreeNode {
    if let Some(first) = members.first_mut() {
        let gap = if first.why.is_empty() { "" } else { "\n\n" };
        first.why = format!("{head}{gap}{}", first.why);
    }
    if members.is_empty() { list::<TreeNode>([]) } else { TreeNode::Map(members) }
}

/// What is known of a cluster that is rendered.
pub struct RenderedCluster {
    pub name: String,
    /// Of an order: the clusters of its targets.
    pub targets: Option<Vec<String>>,
    /// Whether failures eject it.
    pub has_breaker: bool,
}

/// The clusters that a document needs, wherever it is served.
pub fn rendered_clusters(config: &Config) -> Vec<RenderedCluster> {
    let nowhere = || ("127.0.0.1".to_owned(), 0);
    let here = Surroundings {
        listen: nowhere(),
        admin: nowhere(),
        wasm: String::new(),
        ca_file: String::new(),
        secrets: Vec::new(),
    };
    let all = bootstrap(config, String::new(), &here);
    let clusters = all.member("static_resources").and_then(|all| all.member("clusters"));
    let known = |item: &ListItem| {
        let targets = item
            .value
            .member("cluster_type")
            .and_then(|kind| kind.member("typed_config")?.member("clusters"));
        Some(RenderedCluster {
            name: item.value.member("name")?.as_text()?.to_owned(),
            targets: targets.map(|list| {
                list.items().iter().filter_map(|item| item.value.as_text().map(str::to_owned)).collect()
            }),
            has_breaker: item.value.member("outlier_detection").is_some(),
        })
    };
    clusters.map(TreeNode::items).unwrap_or_default().iter().filter_map(known).collect()
}
