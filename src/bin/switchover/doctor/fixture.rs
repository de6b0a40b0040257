//! An Envoy's `/config_dump` in which nothing is wrong, for tests that change something.

use serde_json::{Value, json};

const DOCUMENT: &str = r#"{"version":1,"targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://127.0.0.1:1/v1"}],"model_groups":[{"name":"g","targets":[{"id":"a"}]}]}"#;

/// The filter in a role, as it has to be.
pub fn wasm(role: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": format!("switchover-{role}"), "root_id": role, "allow_on_headers_stop_iteration": true,
            "failure_policy": "FAIL_RELOAD", "vm_config": {"vm_id": "switchover", "runtime": "envoy.wasm.runtime.v8"},
            "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": DOCUMENT},
        },
    })
}

/// As Envoy's admin interface writes it: zeros and what is off are left out, numbers of 64 bits are texts.
pub fn dump() -> Value {
    let options = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": {}},
        "retry_policy": {"num_retries": 0},
        "http_filters": [{"name": "envoy.filters.http.wasm", "typed_config": wasm("translator")}],
    });
    let order = json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "g|a", "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {"name": "envoy.clusters.aggregate", "typed_config": {"clusters": ["a", "a||try_anyway"]}},
        "common_lb_config": {"healthy_panic_threshold": {}, "update_merge_window": "0s"},
        "circuit_breakers": {"thresholds": [{"max_retries": 1_000_000}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
    });
    let target = |name: &str| {
        let place = json!({"metadata": {"filter_metadata": {"switchover": {"target": "a"}}}, "endpoint": {}});
        json!({
            "name": name, "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [place]}]},
            "outlier_detection": {"consecutive_5xx": 5}, "common_lb_config": {"healthy_panic_threshold": {}},
        })
    };
    let routes = json!([
        {"match": {"prefix": "/v1/chat", "headers": [{"name": "x-team", "string_match": {"exact": "a"}}]}, "route": {"cluster": "team"}},
        {"match": {"prefix": "/shop"}, "route": {"cluster": "shop", "retry_policy": {"retry_on": "5xx"}}},
        {
            "match": {"prefix": "/", "headers": [{"name": "x-switchover-order", "present_match": true}]},
            "route": {"cluster_header": "x-switchover-order", "timeout": "0s"}, "request_body_buffer_limit": "69206016",
        },
        {"match": {"prefix": "/"}, "route": {"cluster": "site"}},
    ]);
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stream_idle_timeout": "1860s",
        "route_config": {"name": "r", "virtual_hosts": [{"name": "main", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {"name": "envoy.filters.http.wasm", "typed_config": wasm("router")},
            {"name": "envoy.filters.http.router"},
        ],
    });
    let listener = json!({
        "name": "edge", "per_connection_buffer_limit_bytes": 262_144,
        "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
    });
    let rule =
        |name: &str| json!({"tag_name": name, "regex": format!("^wasmcustom\\..*?({name}=\\.=(.*?);\\.;)")});
    let bootstrap = json!({
        "node": {"id": "n", "cluster": "c"}, "stats_config": {"stats_tags": [rule("group"), rule("target"), rule("class")]},
    });
    let clusters =
        json!([{"cluster": order}, {"cluster": target("a")}, {"cluster": target("a||try_anyway")}]);
    json!({"configs": [
        {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": bootstrap},
        {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "static_clusters": clusters},
        {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "static_listeners": [{"listener": listener}]},
    ]})
}
