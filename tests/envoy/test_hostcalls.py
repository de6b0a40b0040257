"""How often a request crosses the border between Envoy and the VM: each crossing is 0.3 to 2 µs that no profile of ours shows.

Envoy itself counts: its log tells every call when it is asked to.
"""

import collections
import json
import pathlib
import re

import httpx
import pytest

from harness.document import document, target
from harness.gateway import Gateway
from harness.process import built

CALL = re.compile(r"\[(vm->host|host->vm)\] (?:env\.)?(\w+)\(")

# What a chat that isn't streamed takes, both roles together: the router role reads headers, body, clock and the counter of news, at
# most once a second also the news, and writes no handoff, as there is one attempt; the translator reads headers twice, writes the
# attempt's body, reads the answer and writes it.
HOSTCALLS = 10
# Besides those, lines of header maps: four of the router role's, and what changes of the request and of the answer. Each is a
# crossing, but Envoy would take longer for maps that are set whole: it removes and adds every line.
HEADER_EDITS = 17
# A small body comes to the first role in a piece and an empty end, and to the second at once.
CALLBACKS = 14
# Of each piece of a flowing stream: read it, and write what becomes of it.
HOSTCALLS_A_PIECE = 2
# Envoy compiles the whole module at its start, and a processor's caches are small. OpenAI's Responses as a provider's dialect, the
# catalogue of models and searches across makers brought it from 1.4 to 1.58 MiB, runs of code and the rest of the surface to 1.75.
MODULE_BYTES = 1.8 * 1024 * 1024


@pytest.fixture(scope="module", params=["openai-main", "anthropic-main"])
def gateway(request, envoy_binary, cloud_process, tmp_path_factory):
    kind = request.param.removesuffix("-main")
    described = document([target(cloud_process[request.param], kind)])
    envoy = Gateway(envoy_binary, tmp_path_factory.mktemp("hostcalls"), described)
    # The first request of a worker does more.
    assert envoy.chat().status_code == 200
    yield envoy
    envoy.stop()


def traced(gateway: Gateway, request) -> collections.Counter:
    """The crossings of one request, by direction and by name."""
    log = pathlib.Path(gateway.process.log)
    before = log.stat().st_size
    httpx.post(f"{gateway.admin_url}/logging?wasm=trace").raise_for_status()

    def lines() -> str:
        with log.open("rb") as file:
            file.seek(before)
            return file.read().decode()

    try:
        request()
        # Both roles' contexts are gone.
        gateway.process.wait_until(lambda: lines().count("[host->vm] proxy_on_delete(") >= 2)
    finally:
        httpx.post(f"{gateway.admin_url}/logging?wasm=info").raise_for_status()
    calls = CALL.findall(lines())
    # The host asks for memory for what it hands out; a timer's tick is no request's.
    return collections.Counter(call for call in calls if call[1] not in ("proxy_on_memory_allocate", "proxy_on_tick"))


def total(calls: collections.Counter, direction: str) -> int:
    return sum(count for (way, _), count in calls.items() if way == direction)


def header_edits(calls: collections.Counter) -> int:
    return sum(calls["vm->host", f"proxy_{what}_header_map_value"] for what in ("replace", "remove"))


def test_a_chat_crosses_the_border_seldom(gateway):
    calls = traced(gateway, lambda: gateway.chat().raise_for_status())
    shown = json.dumps({" ".join(call): count for call, count in sorted(calls.items())}, indent=1)
    edits = header_edits(calls)
    assert total(calls, "vm->host") - edits <= HOSTCALLS, shown
    assert edits <= HEADER_EDITS, shown
    assert total(calls, "host->vm") <= CALLBACKS, shown
    assert ("host->vm", "proxy_on_log") not in calls, "the module exports what it has no use for"


def test_a_streams_piece_crosses_it_twice(gateway):
    body = {"model": "production-llm", "stream": True, "messages": [{"role": "user", "content": "word " * 40}]}
    calls = traced(gateway, lambda: gateway.stream("/v1/chat/completions", body))
    # Both roles are called with each piece; the router role has nothing to do with it.
    pieces = calls[("host->vm", "proxy_on_response_body")]
    assert pieces >= 4, calls
    crossings = total(calls, "vm->host") - header_edits(calls)
    assert crossings <= HOSTCALLS + HOSTCALLS_A_PIECE * pieces / 2 + 4, (pieces, calls)


def test_the_module_stays_small():
    assert built("switchover.wasm").stat().st_size <= MODULE_BYTES
