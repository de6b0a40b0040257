"""A stream that has begun and falls silent ends: the caller isn't left waiting for the whole request's timeout."""

import time

import pytest

from harness.document import document, group, target

pytestmark = pytest.mark.floor


def test_a_silent_stream_is_reset(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    groups = [group("production-llm", first.name, second.name, stream_idle_timeout="1s", first_token_timeout="5s")]
    gateway = gateway(document([target(first), target(second)], groups))
    first.behave(stall=4)
    begin = time.monotonic()
    streamed = gateway.chat_stream()
    assert streamed.text and streamed.error is not None, "a beginning, and then a reset"
    assert 0.9 < time.monotonic() - begin < 6
    assert second.log() == [], "what has begun can't begin again"


def test_a_slow_stream_is_not(cloud, gateway):
    first = cloud["openai-main"]
    groups = [group("production-llm", first.name, stream_idle_timeout="1s", first_token_timeout="5s")]
    gateway = gateway(document([target(first)], groups))
    first.behave(slow_ms=400, events=6)
    streamed = gateway.chat_stream()
    assert streamed.error is None and streamed.data[-1] == "[DONE]"
