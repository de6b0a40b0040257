"""The stand-in fails as told, at the level of bytes and connections, and refuses what a provider would refuse."""

import datetime
import email.utils
import json
import socket
import time

import httpx
import pytest

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
STREAM = CHAT | {"stream": True}
HEADERS = {"authorization": "Bearer k"}
MESSAGES = {"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
ANTHROPIC = {"x-api-key": "k", "anthropic-version": "2026-10-21"}


@pytest.fixture
def one(providers):
    return providers["one"]


def post(provider, body=CHAT, path="/v1/chat/completions", headers=HEADERS, **options):
    return httpx.post(provider.url + path, json=body, headers=headers, timeout=5, **options)


def events(provider, body=STREAM, **options):
    """The data of each event, until the stream ends or breaks; the error is last then."""
    seen = []
    try:
        with httpx.stream("POST", provider.url + "/v1/chat/completions", json=body, headers=HEADERS, timeout=options.get("timeout", 5)) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    seen.append(line[6:])
    except httpx.HTTPError as error:
        seen.append(type(error))
    return seen


def test_status_speaks_the_dialect(one):
    one.behave(status=503)
    assert post(one).json()["error"]["type"] == "server_error"
    answer = post(one, MESSAGES, "/v1/messages", ANTHROPIC)
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "overloaded_error")


def test_every_failure_in_every_dialect(one):
    failures = "overloaded server_error rate_limited quota auth forbidden model_unavailable model_failure context_length content_policy invalid_request too_large not_found"
    gemini = {"contents": [{"parts": [{"text": "hi"}]}]}
    paths = {
        "/v1/chat/completions": CHAT, "/openai/v1/chat/completions": CHAT, "/v1/messages": MESSAGES,
        "/v1beta/models/g:generateContent": gemini, "/model/m/converse": {"messages": []}, "/v2/chat": CHAT,
    }  # fmt: skip
    for failure in failures.split():
        one.behave(failure=failure, message="in these words")
        for path, body in paths.items():
            answer = post(one, body, path)
            blocked = failure in ("content_policy", "model_failure") and "Content" in path
            assert answer.status_code >= 400 or blocked, (failure, path)
            assert "in these words" in answer.text or blocked, (failure, path)


def test_times_and_lists(one):
    one.behave({"status": 500, "times": 2}, {"status": 429, "times": 1})
    assert [post(one).status_code for _ in range(4)] == [500, 500, 429, 200]


def test_custom_body_headers_and_type(one):
    one.behave(status=418, body={"a": 1}, headers={"x-a": "b"}, content_type="text/plain")
    answer = post(one)
    assert (answer.status_code, answer.json(), answer.headers["x-a"], answer.headers["content-type"]) == (418, {"a": 1}, "b", "text/plain")


def test_html_empty_and_cut_json(one):
    one.behave(html=True)
    assert post(one).headers["content-type"].startswith("text/html")
    one.behave(empty=True)
    assert post(one).content == b""
    one.behave(end={"bytes": 40})
    answer = post(one)
    assert len(answer.content) == 40 and answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_retry_after_in_each_form(one):
    one.behave(failure="rate_limited", retry_after={"seconds": 7})
    assert post(one).headers["retry-after"] == "7"
    one.behave(failure="rate_limited", retry_after={"date": 60})
    date = email.utils.parsedate_to_datetime(post(one).headers["retry-after"])
    assert 50 < (date - datetime.datetime.now(datetime.timezone.utc)).total_seconds() < 61
    one.behave(failure="rate_limited", retry_after={"ms": 1500})
    assert post(one).headers["retry-after-ms"] == "1500"
    one.behave(failure="rate_limited", retry_after={"ratelimit_reset": "6m0s"})
    assert post(one).headers["x-ratelimit-reset-requests"] == "6m0s"
    one.behave(failure="rate_limited", retry_after={"retry_info": "52s"})
    details = post(one, {"contents": []}, "/v1beta/models/g:generateContent").json()["error"]["details"]
    assert details[-1]["retryDelay"] == "52s"


def test_delay_and_slow_events(one):
    one.behave(delay_ms=200)
    start = time.monotonic()
    assert post(one).status_code == 200 and time.monotonic() - start > 0.2
    one.behave(slow_ms=30, events=5)
    start = time.monotonic()
    assert len(events(one)) == 8 and time.monotonic() - start > 0.2


