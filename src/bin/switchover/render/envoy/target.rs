//! One cluster for each target: where it is, how its certificate is verified, and when Envoy leaves it alone.

use super::{BUFFER_BYTES, Surroundings, WINDOW_BYTES, cluster, drill, ejected_means_ejected};
use crate::render::tree::{ListItem, Map, TreeNode, address, duration, list, one};
use std::net::IpAddr;
use switchover::config::{CircuitBreaker, Config, Group, TargetSettings, Twin, WhenAll};
use switchover::dialect::Endpoint;
use switchover::plan::{Order, Seat};

const PROTOCOL_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The clusters of an order's targets.
///
/// Where the group says `when_all_ejected: try_anyway` the targets stand in it a second time, behind the first: by
/// clusters that are never ejected, and so are reached only when all others are ejected or were tried. (Envoy's own way,
/// the panic threshold, would ask ejected targets at random, the same one twice perhaps.)
pub fn names(config: &Config, order: &Order, kind: WhenAll) -> Vec<String> {
    let of = |seat: &Seat| {
        let cluster = &config.targets.get(seat.target)?.cluster;
        let first = seat.twin.map_or_else(|| cluster.clone(), |twin| drill::cluster_name(cluster, twin));
        // What is slow on purpose is the real provider: without a circuit breaker there is no need for a twin.
        let again = if seat.twin == Some(Twin::Slow) { cluster } else { &first };
        Some((last_resort(again), first))
    };
    let (again, names): (Vec<_>, Vec<_>) = order.seats.iter().filter_map(of).unzip();
    names.into_iter().chain(again.into_iter().filter(|_| kind == WhenAll::TryAnyway)).collect()
}

/// `||` is in no order's name and in no target's id.
fn last_resort(cluster: &str) -> String {
    format!("{cluster}||try_anyway")
}

const SECTION: &str = "\
THE TARGETS, each a cluster: a provider's address and its circuit breaker. Where groups say `when_all_ejected: try_anyway`, \
a second one without a circuit breaker: orders end with those, so they are reached when all others are ejected.\n\n";

/// The clusters of all targets that a group uses.
pub fn clusters(config: &Config, here: &Surroundings) -> Vec<ListItem> {
    let mut common = Common::new(config);
    let mut clusters = Vec::new();
    for (place, target) in config.targets.iter().enumerate() {
        let has = |group: &&Group| group.members.iter().any(|member| member.target == place);
        let mut kinds = config.groups.iter().filter(has).map(|group| group.when_all_ejected).peekable();
        if kinds.peek().is_none() {
            continue;
        }
        let section = if clusters.is_empty() { SECTION } else { "" };
        let why = format!("{section}{}: {}", target.id(), target.wire.row.name);
        let parts = Parts::new(&common, target, here);
        let breaker = Map::new()
            .with("outlier_detection", common.breaker(&target.circuit_breaker))
            .why(
                "Ejected means ejected, and at once: Envoy's panic would ask an ejected target all the same, and it would tell \
                 the orders of an ejection up to a second late.",
            )
            .with("common_lb_config", ejected_means_ejected());
        let last = kinds.any(|kind| kind == WhenAll::TryAnyway);
        clusters.push(cluster(why, parts.cluster(&target.cluster, breaker.clone())));
        if last {
            clusters.push(cluster(String::new(), parts.cluster(&last_resort(&target.cluster), Map::new())));
        }
        for twin in config.twins(place) {
            let name = drill::cluster_name(&target.cluster, twin);
            let why =
                format!("{}, drilled: its failures count here, and not against the target.", target.id());
            match twin {
                Twin::Slow => clusters.push(cluster(why, parts.cluster(&name, breaker.clone()))),
                Twin::Fail => {
                    let parts = parts.failing(&common, target);
                    clusters.push(cluster(why, parts.cluster(&name, breaker.clone())));
                    if last {
                        clusters.push(cluster(String::new(), parts.cluster(&last_resort(&name), Map::new())));
                    }
                }
            }
        }
    }
    clusters
}

/// What many targets' clusters have in common, written once.
struct Common {
    connect_timeout: TreeNode,
    dns: TreeNode,
    https: TreeNode,
    http: TreeNode,
    keepalive: TreeNode,
    limits: TreeNode,
    breakers: Vec<(CircuitBreaker, TreeNode)>,
}

