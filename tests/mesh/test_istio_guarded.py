"""A gateway as people run one: TLS, Istio's own authentication and authorization, a limit of another filter, and the real agent."""

import base64
import functools
import hashlib
import hmac
import http.server
import json
import ssl
import subprocess
import threading

import httpx
import pytest

from harness.document import key_of
from harness.mesh import AgentEnvoy, documents, wait_for
from harness.meshed import HOST, NAMES, Mesh, document, who
from harness.process import built

pytestmark = [pytest.mark.floor, pytest.mark.timeout(240)]

SECRET = b"not-a-secret-but-an-example"
LABELS = {"istio": "ingressgateway"}


def part(data) -> str:
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")


def token(issuer: str = "staff.example", secret: bytes = SECRET) -> str:
    text = f"{part({'alg': 'HS256', 'kid': '1'})}.{part({'iss': issuer, 'sub': 'ada', 'exp': 4_000_000_000})}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def named(name: str, **spec) -> dict:
    return {"metadata": {"name": name, "namespace": "istio-system"}, "spec": {"selector": {"matchLabels": LABELS}, **spec}}


def guards() -> list:
    """Who comes with a token of staff.example may call, three times a minute where the caller says so."""
    keys = json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "kid": "1", "k": part(SECRET)}]})
    limit = {
        "name": "limit",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "limit",
            "token_bucket": {"max_tokens": 1_000_000, "fill_interval": "60s"},
            "filter_enabled": {"default_value": {"numerator": 100}}, "filter_enforced": {"default_value": {"numerator": 100}},
            "descriptors": [{"entries": [{"key": "slow", "value": "yes"}], "token_bucket": {"max_tokens": 3, "tokens_per_fill": 3, "fill_interval": "600s"}}],
            "rate_limits": [{"actions": [{"request_headers": {"header_name": "x-slow", "descriptor_key": "slow"}}]}],
        },
    }  # fmt: skip
    manager = {"name": "envoy.filters.network.http_connection_manager", "subFilter": {"name": "envoy.filters.http.router"}}
    patch = {
        "applyTo": "HTTP_FILTER", "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": manager}}},
        "patch": {"operation": "INSERT_BEFORE", "value": limit},
    }  # fmt: skip
    return [
        {"apiVersion": "security.istio.io/v1", "kind": "RequestAuthentication",
         **named("staff", jwtRules=[{"issuer": "staff.example", "jwks": keys, "forwardOriginalToken": True}])},
        {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
         **named("staff", action="ALLOW", rules=[{"from": [{"source": {"requestPrincipals": ["staff.example/*"]}}]}])},
        {"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": {"name": "limit", "namespace": "istio-system"},
         "spec": {"workloadSelector": {"labels": LABELS}, "priority": 1, "configPatches": [patch]}},
    ]  # fmt: skip


@pytest.fixture
def web(tmp_path):
    """Where the agent fetches the module from."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=built("switchover.wasm").parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/switchover.wasm"
    server.shutdown()
    server.server_close()


@pytest.fixture
def guarded(tmp_path, cloud, envoy_binary, web):
    """The rendered Gateway with TLS instead, and what guards it."""
    mesh = Mesh(tmp_path, cloud, [], web)
    running = [mesh]
    try:
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
        subprocess.run([*words, "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.crt"], check=True, capture_output=True)
        out = mesh.render(document(cloud))
        mesh.apply(out)
        (gateway, service) = documents(out / "gateway.yaml")
        (server,) = gateway["spec"]["servers"]
        server["port"] |= {"protocol": "HTTPS", "name": "https-llm"}
        server["tls"] = {"mode": "SIMPLE", "serverCertificate": str(tmp_path / "tls.crt"), "privateKey": str(tmp_path / "tls.key")}
        mesh.istiod.apply("gateway", gateway, service)
        mesh.istiod.apply("guards", *guards())
        annotations = documents(out / "annotations.yaml")[0]["spec"]["template"]["metadata"]["annotations"]
        mesh.envoy = AgentEnvoy(envoy_binary, tmp_path, mesh.istiod, annotations, LABELS)
        running.append(mesh.envoy)
        yield mesh
    finally:
        for one in reversed(running):
            one.stop()


def test_tls_authentication_authorization_and_a_limit(guarded, tmp_path):
    mesh = guarded
    trust = ssl.create_default_context(cafile=tmp_path / "tls.crt")
    client = httpx.Client(verify=trust, trust_env=False, timeout=30)

    def ask(bearer: str | None, stream=False, **headers):
        body = {"model": "production-llm", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
        headers |= {"host": HOST} | ({"authorization": f"Bearer {bearer}"} if bearer else {})
        url = f"https://127.0.0.1:{mesh.port}/v1/chat/completions"
        return client.post(url, json=body, headers=headers, extensions={"sni_hostname": HOST})

    def answers() -> bool:
        try:
            return ask(token()).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(answers, 60)
    answer = ask(token())
    assert who(answer) == ("openai-main", "1"), answer.text
    provider = mesh.cloud["openai-main"]
    assert token() not in json.dumps(provider.log()), "the caller's token is nobody's"
    provider.reset()
    provider.expect_key(key_of("openai-main"))
    # Nobody gets in without, and no provider hears of it.
    assert [ask(None).status_code, ask(token(secret=b"another")).status_code, ask(token("other.example")).status_code] == [403, 401, 401]
    assert not [one for name in NAMES for one in mesh.cloud[name].log()]
    provider.behave(status=503)
    assert who(ask(token())) == ("azure-secondary", "2")
    answer = ask(token(), stream=True)
    assert who(answer)[0] == "azure-secondary" and answer.text.rstrip().endswith("data: [DONE]")
    statuses = [ask(token(), **{"x-slow": "yes"}).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    dump = mesh.envoy.config_dump()
    assert not [name for name in NAMES if key_of(name) in dump]
