"""The harness itself: a plain Envoy, without Switchover, before a stand-in provider."""

import socket
import time

import httpx
import openai
import pytest

from harness.document import key_of

TYPE = "type.googleapis.com/envoy.extensions.filters"


def plain(provider) -> dict:
    """A bootstrap that routes everything to one provider, with an outlier detection to look at."""
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": provider.port}}}
    router = {"@type": f"{TYPE}.http.router.v3.Router", "suppress_envoy_headers": True}
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "plain",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}]}]},
        "http_filters": [{"name": "router", "typed_config": router}],
    }
    listener = {
        "name": "plain",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    cluster = {
        "name": "upstream",
        "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        "outlier_detection": {"consecutive_5xx": 2, "max_ejection_percent": 100, "enforcing_consecutive_5xx": 100},
    }
    admin = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    return {"admin": admin, "static_resources": {"listeners": [listener], "clusters": [cluster]}}


@pytest.mark.floor
def test_a_chat_and_a_stream_through_a_plain_envoy(start_envoy, cloud):
    envoy = start_envoy(plain(cloud["openai-main"]))
    client = openai.OpenAI(base_url=envoy.url() + "/v1", api_key=key_of("openai-main"), max_retries=0)
    messages = [{"role": "user", "content": "hi"}]
    answer = client.chat.completions.create(model="m", messages=messages)
    assert answer.choices[0].message.content.startswith("Hello from openai-main.")
    chunks = list(client.chat.completions.create(model="m", messages=messages, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == answer.choices[0].message.content
    assert [entry["problem"] for entry in cloud["openai-main"].log()] == [None, None]
    assert envoy.stats("^http.plain.downstream_rq_2xx")["http.plain.downstream_rq_2xx"] == 2
    assert "upstream" in envoy.clusters() and envoy.ejected() == set()
    assert "outlier_detection" in envoy.config_dump()


def test_an_ejection_is_seen(start_envoy, cloud):
    envoy = start_envoy(plain(cloud["openai-main"]))
    cloud["openai-main"].behave(status=503)
    for _ in range(2):
        assert httpx.post(envoy.url() + "/v1/chat/completions", json={}).status_code == 503
    assert envoy.ejected() == {"upstream"}


def test_events_arrive_one_by_one(start_envoy, cloud):
    envoy = start_envoy(plain(cloud["openai-main"]))
    cloud["openai-main"].behave(slow_ms=50, events=5)
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    headers = {"authorization": f"Bearer {key_of('openai-main')}"}
    with httpx.stream("POST", envoy.url() + "/v1/chat/completions", json=body, headers=headers) as answer:
        times = [time.monotonic() for line in answer.iter_lines() if line.startswith("data:")]
    assert len(times) == 8 and times[-1] - times[0] > 0.25


def test_nothing_is_left_behind(start_envoy, cloud):
    envoy = start_envoy(plain(cloud["openai-main"]))
    assert envoy.alive()
    host, port = envoy.url().removeprefix("http://").split(":")
    envoy.stop()
    assert not envoy.alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_an_envoy_that_does_not_start_says_why(start_envoy, cloud):
    broken = plain(cloud["openai-main"]) | {"no_such_member": 1}
    with pytest.raises(RuntimeError, match="no_such_member"):
        start_envoy(broken)
