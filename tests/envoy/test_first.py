"""The main job, in a real Envoy with stand-in providers: chats, streams, failover, and other traffic left alone."""

import socket
import time

import httpx
import pytest

from harness.document import document, group, target
from harness.gateway import CALLER_KEY, Gateway

pytestmark = pytest.mark.floor

USER = [{"role": "user", "content": "Grüß dich!"}]
QUICK = {"first_token_timeout": "1s", "timeout": "20s"}


def said(provider: str, text: str = "Grüß dich!") -> str:
    return f"Hello from {provider}. You said: {text} — grüße 👋 こんにちは"


def no_problems(*providers):
    """Every request was one that the real provider would have taken, and the caller's key went nowhere."""
    for provider in providers:
        for entry in provider.log():
            assert entry["problem"] is None, entry
            assert not any(CALLER_KEY in value for _, value in entry["headers"]), entry["headers"]


FAILURES = {
    "503": {"status": 503},
    "500": {"status": 500},
    "overloaded": {"failure": "overloaded"},
    "429": {"failure": "rate_limited", "retry_after": {"seconds": 7}},
    "quota": {"failure": "quota"},
    "401": {"failure": "auth"},
    "unknown-model": {"failure": "model_unavailable"},
    "closed-before-the-headers": {"cut": "headers"},
    "reset-before-the-headers": {"reset": "headers"},
    "silent-before-the-headers": {"stall": "headers"},
    "html-200": {"html": True},
    "empty-200": {"empty": True},
    "error-in-a-200": {"error_event": "body"},
}
WHOLE_FAILURES = {"cut-json": {"end": {"bytes": 60}}, "closed-in-the-body": {"cut": {"bytes": 60}}}
STREAM_FAILURES = {
    "error-as-the-first-event": {"error_event": "first_token"},
    "silent-after-the-headers": {"stall": "body"},
    "silent-before-the-first-token": {"stall": "first_token"},
    "closed-after-the-headers": {"cut": "body"},
    "reset-before-the-first-token": {"reset": "first_token"},
    "ends-before-the-first-token": {"end": "first_token"},
    "empty-stream": {"end": "body"},
}
CASES = {f"chat-{name}": behaviour for name, behaviour in (FAILURES | WHOLE_FAILURES).items()}
CASES |= {f"stream-{name}": behaviour for name, behaviour in (FAILURES | STREAM_FAILURES).items()}


@pytest.fixture(scope="module")
def shared_gateway(envoy_binary, cloud_process, tmp_path_factory):
    """One Envoy for many tests: a group for each that fails in its own way, as cool-downs and ejections last."""
    openai, second, claude = (cloud_process[name] for name in ("openai-main", "openai-second", "anthropic-last-resort"))
    targets = [target(openai), target(second), target(claude, "anthropic")]
    groups = [
        group("production-llm", openai.name, second.name, aliases=["gpt-5*"], **QUICK),
        group("claude", claude.name, **QUICK),
    ]
    for case in CASES:
        targets += [target(openai, id=f"{case}-first"), target(claude, "anthropic", id=f"{case}-second")]
        groups.append(group(case, f"{case}-first", f"{case}-second", **QUICK))
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("first"), document(targets, groups))
    yield gateway
    gateway.stop()


@pytest.fixture
def pair(cloud, shared_gateway):
    """OpenAI first, then another OpenAI, while nothing fails."""
    return cloud["openai-main"], cloud["openai-second"], shared_gateway


@pytest.fixture
def claude(cloud, shared_gateway):
    """The group `claude` and what it is served by."""
    return cloud["anthropic-last-resort"], shared_gateway


@pytest.fixture
def failing(cloud, gateway):
    """OpenAI first, then another OpenAI, in an Envoy of the test's own."""
    first, second = cloud["openai-main"], cloud["openai-second"]
    groups = [group("production-llm", first.name, second.name, **QUICK)]
    return first, second, gateway(document([target(first), target(second)], groups))


# --- Nothing fails --------------------------------------------------------------------------------------------------


