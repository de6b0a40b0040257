"""The page "Into an Envoy you have", from its own text: its Envoy, its switchover.yaml and its script, with only addresses changed."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import subprocess
import sys

import httpx
import openai
import pytest
import yaml

from harness import pages, traffic
from harness.document import key_of
from harness.envoy import Envoy
from harness.process import ROOT, built

pytestmark = pytest.mark.floor

PAGE = ROOT / "docs" / "into-your-envoy.md"


def block(name: str) -> str:
    """The page's block of code that begins with this name."""
    (found,) = re.findall(rf"^```\w+\n# {re.escape(name)}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return found


def command(beginning: str) -> list:
    """The words of the page's call that begins so."""
    (found,) = re.findall(rf"^{re.escape(beginning)}(?:.*\\\n)*.*$", PAGE.read_text(), re.MULTILINE)
    return found.replace("\\\n", " ").split("#")[0].split()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token() -> str:
    """A caller's, as the page's jwt_authn takes it."""
    head, claims = ({"alg": "HS256", "kid": "1"}, {"iss": "staff.example", "exp": 4_000_000_000})
    text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    return f"{text}.{encoded(hmac.new(b'not-a-secret-but-an-example', text.encode(), hashlib.sha256).digest())}"


LETS_IN = {"authorization": f"Bearer {token()}"}


@pytest.fixture(scope="module")
def others():
    """What the page's Envoy has behind it, by the names of its clusters."""
    servers = {
        "shop": traffic.Server(traffic.Web, "shop"), "site": traffic.Server(traffic.Web, "site"), "inventory": traffic.Server(traffic.Grpc),
        "live": traffic.Server(traffic.Live), "policy": traffic.Server(traffic.Policy),
    }  # fmt: skip
    yield servers
    for server in servers.values():
        server.stop()


def prepared(folder: pathlib.Path, cloud, others) -> pathlib.Path:
    """A folder with the page's files, their addresses those of stand-ins."""
    envoy = yaml.safe_load(block("envoy.yaml"))
    envoy["admin"]["address"]["socket_address"]["port_value"] = 0
    envoy["static_resources"]["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
    for cluster in envoy["static_resources"]["clusters"]:
        (place,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        place["endpoint"]["address"]["socket_address"]["port_value"] = others[cluster["name"]].port
    (folder / "envoy.yaml").write_text(yaml.safe_dump(envoy))
    document = yaml.safe_load(block("switchover.yaml"))
    for target in document["targets"]:
        # The test sends more than these models take.
        target["context_window"] = 100_000_000
        target["endpoint"] = cloud[target["id"]].url + ("/v1" if target["provider"] == "openai" else "")
    (folder / "switchover.yaml").write_text(yaml.safe_dump(document))
    # The page's commands as they are, but for where Envoy's files go.
    (folder / "dist").mkdir()
    (folder / "dist" / "switchover.wasm").symlink_to(built("switchover.wasm"))
    (folder / "bin").mkdir()
    (folder / "bin" / "switchover").symlink_to(built("switchover"))
    keys = {"OPENAI_API_KEY": key_of("openai-main"), "ANTHROPIC_API_KEY": key_of("anthropic-main")}
    script = pages.block("docs/into-your-envoy.md", "switchover render envoy").text.replace("/etc/envoy", str(folder / "etc"))
    env = {"PATH": f"{folder}/bin:{os.environ['PATH']}"} | keys
    done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # Only where the page put it is a key.
    for part in (folder / "parts").rglob("*.yaml"):
        # Anchors are called as the keys of tests are.
        text = re.sub(r"[&*]key-of-\S+", "", part.read_text())
        assert not any(key in text for key in keys.values()), part
    assert (folder / "etc" / "keys").stat().st_mode & 0o077 == 0
    return folder


@pytest.fixture(scope="module", params=["clusters", "cds"])
def edge(request, envoy_binary, cloud_process, others, tmp_path_factory):
    """The page's Envoy with the parts put in, its clusters in it or in a file."""
    folder = prepared(tmp_path_factory.mktemp(request.param), cloud_process, others)
    script = block("put-in.py")
    if request.param == "cds":
        lines = [line for line in script.splitlines() if 'part("clusters")' not in line]
        assert len(lines) == len(script.splitlines()) - 1
        script = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    if request.param == "cds":
        text += block("dynamic_resources").replace("/etc/envoy/cds.yaml", str(folder / "parts" / "cds.yaml"))
    config = folder / "with-llm.yaml"
    config.write_text(text)
    envoy = Envoy(envoy_binary, config)
    yield envoy
    envoy.stop()


def test_llm_calls_work(edge, cloud):
    client = openai.OpenAI(base_url=edge.url() + "/v1", api_key=token(), max_retries=0, timeout=30)
    messages = [{"role": "user", "content": "Hello"}]
    answer = client.chat.completions.with_raw_response.create(model="production-llm", messages=messages)
    assert answer.headers["x-switchover-target"] == "openai-main" and answer.parse().choices[0].message.content
    chunks = client.chat.completions.create(model="production-llm", messages=messages, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    cloud["openai-main"].behave(status=503)
    answer = client.chat.completions.with_raw_response.create(model="production-llm", messages=messages)
    assert answer.headers["x-switchover-target"] == "anthropic-main", answer.headers
    for provider in (cloud["openai-main"], cloud["anthropic-main"]):
        for entry in provider.log():
            assert entry["problem"] is None and not any(token() in value for _, value in entry["headers"]), entry
    # Its log, which Envoy writes every ten seconds, has who answered, and its counters have labels.
    def logged():
        lines = [line for line in edge.process.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        return {json.loads(line).get("target") for line in lines}

    edge.process.wait_until(lambda: logged() >= {"openai-main", "anthropic-main"}, 30)
    assert "switchover_switches_total{" in edge.admin("stats/prometheus").text


def test_a_large_request_fails_over(edge, cloud):
    cloud["openai-main"].behave(status=503)
    body = {"model": "production-llm", "messages": [{"role": "user", "content": "x" * 3_000_000}]}
    answer = httpx.post(edge.url() + "/v1/chat/completions", json=body, headers=LETS_IN, timeout=30)
    assert answer.status_code == 200 and answer.headers["x-switchover-target"] == "anthropic-main", answer.text


def test_the_guards_still_guard(edge, cloud, others):
    body = {"model": "production-llm", "messages": [{"role": "user", "content": "Hello"}]}
    answer = httpx.post(edge.url() + "/v1/chat/completions", json=body, timeout=30)
    assert answer.status_code == 401 and answer.json()["error"]["message"] == "Jwt is missing", answer.text
    answer = httpx.post(edge.url() + "/v1/embeddings", json={"model": "production-llm", "input": "x"}, headers=LETS_IN, timeout=30)
    assert answer.status_code == 403 and "Not by policy." in answer.json()["error"]["message"], answer.text
    assert httpx.get(edge.url() + "/shop/1", timeout=30).status_code == 401
    answer = httpx.get(edge.url() + "/shop/forbidden", headers=LETS_IN, timeout=30)
    assert answer.status_code == 403 and answer.text == "Not by policy."
    assert cloud["openai-main"].log() == [] and others["policy"].asked


def test_other_traffic_passes(edge):
    url = edge.url()
    answer = httpx.post(url + "/shop/1?a=b", content=b"a body", headers=LETS_IN, timeout=30)
    assert answer.text == "shop POST /shop/1?a=b a body" and "x-switchover-group" not in answer.headers
    assert httpx.get(url + "/about", timeout=30).text == "site GET /about "
    port = int(url.rsplit(":", 1)[1])
    said, trailers = traffic.call_grpc(port, "/inventory.Inventory/Count", b"how many?")
    assert said == b"how many?" and trailers["grpc-status"] == "0"
    assert traffic.call_live(port, "/live", b"\x81\x03abc", b"\x82\x02de") == b"\x81\x03abc\x82\x02de"


def test_the_doctor_finds_nothing(edge):
    _, *words, _ = command("switchover doctor")
    done = subprocess.run([built("switchover"), *words, edge.admin_url], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
