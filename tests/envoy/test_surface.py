"""What callers meet besides answers: the list of models, and errors in their own dialect's envelope."""

import anthropic
import httpx
import openai
import pytest

from harness.document import document, group, target
from harness.gateway import Gateway

USER = [{"role": "user", "content": "Hello"}]
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


@pytest.fixture(scope="module")
def models(envoy_binary, cloud_process, tmp_path_factory):
    """Two groups, at most 100,000 bytes."""
    first, claude = cloud_process["openai-main"], cloud_process["anthropic-main"]
    groups = [
        group("production-llm", first.name, aliases=["gpt-5.4-mini", "gpt-6*"]),
        group("team/claude", claude.name),
    ]
    described = document([target(first), target(claude, "anthropic")], groups, listen={"max_body_bytes": 100_000})
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("surface"), described)
    yield gateway
    gateway.stop()


@pytest.fixture
def nobody_called(cloud):
    """No provider gets a request from the test."""
    yield
    assert [entry for provider in cloud for entry in provider.log()] == []


pytestmark = pytest.mark.usefixtures("nobody_called")


def test_models_for_openai(models):
    listed = [model.id for model in models.openai().models.list()]
    assert listed == ["production-llm", "gpt-5.4-mini", "team/claude"]
    assert models.openai().models.retrieve("gpt-6-nano").id == "gpt-6-nano", "an alias with a star has its models"
    assert models.openai().models.retrieve("team/claude").id == "team/claude"
    with pytest.raises(openai.NotFoundError) as error:
        models.openai().models.retrieve("production-lm")
    assert error.value.code == "model_not_found" and "`production-llm`" in error.value.message


def test_models_for_anthropic(models):
    listed = [model.id for model in models.anthropic().models.list()]
    assert listed == ["production-llm", "gpt-5.4-mini", "team/claude"]
    assert models.anthropic().models.retrieve("team/claude").id == "team/claude"
    with pytest.raises(anthropic.NotFoundError):
        models.anthropic().models.retrieve("nothing-like-it")


def test_an_unknown_model(models):
    with pytest.raises(openai.NotFoundError) as error:
        models.openai().chat.completions.create(model="production-lm", messages=USER)
    assert error.value.code == "model_not_found" and error.value.param == "model"
    assert "`production-lm`" in error.value.message and "`production-llm`" in error.value.message
    with pytest.raises(anthropic.NotFoundError) as error:
        models.anthropic().messages.create(model="team/clade", max_tokens=10, messages=USER)
    assert error.value.body["error"]["type"] == "not_found_error" and "`team/claude`" in error.value.body["error"]["message"]


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize(
    "body, said",
    [
        (b'{"model": "production-llm",\n "messages": oops}', "line 2 column 14"),
        (b'{"model": "production-llm"', "line 1 column 26"),
        (b'{"model": "\xff"}', "UTF-8"),
        (b"[1, 2]", "object"),
        (b'"text"', "object"),
        (b'{"model": "production-llm", "max_tokens": 5}', "messages"),
        (b'{"model": "production-llm", "max_tokens": 5, "messages": []}', "messages"),
        (b'{"model": "production-llm", "max_tokens": 5, "messages": "Hello"}', "messages"),
        (b'{"model": "production-llm", "max_tokens": 5, "messages": [{"role": "wizard", "content": "x"}]}', "messages[0].role"),
        (b'{"max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}', "model"),
        (b'{"model": 7, "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}', "model"),
        (b"{" * 100_000, "JSON"),
    ],
)
def test_bodies_that_are_no_requests(models, path, body, said):
    answer = models.post(path, body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error" and said in error["message"], error
    assert ("code" in error) == (path == CHAT), "each path has its own envelope"


def test_the_sdks_exceptions(models):
    with pytest.raises(openai.BadRequestError):
        models.openai().chat.completions.create(model="production-llm", messages=[])
    with pytest.raises(anthropic.BadRequestError):
        models.anthropic().messages.create(model="production-llm", max_tokens=10, messages=[])


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_wrong_methods(models, path):
    for method in ("GET", "PUT", "DELETE"):
        answer = httpx.request(method, models.url() + path)
        assert answer.status_code == 405 and answer.headers["allow"] == "POST", answer.text
        assert "POST" in answer.json()["error"]["message"]
    answer = httpx.post(models.url() + "/v1/models", content=b"{}")
    assert answer.status_code == 405 and answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large(models, path, declared):
    body = b'{"model": "production-llm", "messages": "' + b"x" * 100_000 + b'"}'
    content = body if declared else iter([body[:50_000], body[50_000:]])
    answer = httpx.post(models.url() + path, content=content, timeout=30)
    assert answer.status_code == 413, answer.text
    error = answer.json()["error"]
    assert "100000" in error["message"], error
    assert error["type"] == ("request_too_large" if path == MESSAGES else "invalid_request_error")


def test_no_body_and_a_compressed_one(models):
    answer = httpx.post(models.url() + CHAT)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    answer = models.post(CHAT, b"\x1f\x8b", headers={"content-encoding": "gzip"})
    assert answer.status_code == 415 and "gzip" in answer.json()["error"]["message"]


def test_an_identity_is_no_compression(models):
    for coding in ("identity", "Identity", "IDENTITY"):
        answer = models.post(CHAT, b"{}", headers={"content-encoding": coding})
        assert answer.status_code == 400, "it was read"


@pytest.mark.parametrize(
    "path, body, twice",
    [
        (CHAT, b'{"model": "production-llm", "messages": [], "mod\\u0065l": "other"}', "model"),
        (CHAT, b'{"model": "production-llm", "messages": [{"role": "user", "content": "a", "content": "b"}]}', "messages[0].content"),
        (MESSAGES, b'{"model": "team/claude", "max_tokens": 5, "messages": [{"role": "user", "content": "a"}], "metadata": {"a": [{"b": 1, "b": 1}]}}', "metadata.a[0].b"),
        ("/v1/messages/count_tokens", b'{"model": "team/claude", "messages": [{"role": "user", "role": "user", "content": "a"}]}', "messages[0].role"),
        ("/v1/responses", b'{"model": "production-llm", "input": "a", "input": "b"}', "input"),
        ("/v1/embeddings", b'{"model": "production-llm", "input": "a", "input": "b"}', "input"),
    ],
)
def test_a_member_that_is_there_twice(models, path, body, twice):
    answer = models.post(path, body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["message"].startswith(f"{twice} is there twice"), error
    if not path.startswith(MESSAGES):
        assert error["param"] == twice
