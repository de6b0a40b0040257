"""What the rendered bootstrap promises, seen on a real Envoy: ejection, keys, headers, sizes, the log."""

import hashlib
import hmac
import json
import os
import re
import time
import urllib.parse

import httpx
import pytest

from harness.document import document, group, key_of, target
from harness.gateway import Gateway

BREAKER = {"consecutive_failures": 1, "interval": "1s", "base_ejection_time": "60s"}
LOOPBACK = "127.0.0.1"


def three(cloud, **more) -> dict:
    """Three targets, one after the other."""
    targets = [
        target(cloud["openai-main"]),
        target(cloud["azure-secondary"], "azure_openai"),
        target(cloud["anthropic-last-resort"], "anthropic"),
    ]
    return document(targets, **more)


@pytest.fixture(scope="module")
def plain(envoy_binary, cloud_process, tmp_path_factory):
    """One Envoy for the tests that need nothing special; its breaker is out of the way."""
    described = three(cloud_process, circuit_breaker={**BREAKER, "consecutive_failures": 10_000})
    envoy = Gateway(envoy_binary, tmp_path_factory.mktemp("plain"), described)
    yield envoy
    envoy.stop()


def counts(cloud) -> list:
    return [len(cloud[name].log()) for name in ("openai-main", "azure-secondary", "anthropic-last-resort")]


def eject_all(envoy, cloud, names):
    for provider in cloud:
        provider.behave(status=503)
    envoy.chat()
    assert envoy.ejected() == set(names)
    for provider in cloud:
        provider.reset()


def access_log(envoy, request_id: str) -> dict:
    """A request's line in the access log, once it is there; Envoy writes it every ten seconds."""

    def entry():
        lines = envoy.process.log.read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return next((entry for entry in entries if entry["request_id"] == request_id), None)

    return envoy.process.wait_until(entry)


@pytest.mark.floor
def test_when_all_are_ejected_each_is_tried_in_order(gateway, cloud):
    described = three(cloud, circuit_breaker=BREAKER)
    envoy = gateway(described)
    eject_all(envoy, cloud, [one["id"] for one in described["targets"]])
    cloud["openai-main"].behave(status=503)
    cloud["azure-secondary"].behave(status=503)
    for _ in range(10):
        answer = envoy.chat()
        assert answer.status_code == 200 and answer.headers["x-switchover-target"] == "anthropic-last-resort"
        assert answer.headers["x-switchover-attempts"] == "3"
    assert counts(cloud) == [10, 10, 10]


def test_when_all_are_ejected_none_is_tried(gateway, cloud):
    described = three(cloud, circuit_breaker=BREAKER)
    described["model_groups"][0]["when_all_ejected"] = "fail_fast"
    envoy = gateway(described)
    eject_all(envoy, cloud, [one["id"] for one in described["targets"]])
    answer = envoy.chat()
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "connect"
    assert counts(cloud) == [0, 0, 0]


def test_groups_of_both_kinds_share_ejections(gateway, cloud):
    targets = [target(cloud["openai-main"]), target(cloud["openai-second"])]
    groups = [
        group("production-llm", "openai-main", "openai-second"),
        group("careful", "openai-main", "openai-second", when_all_ejected="fail_fast"),
    ]
    envoy = gateway(document(targets, groups, circuit_breaker=BREAKER))
    cloud["openai-main"].behave(status=503)
    assert envoy.chat(model="careful").headers["x-switchover-target"] == "openai-second"
    cloud["openai-main"].reset()
    for model in ("production-llm", "careful"):
        answer = envoy.chat(model=model)
        assert answer.headers["x-switchover-target"] == "openai-second" and answer.headers["x-switchover-attempts"] == "1"
    assert cloud["openai-main"].log() == []


@pytest.mark.parametrize("how", [{"status": 500}, {"reset": "headers"}, {"delay_ms": 2000}, {"refuse": True}])
def test_every_way_to_fail_counts_in_the_breaker(gateway, cloud, how):
    described = three(cloud, circuit_breaker={**BREAKER, "consecutive_failures": 2})
    described["model_groups"][0] |= {"first_token_timeout": "500ms", "answer_timeout": "500ms"}
    envoy = gateway(described)
    cloud["openai-main"].behave(**how)
    for attempts in ("2", "2", "1"):
        answer = envoy.chat()
        assert answer.status_code == 200 and answer.headers["x-switchover-attempts"] == attempts, answer.headers
    assert envoy.ejected() == {"openai-main"}