def test_chat_openai_to_openai(pair):
    first, second, gateway = pair
    answer = gateway.openai().chat.completions.with_raw_response.create(model="production-llm", messages=USER)
    chat = answer.parse()
    assert chat.choices[0].message.content == said("openai-main")
    assert chat.model == "production-llm", "the caller reads the name it asked for"
    assert first.received()["json"]["model"] == "gpt-5.4-mini", "the provider reads its own"
    assert answer.headers["x-switchover-group"] == "production-llm"
    assert answer.headers["x-switchover-target"] == "openai-main"
    assert answer.headers["x-switchover-attempts"] == "1"
    assert second.log() == []
    no_problems(first)


def test_stream_openai_to_openai(pair):
    first, _, gateway = pair
    stream = gateway.openai().chat.completions.create(model="gpt-5.4-mini", messages=USER, stream=True)
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == said("openai-main")
    assert {chunk.model for chunk in chunks} == {"gpt-5.4-mini"}
    assert all(chunk.usage is None for chunk in chunks), "usage was not asked for"
    assert first.received()["json"]["stream_options"] == {"include_usage": True}
    no_problems(first)


def test_chat_openai_to_anthropic(claude):
    claude, gateway = claude
    messages = [{"role": "system", "content": "Be kind."}, *USER]
    answer = gateway.openai().chat.completions.create(model="claude", messages=messages)
    assert answer.choices[0].message.content == said("anthropic-last-resort")
    assert answer.choices[0].finish_reason == "stop" and answer.usage.prompt_tokens > 0
    sent = claude.received()
    assert sent["path"] == "/v1/messages" and sent["json"]["max_tokens"] == 8192
    assert sent["json"]["model"] == "claude-sonnet-4-5"
    no_problems(claude)


