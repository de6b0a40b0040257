//! Whose an answer is that no translator of ours finished, by what Envoy says of it in `response.code_details`.
//!
//! Only what Envoy's *router* says of an attempt is a failure of a target. Any other filter's answer is that filter's, and what
//! can only come of a route or a cluster that is not as rendered is the operator's. The names are those of
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details> and of Envoy's
//! `stream_info.h`, as seen on 1.37.0 and 1.40.0.

use crate::failure::Failure;
use crate::filter::trip::Trip;
use crate::plan::{order_name, seats};

/// What the router role may ask Envoy about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `response.code_details`
    Details,
    /// The cluster that the request went to.
    Cluster,
    /// The name of the route that it took.
    Route,
}

/// Whose an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Envoy's router's, about an attempt.
    Attempt(Failure),
    /// What is around the filter is not as it must be: how, in sentences.
    Misconfigured(String),
    /// The filter itself broke.
    Broken,
    /// Another filter's.
    Theirs,
    /// A translator's, in the provider's place: it is what the caller shall get.
    Ours,
}

/// How answers of the filter's own are marked.
pub const OURS: &str = "switchover";

impl Trip {
    /// Whose an answer of this status is that nobody marked.
    pub(super) fn origin(&self, status: u16, fact: &dyn Fn(Fact) -> String) -> Origin {
        let details = fact(Fact::Details);
        let (name, more) = details.split_once('{').unwrap_or((&details, ""));
        match name {
            "via_upstream" => self.untranslated(fact),
            "direct_response" if status == 404 => self.misrouted("answered by itself", fact),
            "route_not_found" | "route_configuration_not_found" => {
                self.misrouted("there is none that it could take", fact)
            }
            "cluster_not_found" => Origin::Misconfigured(format!(
                "Envoy has no cluster `{}`, which is the order of targets for this request. Load the clusters that were rendered \
                 from the same switchover.yaml as the filter's configuration.",
                self.cluster(),
            )),
            "no_healthy_upstream" => Origin::Attempt(Failure::connect(&self.nobody_is_there())),
            "response_timeout" | "stream_idle_timeout" | "request_overall_timeout" | "max_duration_timeout"
            | "upstream_max_stream_duration_reached" => {
                Origin::Attempt(Failure::timeout("the time for the whole request was over"))
            }
            "upstream_per_try_timeout" | "upstream_per_try_idle_timeout" => {
                let limit = self.attempt_limit_ms();
                Origin::Attempt(Failure::timeout(&format!("nothing usable came within {limit} ms")))
            }
            "upstream_reset_before_response_started" | "upstream_reset_after_response_started" => {
                Origin::Attempt(Failure::connect(reset(more)))
            }
            "maintenance_mode" | "drop_overload" | "unconditional_drop_overload" => {
                Origin::Attempt(Failure::connect("Envoy was told to send it no requests"))
            }
            "request_payload_exceeded_retry_buffer_limit" => Origin::Misconfigured(
                "The request is larger than Envoy keeps for another attempt. Raise request_body_buffer_limit of the route, or where \
                 it has none per_connection_buffer_limit_bytes of the listener."
                    .to_owned(),
            ),
            // Of the filter that adds keys, where it may not let a request go without one.
            "failed_to_inject_credential" => Origin::Attempt(Failure::no_key()),
            "wasm_fail_stream" => Origin::Broken,
            OURS => Origin::Ours,
            _ => Origin::Theirs,
        }
    }

    /// An answer of an upstream's that no translator has seen.
    fn untranslated(&self, fact: &dyn Fn(Fact) -> String) -> Origin {
        let attempts = self.read(|ledger| ledger.attempts);
        if attempts > 0 {
            return Origin::Attempt(Failure::connect("its answer was lost inside of the gateway"));
        }
        if fact(Fact::Cluster) == self.cluster() {
            return Origin::Misconfigured(format!(
                "The cluster `{}` answered without the filter that translates. Give its http_filters the wasm filter with \
                 root_id \"translator\", as rendered.",
                self.cluster(),
            ));
        }
        self.misrouted("sent it elsewhere", fact)
    }

    fn misrouted(&self, how: &str, fact: &dyn Fn(Fact) -> String) -> Origin {
        let (route, cluster) = (fact(Fact::Route), fact(Fact::Cluster));
        let route = if route.is_empty() { String::new() } else { format!(" `{route}`") };
        let cluster = if cluster.is_empty() { String::new() } else { format!(" (cluster `{cluster}`)") };
        Origin::Misconfigured(format!(
            "This request is for the order of targets `{}`, but Envoy's route{route} took it first: {how}{cluster}. Put the route \
             that matches on the header x-switchover-order, with `cluster_header: x-switchover-order`, before all others.",
            self.cluster(),
        ))
    }

    /// The name of the order's cluster.
    fn cluster(&self) -> String {
        let config = &self.runtime.config;
        let group = config.groups.get(self.group);
        group.map_or_else(String::new, |group| order_name(config, group, seats(&self.order, &self.drills)))
    }

    /// Why Envoy finds no host in the whole order. It tells a host that is ejected and a name without an address apart from
    /// others by nothing; but what was reached before, or needs no DNS, has an address.
    fn nobody_is_there(&self) -> String {
        let unknown = self.order.iter().filter(|target| !self.runtime.has_address(**target));
        let unknown: Vec<&str> = unknown.map(|target| self.runtime.id(*target)).collect();
        match unknown.as_slice() {
            [] if self.order.len() == 1 => "it is ejected at the moment".to_owned(),
            [] => "every target that could take the request is ejected at the moment".to_owned(),
            some if some.len() == self.order.len() => {
                "DNS has no address for its name so far, or it is ejected at the moment".to_owned()
            }
            some => format!(
                "of the targets that could take the request all are ejected at the moment, or DNS has no address for them so far \
                 ({})",
                some.join(", ")
            ),
        }
    }
}

/// What Envoy says in braces about a connection that failed: `connection_failure|delayed_connect_error:_111`.
fn reset(more: &str) -> &'static str {
    let said = |word: &str| more.contains(word);
    match () {
        () if said("TLS_error") => "no TLS connection could be made",
        () if said("connection_failure") || said("connection_timeout") => "no connection could be made",
        () if said("overflow") => "Envoy's own limit on connections or requests was reached",
        () if said("protocol_error") => "what it sent is not HTTP",
        () if said("connection_termination") => "it closed the connection before an answer",
        () if said("reset") => "it reset the connection before an answer",
        () => "the connection failed before an answer",
    }
}

/// The code of an answer that another filter of the operator's gave, by its status.
pub(super) fn code_of(status: u16) -> &'static str {
    match status {
        401 => "unauthorized",
        429 => "limit_exceeded",
        _ => "filter_refused",
    }
}

/// What the gateway's own failures are called: none is a provider's class.
pub(super) const MISCONFIGURED: &str = "gateway_misconfigured";
pub(super) const BROKEN: &str = "gateway_error";
