"""`switchover render envoy-gateway`, judged by Envoy Gateway's own translator, and traffic on the xDS that it gives."""

import base64
import json
import os
import pathlib
import subprocess

import httpx
import pytest
import yaml

from harness import traffic
from harness.document import key_of
from harness.envoy import Envoy, write
from harness.mesh import MESH, documents, free_port
from harness.meshed import HOST, NAMES, OTHER, document, who
from harness.process import built

pytestmark = [pytest.mark.floor, pytest.mark.timeout(240)]

CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "eg"},
    "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}  # fmt: skip


# A gateway's backend is never on the gateway's own machine; here it is.
ELSEWHERE = "192.0.2.1"


def shop(port: int) -> list:
    """What else the gateway serves, behind a guard of Envoy Gateway's own."""
    meta = {"name": "shop", "namespace": "default"}
    backend = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "shop"}
    return [
        {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "Backend", "metadata": meta,
         "spec": {"endpoints": [{"ip": {"address": ELSEWHERE, "port": port}}]}},
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": meta,
         "spec": {"parentRefs": [{"name": "llm"}], "hostnames": [OTHER], "rules": [{"backendRefs": [backend]}]}},
    ]  # fmt: skip


def guard() -> list:
    """An API key for whoever calls LLMs: the Secret's value is the key, its name the caller's."""
    spec = {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "switchover"}],
        "apiKeyAuth": {"credentialRefs": [{"group": "", "kind": "Secret", "name": "callers"}], "extractFrom": [{"headers": ["x-caller-key"]}]},
    }  # fmt: skip
    meta = {"namespace": "default"}
    return [
        {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "SecurityPolicy", "metadata": meta | {"name": "callers"}, "spec": spec},
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta | {"name": "callers"}, "data": {"ada": base64.b64encode(b"adas-key").decode()}},
    ]