@pytest.mark.parametrize("point, seen", [("headers", 0), ("body", 0), ("first_token", 1), (3, 3), ({"bytes": 10}, 0)])
def test_stall(one, point, seen):
    one.behave(stall=point)
    got = events(one, timeout=0.4)
    assert got[-1] is httpx.ReadTimeout and len(got) == seen + 1
    time.sleep(0.1)
    assert one.received()["outcome"].startswith(("stalled", "left"))


@pytest.mark.parametrize("point, seen", [("headers", 0), ("body", 0), ("first_token", 1), (3, 3)])
def test_cut_and_reset(one, point, seen):
    one.behave(cut=point)
    got = events(one)
    assert got[-1] is httpx.RemoteProtocolError and len(got) == seen + 1
    one.behave(reset=point)
    got = events(one)
    assert got[-1] is httpx.ReadError and len(got) == seen + 1
    assert [entry["outcome"] for entry in one.log()] == ["cut", "reset"]


def test_cut_of_a_whole_answer(one):
    one.behave(cut={"bytes": 40})
    with pytest.raises(httpx.RemoteProtocolError):
        post(one)


def test_ends_without_the_terminator(one):
    assert events(one)[-1] == "[DONE]"
    one.behave(end="terminator")
    got = events(one)
    assert json.loads(got[-1])["choices"][0]["finish_reason"] == "stop"
    one.behave(end="first_token")
    assert len(events(one)) == 1
    one.behave(end="body")
    assert events(one) == []


def test_error_event(one):
    one.behave(error_event="body")
    (only,) = events(one)
    assert json.loads(only)["error"]["type"] == "server_error"
    one.behave(error_event=3, failure="rate_limited")
    got = events(one)
    assert len(got) == 4 and json.loads(got[-1])["error"]["code"] == "rate_limit_exceeded"
    one.behave(error_event="body")
    assert post(one).status_code == 200 and post(one).json()["error"]


def test_malformed_event_does_not_end_the_stream(one):
    whole = len(events(one))
    one.behave(malformed_event=3)
    got = events(one)
    assert len(got) == whole + 1 and got[-1] == "[DONE]"
    with pytest.raises(json.JSONDecodeError):
        json.loads(got[3])


def test_sizes(one):
    one.behave(events=50)
    assert len(events(one)) == 53
    one.behave(reply_bytes=5000)
    assert len(post(one).json()["choices"][0]["message"]["content"]) >= 2500
    one.behave(text="just this", finish="content_filter")
    choice = post(one).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("just this", "content_filter")


def test_refuses_and_comes_back(one):
    with httpx.Client() as kept:
        assert kept.post(one.url + "/v1/chat/completions", json=CHAT, headers=HEADERS).status_code == 200
        one.behave(refuse=True)
        with pytest.raises(httpx.HTTPError):
            kept.post(one.url + "/v1/chat/completions", json=CHAT, headers=HEADERS)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", one.port))
    one.behave()
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            assert post(one).status_code == 200
            break
        except httpx.ConnectError:
            time.sleep(0.01)
    else:
        pytest.fail("the provider did not come back")


def test_the_log_holds_what_came(one):
    httpx.post(one.url + "/v1/chat/completions?a=b", json=CHAT, headers=[*HEADERS.items(), ("x-bad", b"caf\xe9")])
    entry = one.received()
    assert (entry["method"], entry["path"], entry["json"], entry["status"]) == ("POST", "/v1/chat/completions?a=b", CHAT, 200)
    assert ["x-bad", "caf�"] in entry["headers"]
    assert (entry["problem"], entry["outcome"]) == (None, "whole")


def test_a_client_that_leaves_is_noticed(one):
    one.behave(slow_ms=100, events=50)
    with httpx.stream("POST", one.url + "/v1/chat/completions", json=STREAM, headers=HEADERS) as answer:
        next(answer.iter_lines())
    time.sleep(0.3)
    assert one.received()["outcome"] == "left by the client"


