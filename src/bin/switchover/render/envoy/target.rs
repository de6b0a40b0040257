//! One cluster for each target: where it is, how its certificate is verified, and when Envoy leaves it alone.

use super::{Surroundings, cluster};
use crate::render::tree::{Item, Map, Node, address, duration, list, one};
use std::net::IpAddr;
use switchover::config::{CircuitBreaker, Config, Target, WhenAll};
use switchover::dialect::Endpoint;

const PROTOCOL_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// What groups ask of a target's cluster when every target is ejected. The cluster decides it, so a target that groups
/// of both kinds use has two clusters.
fn uses(config: &Config, target: usize) -> Vec<WhenAll> {
    let of = |kind: WhenAll| {
        let mut groups = config.groups.iter().filter(|group| group.when_all_ejected == kind);
        groups.any(|group| group.members.iter().any(|member| member.target == target))
    };
    [WhenAll::TryAnyway, WhenAll::FailFast].into_iter().filter(|kind| of(*kind)).collect()
}

/// The cluster's name in the orders of groups of this kind.
pub fn name(config: &Config, target: usize, kind: WhenAll) -> String {
    let cluster = config.targets.get(target).map(|target| target.cluster.clone()).unwrap_or_default();
    match uses(config, target).len() {
        // `||` is in no order's name and in no target's id.
        2 if kind == WhenAll::FailFast => cluster + "||fail_fast",
        _ => cluster,
    }
}

/// The clusters of all targets that a group uses.
pub fn clusters(config: &Config, here: &Surroundings) -> Vec<Item> {
    let mut clusters = Vec::new();
    for (place, target) in config.targets.iter().enumerate() {
        let uses = uses(config, place);
        for kind in &uses {
            let mut why = String::new();
            if clusters.is_empty() {
                why.push_str(
                    "THE TARGETS, each a cluster: a provider's address and its circuit breaker.\n\n",
                );
            }
            why.push_str(&format!("{}: {}", target.id(), target.wire.row.name));
            if uses.len() == 2 && *kind == WhenAll::FailFast {
                why.push_str(
                    ", once more for groups with `when_all_ejected: fail_fast`: Envoy decides that by cluster. Its failures \
                     are counted apart from those of the other groups.",
                );
            }
            clusters.push(cluster(why, one_target(config, target, name(config, place, *kind), *kind, here)));
        }
    }
    clusters
}

fn one_target(config: &Config, target: &Target, name: String, kind: WhenAll, here: &Surroundings) -> Map {
    let Endpoint { tls, host, port, .. } = &target.wire.endpoint;
    let numeric = host.parse::<IpAddr>().is_ok();
    let endpoint = Map::new()
        .why("Tells the translator which target it writes for.")
        .with("metadata", one("filter_metadata", one("switchover", one("target", target.id()))))
        .with("endpoint", one("address", address(host, *port)));
    let load = Map::new()
        .with("cluster_name", name.as_str())
        .with("endpoints", list([one("lb_endpoints", list([endpoint]))]));
    let map = Map::new().with("name", name);
    let map = if numeric { map.with("type", "STATIC") } else { dns(map) };
    map.with("connect_timeout", duration(connect_timeout_ms(config)))
        .with("load_assignment", load)
        .with_some("transport_socket", tls.then(|| transport(host, numeric, here)))
        .with("typed_extension_protocol_options", one(PROTOCOL_OPTIONS, protocols(*tls)))
        .with("upstream_connection_options", keepalive())
        .with("outlier_detection", outlier_detection(&target.circuit_breaker))
        .with("common_lb_config", panic(kind))
        .with("circuit_breakers", unlimited())
}

/// A provider is one host, however many addresses its name has: so its failures are counted in one place.
fn dns(map: Map) -> Map {
    let dns = Map::typed("envoy.extensions.clusters.dns.v3.DnsCluster")
        .with("dns_lookup_family", "ALL")
        .with("respect_dns_ttl", true)
        .with("dns_failure_refresh_rate", Map::new().with("base_interval", "1s").with("max_interval", "10s"))
        .why("One host, whatever addresses the name has: failures of the provider add up in one place.")
        .with("all_addresses_in_single_endpoint", true);
    map.with("cluster_type", Map::new().with("name", "envoy.clusters.dns").with("typed_config", dns))
}