def translate(folder: pathlib.Path, objects: list) -> dict:
    (folder / "in.yaml").write_text(yaml.safe_dump_all(objects))
    words = [MESH / "egctl", "x", "translate", "--from", "gateway-api", "--to", "gateway-api,xds", "-t", "all", "-o", "yaml", "-f", "in.yaml"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, env=os.environ | {"HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    return yaml.load(done.stdout, yaml.CSafeLoader)


def bare(message: dict) -> dict:
    return {key: value for key, value in message.items() if key != "@type"}


def started(folder, binary, translated: dict, port: int) -> Envoy:
    """An Envoy with that, at once instead of by xDS."""
    clusters, listeners, tables, endpoints, secrets, base = [], [], {}, {}, [], {}
    (xds,) = json.loads(json.dumps(translated["xds"]).replace(ELSEWHERE, "127.0.0.1")).values()
    for part in xds["configs"]:
        match part["@type"].rsplit(".", 1)[-1]:
            case "BootstrapConfigDump":
                base = part["bootstrap"]
            case "ClustersConfigDump":
                clusters += [bare(one["cluster"]) for one in part.get("dynamicActiveClusters", [])]
            case "RoutesConfigDump":
                tables |= {one["routeConfig"]["name"]: bare(one["routeConfig"]) for one in part["dynamicRouteConfigs"]}
            case "EndpointsConfigDump":
                endpoints |= {one["endpointConfig"]["clusterName"]: bare(one["endpointConfig"]) for one in part.get("dynamicEndpointConfigs", [])}
            case "ListenersConfigDump":
                listeners += [bare(one["activeState"]["listener"]) for one in part["dynamicListeners"]]
            case "SecretsConfigDump":
                secrets += [bare(one["secret"]) for one in part.get("dynamicActiveSecrets", [])]
    for cluster in clusters:
        if cluster.get("type") == "EDS":
            cluster["type"] = "STATIC"
            served = cluster.pop("edsClusterConfig", {}).get("serviceName", cluster["name"])
            cluster["loadAssignment"] = endpoints[served] | {"clusterName": cluster["name"]}
    for listener in listeners:
        for chain in [*listener.get("filterChains", []), *([listener["defaultFilterChain"]] if "defaultFilterChain" in listener else [])]:
            manager = chain["filters"][0]["typedConfig"]
            if "rds" in manager:
                manager["routeConfig"] = tables[manager.pop("rds")["routeConfigName"]]
        if listener["name"] == "default/llm/http":
            listener["address"] = {"socketAddress": {"address": "127.0.0.1", "portValue": port}}
    listeners = [one for one in listeners if one["name"] == "default/llm/http" or "socketAddress" not in one.get("address", {})]
    bootstrap = {
        "node": {"id": "eg", "cluster": "eg"}, "admin": {"address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}},
        "staticResources": {"clusters": clusters, "listeners": listeners, "secrets": secrets},
        **{key: base[key] for key in ("statsConfig", "stats_config") if key in base},
    }  # fmt: skip
    return Envoy(binary, write(bootstrap, folder))


@pytest.fixture
def gateway(tmp_path, cloud, envoy_binary):
    """What is rendered, through the translator, on an Envoy."""
    running = [traffic.Server(traffic.Web, "shop")]
    keys, port = tmp_path / "keys", free_port()
    keys.mkdir()

    def start(*options, extra=()):
        (tmp_path / "switchover.yaml").write_text(document(cloud))
        words = [built("switchover"), "render", "envoy-gateway", "switchover.yaml", "-o", "out", "--wasm", built("switchover.wasm")]
        words += ["--host", HOST, "--secrets", keys, *options]
        done = subprocess.run(words, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        files = sorted((tmp_path / "out").iterdir())
        objects = [CLASS, *[one for path in files for one in documents(path)], *extra]
        for name, text in next(one for one in objects if one["kind"] == "ConfigMap")["data"].items():
            (keys / name).write_text(text)
            (keys / name.replace(".yaml", ".key")).write_text(key_of(name.removesuffix(".yaml")))
        translated = translate(tmp_path, objects)
        for policy in translated["envoyPatchPolicies"]:
            for ancestor in policy["status"]["ancestors"]:
                assert all(one["status"] == "True" for one in ancestor["conditions"]), policy["status"]
        running.append(started(tmp_path, envoy_binary, translated, port))
        return running[-1]

    start.shop = running[0]
    yield start
    for one in reversed(running):
        one.stop()


def ask(envoy, host=HOST, path="/v1/chat/completions", stream=False, content="Hi", **headers):
    body = {"model": "production-llm", "stream": stream, "max_tokens": 50, "messages": [{"role": "user", "content": content}]}
    return httpx.post(envoy.url("default/llm/http") + path, json=body, headers={"host": host, **headers}, timeout=30)


def test_chats_streams_and_the_switch(gateway, cloud):
    envoy = gateway(extra=shop(gateway.shop.port))
    assert who(ask(envoy)) == ("openai-main", "1")
    assert ask(envoy, stream=True).text.rstrip().endswith("data: [DONE]")
    assert ask(envoy, path="/v1/messages").json()["type"] == "message"
    cloud["openai-main"].behave(status=503)
    assert who(ask(envoy)) == ("azure-secondary", "2")
    assert who(ask(envoy, content="word " * 600_000))[0] == "azure-secondary"
    cloud["azure-secondary"].behave(error_event=0)
    assert who(ask(envoy, stream=True))[0] == "claude"
    # The rest of the gateway.
    answer = httpx.get(envoy.url("default/llm/http") + "/hi", headers={"host": OTHER, "x-switchover-order": "production-llm|claude"})
    assert answer.status_code == 200 and not [name for name in answer.headers if "switchover" in name]
    answer = httpx.get(envoy.url("default/llm/http") + "/hi", headers={"host": HOST})
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "no_route"
    done = subprocess.run([built("switchover"), "doctor", envoy.admin_url], capture_output=True, text=True, timeout=60)
    assert "has no rule for the label" not in done.stderr, done


def test_the_gateways_own_guard_comes_first(gateway, cloud):
    envoy = gateway(extra=[*shop(gateway.shop.port), *guard()])
    assert ask(envoy).status_code == 401
    assert not [one for name in NAMES for one in cloud[name].log()]
    answer = ask(envoy, **{"x-caller-key": "adas-key"})
    assert who(answer) == ("openai-main", "1"), answer.text


def test_a_gateway_of_llm_calls_alone(gateway, cloud):
    envoy = gateway("--dedicated")
    cloud["openai-main"].behave(status=503)
    assert who(ask(envoy)) == ("azure-secondary", "2")
    # Once in the router's filters, and once where the bootstrap says the same.
    assert 1 <= envoy.config_dump().count('"root_id": "translator"') < 4
