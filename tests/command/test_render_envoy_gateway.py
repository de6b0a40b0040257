"""`switchover render envoy-gateway`: what it writes and what it refuses, without an Envoy Gateway."""

import json
import os
import subprocess

import pytest
import yaml

from harness import examples
from harness.process import ROOT, built

EXAMPLE = ROOT / "envoy" / "envoy-gateway"
IMAGE = "registry.internal/switchover@sha256:" + "0123456789abcdef" * 4
ROUTER = "..http_filters[?(@.name=='envoy.filters.http.router')]"


def render_gateway(source, out, *options, wasm=f"oci://{IMAGE}"):
    words = [built("switchover"), "render", "envoy-gateway", source, "-o", out, "--wasm", wasm, *options]
    return subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)


def manifests(source, out, *options, **more) -> dict:
    """The documents of each file."""
    done = render_gateway(source, out, *options, **more)
    assert done.returncode == 0, done.stderr
    return {path.name: list(yaml.load_all(path.read_text(), yaml.CSafeLoader)) for path in sorted(out.iterdir())}


def patches(files: dict, name: str) -> list:
    return files[name][0]["spec"]["jsonPatches"]


def test_the_gateways_example_is_what_is_rendered(tmp_path):
    done = render_gateway(EXAMPLE / "switchover.yaml", tmp_path)
    assert done.returncode == 0, done.stderr
    examples.same(EXAMPLE, tmp_path)
    assert "enableEnvoyPatchPolicy: true" in done.stderr and "kubectl apply --server-side" in done.stderr
    assert "openai-prod.key" in done.stderr


def test_patches_find_their_places(tmp_path):
    files = manifests(EXAMPLE / "switchover.yaml", tmp_path, "--namespace", "llm", "--gateway", "edge", "--listener", "web")
    log, router, route = patches(files, "filter.yaml")
    for patch in (log, router):
        assert patch["name"] == "llm/edge/web" and patch["operation"]["op"] == "add" and patch["operation"]["jsonPath"] == ROUTER
    assert router["operation"]["value"]["typed_config"]["config"]["root_id"] == "router"
    code = router["operation"]["value"]["typed_config"]["config"]["vm_config"]["code"]
    assert code == {"local": {"filename": "/etc/switchover/module/plugin.wasm"}}
    assert route["type"].endswith("route.v3.RouteConfiguration") and route["operation"]["path"] == "routes/0"
    assert route["operation"]["jsonPath"] == "..virtual_hosts[?(@.domains[0]=='llm.example')]"
    assert {one["operation"]["path"] for one in patches(files, "clusters-1.yaml")} == {""}
    policy = files["filter.yaml"][0]
    assert policy["spec"]["targetRef"] == {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}
    objects = [document for name in files for document in files[name]]
    assert {document["metadata"]["namespace"] for document in objects} == {"llm"}
    assert "data" not in next(one for one in objects if one["kind"] == "Secret")


def test_pods_have_keys_and_the_module(tmp_path):
    files = manifests(EXAMPLE / "switchover.yaml", tmp_path / "image")
    (proxy,) = files["proxy.yaml"]
    deployment = proxy["spec"]["provider"]["kubernetes"]["envoyDeployment"]
    volumes = {volume["name"]: volume for volume in deployment["pod"]["volumes"]}
    assert volumes["switchover-module"]["image"] == {"reference": IMAGE, "pullPolicy": "IfNotPresent"}
    assert {mount["name"]: mount["mountPath"] for mount in deployment["container"]["volumeMounts"]} == {
        "switchover-keys": "/etc/switchover/secrets", "switchover-module": "/etc/switchover/module",
    }  # fmt: skip
    (bootstrap,) = proxy["spec"]["bootstrap"]["jsonPatches"]
    assert {"group", "target", "class"} <= {rule["tag_name"] for rule in bootstrap["value"]["stats_tags"]}
    files = manifests(EXAMPLE / "switchover.yaml", tmp_path / "path", wasm="/module/switchover.wasm")
    names = [volume["name"] for volume in files["proxy.yaml"][0]["spec"]["provider"]["kubernetes"]["envoyDeployment"]["pod"]["volumes"]]
    assert names == ["switchover-keys"]


def test_any_host_and_nothing_else(tmp_path):
    source = tmp_path / "switchover.yaml"
    targets = [{"id": "t", "provider": "openai_compatible", "endpoint": "http://t.internal/v1", "model": "m"}]
    source.write_text(json.dumps({"version": 1, "targets": targets, "model_groups": [{"name": "g", "targets": [{"id": "t"}]}]}))
    files = manifests(source, tmp_path / "out", "--dedicated")
    _, route, _ = files["gateway.yaml"]
    assert "hostnames" not in route["spec"] and "keys.yaml" not in files
    shared = next(one for one in patches(files, "filter.yaml") if one["operation"].get("path") == "upstream_http_filters")
    assert [one["name"] for one in shared["operation"]["value"]][0] == "envoy.filters.http.wasm"
    assert not [one for one in patches(files, "clusters-1.yaml") if "http_filters" in json.dumps(one)]


def test_what_the_old_file_had_is_kept(tmp_path):
    text = (EXAMPLE / "switchover.yaml").read_text()
    new = tmp_path / "new.yaml"
    new.write_text(text.replace(", {id: claude, priority: 1}", ""))
    files = manifests(new, tmp_path / "out", "--keep", str(EXAMPLE / "switchover.yaml"))
    kept = [one["name"] for one in patches(files, "kept.yaml")]
    assert kept == ["claude", "claude||try_anyway", "production-llm|openai-main|claude", "production-llm|claude"]
    assert "kubectl delete -f" in render_gateway(new, tmp_path / "again", "--keep", EXAMPLE / "switchover.yaml").stderr


@pytest.mark.parametrize(
    "options, wasm, said",
    [
        ([], "oci://registry.internal/switchover:1.0", "by its digest"),
        ([], "switchover.wasm", "the whole path"),
        ([], "https://files.internal/switchover.wasm", "answer nobody where it can't"),
        (["--secrets", "keys"], "/a.wasm", "the whole path"),
        (["--gateway", "Edge"], "/a.wasm", "small letters"),
        (["--host", "https://llm"], "/a.wasm", "llm.internal"),
    ],
)
def test_what_no_gateway_takes_is_refused(tmp_path, options, wasm, said):
    done = render_gateway(EXAMPLE / "switchover.yaml", tmp_path / "out", *options, wasm=wasm)
    assert done.returncode != 0 and said in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()
