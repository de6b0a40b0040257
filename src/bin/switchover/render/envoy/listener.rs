//! The listener: where callers come in, which requests are ours, and what is written down about each.

use super::wasm::Roles;
use super::{BUFFER_BYTES, Surroundings, WINDOW_BYTES};
use crate::render::tree::{Map, TreeNode, address, duration, list, one};
use switchover::config::Config;

/// What Envoy keeps of the largest request stays below its limit.
const BODY_MARGIN_BYTES: u64 = 1 << 20;
/// How much longer than the longest request a connection without any movement is kept.
const IDLE_MARGIN_MS: u64 = 60_000;

pub fn listener(config: &Config, here: &Surroundings, roles: &Roles) -> TreeNode {
    let manager = Map::new()
        .with("name", "envoy.filters.network.http_connection_manager")
        .with("typed_config", connection_manager(config, roles));
    Map::new()
        .with("name", "switchover")
        .why(
            "Whoever reaches this address spends the providers' keys: put an authenticating filter before the router role \
             before opening it to others.",
        )
        .with("address", address(&here.listen.0, here.listen.1))
        .why("What waits for a caller that doesn't read. Bodies may be larger: none waits here.")
        .with("per_connection_buffer_limit_bytes", BUFFER_BYTES)
        .with("filter_chains", list([one("filters", list([manager]))]))
        .into()
}

fn connection_manager(config: &Config, roles: &Roles) -> Map {
    let longest = config.groups.iter().map(|group| group.timeout_ms).max().unwrap_or(0);
    Map::typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
        .with("stat_prefix", "switchover")
        .with("codec_type", "AUTO")
        .why("Callers are outsiders, wherever they call from: their x-envoy-* headers are removed before any filter runs.")
        .with("use_remote_address", true)
        .with("internal_address_config", Map::new())
        .why("x-request-id is the caller's, or new; the answer has it too.")
        .with("preserve_external_request_id", true)
        .with("always_set_request_id_in_response", true)
        .with("normalize_path", true)
        .with("merge_slashes", true)
        .with("request_headers_timeout", "10s")
        .why("An HTTP/2 caller that doesn't read has so much kept for each of its requests, and only so many of them at once.")
        .with(
            "http2_protocol_options",
            Map::new()
                .with("max_concurrent_streams", 1000u64)
                .with("initial_stream_window_size", BUFFER_BYTES)
                .with("initial_connection_window_size", WINDOW_BYTES),
        )
        .why("Longer than any request may take (the groups' `timeout`), as the wait for an answer is silence too.")
        .with("stream_idle_timeout", duration(longest.saturating_add(IDLE_MARGIN_MS)))
        .why("A caller that says `connection: close` may pause for so long before the rest of a large answer is cut. Not longer, as a \
             connection that ends with a reset stays open for as long.")
        .with("delayed_close_timeout", "2s")
        .with("access_log", list([access_log()]))
        .with("local_reply_config", refusals(config))
        .with("route_config", routes(config))
        .with("http_filters", list([path_for_log(), roles.router.clone(), router()]))
}

/// What Envoy and filters before ours refuse on our paths, in the envelope that the callers' SDKs read. Answers of ours and of
/// routes are left alone, and so is all other traffic.
fn refusals(config: &Config) -> Map {
    let openai = Map::new()
        .with("message", "%LOCAL_REPLY_BODY%")
        .with("type", "gateway_error")
        .with("code", "filter_refused");
    let anthropic = Map::new().with("type", "api_error").with("message", "%LOCAL_REPLY_BODY%");
    let mappers = [
        refusal(config, "/v1/messages", Map::new().with("type", "error").with("error", anthropic)),
        refusal(config, "/v1/", Map::new().with("error", openai)),
    ];
    Map::new()
        .why(
            "Refusals of Envoy and of filters before this one (401, 403, 413, 429 …), in the envelope of the path: OpenAI's or \
             Anthropic's. The filter's own answers and those of routes stay as they are.",
        )
        .with("mappers", list(mappers))
}

fn refusal(config: &Config, path: &str, envelope: Map) -> Map {
    let prefix = format!("{}{path}", config.listen.base_path);
    let header = Map::new().with("name", ":path").with("string_match", one("prefix", prefix));
    let expression = format!(
        "response.code >= 400 && !(response.code_details in [\"{}\", \"direct_response\"])",
        switchover::filter::OURS
    );
    let cel = Map::typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter")
        .with("expression", expression);
    let cel = Map::new().with("name", "envoy.access_loggers.extension_filters.cel").with("typed_config", cel);
    // Behind the router role it is the filter that writes the envelope.
    let behind =
        Map::new().with("name", "x-switchover-order").with("present_match", true).with("invert_match", true);
    let filters = [
        one("header_filter", one("header", header)),
        one("header_filter", one("header", behind)),
        one("extension_filter", cel),
    ];
    Map::new()
        .with("filter", one("and_filter", one("filters", list(filters))))
        .with("body_format_override", one("json_format", envelope))
}

