"""A stream that has begun and falls silent is ended with an error event: the caller isn't left waiting for the whole timeout."""

import concurrent.futures
import time

import pytest

from harness.document import document, group, target
from harness.gateway import Gateway

pytestmark = pytest.mark.floor("deep")

USER = [{"role": "user", "content": "hello"}]
CALLS = {
    "/v1/chat/completions": {"messages": USER},
    "/v1/messages": {"messages": USER, "max_tokens": 100},
    "/v1/responses": {"input": "hello"},
}


KINDS = {"openai-main": "openai", "anthropic-main": "anthropic", "bedrock-main": "bedrock"}


def described(cloud) -> dict:
    """A group for each kind of target, named as it; another target stands behind it."""
    targets = [target(cloud[name], kind) for name, kind in KINDS.items()] + [target(cloud["openai-second"])]
    timeouts = {"stream_idle_timeout": "1s", "first_token_timeout": "5s"}
    groups = [group(name, name, "openai-second", **timeouts) for name in KINDS]
    # Silence ejects too (test_broken.py); here it goes on and on.
    return document(targets, groups, circuit_breaker={"consecutive_failures": 1000})


@pytest.fixture(scope="module")
def shared(envoy_binary, cloud_process, tmp_path_factory):
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("silence"), described(cloud_process), concurrency=2)
    yield gateway
    gateway.stop()


@pytest.fixture
def openai(cloud, shared):
    return cloud["openai-main"], shared


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("name", KINDS)
def test_a_silent_stream_ends_with_an_error_event(cloud, shared, path, name):
    before = broken(shared, name)
    cloud[name].behave(stall=5)
    begin = time.monotonic()
    streamed = shared.stream(path, {"model": name, "stream": True, **CALLS[path]})
    took = time.monotonic() - begin
    assert streamed.status == 200 and len(streamed.events) > 1, streamed
    event, last = streamed.events[-1]
    said = last.get("error", last) if path != "/v1/responses" else last.get("response", last)
    assert "silent for more than 1000 ms" in str(said) and name in str(said), streamed.events[-3:]
    if path == "/v1/messages":
        assert event == "error" and last["type"] == "error"
    assert "[DONE]" not in streamed.data
    assert streamed.error is not None, "and then the stream is closed"
    assert 0.9 < took < 6, took
    assert cloud["openai-second"].log() == [], "what has begun can't begin again"
    assert broken(shared, name) == before + 1


def broken(gateway, name: str) -> int:
    """How many streams of a target were counted as broken off by silence."""
    lines = gateway.admin("stats/prometheus?filter=switchover_broken_streams_total").text.splitlines()
    lines = [line for line in lines if f'target="{name}"' in line and 'class="timeout"' in line]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines)


def test_the_official_sdk_raises_what_is_told(openai):
    first, gateway = openai
    first.behave(stall=5)
    with pytest.raises(Exception, match="silent for more than 1000 ms"):
        list(gateway.openai().chat.completions.create(model="openai-main", messages=USER, stream=True))
    with pytest.raises(Exception, match="silent for more than 1000 ms"):
        with gateway.anthropic().messages.stream(model="openai-main", max_tokens=50, messages=USER) as stream:
            stream.get_final_text()
    first.behave()
    assert gateway.chat_stream(model="openai-main").data[-1] == "[DONE]", "and the next one is whole"


@pytest.mark.floor
def test_a_slow_stream_is_not(openai):
    first, gateway = openai
    first.behave(slow_ms=400, events=6)
    streamed = gateway.chat_stream(model="openai-main")
    assert streamed.error is None and streamed.data[-1] == "[DONE]"


@pytest.mark.floor
def test_many_at_once_and_each_its_own(openai):
    """Silent and speaking streams together: only the silent ones end, each with one error event, on whatever worker."""
    first, gateway = openai
    first.behave({"stall": 5, "times": 10}, {"slow_ms": 300, "events": 8})
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda _: gateway.chat_stream(model="openai-main"), range(20)))
    silent = [one for one in done if one.error]
    whole = [one for one in done if not one.error]
    assert len(silent) == len(whole) == 10
    assert all(one.data[-1] == "[DONE]" and "error" not in str(one.data) for one in whole)
    assert all(sum("error" in event for event in one.data if isinstance(event, dict)) == 1 for one in silent)


def test_orders_that_are_silent_together_wait_no_longer(cloud, shared):
    """Each order's filter has a timer of its own, and they tick beside each other."""
    for name in KINDS:
        cloud[name].behave(stall=5)
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        done = list(pool.map(lambda number: shared.chat_stream(model=list(KINDS)[number % 3]), range(12)))
    assert all("silent for more than 1000 ms" in str(one.data[-1]) for one in done), [one.data[-1:] for one in done]
    assert time.monotonic() - began < 8, "three timers counted as one would take three times as long"
