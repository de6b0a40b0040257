"""What a worker holds has bounds that the file states: beyond them a caller is told so, and nobody else notices."""

import concurrent.futures
import socket
import time

import pytest

from harness.document import document, group, target

pytestmark = pytest.mark.floor("deep")

MB = 1 << 20
# `listen.memory` must be ten times a request and five times an answer.
SMALL = {"max_body_bytes": MB, "max_answer_bytes": 2 * MB, "memory": 10 * MB}


def without_limit(bootstrap):
    """A listener as somebody writes it by hand: Envoy's own limit is 1 MiB."""
    for listener in bootstrap["static_resources"]["listeners"]:
        listener.pop("per_connection_buffer_limit_bytes", None)


@pytest.mark.parametrize("edit", [None, without_limit], ids=["rendered", "by-hand"])
def test_a_large_answer_arrives_whole(cloud, gateway, edit):
    """Whatever Envoy's buffers are."""
    first = cloud["openai-main"]
    envoy = gateway(document([target(first)]), edit=edit)
    for size in (3 * MB, 36 * MB):
        first.behave(reply_bytes=size)
        answer = envoy.chat()
        assert answer.status_code == 200, answer.text[:300]
        assert len(answer.json()["choices"][0]["message"]["content"].encode()) >= size
    assert envoy.alive()


@pytest.mark.floor
@pytest.mark.parametrize("edit", [None, without_limit], ids=["rendered", "by-hand"])
def test_a_large_request_arrives_whole(cloud, gateway, edit):
    first = cloud["anthropic-main"]
    envoy = gateway(document([target(first, "anthropic")]), edit=edit)
    text = "word " * (4 * MB)
    assert envoy.chat(text).status_code == 200
    assert first.received()["json"]["messages"][0]["content"] in (text, [{"type": "text", "text": text}])


def test_a_large_request_fails_over(cloud, gateway):
    """Envoy keeps it for the next attempt, though no connection buffers so much."""
    first, second = cloud["openai-main"], cloud["anthropic-main"]
    envoy = gateway(document([target(first), target(second, "anthropic")]))
    first.behave(status=503)
    text = "word " * (6 * MB)
    answer = envoy.chat(text)
    assert answer.status_code == 200 and answer.headers["x-switchover-target"] == second.name, answer.text[:300]
    assert second.received()["json"]["messages"][0]["content"] in (text, [{"type": "text", "text": text}])


def test_an_answer_beyond_the_bound_is_the_next_targets(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    envoy = gateway(document([target(first), target(second)], listen=SMALL))
    first.behave(reply_bytes=3 * MB)
    answer = envoy.chat()
    assert answer.headers["x-switchover-target"] == second.name and "malformed" in answer.headers["x-switchover-decision"]
    second.behave(reply_bytes=3 * MB)
    answer = envoy.chat()
    assert answer.status_code == 502 and "listen.max_answer_bytes" in answer.json()["error"]["message"], answer.text


def test_what_does_not_fit_is_nobodys_failure(cloud, gateway):
    """More large requests at once than the memory holds: some are told to come again, no target is blamed, and then all is well."""
    first = cloud["openai-main"]
    envoy = gateway(document([target(first)], circuit_breaker={"consecutive_failures": 1}, listen=SMALL))
    first.behave(delay_ms=1500)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: envoy.chat("x" * 900_000), range(12)))
    busy = [answer for answer in answers if answer.status_code == 503]
    good = [answer for answer in answers if answer.status_code == 200]
    assert busy and good and len(busy) + len(good) == 12, [answer.status_code for answer in answers]
    for answer in busy:
        assert answer.json()["error"]["code"] == "gateway_busy" and answer.headers["retry-after"] == "1", answer.text
    assert envoy.ejected() == set()
    first.behave()
    assert envoy.chat().status_code == 200
    assert "panicked" not in envoy.process.log.read_text() and "Failed" not in envoy.process.log.read_text()


def send_slowly(envoy, path: str, seconds: float) -> bytes:
    """A request whose body never ends: what is answered."""
    host, port = envoy.url().removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as caller:
        caller.sendall(f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{{".encode())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            caller.settimeout(0.2)
            try:
                return caller.recv(65536)
            except TimeoutError:
                caller.sendall(b" ")
    return b""


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_body_that_does_not_come(cloud, gateway, path):
    envoy = gateway(document([target(cloud["openai-main"])], listen={"body_timeout": "1s"}))
    answer = send_slowly(envoy, path, 10).decode()
    assert answer.startswith("HTTP/1.1 408 "), answer
    assert "listen.body_timeout" in answer and ('"type":"error"' in answer) == (path == "/v1/messages"), answer
    assert cloud["openai-main"].log() == []
    assert envoy.chat().status_code == 200


def test_a_request_that_grows_is_not_sent(cloud, gateway):
    """Each text becomes a request of its own at Google."""
    gemini = cloud["gemini-main"]
    listen = {"max_body_bytes": 20_000}
    envoy = gateway(document([target(gemini, "gemini", model="gemini-embedding-001")], [group("g", gemini.name)], listen=listen))
    answer = envoy.post("/v1/embeddings", {"model": "g", "input": ["a"] * 3000})
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "request_too_large", answer.text
    assert "once the request is translated" in answer.json()["error"]["message"]
    assert gemini.log() == []


@pytest.mark.floor
def test_a_full_heap_refuses_in_the_callers_envelope(cloud, gateway):
    """The last bound, for what no filter sees: here a heap that may have less than Envoy takes at its start."""

    def small(bootstrap):
        monitors = bootstrap["overload_manager"]["resource_monitors"]
        (heap,) = (one for one in monitors if one["name"].endswith("fixed_heap"))
        heap["typed_config"]["max_heap_size_bytes"] = MB

    envoy = gateway(document([target(cloud["openai-main"])]), edit=small)
    envoy.process.wait_until(lambda: envoy.stats("fixed_heap.pressure")["overload.envoy.resource_monitors.fixed_heap.pressure"] >= 95)
    answer = envoy.chat()
    assert answer.status_code == 503 and answer.json()["error"]["message"], answer.text
    assert cloud["openai-main"].log() == []