def test_a_name_is_one_host_that_comes_back(gateway, cloud):
    described = three(cloud, circuit_breaker={"consecutive_failures": 1, "interval": "1s", "base_ejection_time": "1s"})
    first = described["targets"][0]
    first["endpoint"] = first["endpoint"].replace(LOOPBACK, "localhost")
    envoy = gateway(described)
    assert envoy.chat().headers["x-switchover-target"] == "openai-main"
    assert len(envoy.clusters()["openai-main"]) == 1
    cloud["openai-main"].behave(status=503, times=1)
    assert envoy.chat().headers["x-switchover-target"] == "azure-secondary"
    assert envoy.ejected() == {"openai-main"}
    envoy.process.wait_until(lambda: not envoy.ejected())
    assert envoy.chat().headers["x-switchover-target"] == "openai-main"


def test_a_name_that_does_not_resolve_is_passed_over(gateway, cloud):
    described = three(cloud)
    described["targets"][0]["endpoint"] = "http://nobody.invalid/v1"
    answer = gateway(described).chat()
    assert answer.status_code == 200 and answer.headers["x-switchover-target"] == "azure-secondary"


@pytest.mark.floor
def test_keys_go_only_where_they_belong(plain, cloud):
    envoy = plain
    cloud["openai-main"].behave(status=503)
    cloud["azure-secondary"].behave(status=503)
    sent = {
        "authorization": "Bearer of-the-caller", "x-api-key": "of-the-caller", "x-forwarded-for": "203.0.113.7",
        "x-switchover-target": "azure-secondary", "x-switchover-order": "production-llm|azure-secondary",
    }  # fmt: skip
    assert envoy.chat(headers=sent).headers["x-switchover-target"] == "anthropic-last-resort"
    expected = {
        "openai-main": {"authorization": f"Bearer {key_of('openai-main')}"},
        "azure-secondary": {"api-key": key_of("azure-secondary")},
        "anthropic-last-resort": {"x-api-key": key_of("anthropic-last-resort")},
    }
    for name, key in expected.items():
        headers = {name.lower(): value for name, value in dict(cloud[name].received()["headers"]).items()}
        keys = {each: headers[each] for each in ("authorization", "api-key", "x-api-key") if each in headers}
        assert keys == key
        assert not [each for each in headers if each.startswith(("x-switchover-", "x-envoy-", "x-forwarded-"))], headers
    dump = envoy.config_dump()
    assert "openai-main" in dump and not [name for name in expected if key_of(name) in dump]


@pytest.mark.floor
def test_a_key_is_rotated_by_replacing_its_file(plain, cloud):
    envoy = plain
    assert envoy.chat().headers["x-switchover-target"] == "openai-main"
    secret = envoy.process.log.parent / "secrets" / "openai-main"
    fresh = secret.with_suffix(".new")
    fresh.write_text("another-key")
    os.replace(fresh, secret)
    cloud["openai-main"].expect_key("another-key")
    envoy.process.wait_until(lambda: envoy.chat().headers["x-switchover-target"] == "openai-main", seconds=10)
    fresh.write_text(key_of("openai-main"))
    os.replace(fresh, secret)
    cloud["openai-main"].expect_key(key_of("openai-main"))
    envoy.process.wait_until(lambda: envoy.chat().headers["x-switchover-target"] == "openai-main", seconds=10)


@pytest.mark.floor
def test_callers_do_not_steer_envoy(plain, cloud):
    envoy = plain
    cloud["openai-main"].behave(status=503)
    headers = {
        "x-envoy-max-retries": "0", "x-envoy-retry-on": "5xx", "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-upstream-rq-per-try-timeout-ms": "1", "x-request-id": "the-callers-own",
    }  # fmt: skip
    answer = envoy.chat(headers=headers)
    assert answer.status_code == 200 and answer.headers["x-switchover-attempts"] == "2"
    assert answer.headers["x-request-id"] == "the-callers-own"
    assert not [name for name in answer.headers if name.startswith("x-envoy-")]


@pytest.mark.floor
def test_other_requests_get_404(gateway, cloud):
    envoy = gateway(three(cloud, listen={"hosts": ["llm.internal"]}))
    ours = {"host": "llm.internal:8080"}
    assert envoy.chat(headers=ours).status_code == 200
    for path, headers, words in [
        ("/elsewhere", ours, "Envoy has no route for this request"),
        ("/v1/chat/completions", {"host": "other.internal"}, "This host is not served here"),
        ("/v1/chat/completions", {"host": "other.internal", "x-switchover-order": "production-llm|openai-main"}, "This host"),
    ]:
        answer = envoy.post(path, {}, headers=headers)
        assert answer.status_code == 404 and answer.headers["content-type"] == "application/json"
        assert answer.json()["error"]["code"] == "no_route" and words in answer.json()["error"]["message"]
    assert len(cloud["openai-main"].log()) == 1