@pytest.mark.parametrize(
    "headers, problem",
    [
        ({}, "no credential"),
        ({"authorization": "Bearer other"}, "not the one expected"),
        (HEADERS | {"x-api-key": "k"}, "x-api-key is not for this provider"),
        (HEADERS | {"anthropic-version": "2023-06-01"}, "anthropic-version is not for"),
        (HEADERS | {"x-goog-api-key": "k"}, "x-goog-api-key is not for"),
        (HEADERS | {"x-envoy-attempt-count": "1"}, "internal header x-envoy-attempt-count"),
        (HEADERS | {"x-switchover-target": "a"}, "internal header x-switchover-target"),
        (HEADERS | {"content-type": "text/plain"}, "content-type"),
    ],
)
def test_heads_that_are_refused(one, headers, problem):
    one.expect_key("k")
    answer = post(one, headers=headers)
    assert answer.status_code in (400, 401) and problem in answer.json()["error"]["message"]
    assert problem in one.received()["problem"]


CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "x"}


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"temperature": 0.5}, "temperature: Extra inputs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty: Extra inputs"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [CALL]}]}, "without `tool_result`"),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, "unexpected `tool_use_id`"),
        (
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [CALL]},
                          {"role": "user", "content": [{"type": "text", "text": "y"}, RESULT]}]},
            "must come before any other content",
        ),
        ({"tool_choice": {"type": "auto"}}, "while providing tools"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "must be greater than"),
    ],
)  # fmt: skip
def test_messages_that_anthropic_refuses(one, change, problem):
    body = {key: value for key, value in (MESSAGES | change).items() if value is not None}
    answer = post(one, body, "/v1/messages", ANTHROPIC)
    assert answer.status_code == 400 and problem in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"messages": []}, "empty array"),
        ({"model": None}, "'model'"),
        ({"top_k": 3}, "Unknown parameter: 'top_k'"),
        ({"web_search_options": {}}, "Unknown parameter: 'web_search_options'"),
        ({"temperature": 3}, "temperature"),
        ({"tool_choice": "auto"}, "'tools' are specified"),
        ({"stream_options": {"include_usage": True}}, "only allowed when 'stream'"),
        ({"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]}, "must be a response to"),
    ],
)
def test_chats_that_openai_refuses(one, change, problem):
    body = {key: value for key, value in (CHAT | change).items() if value is not None}
    answer = post(one, body)
    assert answer.status_code == 400 and problem in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body, problem",
    [
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"parts": [{"text": ""}]}]}, "required oneof"),
        ({"contents": [{"parts": [{"text": "x"}]}], "max_tokens": 3}, "Unknown name"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"text": "x"}]}, {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}]}, "number of function response"),
        (
            {"contents": [{"parts": [{"text": "x"}]}],
             "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "object", "$schema": "x"}}]}]},
            '"$schema"',
        ),
        (
            {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"googleSearch": {}}, {"functionDeclarations": [{"name": "f"}]}]},
            "Tool use with function calling",
        ),
    ],
)  # fmt: skip
def test_contents_that_gemini_refuses(one, body, problem):
    answer = post(one, body, "/v1beta/models/gemini-2.5-pro:generateContent", {"x-goog-api-key": "k"})
    assert answer.status_code == 400 and problem in answer.json()["error"]["message"]


def test_gemini_3_wants_its_signatures_back(one):
    turns = [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
    ]
    answer = post(one, {"contents": turns}, "/v1beta/models/gemini-3-pro:generateContent", {"x-goog-api-key": "k"})
    assert "thought_signature" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body, problem",
    [
        ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "must start with a user"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "blank"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}] * 2}, "must alternate"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}], "stream": True}, "extraneous key"),
        (
            {"messages": [{"role": "user", "content": [{"text": "x"}]},
                          {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}]},
                          {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": []}}]}]},
            "toolConfig field must be defined",
        ),
    ],
)  # fmt: skip
def test_conversations_that_bedrock_refuses(one, body, problem):
    answer = post(one, body, "/model/m/converse")
    assert answer.status_code == 400 and problem in answer.json()["message"]
    assert answer.headers["x-amzn-errortype"].startswith("ValidationException")


def test_echo_streams_what_comes(providers):
    echo = providers["echo"]
    assert httpx.get(echo.url + "/healthz").text == "echo: GET /healthz\n"
    assert httpx.post(echo.url + "/other", content=b"abc").content == b"abc"
