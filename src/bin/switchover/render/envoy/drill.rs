//! What drills need: clusters that stand in for drilled targets, and a listener inside of Envoy that nothing outside reaches.

use crate::render::tree::{Map, TreeNode, list, one};
use switchover::config::{Config, Effect, TargetSettings, Twin};

/// The listener that answers failing attempts. Envoy keeps connections to it to itself: it has no address.
const LISTENER: &str = "switchover-drill";

/// The name of a target's twin; see [`super::target::last_resort`] for the `||`.
pub fn cluster_name(cluster: &str, twin: Twin) -> String {
    match twin {
        Twin::Fail => format!("{cluster}||drill_fail"),
        Twin::Slow => format!("{cluster}||drill_slow"),
    }
}

/// Where a failing twin's attempts end: at once, in this same Envoy.
pub fn endpoints(target: &TargetSettings) -> TreeNode {
    let name = format!("{}{}", target.id(), Twin::Fail.suffix());
    let internal = Map::new().with("server_listener_name", LISTENER).with("endpoint_id", name.as_str());
    let endpoint = Map::new()
        .why("Tells the translator that this attempt is a drill: nobody is called, no key is added.")
        .with("metadata", one("filter_metadata", one("switchover", one("target", name.as_str()))))
        .with("endpoint", one("address", one("envoy_internal_address", internal)));
    list([one("lb_endpoints", list([endpoint]))])
}

/// Whether an attempt of any drill must fail.
pub fn is_needed(config: &Config) -> bool {
    config.drills.iter().any(|drill| matches!(drill.effect, Effect::Fail(_)))
}

/// Internal listeners must be asked for.
pub fn extensions() -> TreeNode {
    let internal = Map::typed("envoy.extensions.bootstrap.internal_listener.v3.InternalListener");
    let extension =
        Map::new().with("name", "envoy.bootstrap.internal_listener").with("typed_config", internal);
    list([extension])
}

/// Answers every attempt that is to fail; how it fails is for the translator to say.
pub fn listener(config: &Config) -> Option<TreeNode> {
    let router = Map::typed("envoy.extensions.filters.http.router.v3.Router");
    let router = Map::new().with("name", "envoy.filters.http.router").with("typed_config", router);
    let route = Map::new().with("match", one("prefix", "/")).with("direct_response", one("status", 503u64));
    let host = Map::new().with("name", LISTENER).with("domains", list(["*"])).with("routes", list([route]));
    let manager =
        Map::typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
            .with("stat_prefix", LISTENER)
            .with("route_config", Map::new().with("name", LISTENER).with("virtual_hosts", list([host])))
            .with("http_filters", list([router]));
    let manager = Map::new()
        .with("name", "envoy.filters.network.http_connection_manager")
        .with("typed_config", manager);
    let listener = Map::new()
        .why(
            "Drills: attempts that fail on purpose end here, inside of this Envoy, where no other traffic comes. Which failure it \
             is, the translator knows from the router role.",
        )
        .with("name", LISTENER)
        .with("internal_listener", Map::new())
        .with("filter_chains", list([one("filters", list([manager]))]));
    is_needed(config).then(|| listener.into())
}
