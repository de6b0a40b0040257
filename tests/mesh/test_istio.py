"""`switchover render istio` on a real istiod: what it renders, what becomes of LLM calls and of other traffic, and of changes."""

import asyncio
import copy
import json
import pathlib
import subprocess
import threading
import time

import httpx
import pytest

from harness.document import key_of
from harness.envoy import Envoy, write
from harness.load import letters, load_for, saying
from harness.mesh import bootstrap, documents, istioctl, node, wait_for
from harness.meshed import HOST, NAMES, OTHER, Mesh, document, who
from harness.process import built

pytestmark = [pytest.mark.floor, pytest.mark.timeout(240)]


def others(mesh: Mesh) -> list:
    """The shop, as its own people wrote it."""
    meta = lambda name: {"name": name, "namespace": "istio-system"}  # noqa: E731
    port = {"number": mesh.port, "name": "http-shop", "protocol": "HTTP"}
    return [
        {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": meta("shop"),
         "spec": {"selector": {"istio": "ingressgateway"}, "servers": [{"port": port, "hosts": [OTHER]}]}},
        {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": meta("shop"),
         "spec": {"hosts": [OTHER], "gateways": ["shop"],
                  "http": [{"route": [{"destination": {"host": "shop.internal", "port": {"number": 80}}}]}]}},
        {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": meta("shop"),
         "spec": {"hosts": ["shop.internal"], "location": "MESH_EXTERNAL", "resolution": "STATIC",
                  "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": mesh.shop.port}],
                  "endpoints": [{"address": "127.0.0.1"}]}},
    ]  # fmt: skip


@pytest.fixture
def start(tmp_path, cloud, envoy_binary):
    """A mesh with a proxy for a file."""
    running = []

    def start(text: str, *options, kind="router", name="gw", namespace="istio-system", labels=None, extra=(), wait=True, wasm=None, without=None):
        mesh = Mesh(tmp_path, cloud, options, wasm)
        running.append(mesh)
        out = mesh.render(text)
        mesh.istiod.apply("others", *others(mesh), *[make(mesh) for make in extra])
        mesh.apply(out)
        if without:
            (filter,) = documents(out / "filter.yaml")
            filter["spec"]["configPatches"] = [one for one in filter["spec"]["configPatches"] if one["applyTo"] != without]
            mesh.istiod.apply("filter", filter)
        annotations = documents(out / "annotations.yaml")[0]["spec"]["template"]["metadata"]["annotations"]
        who = node(kind, name, namespace, labels or {"istio": "ingressgateway"}, "127.0.0.10", mesh.istiod.xds)
        config = write(bootstrap(who, mesh.istiod.xds, annotations), tmp_path)
        mesh.envoy = Envoy(envoy_binary, config, options=["--drain-time-s", "5"], seconds=60)
        running.append(mesh.envoy)
        if wait:
            wait_for(mesh.answers)
        return mesh

    yield start
    for one in reversed(running):
        one.stop()


def seen(provider) -> dict:
    """The headers of the last request."""
    headers = provider.log()[-1]["headers"]
    return {name.lower(): value for name, value in (headers.items() if isinstance(headers, dict) else headers)}


def settle(mesh: Mesh):
    for provider in mesh.cloud.values():
        provider.reset()
        provider.expect_key(key_of(provider.name))
    wait_for(lambda: who(mesh.ask()) == ("openai-main", "1"))