def test_stream_openai_to_anthropic(claude):
    claude, gateway = claude
    stream = gateway.openai().chat.completions.create(
        model="claude", messages=USER, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == said("anthropic-last-resort")
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 3
    no_problems(claude)


def test_tools_openai_to_anthropic_and_back_again(claude):
    claude, gateway = claude
    client = gateway.openai()
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "description": "…", "parameters": schema}}]
    messages = [{"role": "user", "content": "What is the weather?"}]
    with client.chat.completions.stream(model="claude", messages=messages, tools=tools) as stream:
        message = stream.get_final_completion().choices[0].message
    (call,) = message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Zürich"}')
    function = {"name": "weather", "arguments": call.function.arguments}
    messages += [
        {"role": "assistant", "content": message.content, "tool_calls": [{"id": call.id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call.id, "content": "sunny ☀"},
    ]
    answer = client.chat.completions.create(model="claude", messages=messages, tools=tools)
    assert "The tool said: sunny ☀" in answer.choices[0].message.content
    no_problems(claude)


def test_events_arrive_one_by_one(pair):
    first, _, gateway = pair
    first.behave(slow_ms=60, events=6)
    times = []
    for chunk in gateway.openai().chat.completions.create(model="production-llm", messages=USER, stream=True):
        if chunk.choices[0].delta.content:
            times.append(time.monotonic())
    assert len(times) == 6
    assert min(after - before for before, after in zip(times, times[1:])) > 0.02, times


# --- The first provider fails ---------------------------------------------------------------------------------------

def cases(kind: str):
    return pytest.mark.parametrize("case", [case for case in CASES if case.startswith(kind)])


@cases("chat-")
def test_a_chat_goes_to_the_next_provider(cloud, shared_gateway, case):
    first, second = cloud["openai-main"], cloud["anthropic-last-resort"]
    first.behave(**CASES[case])
    answer = shared_gateway.openai().chat.completions.with_raw_response.create(model=case, messages=USER)
    assert answer.parse().choices[0].message.content == said("anthropic-last-resort")
    assert answer.headers["x-switchover-target"] == f"{case}-second"
    assert answer.headers["x-switchover-attempts"] == "2"
    assert len(first.log()) == len(second.log()) == 1
    no_problems(first, second)


@cases("stream-")
def test_a_stream_goes_to_the_next_provider(cloud, shared_gateway, case):
    first, second = cloud["openai-main"], cloud["anthropic-last-resort"]
    first.behave(**CASES[case])
    stream = shared_gateway.openai().chat.completions.create(model=case, messages=USER, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == said("anthropic-last-resort")
    assert len(first.log()) == len(second.log()) == 1
    no_problems(first, second)


LEAK = "a-word-of-the-failed-attempt"
LEAKING = [
    {"status": 503, "message": LEAK},
    {"failure": "auth", "message": LEAK},
    {"status": 500, "body": f"<html>{LEAK * 4000}</html>", "content_type": "text/html"},
    {"status": 200, "body": f"<html>{LEAK * 4000}</html>", "content_type": "text/html"},
    {"error_event": "first_token", "message": LEAK},
    {"text": f"{LEAK} " * 50, "cut": {"bytes": 120}},
    {"text": f"{LEAK} " * 50, "reset": "first_token"},
    {"text": f"{LEAK} " * 50, "stall": {"bytes": 120}},
]


@pytest.mark.parametrize("stream", [False, True])
def test_no_byte_of_a_failed_attempt_reaches_the_caller(cloud, gateway, stream):
    """Envoy 1.36 retries after a hold and lets the failed attempt's body through: SDKs may skip it, so look at the bytes."""
    first, second = cloud["openai-main"], cloud["openai-second"]
    groups = [group("production-llm", first.name, second.name, **QUICK)]
    gateway = gateway(document([target(first), target(second)], groups, circuit_breaker={"consecutive_failures": 1000}))
    plain = gateway.chat(stream=stream, model="production-llm").content
    for leaking in LEAKING:
        first.behave(leaking)
        answer = gateway.chat(stream=stream)
        assert answer.status_code == 200 and answer.headers["x-switchover-attempts"] == "2", (leaking, answer.text)
        assert LEAK.encode() not in answer.content, leaking
        assert answer.content.startswith(b"data: {" if stream else b"{") and len(answer.content) < 2 * len(plain), answer.text
        if stream:
            lines = [line for line in answer.text.splitlines() if line]
            assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"
        else:
            assert answer.json()["choices"] and int(answer.headers["content-length"]) == len(answer.content)


def test_a_refused_connection_goes_to_the_next_provider(failing):
    first, second, gateway = failing
    assert gateway.chat().json()["choices"][0]["message"]["content"] == said("openai-main", "hello")
    first.behave(refuse=True)
    for answer in (gateway.chat(), gateway.chat()):
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["message"]["content"] == said("openai-second", "hello")
    assert gateway.chat_stream().text == said("openai-second", "hello")
    no_problems(first, second)


def test_the_fallback_can_fail_too(failing):
    """Each attempt is held until its first token, the last one as well."""
    first, second, gateway = failing
    first.behave(error_event="first_token")
    second.behave(error_event="first_token")
    answer = gateway.chat_stream()
    assert answer.status == 503, answer
    assert answer.events == [], "an error is no stream"
    answer = gateway.chat()
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "overloaded", answer.text


def test_a_failure_after_the_first_token_is_told(failing):
    """Nobody can switch any more; a stream that ends well must not be faked."""
    first, second, gateway = failing
    for behaviour in ({"end": 5}, {"error_event": 5}):
        # Slowly, or what fails would come together with the first token, when there still is a choice.
        first.behave(slow_ms=50, **behaviour)
        answer = gateway.chat_stream()
        assert answer.status == 200 and answer.text, answer
        assert "[DONE]" not in answer.data
        assert "error" in answer.data[-1], answer.data[-1]
    first.behave(slow_ms=50, cut=5)
    answer = gateway.chat_stream()
    assert answer.error or "error" in answer.data[-1]
    assert "[DONE]" not in answer.data
    assert second.log() == []


def test_a_malformed_event_does_not_end_a_stream(pair):
    first, _, gateway = pair
    first.behave(malformed_event=4)
    answer = gateway.chat_stream()
    assert answer.text == said("openai-main", "hello") and answer.data[-1] == "[DONE]"


def test_the_callers_mistake_is_not_tried_elsewhere(pair):
    first, second, gateway = pair
    first.behave(failure="invalid_request", message="Invalid 'n': 0.")
    answer = gateway.chat()
    assert answer.status_code == 400 and "Invalid 'n': 0." in answer.json()["error"]["message"], answer.text
    assert second.log() == []


def test_a_failing_provider_is_left_and_found_again(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    breaker = {"consecutive_failures": 2, "interval": "1s", "base_ejection_time": "1s", "max_ejection_time": "1s"}
    gateway = gateway(document([target(first), target(second)], circuit_breaker=breaker))
    first.behave(status=503)
    for _ in range(4):
        assert gateway.chat().status_code == 200
    assert len(first.log()) == 2, "ejected after two failures"
    assert gateway.ejected() & {"openai-main"}
    first.behave()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if gateway.chat().headers["x-switchover-target"] == "openai-main":
            break
        time.sleep(0.2)
    else:
        pytest.fail("the first provider got no request again")


# --- What must not hurt ---------------------------------------------------------------------------------------------


def test_a_header_that_is_not_utf_8(pair):
    first, _, gateway = pair
    for _ in range(2):
        answer = gateway.chat(headers=[("x-bad", b"caf\xe9")])
        assert answer.status_code == 200, answer.text
    assert gateway.chat().status_code == 200, "and a request after it"
    no_problems(first)


def test_callers_cannot_steer_from_outside(failing):
    first, second, gateway = failing
    headers = {
        "x-switchover-order": "openai-second", "x-switchover-target": "openai-second", "x-envoy-max-retries": "0",
        "x-envoy-upstream-rq-timeout-ms": "1", "x-api-key": "k", "api-key": "k", "x-goog-api-key": "k",
        "anthropic-version": "2023-06-01", "authorization": f"Bearer {CALLER_KEY}", "cookie": "a=b",
    }  # fmt: skip
    answer = gateway.chat(headers=headers)
    assert answer.status_code == 200, answer.text
    first.behave(status=503)
    assert gateway.chat(headers=headers).headers["x-switchover-target"] == "openai-second"
    no_problems(first, second)


def test_large_bodies(failing):
    first, second, gateway = failing
    first.behave(status=503)
    text = "ü" * 1_500_000
    answer = gateway.chat(text)
    assert answer.status_code == 200, answer.text[:500]
    assert second.received()["json"]["messages"][0]["content"] == text
    no_problems(first, second)


def test_other_traffic_passes_untouched(cloud, gateway):
    """Requests that are not for a model reach another upstream as they are, and as they come."""
    first, other = cloud["openai-main"], cloud["other"]

    def add_route(bootstrap):
        endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": other.port}}}
        load = {"cluster_name": "other", "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]}
        static = bootstrap["static_resources"]
        static["clusters"].append({"name": "other", "type": "STATIC", "load_assignment": load})
        manager = static["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        for host in manager["route_config"]["virtual_hosts"]:
            host["routes"].insert(-1, {"match": {"prefix": "/"}, "route": {"cluster": "other", "timeout": "0s"}})

    gateway = gateway(document([target(first)]), edit=add_route)
    assert httpx.get(gateway.url() + "/healthz").text == "other: GET /healthz\n"
    answer = httpx.post(gateway.url() + "/other?a=b", content=b"\xff\x00abc", headers={"x-mine": "1", "authorization": "mine"})
    assert answer.content == b"\xff\x00abc" and answer.headers["x-echo"] == "POST /other?a=b"
    assert not any(name.startswith("x-switchover") for name in answer.headers)
    sent = other.log()[-1]
    assert ["x-mine", "1"] in sent["headers"] and ["authorization", "mine"] in sent["headers"]
    assert not any(name.startswith("x-switchover") for name, _ in sent["headers"])
    assert gateway.chat().status_code == 200, "and chats go where they should"
    echoes_at_once(gateway.url())


def echoes_at_once(url: str):
    """The first piece of a body comes back before the second is sent: nothing waits for the whole."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"POST /other HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        for piece in (b"first", b"second"):
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            received = b""
            while piece not in received:
                received += connection.recv(65536)
        connection.sendall(b"0\r\n\r\n")
