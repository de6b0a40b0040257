"""The two roles in different VMs, as they are for a while when a new filter replaces an old one: nothing is lost."""

import pytest

from harness.document import document, group, target
from harness.gateway import Gateway

pytestmark = pytest.mark.floor


@pytest.fixture(scope="module", params=["strangers", "acquainted"])
def gateway(envoy_binary, cloud_process, tmp_path_factory, request):
    """Of three groups, `together` has its translators in the router role's VM, the others have them elsewhere. Once the router
    role has met a translator in its own VM, it writes less for all of them."""
    names = {"openai-main": "openai", "openai-second": "openai", "anthropic-main": "anthropic"}
    targets = [target(cloud_process[name], kind) for name, kind in names.items()]
    groups = [group("together", "openai-main"), group("apart", "anthropic-main"), group("chain", "openai-second", "anthropic-main")]

    def elsewhere(bootstrap):
        for cluster in bootstrap["static_resources"]["clusters"]:
            for options in cluster.get("typed_extension_protocol_options", {}).values():
                for filter_ in options.get("http_filters", []):
                    if "wasm" in filter_["name"] and not cluster["name"].startswith("together|"):
                        filter_["typed_config"]["config"]["vm_config"]["vm_id"] = "elsewhere"

    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("apart"), document(targets, groups), elsewhere)
    if request.param == "acquainted":
        assert gateway.chat(model="together").status_code == 200
    yield gateway
    gateway.stop()


def test_a_chat(gateway):
    answer = gateway.chat(model="apart")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["model"], answer.json()["object"]) == ("apart", "chat.completion")
    assert [answer.headers[f"x-switchover-{name}"] for name in ("group", "target", "attempts")] == ["apart", "anthropic-main", "1"]


def test_a_stream(gateway):
    body = {"stream_options": {"include_usage": True}}
    streamed = gateway.chat_stream(model="apart", **body)
    assert streamed.status == 200 and streamed.text and streamed.data[-1] == "[DONE]", streamed
    assert streamed.data[-2]["usage"]["completion_tokens"] > 0 and streamed.data[0]["model"] == "apart"


def test_a_request_in_the_providers_dialect(gateway, cloud):
    body = {"model": "apart", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    answer = gateway.post("/v1/messages?beta=true", body, headers={"anthropic-beta": "files-api-2025-04-14"})
    assert answer.status_code == 200 and answer.json()["type"] == "message", answer.text
    assert dict(cloud["anthropic-main"].received()["headers"])["anthropic-beta"] == "files-api-2025-04-14"


def test_a_failure(gateway, cloud):
    cloud["anthropic-main"].behave({"status": 429, "times": 1})
    answer = gateway.chat(model="apart")
    assert answer.status_code == 429 and answer.json()["error"]["code"] == "rate_limited", answer.text
    assert answer.headers["x-switchover-target"] == "anthropic-main"


def test_the_next_target(gateway, cloud):
    cloud["openai-second"].behave({"status": 503, "times": 1})
    answer = gateway.chat(model="chain")
    assert answer.status_code == 200 and answer.headers["x-switchover-target"] == "anthropic-main", answer.text