def llm_calls(mesh: Mesh):
    """All that callers are promised, and what providers may see."""
    settle(mesh)
    main, azure, claude = (mesh.cloud[name] for name in NAMES)
    answer = mesh.ask()
    assert answer.status_code == 200 and who(answer) == ("openai-main", "1")
    headers = seen(main)
    assert headers["authorization"] == f"Bearer {key_of('openai-main')}"
    assert not [name for name in headers if name.startswith(("x-switchover", "x-envoy", "x-forwarded"))]
    assert mesh.ask(stream=True).text.rstrip().endswith("data: [DONE]")
    assert mesh.ask(path="/v1/messages").json()["type"] == "message"
    main.behave(status=503)
    assert who(mesh.ask()) == ("azure-secondary", "2")
    headers = seen(azure)
    assert headers["api-key"] == key_of("azure-secondary") and "authorization" not in headers
    azure.behave(error_event=0)
    answer = mesh.ask(stream=True)
    assert who(answer) == ("claude", "3") and "[DONE]" in answer.text
    headers = seen(claude)
    assert headers["x-api-key"] == key_of("claude") and not {"authorization", "api-key"} & headers.keys()
    azure.behave()
    wait_for(lambda: who(mesh.ask()) == ("azure-secondary", "1"))
    settle(mesh)
    # Larger than Envoy buffers by itself, and once more for the next target.
    # (Who was ejected gets a share of the requests first.)
    large = lambda: who(mesh.ask(content="word " * 600_000))  # noqa: E731
    wait_for(lambda: large() == ("openai-main", "1"))
    main.behave(status=503)
    wait_for(lambda: large() == ("azure-secondary", "2"))
    settle(mesh)


def other_traffic(mesh: Mesh):
    """As if there were no filter."""
    for headers in ({}, {"x-switchover-order": "production-llm|claude"}):
        answer = httpx.get(mesh.url + "/hi", headers={"host": OTHER, **headers})
        assert answer.status_code == 200 and not [name for name in answer.headers if "switchover" in name]
    answer = httpx.post(mesh.url + "/v1/chat/completions", content=b"x" * 3_000_000, headers={"host": OTHER})
    assert answer.status_code == 200
    answer = httpx.get(mesh.url + "/hi", headers={"host": HOST, "x-switchover-order": "production-llm|claude"})
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "no_route"


def test_a_gateway(start, cloud):
    mesh = start(document(cloud))
    llm_calls(mesh)
    other_traffic(mesh)
    # Labels and ejections are there, as the annotations say.
    text = mesh.envoy.admin("stats/prometheus").text
    assert 'group="production-llm"' in text and "outlier_detection_ejections_enforced_total" in text
    dump = mesh.envoy.config_dump()
    assert not [name for name in NAMES if key_of(name) in dump]
    new = "sk-new-0123456789"
    mesh.cloud["openai-main"].expect_key(new)
    part = mesh.keys / ".new"
    part.write_text(new)
    part.rename(mesh.keys / "openai-main.key")
    wait_for(lambda: who(mesh.ask()) == ("openai-main", "1"))
    assert seen(mesh.cloud["openai-main"])["authorization"] == f"Bearer {new}"


def test_a_gateway_of_nothing_else(start, cloud):
    """Each attempt's filters are in Envoy's router; there is no other traffic."""
    mesh = start(document(cloud), "--dedicated")
    llm_calls(mesh)
    orders = [name for name in mesh.envoy.clusters() if name.startswith("production-llm|")]
    assert orders and mesh.envoy.config_dump().count("switchover-translator") < 10


def test_a_drill(start, cloud):
    """The same script as on an Envoy of one's own: the twin is ejected and comes back, and no caller notices."""
    drill = {"target": "openai-main", "class": "overloaded", "percentage": 0, "until": "2099-01-01T00:00:00Z", "allow_tenants": ["drill"]}
    mesh = start(document(cloud, more=f"tenant: {{header: x-tenant-id, trusted: true}}\ndrills: [{json.dumps(drill)}]"))
    words = [built("switchover"), "drill", mesh.folder / "switchover.yaml", "--url", mesh.url, "--admin", mesh.envoy.admin_url]
    done = subprocess.run([*words, "--header", f"host={HOST}"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "No caller saw a failure." in done.stdout, done
    assert "then ejected" in done.stdout and "after the ejection was seen" in done.stdout, done.stdout


def sidecar(mesh: Mesh) -> dict:
    """An application's: here it binds its port, as nothing redirects its connections."""
    egress = {"port": {"number": mesh.port, "protocol": "HTTP", "name": "http-llm"}, "bind": "127.0.0.1", "captureMode": "NONE", "hosts": ["./*"]}
    return {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "app", "namespace": "app"},
            "spec": {"workloadSelector": {"labels": {"app": "app"}}, "egress": [egress]}}  # fmt: skip


def no_mtls(mesh: Mesh) -> dict:
    """There are no certificates without Istio's agent, and the inbound listener would wait for them."""
    return {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": "istio-system"}, "spec": {"mtls": {"mode": "DISABLE"}}}  # fmt: skip


def other_host(mesh: Mesh) -> dict:
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "shop", "namespace": "app"},
            "spec": {"hosts": [OTHER], "location": "MESH_EXTERNAL", "resolution": "STATIC", "endpoints": [{"address": "127.0.0.1"}],
                     "ports": [{"number": mesh.port, "name": "http", "protocol": "HTTP", "targetPort": mesh.shop.port}]}}  # fmt: skip


