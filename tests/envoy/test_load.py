"""Failover under load: what had not received a token when its provider died is answered all the same."""

import asyncio
import json
import socket

import httpx
import pytest

from harness.document import document, group, target
from harness.gateway import render

pytestmark = pytest.mark.floor

BODY = {"model": "production-llm", "messages": [{"role": "user", "content": "Hello"}]}


async def one(client, url, stream: bool):
    """One request: (status, whether its answer is whole, the target)."""
    body = BODY | ({"stream": True} if stream else {})
    async with client.stream("POST", url + "/v1/chat/completions", json=body) as answer:
        text = (await answer.aread()).decode()
    whole = text.rstrip().endswith("data: [DONE]") if stream else bool(json.loads(text).get("choices"))
    providers = {name for name in ("openai-main", "openai-second", "anthropic-last-resort") if f"from {name}" in spoken(text)}
    assert len(providers) <= 1, f"an answer of two providers: {text}"
    return answer.status_code, whole, answer.headers.get("x-switchover-target")


def spoken(text: str) -> str:
    """The words of an answer, streamed or not."""
    if not text.startswith("data:"):
        return text
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event.get("choices", []))


async def load(url, requests: int, at_once: int, meanwhile=None, after: int = 0):
    """Runs requests, chats and streams in turn; calls `meanwhile` when some are done."""
    gate, done, results = asyncio.Semaphore(at_once), 0, []
    limits = httpx.Limits(max_connections=at_once)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:

        async def run(number):
            nonlocal done
            async with gate:
                results.append(await one(client, url, number % 2 == 1))
                done += 1
                if meanwhile and done == after:
                    await asyncio.to_thread(meanwhile)

        await asyncio.gather(*(run(number) for number in range(requests)))
    return results


def all_whole(results):
    failed = [result for result in results if result[0] != 200 or not result[1]]
    assert not failed, f"{len(failed)} of {len(results)} failed, such as {failed[:3]}"


@pytest.mark.parametrize("death", [{"refuse": True}, {"status": 503}, {"reset": "headers"}, {"cut": "first_token"}], ids=str)
def test_a_provider_dies_in_the_middle_of_200_requests(cloud, gateway, death):
    first, second = cloud["openai-main"], cloud["openai-second"]
    # What takes its time has no token yet when the provider dies.
    first.behave(delay_ms=50)
    groups = [group("production-llm", first.name, second.name, first_token_timeout="5s")]
    gateway = gateway(document([target(first), target(second)], groups))
    results = asyncio.run(load(gateway.url(), 200, 16, lambda: first.behave(death), after=60))
    all_whole(results)
    by = {name: sum(1 for result in results if result[2] == name) for name in (first.name, second.name)}
    assert by[first.name] >= 40 and by[second.name] >= 80, by


def test_a_thousand_at_once_when_the_first_target_dies(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    first.behave(stall="headers")
    groups = [group("production-llm", first.name, second.name, first_token_timeout="4s", answer_timeout="4s")]
    gateway = gateway(document([target(first), target(second)], groups))

    async def run():
        task = asyncio.create_task(load(gateway.url(), 1000, 1000))
        await asyncio.sleep(2)
        await asyncio.to_thread(first.behave, refuse=True)
        return await task

    results = asyncio.run(run())
    all_whole(results)
    assert {result[2] for result in results} == {second.name}


def test_a_name_that_does_not_resolve_and_a_connection_nobody_serves(cloud, gateway):
    second = cloud["openai-second"]
    # The kernel takes the connection; no program ever reads from it.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = target(second, id="nowhere", endpoint="http://does-not-exist.invalid/v1")
        half_open = target(second, id="half-open", endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        groups = [group("production-llm", "nowhere", "half-open", second.name, first_token_timeout="1s")]
        gateway = gateway(document([nowhere, half_open, target(second)], groups))
        answer = gateway.chat()
        assert answer.status_code == 200 and answer.headers["x-switchover-target"] == second.name, answer.text
        assert "half-open failed (timeout)" in answer.headers["x-switchover-decision"], dict(answer.headers)


def test_a_reload_in_the_middle_of_a_load(cloud, gateway, tmp_path):
    """Listeners and clusters from files, replaced while requests run: none fails, a stream goes on."""
    first, second = cloud["openai-main"], cloud["openai-second"]
    first.behave(slow_ms=5)

    def described(timeout):
        groups = [group("production-llm", first.name, second.name, first_token_timeout=timeout)]
        return document([target(first), target(second)], groups)

    def resources(bootstrap, kind):
        types = {"listeners": "listener.v3.Listener", "clusters": "cluster.v3.Cluster"}
        items = [{"@type": f"type.googleapis.com/envoy.config.{types[kind]}", **one} for one in bootstrap["static_resources"][kind]]
        return json.dumps({"resources": items})

    def publish(bootstrap):
        for kind in ("clusters", "listeners"):
            part = tmp_path / f"{kind}.part"
            part.write_text(resources(bootstrap, kind))
            part.rename(tmp_path / f"{kind}.json")

    def from_files(bootstrap):
        # A listener of a fixed port can be replaced; port 0 would move with each change.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        fix_port(bootstrap, port)
        publish(bootstrap)
        bootstrap["static_resources"] = {}
        source = lambda kind: {"path_config_source": {"path": str(tmp_path / f"{kind}.json")}, "resource_api_version": "V3"}  # noqa: E731
        bootstrap["dynamic_resources"] = {"lds_config": source("listeners"), "cds_config": source("clusters")}
        from_files.port = port

    def fix_port(bootstrap, port):
        bootstrap["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = port

    gateway = gateway(described("5s"), edit=from_files, concurrency=2)
    url = f"http://127.0.0.1:{from_files.port}"

    def reload():
        for number in range(3):
            folder = tmp_path / f"change-{number}"
            folder.mkdir()
            bootstrap = json.loads(render(described(f"{6 + number}s"), folder).read_text())
            fix_port(bootstrap, from_files.port)
            publish(bootstrap)

    first.behave(slow_ms=20)
    results = asyncio.run(load(url, 300, 8, reload, after=60))
    all_whole(results)
    updates = gateway.stats("listener_manager.listener_(modified|in_place_updated)|cluster_manager.cluster_modified")
    assert updates["listener_manager.listener_modified"] >= 1 and updates["cluster_manager.cluster_modified"] >= 1, updates
