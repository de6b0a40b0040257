//! Routes: whether ours is reached, and keeps and waits for what it must.

use super::Findings;
use super::dump::{Dump, duration_ms, each, text, whole};
use super::listener::{Manager, longest_ms};
use switchover::config::Config;
use switchover::dialect::Surface;
use switchover::filter::headers::ORDER;
use switchover::json::Raw;

/// What Envoy keeps of a request for its next attempt, if nobody says otherwise.
const KEPT_BYTES: u64 = 1 << 20;

const SURFACES: [Surface; 5] =
    [Surface::Chat, Surface::Messages, Surface::Responses, Surface::Embeddings, Surface::CountTokens];

pub fn examine(manager: &Manager<'_>, dump: &Dump<'_>, config: &Config, found: &mut Findings) {
    let listener = &manager.listener;
    let named = text(manager.config, &["rds", "route_config_name"]);
    let of_name =
        |name: &String| dump.routes.iter().find(|all| text(**all, &["name"]).as_ref() == Some(name)).copied();
    let table = manager.config.get("route_config").or_else(|| named.as_ref().and_then(of_name));
    let hosts = table.map(|table| each(table, &["virtual_hosts"])).unwrap_or_default();
    let mut is_there = false;
    for host in &hosts {
        let routes = each(*host, &["routes"]);
        let Some(place) = routes.iter().position(|route| is_ours(*route)) else { continue };
        is_there = true;
        let name = text(*host, &["name"]).unwrap_or_default();
        let before = routes.iter().take(place);
        for earlier in before {
            shadow(*earlier, &name, config, found);
        }
        if let Some(ours) = routes.get(place) {
            at(manager, *host, *ours, config, found);
        }
    }
    if manager.shared.is_some() {
        let routes = hosts.iter().flat_map(|host| each(*host, &["routes"]));
        if let Some(cluster) = routes.filter_map(|route| text(route, &["route", "cluster"])).next() {
            found.say(format!(
                "Listener `{listener}` runs the translator for all that goes upstream (its router's `upstream_http_filters`), and one of \
                 its routes leads to cluster `{cluster}`, whose requests get 500. Render without --dedicated, or serve nothing else there."
            ));
        }
    }
    if !is_there {
        found.say(format!(
            "No route of listener `{listener}` has `cluster_header: {ORDER}`, so what the router role takes goes nowhere. Put the \
             route of routes.yaml (`switchover render envoy --only routes`) first into the virtual host."
        ));
    }
}

fn is_ours(route: Raw<'_>) -> bool {
    text(route, &["route", "cluster_header"]).is_some_and(|header| header.eq_ignore_ascii_case(ORDER))
}

/// A route before ours that takes some of our paths.
fn shadow(route: Raw<'_>, host: &str, config: &Config, found: &mut Findings) {
    let paths = SURFACES.into_iter().map(|surface| format!("{}{}", config.listen.base_path, surface.path()));
    let Some(path) = paths.into_iter().find(|path| takes(route, path)) else { return };
    let called = match text(route, &["name"]) {
        Some(name) if !name.is_empty() => format!("The route `{name}`"),
        _ => format!(
            "A route ({})",
            route.get("match").map(|one| one.compact().into_owned()).unwrap_or_default()
        ),
    };
    found.say(format!(
        "{called} stands before the one with `cluster_header: {ORDER}` in virtual host `{host}` and takes {path}, so no order is \
         ever asked there. Put the route of routes.yaml before it."
    ));
}