def test_a_sidecar(start, cloud):
    mesh = start(
        document(cloud), "--context", "sidecar", "--namespace", "app", "--selector", "app=app",
        kind="sidecar", name="app", namespace="app", labels={"app": "app"}, extra=(sidecar, no_mtls, other_host),
    )  # fmt: skip
    llm_calls(mesh)
    for headers in ({}, {"x-switchover-order": "production-llm|claude"}):
        answer = httpx.get(mesh.url + "/hi", headers={"host": OTHER, **headers})
        assert answer.status_code == 200 and not [name for name in answer.headers if "switchover" in name]


def test_other_traffic_flows_while_the_filter_is_missing(start, cloud):
    """The module is nowhere: the shop is served, LLM calls fail, and none goes out as it came."""
    mesh = start(document(cloud), wait=False, wasm="/nowhere/switchover.wasm")
    shop = lambda: httpx.get(mesh.url + "/hi", headers={"host": OTHER}).status_code  # noqa: E731
    wait_for(lambda: mesh.is_open() and shop() == 200)
    assert mesh.ask().status_code in (404, 500, 503)
    assert not [provider for provider in cloud.values() if provider.log()]


def doctor(mesh: Mesh) -> subprocess.CompletedProcess:
    words = [built("switchover"), "doctor", mesh.envoy.admin_url, "--istiod", f"http://127.0.0.1:{mesh.istiod.http}"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def test_doctor_finds_nothing_in_what_is_rendered(start, cloud):
    mesh = start(document(cloud))
    done = doctor(mesh)
    assert done.returncode == 0 and done.stdout.startswith("Nothing is wrong: Envoy 1."), done
    assert "Of 1 proxy that istiod knows none has refused anything." in done.stdout, done


def test_doctor_says_what_was_refused(start, cloud):
    """A value that Envoy refuses, then the same filter under another name too: each goes on with what it had, and says so here only."""
    mesh = start(document(cloud))
    (clusters,) = documents(mesh.folder / "istio" / "clusters-1.yaml")
    bad = copy.deepcopy(clusters)
    patch = next(one for one in bad["spec"]["configPatches"] if "lb_policy" in one["patch"]["value"])
    patch["patch"]["value"]["common_lb_config"]["healthy_panic_threshold"]["value"] = 400
    mesh.istiod.apply("clusters-1", bad)
    said = lambda what: wait_for(lambda: what in doctor(mesh).stderr and doctor(mesh))  # noqa: E731
    done = said("refused what istiod sent it last of clusters")
    assert done.returncode == 1 and "Proxy `gw.istio-system`" in done.stderr, done
    assert mesh.answers()
    mesh.istiod.apply("clusters-1", clusters)
    wait_for(lambda: doctor(mesh).returncode == 0)
    twice = documents(mesh.folder / "istio" / "filter.yaml")
    for one in twice:
        one["metadata"]["name"] += "-again"
    mesh.istiod.apply("twice", *twice)
    done = said("has the router role 2 times in one chain")
    assert done.returncode == 1 and mesh.answers(), done


def test_doctor_says_what_has_not_come(start, cloud):
    """What istiod was not given, and what Envoy can't take."""
    mesh = start(document(cloud), wait=False, without="EXTENSION_CONFIG")
    wait_for(lambda: mesh.is_open())
    done = wait_for(lambda: "has no `switchover-router` from the control plane yet" in doctor(mesh).stderr and doctor(mesh))
    assert done.returncode == 1, done


def test_doctor_says_why_the_module_is_not_there(start, cloud):
    mesh = start(document(cloud), wait=False, wasm="/nowhere/switchover.wasm")
    wait_for(lambda: mesh.is_open())
    done = wait_for(lambda: "refused what istiod sent it last of filters (ECDS)" in doctor(mesh).stderr and doctor(mesh))
    assert done.returncode == 1 and "Invalid path: /nowhere/switchover.wasm." in done.stderr, done


def changed(mesh: Mesh, text: str, keep: str | None = None) -> pathlib.Path:
    """Renders, with what the old file had where it is given, and applies."""
    old = mesh.folder / "old.yaml"
    if keep:
        old.write_text(keep)
    out = mesh.render(text, *(["--keep", "old.yaml"] if keep else []))
    mesh.apply(out)
    return out


def settled(mesh: Mesh, revision: str):
    """Every worker has the document with these words."""
    wait_for(lambda: revision in mesh.envoy.admin("config_dump?resource=ecds_filters").text)
    time.sleep(1)


def test_no_update_loses_a_request(start, cloud):
    """Settings, a target more, one fewer, another order; on connections that stay open, with streams that outlive each change."""
    files = [
        document(cloud),
        document(cloud, more="tenant: {header: x-team-1}"),
        document(cloud, NAMES[:2], more="tenant: {header: x-team-2}"),
        document(cloud, NAMES[1:], more="tenant: {header: x-team-3}"),
        document(cloud, NAMES, more="tenant: {header: x-team-4}"),
    ]
    mesh = start(files[0])
    says = letters(list(cloud.values()))
    for name, letter in says.items():
        cloud[name].behave(**saying(letter), slow_ms=20)
    done, applied = threading.Event(), []

    def change():
        try:
            for place, (old, new) in enumerate(zip(files, files[1:]), 1):
                changed(mesh, new, keep=old)
                settled(mesh, f"x-team-{place}")
                # The longest stream has ended: what only the old file had may go.
                time.sleep(2)
                if (mesh.istiod.config / "kept.yaml").exists():
                    mesh.istiod.delete("kept")
                    mesh.applied.discard("kept")
                time.sleep(1)
                applied.append(place)
        finally:
            done.set()

    async def load():
        outcomes = []
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False, headers={"host": HOST}) as client:
            while not done.is_set():
                outcomes += await load_for(client, mesh.url, "production-llm", says, 1.0, 6)
        return outcomes

    changer = threading.Thread(target=change)
    changer.start()
    outcomes = asyncio.run(load())
    changer.join()
    assert applied == [1, 2, 3, 4]
    bad = [outcome for outcome in outcomes if outcome.end != "whole"]
    assert not bad, f"{len(bad)} of {len(outcomes)}: {bad[:3]}"
    assert len(outcomes) > 50


def test_istioctl_finds_nothing(start, cloud):
    mesh = start(document(cloud), wait=False)
    files = [path for path in (mesh.folder / "istio").iterdir() if path.name not in ("annotations.yaml", "mesh-config.yaml", "keys.yaml")]
    for path in sorted(files):
        done = istioctl("validate", "-f", path)
        # It has one general warning for any EnvoyFilter.
        warnings = [line for line in (done.stdout + done.stderr).splitlines() if "* " in line and "exposes internal implementation" not in line]
        assert done.returncode == 0 and not warnings, done.stdout + done.stderr
    done = istioctl("analyze", "--use-kube=false", *files)
    assert "No validation issues found" in done.stdout + done.stderr, done.stdout + done.stderr
    rejects = httpx.get(f"http://127.0.0.1:{mesh.istiod.metrics}/metrics", trust_env=False).text
    assert not [line for line in rejects.splitlines() if line.startswith("pilot_total_xds_rejects") and not line.endswith(" 0")]
