"""What people forget when they put Switchover into an Envoy by hand: each as a change of a rendered bootstrap, and what to be told.

An Envoy starts with each of them.
"""

MANAGER = "envoy.filters.network.http_connection_manager"
OURS = "envoy.filters.http.wasm"


def manager(bootstrap: dict) -> dict:
    (listener,) = [one for one in bootstrap["static_resources"]["listeners"] if one["name"] == "switchover"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def routes(bootstrap: dict) -> list:
    return manager(bootstrap)["route_config"]["virtual_hosts"][0]["routes"]


def orders(bootstrap: dict) -> list:
    return [one for one in bootstrap["static_resources"]["clusters"] if one.get("lb_policy") == "CLUSTER_PROVIDED"]


def options(order: dict) -> dict:
    (options,) = order["typed_extension_protocol_options"].values()
    return options


def config(filters: list) -> dict:
    (ours,) = [one for one in filters if one["name"] == OURS]
    return ours["typed_config"]["config"]


def targets(bootstrap: dict) -> list:
    return [one for one in bootstrap["static_resources"]["clusters"] if "outlier_detection" in one]


def each_translator(change):
    def edit(bootstrap):
        for order in orders(bootstrap):
            change(config(options(order)["http_filters"]))

    return edit


def without_translator(bootstrap):
    for order in orders(bootstrap):
        options(order)["http_filters"] = [one for one in options(order)["http_filters"] if one["name"] != OURS]


def with_another_document(bootstrap):
    (found,) = [order for order in orders(bootstrap) if order["name"].count("|") == 2][:1]
    document = config(options(found)["http_filters"])["configuration"]
    config(options(found)["http_filters"])["configuration"] = document | {"value": document["value"] + "\n"}


def without_router(bootstrap):
    manager(bootstrap)["http_filters"] = [one for one in manager(bootstrap)["http_filters"] if one["name"] != OURS]


def without_order(bootstrap):
    clusters = bootstrap["static_resources"]["clusters"]
    clusters.remove(orders(bootstrap)[0])


def late(bootstrap):
    routes(bootstrap).append(routes(bootstrap).pop(0))


# By a name: the change, and the beginning and a word of the only sentence about it.
FORGOTTEN = {
    "flag-router": (
        lambda all: config(manager(all)["http_filters"]).pop("allow_on_headers_stop_iteration"),
        "The router role of listener `switchover` lacks `allow_on_headers_stop_iteration: true`", "root_id",
    ),
    "flag-translator": (
        each_translator(lambda config: config.pop("allow_on_headers_stop_iteration")),
        "The translator of cluster `production-llm|", "lacks `allow_on_headers_stop_iteration: true`",
    ),
    "policy-router": (
        lambda all: config(manager(all)["http_filters"]).pop("failure_policy"),
        "The router role of listener `switchover` answers nobody", "failure_policy: FAIL_RELOAD",
    ),
    "policy-translator": (
        each_translator(lambda config: config.pop("failure_policy")), "The translator of cluster `production-llm|", "FAIL_RELOAD",
    ),
    "no-router": (without_router, "No listener has the filter in its role `router`", "filters.yaml"),
    "no-translator": (without_translator, "The cluster `production-llm|", "lacks the filter in its role `translator`"),
    "another-document": (with_another_document, "The translator of cluster `production-llm|", "another document"),
    "another-vm": (
        lambda all: config(manager(all)["http_filters"]).update(vm_config=dict(config(manager(all)["http_filters"])["vm_config"], vm_id="b")),
        "The translator of cluster `production-llm|", "another `vm_id`",
    ),
    "route-late": (late, "A route ({", "stands before the one with `cluster_header: x-switchover-order`"),
    "no-route": (lambda all: routes(all).pop(0), "No route of listener `switchover`", "routes.yaml"),
    "route-takes-all": (lambda all: routes(all)[0]["match"].pop("headers"), "The route with `cluster_header", "present_match: true"),
    "retries-of-the-route": (
        lambda all: routes(all)[0]["route"].update(retry_policy={"retry_on": "5xx", "num_retries": 3}),
        "The route with `cluster_header: x-switchover-order`", "has a `retry_policy`",
    ),
    "buffer": (
        lambda all: routes(all)[0].pop("request_body_buffer_limit"), "The route with `cluster_header", "`request_body_buffer_limit: 69206016`",
    ),
    "idle": (lambda all: manager(all).pop("stream_idle_timeout"), "A request by listener `switchover` may be silent for 300 s", "1860s"),
    "tags": (lambda all: all.pop("stats_config"), "`stats_config` has no rule for the label `group`, `target`, `class`", "stats.yaml"),
    "no-order": (without_order, "There is no cluster `production-llm|", "an order that the router role may name"),
    "no-retries": (
        lambda all: [options(order).pop("retry_policy") for order in orders(all)], "The cluster `production-llm|", "has no `retry_policy`",
    ),
    "few-retries": (lambda all: [order.pop("circuit_breakers") for order in orders(all)], "The cluster `production-llm|", "few retries"),
    "panic": (lambda all: orders(all)[0].pop("common_lb_config"), "The cluster `production-llm|", "healthy_panic_threshold"),
    "no-breaker": (lambda all: targets(all)[0].pop("outlier_detection"), "The cluster `openai-main`", "`outlier_detection`"),
    "no-target": (
        lambda all: targets(all)[0]["load_assignment"]["endpoints"][0]["lb_endpoints"][0].pop("metadata"),
        "The endpoint of cluster `openai-main` doesn't say which target it is", "filter_metadata",
    ),
}  # fmt: skip