/// Long enough for a lost packet and a far continent, and no longer than a first token may take.
fn connect_timeout_ms(config: &Config) -> u64 {
    let shortest = config.groups.iter().map(|group| group.first_token_timeout_ms).min();
    shortest.unwrap_or(3000).clamp(100, 3000)
}

fn transport(host: &str, numeric: bool, here: &Surroundings) -> Map {
    let authorities = Map::new().with("trusted_ca", one("filename", here.ca_file.as_str()));
    let tls = Map::typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext");
    let tls = if numeric {
        let matcher = Map::new().with("san_type", "IP_ADDRESS").with("matcher", one("exact", host));
        let authorities = authorities.with("match_typed_subject_alt_names", list([matcher]));
        tls.with("common_tls_context", one("validation_context", authorities))
    } else {
        tls.with("sni", host)
            .why("The certificate must be for that name.")
            .with("auto_sni_san_validation", true)
            .with("common_tls_context", one("validation_context", authorities))
    };
    Map::new().with("name", "envoy.transport_sockets.tls").with("typed_config", tls)
}

fn protocols(tls: bool) -> Map {
    let options = Map::typed(PROTOCOL_OPTIONS)
        .why("Let go of idle connections before providers do, which close them after a minute or more.")
        .with("common_http_protocol_options", one("idle_timeout", "50s"));
    if tls {
        let ping = Map::new().with("interval", "30s").with("timeout", "5s");
        let both = Map::new()
            .with("http_protocol_options", Map::new())
            .with("http2_protocol_options", one("connection_keepalive", ping));
        options.why("HTTP/2 where the provider agrees to it.").with("auto_config", both)
    } else {
        options.with("explicit_http_config", one("http_protocol_options", Map::new()))
    }
}

fn keepalive() -> Map {
    let probes = Map::new().with("keepalive_time", 60u64).with("keepalive_interval", 10u64);
    Map::new()
        .why("Finds connections that died in silence, in seconds.")
        .with("tcp_keepalive", probes.with("keepalive_probes", 3u64))
}

fn outlier_detection(breaker: &CircuitBreaker) -> Map {
    Map::new()
        .why(
            "The circuit breaker. What counts is the status after the translator, and every connection that fails, breaks off \
             or takes too long, in one count.",
        )
        .with("consecutive_5xx", u64::from(breaker.consecutive_failures))
        .with("interval", duration(breaker.interval_ms))
        .with("base_ejection_time", duration(breaker.base_ejection_time_ms))
        .with("max_ejection_time", duration(breaker.max_ejection_time_ms))
        .with("enforcing_consecutive_5xx", 100u64)
        .why("The only host may be ejected: there are other targets.")
        .with("max_ejection_percent", 100u64)
        .why("Only the count above decides.")
        .with("enforcing_success_rate", 0u64)
        .with("enforcing_consecutive_gateway_failure", 0u64)
}

/// See `when_all_ejected`.
pub fn panic(kind: WhenAll) -> Node {
    let percent = match kind {
        WhenAll::TryAnyway => 50.0,
        WhenAll::FailFast => 0.0,
    };
    Map::new()
        .why(match kind {
            WhenAll::TryAnyway => {
                "when_all_ejected: try_anyway. With every target ejected, Envoy asks them all the same."
            }
            WhenAll::FailFast => "when_all_ejected: fail_fast. With every target ejected, Envoy asks none.",
        })
        .with("healthy_panic_threshold", one("value", percent))
        .into()
}

/// The defaults (1024 of each) would turn requests away that a provider would take.
fn unlimited() -> Map {
    let most = 1_000_000u64;
    let thresholds = Map::new()
        .with("max_connections", most)
        .with("max_pending_requests", most)
        .with("max_requests", most)
        .with("max_retries", most);
    Map::new()
        .why("Not here: the number of requests is the provider's to limit.")
        .with("thresholds", list([thresholds]))
}
