"""Requests of hostile size and shape: refused with the name of the limit, or answered in time."""

import json
import time

import pytest

from harness.document import document, group, target
from harness.gateway import Gateway

USER = {"role": "user", "content": "Hello"}
CHAT, MESSAGES, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"
# What one of these may take on a busy machine; before, each took from five seconds to minutes.
SECONDS = 3


@pytest.fixture(scope="module")
def gateway(envoy_binary, cloud_process, tmp_path_factory):
    """One group whose target speaks as its callers do, and one whose target doesn't."""
    first, claude = cloud_process["openai-main"], cloud_process["anthropic-main"]
    described = document(
        [target(first), target(claude, "anthropic")],
        [group("native", first.name), group("claude", claude.name)],
        listen={"max_messages": 20_000, "max_tools": 4_100, "max_parts": 300, "max_inputs": 40, "max_values": 5_000_000, "max_unknown": 9_000},
    )
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("bounds"), described)
    yield gateway
    gateway.stop()


def tool(name):
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}


def text(count):
    return [{"type": "text", "text": "x"}] * count


@pytest.mark.parametrize("model", ["native", "claude"])
@pytest.mark.parametrize(
    "path, body, param, said",
    [
        (CHAT, {"messages": [USER] * 20_001}, "messages", "has 20001 messages, more than the 20000 that `listen.max_messages`"),
        (CHAT, {"messages": [{}] * 1_000_000}, "messages", "has 1000000 messages, more than the 20000 that `listen.max_messages`"),
        (CHAT, {"messages": [USER, {"role": "user", "content": text(301)}]}, "messages[1]", "has 301 parts, more than the 300 that `listen.max_parts`"),
        (CHAT, {"messages": [USER], "tools": [tool("f")] * 4_101}, "tools", "has 4101 tools, more than the 4100 that `listen.max_tools`"),
        (CHAT, {"messages": [USER | {f"unknown_{n}": n for n in range(9_001)}]}, "", "has 9001 members that are not known, more than the 9000 that"),
        (MESSAGES, {"max_tokens": 9, "messages": [USER] * 20_001}, "messages", "has 20001 messages"),
        (MESSAGES + "/count_tokens", {"messages": [USER] * 20_001}, "messages", "has 20001 messages"),
        (RESPONSES, {"input": [USER] * 20_001}, "input", "has 20001 items"),
        (EMBEDDINGS, {"input": ["a"] * 41}, "input", "has 41 inputs, more than the 40 that `listen.max_inputs`"),
    ],
)
def test_more_than_the_file_allows(gateway, cloud, model, path, body, param, said):
    start = time.monotonic()
    answer = gateway.post(path, json.dumps({"model": model} | body).encode())
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["message"].startswith(f"{param or 'The request'} {said}"), error
    assert ("param" in error) != path.startswith(MESSAGES), "each path has its own envelope"
    assert time.monotonic() - start < SECONDS
    assert all(provider.log() == [] for provider in cloud)


@pytest.mark.parametrize("body", [
    {"messages": [USER | {f"unknown_{n}": n for n in range(2_000)}]},
    {"messages": [USER], "tools": [tool("f") | {"x": [[[]]] * 1_000}]},
    {"messages": [USER], "user": [{"a": {}}] * 1_000},
    {"messages": [USER], "stop": ["a"] * 2_000},
    {"messages": [USER, {"role": "assistant", "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": [[]] * 100_000})}}]}]},
])  # fmt: skip
def test_more_values_than_the_file_allows(envoy_binary, cloud, tmp_path, body):
    """Whatever they are: none is read any further. A list of tokens is no matter of values."""
    first = cloud["openai-main"]
    gateway = Gateway(envoy_binary, tmp_path, document([target(first)], listen={"max_values": 2_000}))
    try:
        answer = gateway.post(CHAT, json.dumps({"model": "production-llm"} | body).encode())
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith(
            "The request has more than the 2000 members, objects, lists and strings in lists that `listen.max_values` allows here."
        ), answer.text
        assert first.log() == []
        tokens = gateway.post(EMBEDDINGS, json.dumps({"model": "production-llm", "input": [list(range(4_000))] * 5}).encode())
        assert tokens.status_code == 200, tokens.text
    finally:
        gateway.stop()


def rounds(count):
    for n in range(count):
        name = "".join(chr(0x4E00 + n // 64**place % 64) for place in range(3))
        yield {"role": "assistant", "content": None, "tool_calls": [{"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
        yield {"role": "tool", "tool_call_id": name, "content": "r"}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [USER | {f"unknown_{n}": 1 for n in range(8_000)}]},
        {"messages": [USER | {f"unknown_{n}": 1} for n in range(8_000)]},
        {"messages": [USER], **{f"unknown_{n}": 1 for n in range(8_000)}},
        {"messages": [USER], "tools": [tool("x" * 80 + str(n)) for n in range(4_000)]},
        {"messages": [USER], "tools": [tool("x" * 150 + str(n)) for n in range(4_000)]},
        {"messages": [USER], "tools": [tool(f"files.{n}") for n in range(4_000)]},
        {"messages": [USER], "tools": [tool(chr(0x4E00 + n // 64) + chr(0x4E00 + n % 64)) for n in range(4_000)]},
        {"messages": [USER, *rounds(4_000)], "tools": [tool("f")]},
    ],
    ids=["one-message", "each-message", "top", "prefix", "too-long", "dots", "letters", "rounds"],
)
def test_shapes_that_stopped_a_worker(gateway, body):
    start = time.monotonic()
    answer = gateway.post(CHAT, json.dumps({"model": "claude"} | body).encode())
    took = time.monotonic() - start
    assert answer.status_code == 200, answer.text
    assert took < SECONDS, f"{took:.1f} s"
    dropped = answer.headers.get("x-switchover-dropped", "")
    assert len(dropped) <= 2048
    if "unknown" in json.dumps(body)[:200_000]:
        assert dropped.rpartition(" and ")[2].removesuffix(" more").isdigit(), dropped[-100:]
