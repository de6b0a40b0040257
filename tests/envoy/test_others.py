"""Whose an answer is: what other filters, Envoy's router and a configuration that is not as rendered say, told truly to callers."""

import json
import os
import socket
import time

import httpx
import pytest

from harness.document import document, group, target
from harness.gateway import Gateway

pytestmark = pytest.mark.floor("deep")

EXTENSIONS = "type.googleapis.com/envoy.extensions.filters.http"
KEYS = '{"keys":[{"kty":"oct","alg":"HS256","k":"aGVsbG8","kid":"1"}]}'
WANTS = "x-test"


def wants(what: str) -> dict:
    return {"name": WANTS, "string_match": {"exact": what}}


def of_type(name: str, message: str, **config) -> dict:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{EXTENSIONS}.{name}.v3.{message}", **config}}


# Each refuses what asks for it in a header.
RBAC = of_type(
    "rbac", "RBAC",
    rules={"action": "DENY", "policies": {"p": {"permissions": [{"header": wants("rbac")}], "principals": [{"any": True}]}}},
)  # fmt: skip
JWT = of_type(
    "jwt_authn", "JwtAuthentication",
    providers={"p": {"issuer": "x", "local_jwks": {"inline_string": KEYS}}},
    rules=[{"match": {"prefix": "/", "headers": [wants("jwt")]}, "requires": {"provider_name": "p"}}],
)  # fmt: skip
FAULT = of_type("fault", "HTTPFault", headers=[wants("fault")], abort={"http_status": 418, "percentage": {"numerator": 100}})
LUA = of_type("lua", "Lua", default_source_code={"inline_string": f"""
function envoy_on_request(handle)
  local wanted = handle:headers():get("{WANTS}")
  if wanted == "json" then
    handle:respond({{[":status"] = "403", ["x-why"] = "policy"}}, '{{"error":{{"message":"Not you.","type":"t","code":"c"}}}}')
  elseif wanted == "redirect" then
    handle:respond({{[":status"] = "302", ["location"] = "http://login/"}}, "")
  end
end
"""})  # fmt: skip
EXT_AUTHZ = of_type(
    "ext_authz", "ExtAuthz", http_service={"server_uri": {"uri": "http://x", "cluster": "nobody", "timeout": "1s"}}
)
ALWAYS = {"default_value": {"numerator": 100}}
RATE_LIMIT = of_type(
    "local_ratelimit", "LocalRateLimit", stat_prefix="x", filter_enabled=ALWAYS, filter_enforced=ALWAYS,
    token_bucket={"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "600s"},
    response_headers_to_add=[{"header": {"key": "retry-after", "value": "33"}}],
)  # fmt: skip


def manager(bootstrap: dict) -> dict:
    (listener,) = [one for one in bootstrap["static_resources"]["listeners"] if one["name"] == "switchover"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def beside(*filters, before: bool = False):
    """Puts filters right before or right behind the router role."""

    def edit(bootstrap):
        chain = manager(bootstrap)["http_filters"]
        (ours,) = [place for place, one in enumerate(chain) if one["name"] == "envoy.filters.http.wasm"]
        chain[ours if before else ours + 1 : ours if before else ours + 1] = filters

    return edit


@pytest.fixture(scope="module", params=["behind", "before"])
def filtered(request, envoy_binary, cloud_process, tmp_path_factory):
    """An Envoy with other filters behind the router role, or before it."""
    edit = beside(RBAC, JWT, FAULT, LUA, before=request.param == "before")
    described = document([target(cloud_process["openai-main"]), target(cloud_process["openai-second"])])
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp(request.param), described, edit)
    gateway.is_behind = request.param == "behind"
    yield gateway
    gateway.stop()


def ask(gateway, path: str, wanted: str) -> httpx.Response:
    body = {"model": "production-llm", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    return gateway.post(path, body, headers={WANTS: wanted})


@pytest.mark.floor
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_refusal_is_the_other_filters(filtered, cloud, path):
    for wanted, status, said, header, code in [
        ("rbac", 403, "RBAC: access denied", None, "filter_refused"),
        ("jwt", 401, "Jwt is missing", "www-authenticate", "unauthorized"),
        ("fault", 418, "fault filter abort", None, "filter_refused"),
    ]:
        answer = ask(filtered, path, wanted)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json" and (header is None or header in answer.headers)
        error = answer.json()["error"]
        assert error["message"] == said, answer.text
        if path == "/v1/messages":
            assert answer.json()["type"] == "error" and error["type"], answer.text
        elif filtered.is_behind:
            assert error["code"] == code, answer.text
        assert int(answer.headers["content-length"]) == len(answer.content)
        if filtered.is_behind:
            assert answer.headers["x-switchover-group"] == "production-llm" and "x-switchover-target" not in answer.headers
            assert "A filter of this Envoy" in answer.headers["x-switchover-decision"]
    assert cloud["openai-main"].log() == []
    assert ask(filtered, path, "nothing").status_code == 200


def test_what_is_in_the_envelope_stays_and_a_redirect_is_none(filtered):
    answer = ask(filtered, "/v1/chat/completions", "redirect")
    assert answer.status_code == 302 and answer.headers["location"] == "http://login/" and answer.content == b""
    answer = ask(filtered, "/v1/chat/completions", "json")
    assert answer.status_code == 403 and answer.headers["x-why"] == "policy", answer.text
    assert "Not you." in answer.json()["error"]["message"], answer.text


def test_the_filters_own_answers_and_other_traffic_are_left_alone(filtered):
    """Of `local_reply_config` too."""
    answer = filtered.chat(model="nobody")
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "model_not_found", answer.text
    answer = filtered.post("/v1/nothing", {})
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "no_route", answer.text
    answer = filtered.post("/elsewhere", {}, headers={WANTS: "rbac"})
    assert answer.status_code == 403 and answer.text == "RBAC: access denied"


def test_a_rate_limit_keeps_its_header_and_an_empty_refusal_gets_words(gateway, cloud):
    gateway = gateway(document([target(cloud["openai-main"])]), edit=beside(RATE_LIMIT, EXT_AUTHZ))
    answer = gateway.chat()
    error = answer.json()["error"]
    assert answer.status_code == 403 and error["code"] == "filter_refused" and error["message"].endswith("."), answer.text
    answer = gateway.chat()
    assert answer.status_code == 429 and answer.headers["retry-after"] == "33", answer.text
    assert answer.json()["error"]["type"] == "rate_limit_error", answer.text
    assert cloud["openai-main"].log() == []


# --- What Envoy's router says ---------------------------------------------------------------------------------------


def test_a_missing_cluster_says_so_and_tells_the_operator(gateway, cloud):
    def rename(bootstrap):
        for cluster in bootstrap["static_resources"]["clusters"]:
            cluster["name"] = cluster["name"].replace("production-llm|", "other|")

    gateway = gateway(document([target(cloud["openai-main"])]), edit=rename)
    answer = gateway.chat()
    assert answer.status_code == 500 and answer.json()["error"]["code"] == "gateway_misconfigured", answer.text
    assert "`production-llm|openai-main`" in answer.json()["error"]["message"]
    assert "no cluster `production-llm|openai-main`" in gateway.process.log.read_text()


@pytest.mark.parametrize("misplaced", [{"route": {"cluster": "openai-main"}}, {"direct_response": {"status": 404}}])
def test_a_misplaced_route_is_loud(gateway, cloud, misplaced):
    def first(bootstrap):
        routes = manager(bootstrap)["route_config"]["virtual_hosts"][0]["routes"]
        routes.insert(0, {"name": "everything", "match": {"prefix": "/"}, **misplaced})

    gateway = gateway(document([target(cloud["openai-main"])]), edit=first)
    answer = gateway.chat()
    error = answer.json()["error"]
    assert answer.status_code == 500 and error["code"] == "gateway_misconfigured", answer.text
    assert "`everything`" in error["message"] and "x-switchover-order" in error["message"]
    assert "`everything`" in gateway.process.log.read_text()


def test_dns_says_dns(gateway, cloud):
    nowhere = target(cloud["openai-main"], endpoint="http://nothing.invalid/v1", id="nowhere")
    groups = [group("alone", "nowhere"), group("production-llm", "nowhere", "openai-second")]
    gateway = gateway(document([nowhere, target(cloud["openai-second"])], groups))
    answer = gateway.chat(model="alone")
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "connect"
    assert "DNS" in answer.json()["error"]["message"], answer.text
    answer = gateway.chat()
    assert answer.status_code == 200 and "DNS" in answer.headers["x-switchover-decision"], answer.headers


def test_the_whole_requests_time_says_timeout(gateway, cloud):
    first, second = cloud["openai-main"], cloud["openai-second"]
    quick = {"first_token_timeout": "900ms", "answer_timeout": "900ms", "timeout": "1s"}
    gateway = gateway(document([target(first), target(second)], [group("production-llm", first.name, second.name, **quick)]))
    first.behave(delay_ms=600, status=500)
    second.behave(stall="headers")
    answer = gateway.chat()
    assert "openai-second failed (timeout)" in answer.headers["x-switchover-decision"], answer.headers


def test_a_cool_down_says_cool_down(gateway, cloud):
    first, second = cloud["openai-main"], cloud["openai-second"]
    gateway = gateway(document([target(first), target(second)]))
    first.behave({"failure": "rate_limited", "retry_after": {"seconds": 30}})
    assert gateway.chat().status_code == 200
    decision = gateway.chat().headers["x-switchover-decision"]
    assert decision.startswith("openai-second is the first choice of production-llm while openai-main is cooling down for "), decision
    second.behave({"failure": "rate_limited", "retry_after": {"seconds": 20}})
    assert gateway.chat().status_code == 429
    answer = gateway.chat()
    assert answer.status_code == 429 and "openai-second is cooling down" in answer.headers["x-switchover-decision"]


# --- Keys -----------------------------------------------------------------------------------------------------------


def emptied(gateway, name: str):
    """Empties a key's file, as a rename does."""
    secret = next(gateway.process.log.parent.glob(f"secrets/{name}"))
    empty = secret.with_name("empty")
    empty.write_text("")
    os.rename(empty, secret)


def test_an_emptied_key_file_is_auth_and_the_next_target_answers(gateway, cloud):
    first, second = cloud["openai-main"], cloud["openai-second"]
    groups = [group("production-llm", first.name, second.name), group("alone", first.name)]
    gateway = gateway(document([target(first), target(second)], groups, circuit_breaker={"consecutive_failures": 1000}))
    assert gateway.chat().headers["x-switchover-target"] == first.name
    emptied(gateway, first.name)
    end = time.monotonic() + 10
    while (answer := gateway.chat()).headers["x-switchover-target"] == first.name:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert answer.status_code == 200 and "openai-main failed (auth)" in answer.headers["x-switchover-decision"], answer.headers
    answer = gateway.chat(model="alone")
    assert answer.status_code == 502 and answer.json()["error"]["code"] == "auth", answer.text


# Of no known maker's form.
ODD_KEYS = [
    "my-company-llm-token-42", "hunter2", "abc", "password", "correct horse battery staple", "0123456789", "a.b.c.d",
    "UPPER_CASE_KEY", "llm/prod/7f3a", "key=value", "Zm9vYmFy", "550e8400-e29b-41d4-a716-446655440000", "tok:en", "$ecret!", "x" * 40,
    "deadbeefdeadbeef", "it's-mine", "a,b", "(paren)", "Pässwörtchen",
]  # fmt: skip
ECHOES = ["Incorrect API key provided: {}.", "{} is not a valid api_key", 'Invalid credentials "{}"', "Bearer {}: refused"]
STATUSES = [400, 401, 403, 404, 413, 422, 429, 500, 503, 529]


@pytest.mark.parametrize("kind", ["openai", "anthropic", "gemini"])
def test_no_echo_of_an_odd_key_reaches_the_caller(gateway, cloud, kind):
    provider = cloud[f"{kind}-main"]
    # Each request its own target: what cools down is not asked again.
    described = document([target(provider, kind)], circuit_breaker={"consecutive_failures": 100_000})
    described["model_groups"][0] |= {"when_all_cooling": "try_anyway"}
    gateway = gateway(described)
    body = {"model": "production-llm", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    with httpx.Client(base_url=gateway.url(), timeout=30) as client:
        for number, key in enumerate(ODD_KEYS):
            for place, status in enumerate(STATUSES):
                said = ECHOES[(number + place) % len(ECHOES)].format(key)
                error = {"message": said, "type": said, "param": key, "code": key}
                provider.behave(status=status, body={"type": "error", "error": error})
                path = ["/v1/chat/completions", "/v1/messages"][number % 2]
                answer = client.post(path, json=body)
                assert answer.status_code >= 400, answer.text
                headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
                quoted = [f"{key}{end}" for end in ("", ".")] if len(key) > 4 else [f'"{key}"', f" {key} ", f" {key}."]
                assert not any(one in answer.text or one in headers for one in quoted), (status, said, answer.text)


# --- A configuration that is not as rendered ------------------------------------------------------------------------


def without_flag(role: str):
    """Forgets what lets a body come while a filter of that role pauses."""

    def edit(bootstrap):
        clusters = bootstrap["static_resources"]["clusters"]
        options = [option for cluster in clusters for option in cluster.get("typed_extension_protocol_options", {}).values()]
        chains = [manager(bootstrap)["http_filters"], *(option.get("http_filters", []) for option in options)]
        for config in (one["typed_config"]["config"] for chain in chains for one in chain if one["name"] == "envoy.filters.http.wasm"):
            if config["root_id"] == role:
                del config["allow_on_headers_stop_iteration"]

    return edit


@pytest.mark.floor
@pytest.mark.parametrize("role", ["router", "translator"])
def test_a_forgotten_flag_is_loud(gateway, cloud, role):
    gateway = gateway(document([target(cloud["openai-main"])]), edit=without_flag(role))
    for path in ("/v1/chat/completions", "/v1/messages"):
        began = time.monotonic()
        answer = ask(gateway, path, "nothing")
        assert answer.status_code == 500 and 1.9 < time.monotonic() - began < 8, answer.text
        error = answer.json()["error"]
        assert "allow_on_headers_stop_iteration" in error["message"] and f'"{role}"' in error["message"], answer.text
        assert path == "/v1/messages" or error["code"] == "gateway_misconfigured"
        assert (answer.json().get("type") == "error") == (path == "/v1/messages")
    assert "allow_on_headers_stop_iteration" in gateway.process.log.read_text()


def test_a_slow_first_caller_is_not_hurt(gateway, cloud):
    gateway = gateway(document([target(cloud["openai-main"])]))
    body = json.dumps({"model": "production-llm", "messages": [{"role": "user", "content": "hello"}]}).encode()

    def slowly():
        time.sleep(3)
        yield body

    answer = httpx.post(gateway.url() + "/v1/chat/completions", content=slowly(), timeout=30)
    assert answer.status_code == 200, answer.text


# --- Callers that are slow ------------------------------------------------------------------------------------------


def test_a_large_answer_arrives_whole_at_a_slow_caller_that_closes(gateway, cloud):
    """Envoy gives what is left one second by default."""
    first = cloud["openai-main"]
    first.behave(reply_bytes=16 << 20)
    gateway = gateway(document([target(first)]))
    url = httpx.URL(gateway.url())
    body = json.dumps({"model": "production-llm", "messages": [{"role": "user", "content": "hello"}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((url.host, url.port), timeout=60) as connection:
        # Little room for what isn't read yet.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        connection.sendall(head.encode() + body)
        received = bytearray(connection.recv(65536))
        time.sleep(1.5)
        while piece := connection.recv(1 << 20):
            received += piece
    headers, _, answer = bytes(received).partition(b"\r\n\r\n")
    (length,) = [int(line[15:]) for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    assert len(answer) == length > 16 << 20
    assert json.loads(answer)["choices"]


# --- Hosts and tenants ----------------------------------------------------------------------------------------------


def test_hosts_below_a_wildcard_and_a_tenant_that_is_not_trusted(gateway, cloud):
    listen, tenant = {"hosts": ["*.example.com"]}, {"header": "x-tenant-id", "trusted": False}
    # What is behind the router role sees what it lets through.
    see = of_type("lua", "Lua", default_source_code={"inline_string": """
function envoy_on_request(handle)
  if handle:headers():get("x-tenant-id") then
    handle:respond({[":status"] = "418"}, "a tenant")
  end
end
"""})  # fmt: skip
    gateway = gateway(document([target(cloud["openai-main"])], listen=listen, tenant=tenant), edit=beside(see))
    for host in ("a.example.com", "A.b.Example.com:80"):
        assert gateway.chat(headers={"host": host, "x-tenant-id": "acme"}).status_code == 200, host
    for host in ("example.com", "aexample.com"):
        assert gateway.chat(headers={"host": host}).status_code == 404, host
        # Other traffic is left as it is.
        assert gateway.chat(headers={"host": host, "x-tenant-id": "acme"}).status_code == 418, host
