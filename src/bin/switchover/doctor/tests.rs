use super::*;
use crate::doctor::fixture::{dump, wasm};
use serde_json::{Value, json};

const MANAGER: &str = "/configs/2/static_listeners/0/listener/filter_chains/0/filters/0/typed_config";
const OPTIONS: &str = "/configs/1/static_clusters/0/cluster/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

fn examined(dump: &Value, version: &str) -> Findings {
    let info =
        json!({"version": format!("0123abcd/{version}/Clean/RELEASE/BoringSSL"), "node": {}}).to_string();
    let dump = dump.to_string();
    examine(Some(Raw::parse(info.as_bytes()).unwrap()), Raw::parse(dump.as_bytes()).unwrap())
}

/// The only sentence about a dump that was changed.
fn only(change: impl FnOnce(&mut Value)) -> String {
    let mut dump = dump();
    change(&mut dump);
    let mut wrong = examined(&dump, "1.40.0").wrong;
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    wrong.remove(0)
}

fn at<'v>(dump: &'v mut Value, place: &str, path: &str) -> &'v mut Value {
    dump.pointer_mut(&format!("{place}{path}")).unwrap()
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name).unwrap();
}

fn routes(dump: &mut Value) -> &mut Vec<Value> {
    at(dump, MANAGER, "/route_config/virtual_hosts/0/routes").as_array_mut().unwrap()
}

#[test]
fn what_is_right_gets_no_complaint() {
    let found = examined(&dump(), "1.37.0");
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    assert_eq!(
        found.seen,
        "Nothing is wrong: Envoy 1.37.0 has the router role in 1 listener, and all 1 order of the document."
    );
}

#[test]
fn versions() {
    assert!(examined(&dump(), "1.36.4").wrong.join("").contains("This is Envoy 1.36.4: before 1.37"));
    assert!(examined(&dump(), "2.0.0").wrong.is_empty() && examined(&dump(), "1.40.0-dev").wrong.is_empty());
    assert!(examined(&dump(), "main").wrong.join("").contains("/server_info names no version"));
}

#[test]
fn each_role_has_its_flag_and_comes_back() {
    for (place, role) in
        [(format!("{MANAGER}/http_filters/0"), "router"), (format!("{OPTIONS}/http_filters/0"), "translator")]
    {
        let config = format!("{place}/typed_config/config");
        let said = only(|dump| remove(at(dump, &config, ""), "allow_on_headers_stop_iteration"));
        assert!(
            said.contains(role) && said.contains("lacks `allow_on_headers_stop_iteration: true`"),
            "{said}"
        );
        let said = only(|dump| remove(at(dump, &config, ""), "failure_policy"));
        assert!(
            said.contains(role) && said.contains("answers nobody until Envoy is started again"),
            "{said}"
        );
        let said = only(|dump| *at(dump, &config, "/failure_policy") = json!("FAIL_OPEN"));
        assert!(said.contains("goes on as if it were not there"), "{said}");
    }
}