/// The translator changes the path that the log would see.
pub fn path_for_log() -> TreeNode {
    let value = one("text_format_source", one("inline_string", "%PATH(NQ:PATH)%"));
    let value = Map::new()
        .with("object_key", "caller.path")
        .with("factory_key", "envoy.string")
        .with("format_string", value);
    let filter = Map::typed("envoy.extensions.filters.http.set_filter_state.v3.Config")
        .why("The path as the caller wrote it, for the log: each attempt gets one of its own.")
        .with("on_request_headers", list([value]));
    Map::new().with("name", "envoy.filters.http.set_filter_state").with("typed_config", filter).into()
}

fn router() -> TreeNode {
    let router =
        Map::typed("envoy.extensions.filters.http.router.v3.Router").with("suppress_envoy_headers", true);
    Map::new().with("name", "envoy.filters.http.router").with("typed_config", router).into()
}

fn routes(config: &Config) -> Map {
    let any = config.listen.hosts.is_empty();
    let hosts = config.listen.hosts.iter().map(String::as_str).chain(any.then_some("*"));
    let nothing = "Envoy has no route for this request. Switchover answers POST /v1/chat/completions, /v1/messages, \
                   /v1/responses and /v1/embeddings and GET /v1/models; whoever runs it can add other routes in Envoy's \
                   configuration.";
    let other = not_found(nothing, "Everything else: put routes of your own before this one.");
    let main = Map::new()
        .with("name", "switchover")
        .with("domains", list(hosts))
        .with("routes", list([ordered(config), other]));
    let elsewhere = (!any).then(|| {
        let nobody = "This host is not served here. Use one of the hosts in `listen.hosts` of switchover.yaml, or add yours.";
        Map::new()
            .with("name", "other-hosts")
            .with("domains", list(["*"]))
            .with("routes", list([not_found(nobody, "Hosts that switchover.yaml does not list.")]))
    });
    Map::new()
        .with("name", "switchover")
        .with("ignore_port_in_host_matching", true)
        .with("virtual_hosts", list([Some(main), elsewhere].into_iter().flatten()))
}

/// The route of what the router role took.
pub fn ordered(config: &Config) -> Map {
    let kept = config.listen.max_body_bytes.saturating_add(BODY_MARGIN_BYTES).saturating_mul(2);
    Map::new()
        .why(
            "What the router role took: it alone sets the header (a caller's is removed), to the name of one of the clusters \
             below. Timeouts and retries are in headers that it sets for each request.",
        )
        .with(
            "match",
            Map::new().with("prefix", "/").with(
                "headers",
                list([Map::new().with("name", "x-switchover-order").with("present_match", true)]),
            ),
        )
        .with("route", Map::new().with("cluster_header", "x-switchover-order").with("timeout", "0s"))
        .why("What is kept of a request for the next attempt: twice listen.max_body_bytes, as Envoy 1.37 counts it twice.")
        .with("request_body_buffer_limit", kept)
}

fn not_found(message: &str, why: &str) -> Map {
    let body = format!(
        r#"{{"error":{{"message":"{message}","type":"invalid_request_error","param":null,"code":"no_route"}}}}"#
    );
    let header = Map::new().with("key", "content-type").with("value", "application/json");
    let header = Map::new().with("header", header).with("append_action", "OVERWRITE_IF_EXISTS_OR_ADD");
    Map::new()
        .why(why)
        .with("match", one("prefix", "/"))
        .with("direct_response", Map::new().with("status", 404u64).with("body", one("inline_string", body)))
        .with("response_headers_to_add", list([header]))
}

/// The fields of a line of the log. `wasm.switchover.…` is what the router role found out.
pub const LOG: &[(&str, &str)] = &[
    ("time", "%START_TIME%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%FILTER_STATE(caller.path:PLAIN)%"),
    ("status", "%RESPONSE_CODE%"),
    ("group", "%RESP(X-SWITCHOVER-GROUP)%"),
    ("target", "%RESP(X-SWITCHOVER-TARGET)%"),
    ("attempts", "%RESP(X-SWITCHOVER-ATTEMPTS)%"),
    ("decision", "%RESP(X-SWITCHOVER-DECISION)%"),
    ("class", "%FILTER_STATE(wasm.switchover.class:PLAIN)%"),
    ("broken", "%FILTER_STATE(wasm.switchover.broken:PLAIN)%"),
    ("drill", "%RESP(X-SWITCHOVER-DRILL)%"),
    ("duration_ms", "%DURATION%"),
    ("first_byte_ms", "%RESPONSE_DURATION%"),
    ("bytes_in", "%BYTES_RECEIVED%"),
    ("bytes_out", "%BYTES_SENT%"),
    ("flags", "%RESPONSE_FLAGS%"),
    ("details", "%RESPONSE_CODE_DETAILS%"),
];

/// One line of JSON for each request.
fn access_log() -> Map {
    let json = LOG.iter().fold(Map::new(), |map, (name, value)| map.with(name, *value));
    let stdout = Map::typed("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog").with(
        "log_format",
        Map::new().why("Never a body, a key or a query, which may hold one.").with("json_format", json),
    );
    Map::new().with("name", "envoy.access_loggers.stdout").with("typed_config", stdout)
}