def test_bodies_that_are_too_large(gateway, cloud):
    envoy = gateway(three(cloud, listen={"max_body_bytes": 100_000}))
    assert envoy.chat("x" * 90_000).status_code == 200
    answer = envoy.chat("x" * 150_000)
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "request_too_large"

    def chunks():
        for _ in range(20):
            yield b"x" * 10_000

    # Without a length it is counted as it comes.
    answer = httpx.post(envoy.url() + "/v1/messages", content=chunks(), timeout=30)
    assert answer.status_code == 413 and answer.json()["error"]["type"] == "request_too_large"


@pytest.mark.floor
def test_large_answers_pass(plain, cloud):
    envoy = plain
    cloud["openai-main"].behave(status=503)
    cloud["azure-secondary"].behave(reply_bytes=20_000_000)
    answer = envoy.chat()
    assert answer.status_code == 200 and len(answer.content) > 20_000_000


@pytest.mark.floor
def test_the_log_tells_what_happened_and_nothing_private(plain, cloud):
    envoy = plain
    cloud["openai-main"].behave(status=503)
    body = {"model": "production-llm", "messages": [{"role": "user", "content": "a private matter"}]}
    request_id = "the-one-to-look-for"
    headers = {"authorization": "Bearer private", "x-request-id": request_id}
    envoy.post("/v1/chat/completions?key=private", body, headers=headers)
    entry = access_log(envoy, request_id)
    assert entry["path"] == "/v1/chat/completions" and entry["method"] == "POST" and entry["status"] == 200
    assert entry["group"] == "production-llm" and entry["target"] == "azure-secondary" and entry["attempts"] == "2"
    assert entry["duration_ms"] >= 0 and entry["request_id"]
    text = envoy.process.log.read_text()
    assert "private" not in text and not [name for name in ("openai-main", "azure-secondary") if key_of(name) in text]


@pytest.mark.floor
def test_a_hundred_retries_at_once(plain, cloud):
    """Envoy's default would allow three."""
    envoy = plain
    cloud["openai-main"].behave(status=503)
    cloud["azure-secondary"].behave(delay_ms=500)
    body = {"model": "production-llm", "messages": [{"role": "user", "content": "hello"}]}

    import asyncio

    async def all_at_once():
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:
            return await asyncio.gather(*(client.post(envoy.url() + "/v1/chat/completions", json=body) for _ in range(100)))

    begin = time.monotonic()
    answers = asyncio.run(all_at_once())
    assert [answer.status_code for answer in answers] == [200] * 100 and time.monotonic() - begin < 10
    assert not envoy.stats("retry_overflow").get("cluster.production-llm|openai-main|azure-secondary|anthropic-last-resort.upstream_rq_retry_overflow")


def test_a_silent_stream_ends_in_time(gateway, cloud):
    described = three(cloud)
    described["model_groups"][0] |= {"timeout": "3s", "stream_idle_timeout": "1s", "first_token_timeout": "1s"}
    envoy = gateway(described)
    cloud["openai-main"].behave(stall=2)
    begin = time.monotonic()
    streamed = envoy.chat_stream()
    assert streamed.text and 0.8 < time.monotonic() - begin < 5
    assert streamed.error or "error" in streamed.data[-1], streamed


def signature(entry: dict, secret: str) -> tuple:
    """The signature a request came with, and the one that is right for what arrived.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    headers = {name.lower(): " ".join(value.split()) for name, value in dict(entry["headers"]).items()}
    parts = dict(re.findall(r"(\w+)=([^,\s]+)", headers["authorization"]))
    date, region, service, _ = parts["Credential"].split("/")[1:]
    names = parts["SignedHeaders"].split(";")
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    # Paths are encoded once more for every service but S3.
    path = urllib.parse.quote(entry["path"], safe="/-_.~")
    canonical = "\n".join(["POST", path, "", lines, ";".join(names), hashlib.sha256(entry["body"].encode()).hexdigest()])
    scope = f"{date}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return parts["Signature"], key.hex()


@pytest.mark.floor
def test_aws_requests_are_signed_for_what_arrives(gateway, cloud):
    targets = [target(cloud["openai-main"]), target(cloud["bedrock-main"], "bedrock")]
    envoy = gateway(document(targets))
    cloud["openai-main"].behave(status=503)
    answer = envoy.chat("sign this", headers={"x-request-id": "one", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert answer.status_code == 200 and answer.headers["x-switchover-target"] == "bedrock-main", answer.text
    came, right = signature(cloud["bedrock-main"].received(), "secret-of-aws")
    assert came == right