#[test]
fn routes_before_ours() {
    for earlier in [
        json!({"match": {"prefix": "/"}, "name": "all"}),
        json!({"match": {"prefix": "/v1/"}, "name": "all"}),
        json!({"match": {"path": "/v1/messages", "headers": [{"name": ":method", "string_match": {"exact": "POST"}}]}, "name": "all"}),
        json!({"match": {"path_separated_prefix": "/v1"}, "name": "all"}),
        json!({"match": {"safe_regex": {"regex": ".*"}}, "name": "all"}),
        json!({"match": {"prefix": "/V1/"}, "name": "all"}),
    ] {
        let mut earlier = earlier;
        if earlier.pointer("/match/prefix") == Some(&json!("/V1/")) {
            earlier["match"]["case_sensitive"] = json!(false);
        }
        let said = only(|dump| routes(dump).insert(0, earlier));
        assert!(
            said.starts_with(
                "The route `all` stands before the one with `cluster_header: x-switchover-order`"
            ),
            "{said}"
        );
    }
    for earlier in [
        json!({"match": {"prefix": "/v2/"}}),
        json!({"match": {"prefix": "/", "grpc": {}}}),
        json!({"match": {"prefix": "/V1/"}}),
        json!({"match": {"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}}),
        json!({"match": {"path_separated_prefix": "/v"}}),
        json!({"match": {"safe_regex": {"regex": "/[a-z]+"}}}),
    ] {
        let mut dump = dump();
        routes(&mut dump).insert(0, earlier);
        assert!(examined(&dump, "1.40.0").wrong.is_empty());
    }
    let said = only(|dump| routes(dump).swap(2, 3));
    assert!(said.starts_with("A route ({\"prefix\":\"/\"}) stands before"), "{said}");
}

#[test]
fn our_route_itself() {
    let said = only(|dump| drop(routes(dump).remove(2)));
    assert!(
        said.starts_with("No route of listener `edge` has `cluster_header: x-switchover-order`"),
        "{said}"
    );
    let said = only(|dump| remove(&mut routes(dump)[2]["match"], "headers"));
    assert!(said.contains("also takes what has no such header"), "{said}");
    for policy in ["retry_policy", "hedge_policy"] {
        let said = only(|dump| routes(dump)[2]["route"][policy] = json!({}));
        assert!(said.contains(&format!("has a `{policy}`")), "{said}");
    }
    let said =
        only(|dump| routes(dump)[2]["route"]["max_stream_duration"] = json!({"max_stream_duration": "60s"}));
    assert!(said.contains("ends each request after 60 s"), "{said}");
}

#[test]
fn what_is_kept_of_a_request() {
    let said = only(|dump| remove(&mut routes(dump)[2], "request_body_buffer_limit"));
    assert!(
        said.contains("keeps at most 262144 bytes") && said.contains("(`per_connection_buffer_limit_bytes`)"),
        "{said}"
    );
    assert!(said.contains("Write `request_body_buffer_limit: 69206016`"), "{said}");
    let said = only(|dump| {
        remove(&mut routes(dump)[2], "request_body_buffer_limit");
        remove(at(dump, "/configs/2/static_listeners/0/listener", ""), "per_connection_buffer_limit_bytes");
    });
    assert!(said.contains("keeps at most 1048576 bytes") && said.contains("(Envoy's default)"), "{said}");
    let mut dump = dump();
    remove(&mut routes(&mut dump)[2], "request_body_buffer_limit");
    at(&mut dump, MANAGER, "/route_config/virtual_hosts/0")["request_body_buffer_limit"] = json!("69206016");
    assert!(examined(&dump, "1.40.0").wrong.is_empty());
}

#[test]
fn how_long_a_request_may_be_silent() {
    let said = only(|dump| remove(at(dump, MANAGER, ""), "stream_idle_timeout"));
    assert!(
        said.contains("may be silent for 300 s") && said.contains("`stream_idle_timeout: 1860s`"),
        "{said}"
    );
    for ours in ["0s", "1860.5s"] {
        let mut dump = dump();
        remove(at(&mut dump, MANAGER, ""), "stream_idle_timeout");
        routes(&mut dump)[2]["route"]["idle_timeout"] = json!(ours);
        assert!(examined(&dump, "1.40.0").wrong.is_empty(), "{ours}");
    }
}

#[test]
fn node_and_labels() {
    let said = only(|dump| remove(at(dump, "/configs/0/bootstrap", ""), "node"));
    assert!(said.starts_with("The Envoy's node has no `id` and no `cluster`,"), "{said}");
    let said = only(|dump| {
        drop(at(dump, "/configs/0/bootstrap", "/stats_config/stats_tags").as_array_mut().unwrap().pop())
    });
    assert!(said.contains("no rule for the label `class` of"), "{said}");
    let said = only(|dump| remove(at(dump, "/configs/0/bootstrap", ""), "stats_config"));
    assert!(said.contains("`group`, `target`, `class`"), "{said}");
}

#[test]
fn clusters() {
    let all = "/configs/1/static_clusters";
    let said = only(|dump| drop(at(dump, all, "").as_array_mut().unwrap().remove(0)));
    assert!(said.starts_with("There is no cluster `g|a`, an order that the router role may name."), "{said}");
    let said = only(|dump| drop(at(dump, all, "").as_array_mut().unwrap().remove(1)));
    assert!(said.starts_with("There is no cluster `a`, a target of the document."), "{said}");
    let said = only(|dump| *at(dump, OPTIONS, "/http_filters") = json!([]));
    assert!(said.starts_with("The cluster `g|a` lacks the filter in its role `translator`"), "{said}");
    let said = only(|dump| {
        *at(dump, OPTIONS, "/http_filters/0/typed_config/config/configuration/value") = json!("{}")
    });
    assert!(said.starts_with("The translator of cluster `g|a` has another document"), "{said}");
    let said = only(|dump| {
        *at(dump, OPTIONS, "/http_filters/0/typed_config/config/vm_config/vm_id") = json!("other")
    });
    assert!(said.contains("another `vm_id`"), "{said}");
    let said = only(|dump| remove(at(dump, OPTIONS, ""), "retry_policy"));
    assert!(said.contains("has no `retry_policy`"), "{said}");
    let said = only(|dump| remove(at(dump, all, "/0/cluster"), "circuit_breakers"));
    assert!(said.contains("few retries"), "{said}");
    let said = only(|dump| *at(dump, all, "/0/cluster/cluster_type/typed_config/clusters") = json!(["a"]));
    assert!(said.contains("other targets, or in another order"), "{said}");
    let said = only(|dump| {
        for place in 0..2 {
            remove(at(dump, all, &format!("/{place}/cluster")), "common_lb_config");
        }
    });
    assert!(said.starts_with("The cluster `g|a` and `a` has no `common_lb_config"), "{said}");
    let said = only(|dump| {
        remove(at(dump, all, "/1/cluster/load_assignment/endpoints/0/lb_endpoints/0"), "metadata")
    });
    assert!(said.contains("doesn't say which target it is"), "{said}");
    let said = only(|dump| remove(at(dump, all, "/1/cluster"), "outlier_detection"));
    assert!(said.contains("has no `outlier_detection`"), "{said}");
}

#[test]
fn roles_in_the_wrong_places() {
    let said = only(|dump| *at(dump, MANAGER, "/http_filters") = json!([]));
    assert!(said.starts_with("No listener has the filter in its role `router`"), "{said}");
    let twice = json!({"name": "w", "typed_config": wasm("router")});
    let said = only(|dump| at(dump, MANAGER, "/http_filters").as_array_mut().unwrap().push(twice));
    assert!(said.contains("the router role 2 times"), "{said}");
    let lost = json!({"name": "w", "typed_config": wasm("translator")});
    let said = only(|dump| at(dump, MANAGER, "/http_filters").as_array_mut().unwrap().push(lost));
    assert!(said.contains("has the role `translator`, which is for the clusters"), "{said}");
    let said = only(|dump| {
        *at(dump, MANAGER, "/http_filters/0/typed_config/config/configuration/value") = json!("{}")
    });
    assert!(said.contains("is wrong. The key `version` is missing"), "{said}");
}

/// Filters and routes that Envoy has from elsewhere are found there.
#[test]
fn what_is_discovered() {
    let mut dump = dump();
    let ecds = |name: &str, role: &str| json!({"ecds_filter": {"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": name, "typed_config": wasm(role)}});
    *at(&mut dump, MANAGER, "/http_filters/0") =
        json!({"name": "ours", "config_discovery": {"config_source": {}}});
    *at(&mut dump, OPTIONS, "/http_filters/0") =
        json!({"name": "theirs", "config_discovery": {"config_source": {}}});
    let table = at(&mut dump, MANAGER, "/route_config").take();
    remove(at(&mut dump, MANAGER, ""), "route_config");
    at(&mut dump, MANAGER, "")["rds"] = json!({"route_config_name": "r"});
    let configs = dump["configs"].as_array_mut().unwrap();
    let filters = [ecds("ours", "router"), ecds("theirs", "translator")];
    configs
        .push(json!({"@type": "type.googleapis.com/envoy.admin.v3.EcdsConfigDump", "ecds_filters": filters}));
    configs.push(json!({
        "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [{"route_config": table}],
    }));
    let listeners = configs[2]["static_listeners"][0].take();
    configs[2] = json!({
        "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [{"active_state": listeners}],
    });
    let found = examined(&dump, "1.40.0");
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
}

/// A filter that has not come is no filter that was forgotten.
#[test]
fn what_has_not_come() {
    let awaited = |name: &str| json!({"name": name, "config_discovery": {"config_source": {}, "default_config": {"@type": "x.HeaderMutation"}}});
    let said = only(|dump| *at(dump, MANAGER, "/http_filters/0") = awaited("switchover-router"));
    assert!(
        said.starts_with("Listener `edge` has no `switchover-router` from the control plane yet"),
        "{said}"
    );
    let said = only(|dump| *at(dump, OPTIONS, "/http_filters/0") = awaited("switchover-translator"));
    assert!(said.starts_with("The translator of cluster `g|a` has not come"), "{said}");
    let said = only(|dump| *at(dump, OPTIONS, "/http_filters/0") = awaited("other"));
    assert!(said.contains("lacks the filter in its role `translator`"), "{said}");
}

/// Envoy 1.37 has it from a file in time, from a control plane perhaps too late.
#[test]
fn a_module_that_may_come_too_late() {
    let mut dump = dump();
    let note = |dump: &Value, version: &str| examined(dump, version).notes.concat();
    for (source, says) in [("path_config_source", false), ("ads", true)] {
        let place = json!({"name": "switchover-router", "config_discovery": {"config_source": {source: {}}}});
        *at(&mut dump, MANAGER, "/http_filters/0") = place;
        assert_eq!(note(&dump, "1.37.0").contains("memory protection keys"), says, "{source}");
    }
    assert_eq!(note(&dump, "1.38.2"), "");
}

#[test]
fn a_refused_listener() {
    let said = only(|dump| {
        let state = json!([{"name": "0.0.0.0_8080", "error_state": {"details": "Invalid path:\n /x.wasm"}}]);
        at(dump, "/configs/2", "")["dynamic_listeners"] = state;
    });
    let meant = "Envoy refused the last update of listener `0.0.0.0_8080`, and what it had before goes on: Invalid path: /x.wasm.";
    assert_eq!(said, meant);
}

/// Where each attempt's filters are in Envoy's router there is no other traffic.
#[test]
fn one_translator_for_all() {
    let mut dump = dump();
    let translator = at(&mut dump, OPTIONS, "/http_filters/0").take();
    *at(&mut dump, OPTIONS, "/http_filters") = json!([]);
    at(&mut dump, MANAGER, "/http_filters/1")["typed_config"] =
        json!({"upstream_http_filters": [translator]});
    let wrong = examined(&dump, "1.40.0").wrong;
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert!(wrong[0].contains("leads to cluster `team`, whose requests get 500"), "{wrong:#?}");
    routes(&mut dump).retain(|route| route["route"]["cluster_header"].is_string());
    let found = examined(&dump, "1.40.0");
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
}

#[test]
fn what_is_counted() {
    let stats = "/configs/0/bootstrap/stats_config";
    let regex = |regex: &str| json!({"inclusion_list": {"patterns": [{"prefix": "cluster_manager"}, {"safe_regex": {"regex": regex}}]}});
    let said = only(|dump| at(dump, stats, "")["stats_matcher"] = regex("wasm.*"));
    assert!(said.starts_with("`stats_matcher` leaves the clusters' `outlier_detection` out"), "{said}");
    let mut dump = dump();
    at(&mut dump, stats, "")["stats_matcher"] = regex(r"cluster\..*\.outlier_detection\..*");
    let rule = |name: &str| json!({"tag_name": name, "regex": format!(r"({name}=\.=(.*?);\.;)")});
    *at(&mut dump, stats, "/stats_tags") = json!([rule("group"), rule("target"), rule("class")]);
    let found = examined(&dump, "1.40.0");
    assert!(found.wrong.is_empty(), "as Istio's agent writes it: {:#?}", found.wrong);
}

/// A saved dump says itself which Envoy it is of.
#[test]
fn a_dump_alone() {
    let mut dump = dump();
    let said = |dump: &Value| {
        let dump = dump.to_string();
        let found = examine(None, Raw::parse(dump.as_bytes()).unwrap());
        found.wrong.into_iter().next().unwrap_or(found.seen)
    };
    assert!(said(&dump).starts_with("Nothing is wrong: Envoy (of no known version) has"), "{}", said(&dump));
    let build = json!({"version": {"major_number": 1, "minor_number": 36}});
    at(&mut dump, "/configs/0/bootstrap/node", "")["user_agent_build_version"] = build;
    assert!(said(&dump).starts_with("This is Envoy 1.36.0: before 1.37"), "{}", said(&dump));
}

#[test]
fn durations() {
    for (written, ms) in [
        ("1860s", Some(1_860_000)),
        ("0.25s", Some(250)),
        ("0s", Some(0)),
        ("1.0005s", Some(1000)),
        ("5m", None),
        ("s", None),
    ] {
        let json = json!({ "t": written }).to_string();
        assert_eq!(dump::duration_ms(Raw::parse(json.as_bytes()).unwrap(), &["t"]), ms, "{written}");
    }
}

#[test]
fn what_is_no_dump_is_no_crash() {
    for odd in [
        "{}",
        "[]",
        "3",
        r#"{"configs":[1,{"@type":3},{"@type":"x.ListenersConfigDump","static_listeners":[{"listener":[]}]}]}"#,
    ] {
        let found = examine(Raw::parse(b"{}").ok(), Raw::parse(odd.as_bytes()).unwrap());
        assert!(found.wrong.len() >= 3, "{:#?}", found.wrong);
    }
}