impl Common {
    fn new(config: &Config) -> Common {
        Common {
            connect_timeout: duration(connect_timeout_ms(config)),
            dns: TreeNode::shared("dns", dns().into()),
            https: TreeNode::shared("https", protocols(true).into()),
            http: TreeNode::shared("http", protocols(false).into()),
            keepalive: TreeNode::shared("keepalive", keepalive().into()),
            limits: TreeNode::shared("unlimited", unlimited().into()),
            breakers: Vec::new(),
        }
    }

    fn breaker(&mut self, breaker: &CircuitBreaker) -> TreeNode {
        if let Some((_, node)) = self.breakers.iter().find(|(known, _)| known == breaker) {
            return node.clone();
        }
        let node = TreeNode::shared("circuit-breaker", outlier_detection(breaker).into());
        self.breakers.push((breaker.clone(), node.clone()));
        node
    }
}

/// What both of a target's clusters have.
struct Parts {
    discovery: Map,
    endpoints: TreeNode,
    connection: Map,
}

impl Parts {
    fn new(common: &Common, target: &TargetSettings, here: &Surroundings) -> Parts {
        let Endpoint { tls, host, port, .. } = &target.wire.endpoint;
        let numeric = host.parse::<IpAddr>().is_ok();
        let share =
            |what: &str, node: TreeNode| TreeNode::shared(&format!("{what}-of-{}", target.id()), node);
        let endpoint = Map::new()
            .why("Tells the translator which target it writes for.")
            .with("metadata", one("filter_metadata", one("switchover", one("target", target.id()))))
            .with("endpoint", one("address", address(host, *port)));
        let transport = tls.then(|| share("tls", transport(host, numeric, here).into()));
        let protocols = if *tls { &common.https } else { &common.http };
        let connection = Map::new()
            .with("connect_timeout", common.connect_timeout.clone())
            .with("per_connection_buffer_limit_bytes", BUFFER_BYTES)
            .with_some("transport_socket", transport)
            .with("typed_extension_protocol_options", one(PROTOCOL_OPTIONS, protocols.clone()))
            .with("upstream_connection_options", common.keepalive.clone())
            .with("circuit_breakers", common.limits.clone());
        Parts {
            discovery: if numeric {
                Map::new().with("type", "STATIC")
            } else {
                Map::new().with("cluster_type", common.dns.clone())
            },
            endpoints: share("endpoints", list([one("lb_endpoints", list([endpoint]))])),
            connection,
        }
    }

    /// The same for the target's twin that nobody is behind.
    fn failing(&self, common: &Common, target: &TargetSettings) -> Parts {
        let name = format!("failing-endpoints-of-{}", target.id());
        Parts {
            discovery: Map::new().with("type", "STATIC"),
            endpoints: TreeNode::shared(&name, drill::endpoints(target)),
            connection: Map::new()
                .with("connect_timeout", common.connect_timeout.clone())
                .with("typed_extension_protocol_options", one(PROTOCOL_OPTIONS, common.http.clone()))
                .with("circuit_breakers", common.limits.clone()),
        }
    }

    fn cluster(&self, name: &str, breaker: Map) -> Map {
        let load = Map::new().with("cluster_name", name).with("endpoints", self.endpoints.clone());
        Map::new()
            .with("name", name)
            .and(self.discovery.clone())
            .with("load_assignment", load)
            .and(self.connection.clone())
            .and(breaker)
    }
}

/// A provider is one host, however many addresses its name has: so its failures are counted in one place.
fn dns() -> Map {
    let dns = Map::typed("envoy.extensions.clusters.dns.v3.DnsCluster")
        .with("dns_lookup_family", "ALL")
        .with("respect_dns_ttl", true)
        .with("dns_failure_refresh_rate", Map::new().with("base_interval", "1s").with("max_interval", "10s"))
        .why("One host, whatever addresses the name has: failures of the provider add up in one place.")
        .with("all_addresses_in_single_endpoint", true);
    Map::new().with("name", "envoy.clusters.dns").with("typed_config", dns)
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
        let both = Map::new().with("http_protocol_options", Map::new()).with(
            "http2_protocol_options",
            Map::new()
                .with("connection_keepalive", ping)
                .with("initial_stream_window_size", WINDOW_BYTES)
                .with("initial_connection_window_size", WINDOW_BYTES.saturating_mul(16)),
        );
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

/// The defaults (1024 of each) would turn requests away that a provider would take.
fn unlimited() -> Map {
    let most = 1_000_000u64;
    let thresholds = Map::new()
        .with("max_connections", most)
        .with("max_pending_requests", most)
        .with("max_requests", most);
    Map::new()
        .why("How many requests are too many is the provider's to say, with 429.")
        .with("thresholds", list([thresholds]))
}
