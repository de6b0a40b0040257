//! Listeners: the connection managers, and what is around the router role there.

use super::Findings;
use super::dump::{Dump, duration_ms, each, is_of, text};
use super::filter::OurFilter;
use switchover::config::Config;
use switchover::json::Raw;

/// An HTTP connection manager.
pub struct Manager<'d> {
    /// The listener's name.
    pub listener: String,
    pub of: Raw<'d>,
    pub config: Raw<'d>,
    filters: Vec<OurFilter<'d>>,
    /// Those of ours that have not come.
    pub awaited: Vec<String>,
    /// Whether a control plane sends ours by themselves.
    pub is_sent: bool,
    /// The translator, where Envoy's router runs it for all that goes upstream.
    pub shared: Option<OurFilter<'d>>,
}

/// Envoy's own `stream_idle_timeout`.
const IDLE_MS: u64 = 300_000;

/// All that there are.
pub fn managers<'d>(dump: &Dump<'d>) -> Vec<Manager<'d>> {
    let mut managers = Vec::new();
    for listener in &dump.listeners {
        let name = text(*listener, &["name"]).unwrap_or_default();
        let chains =
            each(*listener, &["filter_chains"]).into_iter().chain(listener.get("default_filter_chain"));
        for filter in chains.flat_map(|chain| each(chain, &["filters"])) {
            let Some(config) =
                dump.config_of(filter).filter(|config| is_of(*config, "HttpConnectionManager"))
            else {
                continue;
            };
            let all = each(config, &["http_filters"]);
            let upstream = |one: &Raw<'d>| each(*one, &["typed_config", "upstream_http_filters"]);
            let shared = all.iter().flat_map(upstream).filter_map(|one| OurFilter::of(one, dump)).next();
            managers.push(Manager {
                listener: name.clone(),
                of: *listener,
                config,
                is_sent: all.iter().any(|one| dump.is_sent(*one)),
                awaited: all.iter().filter_map(|one| dump.awaited(*one)).collect(),
                filters: all.into_iter().filter_map(|one| OurFilter::of(one, dump)).collect(),
                shared: shared.filter(|one| one.role == "translator"),
            });
        }
    }
    managers
}

/// The longest time that a request may take.
pub fn longest_ms(config: &Config) -> u64 {
    config.groups.iter().map(|group| group.timeout_ms).max().unwrap_or(0)
}

impl<'d> Manager<'d> {
    /// The router role, if it is here.
    pub fn router(&self) -> Option<&OurFilter<'d>> {
        self.filters.iter().find(|filter| filter.role == "router")
    }

    /// How long a request may be silent: the route's word counts more.
    pub fn idle_ms(&self, route: Raw<'_>) -> u64 {
        let own = || duration_ms(self.config, &["stream_idle_timeout"]);
        duration_ms(route, &["route", "idle_timeout"]).or_else(own).unwrap_or(IDLE_MS)
    }

    pub fn examine(&self, config: &Config, found: &mut Findings) {
        let listener = &self.listener;
        let routers = self.filters.iter().filter(|filter| filter.role == "router").count();
        if routers > 1 {
            found.say(format!(
                "Listener `{listener}` has the router role {routers} times in one chain. Leave one of them."
            ));
        }
        if self.filters.iter().any(|filter| filter.role == "translator") {
            found.say(format!(
                "Listener `{listener}` has the role `translator`, which is for the clusters of orders. Take it out there; \
                 cds.yaml and clusters.yaml have it in its place."
            ));
        }
        let longest = longest_ms(config);
        let cut = duration_ms(self.config, &["common_http_protocol_options", "max_stream_duration"]);
        if let Some(cut) = cut.filter(|cut| (1..longest).contains(cut)) {
            found.say(format!(
                "Listener `{listener}` ends each request after {} s (`max_stream_duration`), and a group may take {} s. Take it \
                 out, or write a longer one.",
                cut / 1000,
                longest / 1000
            ));
        }
    }
}