/// Whether a route takes a `POST` of this path whatever else the request has. One with further conditions may be meant so.
fn takes(route: Raw<'_>, path: &str) -> bool {
    let Some(of) = route.get("match") else { return false };
    const CONDITIONS: [&str; 7] = [
        "query_parameters",
        "cookies",
        "grpc",
        "tls_context",
        "dynamic_metadata",
        "filter_state",
        "runtime_fraction",
    ];
    if CONDITIONS.iter().any(|name| of.present(name).is_some()) {
        return false;
    }
    let is_post = |header: &Raw<'_>| {
        let exact = text(*header, &["string_match", "exact"]).or_else(|| text(*header, &["exact_match"]));
        text(*header, &["name"]).as_deref() == Some(":method") && exact.as_deref() == Some("POST")
    };
    if !each(of, &["headers"]).iter().all(is_post) {
        return false;
    }
    // Where capitals don't count.
    let (path, any_case) = (path.to_owned(), of.get("case_sensitive").and_then(Raw::as_bool) == Some(false));
    let cased = |text: String| if any_case { text.to_ascii_lowercase() } else { text };
    if let Some(prefix) = text(of, &["prefix"]) {
        return path.starts_with(&cased(prefix));
    }
    if let Some(prefix) = text(of, &["path_separated_prefix"]) {
        return path
            .strip_prefix(&cased(prefix))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    if let Some(exact) = text(of, &["path"]) {
        return path == cased(exact);
    }
    matches!(text(of, &["safe_regex", "regex"]).as_deref(), Some(".*" | "/.*" | "^.*$" | "^/.*$"))
}

/// What is wrong with our route itself.
fn at(manager: &Manager<'_>, host: Raw<'_>, route: Raw<'_>, config: &Config, found: &mut Findings) {
    let here = format!(
        "The route with `cluster_header: {ORDER}` in virtual host `{}`",
        text(host, &["name"]).unwrap_or_default()
    );
    let headers = each(route, &["match", "headers"]);
    if !headers.iter().any(|header| text(*header, &["name"]).as_deref() == Some(ORDER)) {
        found.say(format!(
            "{here} also takes what has no such header, which then goes nowhere. Match on `headers: [{{name: {ORDER}, \
             present_match: true}}]`, as routes.yaml does."
        ));
    }
    for policy in ["retry_policy", "hedge_policy"] {
        if route.at(&["route", policy]).is_some() {
            found.say(format!(
                "{here} has a `{policy}`. The orders have retries of their own, which go to the next target; one on the route \
                 would ask the same again. Take it out."
            ));
        }
    }
    kept(manager, host, route, &here, config, found);
    let (idle, longest) = (manager.idle_ms(route), longest_ms(config));
    if (1..=longest).contains(&idle) {
        found.say(format!(
            "A request by listener `{}` may be silent for {} s (`stream_idle_timeout`), and a group may take {} s for an answer. \
             Write `stream_idle_timeout: {}s` into the connection manager, as filters.yaml does.",
            manager.listener,
            idle / 1000,
            longest / 1000,
            longest / 1000 + 60
        ));
    }
    let cut = duration_ms(route, &["route", "max_stream_duration", "max_stream_duration"]);
    if let Some(cut) = cut.filter(|cut| (1..longest).contains(cut)) {
        found.say(format!(
            "{here} ends each request after {} s (`max_stream_duration`), and a group may take {} s. Take it out.",
            cut / 1000,
            longest / 1000
        ));
    }
}

/// What is kept of a request until its next attempt.
fn kept(
    manager: &Manager<'_>,
    host: Raw<'_>,
    route: Raw<'_>,
    here: &str,
    config: &Config,
    found: &mut Findings,
) {
    // Envoy 1.37 counts it twice.
    let needed = config.listen.max_body_bytes.saturating_mul(2);
    let said = [
        (route, "request_body_buffer_limit"),
        (host, "request_body_buffer_limit"),
        (route, "per_request_buffer_limit_bytes"),
        (host, "per_request_buffer_limit_bytes"),
        (manager.of, "per_connection_buffer_limit_bytes"),
    ];
    let said = said.into_iter().find_map(|(of, name)| Some((whole(of, &[name])?, format!("`{name}`"))));
    let (bytes, by) = said.unwrap_or_else(|| (KEPT_BYTES, "Envoy's default".to_owned()));
    if bytes < needed {
        found.say(format!(
            "{here} keeps at most {bytes} bytes of a request for its next attempt ({by}), so larger ones don't fail over, and \
             `listen.max_body_bytes` allows {}. Write `request_body_buffer_limit: {}` into that route, as routes.yaml does.",
            config.listen.max_body_bytes,
            needed.saturating_add(2 << 20)
        ));
    }
}
