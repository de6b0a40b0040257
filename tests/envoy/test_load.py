"""Failover under load: what had not received a token when its provider died is answered all the same."""

import asyncio
import json
import socket
import struct
import threading
import time

import httpx
import pytest

from harness.document import document, group, target
from harness.gateway import render
from harness.load import Outcome, ask, letters, saying

pytestmark = pytest.mark.floor("deep")

async def load(url, says: dict, requests: int, at_once: int, meanwhile=None, after: int = 0) -> list[Outcome]:
    """Runs requests, chats and streams in turn; calls `meanwhile` when some are done."""
    gate, done, outcomes = asyncio.Semaphore(at_once), 0, []
    limits = httpx.Limits(max_connections=at_once)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:

        async def run(number):
            nonlocal done
            async with gate:
                outcomes.append(await ask(client, url, "production-llm", number % 2 == 1, says))
                done += 1
                if meanwhile and done == after:
                    await asyncio.to_thread(meanwhile)

        await asyncio.gather(*(run(number) for number in range(requests)))
    return outcomes


def all_whole(outcomes: list[Outcome]):
    failed = [one for one in outcomes if one.end != "whole"]
    assert not failed, f"{len(failed)} of {len(outcomes)} failed, such as {failed[:3]}"


def speaking(*providers) -> dict:
    """Each provider says a letter of its own from now on; the letters by name."""
    says = letters(list(providers))
    for provider in providers:
        provider.behave(saying(says[provider.name]))
    return says


RARER = [pytest.param(death, marks=pytest.mark.deep) for death in ({"refuse": True}, {"reset": "headers"})]


@pytest.mark.parametrize("death", [{"status": 503}, {"cut": "first_token"}, *RARER], ids=str)
def test_a_provider_dies_in_the_middle_of_200_requests(cloud, gateway, death):
    first, second = cloud["openai-main"], cloud["openai-second"]
    says = speaking(first, second)
    # What takes its time has no token yet when the provider dies.
    first.behave(saying(says[first.name]) | {"delay_ms": 50})
    groups = [group("production-llm", first.name, second.name, first_token_timeout="5s")]
    gateway = gateway(document([target(first), target(second)], groups))
    results = asyncio.run(load(gateway.url(), says, 200, 16, lambda: first.behave(death), after=60))
    all_whole(results)
    by = {name: sum(1 for one in results if one.target == name) for name in says}
    assert by[first.name] >= 40 and by[second.name] >= 80, by


def test_a_thousand_at_once_when_the_first_target_dies(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    says = speaking(first, second)
    first.behave(stall="headers")
    groups = [group("production-llm", first.name, second.name, first_token_timeout="4s", answer_timeout="4s")]
    gateway = gateway(document([target(first), target(second)], groups))

    async def run():
        task = asyncio.create_task(load(gateway.url(), says, 1000, 1000))
        await asyncio.sleep(2)
        await asyncio.to_thread(first.behave, refuse=True)
        return await task

    results = asyncio.run(run())
    all_whole(results)
    assert {one.target for one in results} == {second.name}


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


@pytest.mark.floor
def test_a_provider_that_resets_every_connection(cloud, gateway):
    """Before a byte of the request is read, whoever connects."""
    second = cloud["openai-second"]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reset_all():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        threading.Thread(target=reset_all, daemon=True).start()
        resetting = target(second, id="resetting", endpoint=f"http://127.0.0.1:{server.getsockname()[1]}/v1")
        groups = [group("production-llm", "resetting", second.name)]
        gateway = gateway(document([resetting, target(second)], groups, circuit_breaker={"consecutive_failures": 1000}))
        says = speaking(second)
        results = asyncio.run(load(gateway.url(), says, 60, 8))
        all_whole(results)
        assert {one.attempts for one in results} == {2}
        assert "resetting failed (connect)" in gateway.chat().headers["x-switchover-decision"]


class NameServer:
    """Answers every question with 127.0.0.1 for a second, until it is told to know nothing."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.knows, self.refused = True, 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self._answer()
            except OSError:
                return

    def _answer(self):
        question, asker = self.socket.recvfrom(1024)
        # The question's name ends with an empty label; its type and class follow.
        end = question.index(b"\0", 12) + 5
        (kind,) = struct.unpack("!H", question[end - 4 : end - 2])
        is_a = self.knows and kind == 1
        self.refused += not self.knows
        head = question[:2] + struct.pack("!HHHHH", 0x8180 if self.knows else 0x8182, 1, is_a, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton("127.0.0.1") if is_a else b""
        self.socket.sendto(head + question[12:end] + record, asker)

    def close(self):
        self.socket.close()


def test_a_name_that_stops_resolving(cloud, gateway):
    """The last known address is used on; when nobody serves there either, the next target is asked."""
    first, second = cloud["openai-main"], cloud["openai-second"]
    names = NameServer()

    def ask_us(bootstrap):
        resolver = {
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                "resolvers": [{"socket_address": {"address": "127.0.0.1", "port_value": names.port}}],
                "dns_resolver_options": {"no_default_search_domain": True},
            },
        }
        for cluster in bootstrap["static_resources"]["clusters"]:
            if cluster["name"].startswith(first.name):
                cluster["cluster_type"]["typed_config"]["typed_dns_resolver_config"] = resolver

    says = speaking(first, second)
    named = target(first, endpoint=f"http://provider.test:{first.port}/v1")
    gateway = gateway(document([named, target(second)]), edit=ask_us)

    def stop():
        names.knows = False
        end = time.monotonic() + 20
        while names.refused < 2 and time.monotonic() < end:
            time.sleep(0.1)

    try:
        results = asyncio.run(load(gateway.url(), says, 120, 8, stop, after=40))
        assert names.refused >= 2, "Envoy asked again and was told nothing"
        all_whole(results)
        assert {one.target for one in results} == {first.name}
        first.behave(refuse=True)
        all_whole(results := asyncio.run(load(gateway.url(), says, 40, 8)))
        assert {one.target for one in results} == {second.name}
    finally:
        names.close()


@pytest.mark.floor
def test_a_reload_in_the_middle_of_a_load(cloud, gateway, tmp_path):
    """Listeners and clusters from files, replaced while requests run: none fails, a stream goes on."""
    first, second = cloud["openai-main"], cloud["openai-second"]

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

    says = speaking(first, second)
    first.behave(saying(says[first.name]) | {"slow_ms": 5})
    results = asyncio.run(load(url, says, 300, 8, reload, after=60))
    all_whole(results)
    updates = gateway.stats("listener_manager.listener_(modified|in_place_updated)|cluster_manager.cluster_modified")
    assert updates["listener_manager.listener_modified"] >= 1 and updates["cluster_manager.cluster_modified"] >= 1, updates
