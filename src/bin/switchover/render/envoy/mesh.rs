//! The parts of an Envoy that a mesh's control plane configures.

use super::{Surroundings, drill, listener, order, stats, target, wasm};
use crate::render::tree::{ListItem, TreeNode};
use switchover::config::Config;

/// Where the filters of each attempt are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// In each order: other traffic never meets them.
    InOrders,
    /// In Envoy's router, once, for all that goes upstream: only where there is no other traffic.
    OnRouter,
}

/// What is put into such an Envoy.
pub struct MeshParts {
    /// The filter's two roles, by the names that the control plane sends them by, if it does.
    pub extensions: Vec<(&'static str, TreeNode)>,
    /// What stands before Envoy's router, in this order.
    pub http_filters: Vec<TreeNode>,
    /// What the router runs before each attempt, unless the orders do.
    pub upstream_filters: Option<TreeNode>,
    /// The route of what the router role took.
    pub route: TreeNode,
    /// Targets and orders, each once.
    pub clusters: Vec<ListItem>,
    /// Where failing drills end.
    pub drills: Option<TreeNode>,
    /// The fields of a line of the access log.
    pub log: Vec<(&'static str, &'static str)>,
    /// The bounds of the histograms' buckets, in milliseconds.
    pub buckets: Vec<f64>,
    /// Labels and buckets as a bootstrap has them.
    pub stats: TreeNode,
}

/// The parts for a file, where a control plane sends the filter by itself. `code` is where Envoy gets its bytes.
pub fn in_mesh(
    config: &Config,
    document: String,
    here: &Surroundings,
    code: TreeNode,
    upstream: Upstream,
) -> MeshParts {
    let extensions = wasm::extensions(document, code).to_vec();
    MeshParts { extensions, ..parts(config, here, wasm::Roles::sent(), upstream) }
}

/// The parts for a file, each with the filter in its place.
pub fn in_place(
    config: &Config,
    document: String,
    here: &Surroundings,
    code: TreeNode,
    upstream: Upstream,
) -> MeshParts {
    parts(config, here, wasm::Roles::holding(document, code), upstream)
}

fn parts(config: &Config, here: &Surroundings, roles: wasm::Roles, upstream: Upstream) -> MeshParts {
    let is_in_orders = upstream == Upstream::InOrders;
    let mut clusters = target::clusters(config, here);
    clusters.extend(order::clusters(config, here, is_in_orders.then_some(&roles.translator)));
    MeshParts {
        extensions: Vec::new(),
        upstream_filters: (!is_in_orders).then(|| order::filters(config, here, &roles.translator)),
        http_filters: vec![listener::path_for_log(), roles.router],
        route: listener::ordered(config).into(),
        clusters,
        drills: drill::listener(config),
        log: listener::LOG.to_vec(),
        buckets: stats::BUCKETS.to_vec(),
        stats: stats::stats(config).into(),
    }
}
