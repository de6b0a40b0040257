"""`switchover render istio`: what it writes and what it refuses, without a mesh."""

import hashlib
import json
import os
import subprocess

import pytest
import yaml

from harness import examples
from harness.process import ROOT, built

EXAMPLE = ROOT / "envoy" / "istio"
WASM = "/etc/switchover/switchover.wasm"
DIGEST = "0123456789abcdef" * 4


def render(source, out, *options, wasm=WASM):
    words = [built("switchover"), "render", "istio", source, "-o", out, "--wasm", wasm, *options]
    return subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)


def rendered(source, out, *options, **more) -> dict:
    """The documents of each file."""
    done = render(source, out, *options, **more)
    assert done.returncode == 0, done.stderr
    return {path.name: list(yaml.load_all(path.read_text(), yaml.CSafeLoader)) for path in sorted(out.iterdir())}


def names(files: dict) -> list:
    """The clusters' names, in their order."""
    patches = [patch for name in files if name.startswith("clusters") for patch in files[name][0]["spec"]["configPatches"]]
    return [patch["patch"]["value"]["name"] for patch in patches]


def group(name: str, members: int, **more) -> dict:
    return {"name": name, "strategy": "weighted_round_robin", "targets": [{"id": f"t{n}", "weight": 1} for n in range(members)], **more}


def written(folder, *groups, targets=6):
    """A file of targets, each with a key."""
    ids = [f"t{n}" for n in range(targets)]
    rows = [{"id": id, "provider": "openai_compatible", "endpoint": f"http://{id}.internal/v1", "model": "m", "credential": id} for id in ids]
    keys = [{"id": id, "secret_env": "KEY"} for id in ids]
    path = folder / "switchover.yaml"
    path.write_text(json.dumps({"version": 1, "targets": rows, "credentials": keys, "model_groups": groups}))
    return path


def test_the_example_is_what_is_rendered(tmp_path):
    done = render(EXAMPLE / "switchover.yaml", tmp_path)
    assert done.returncode == 0, done.stderr
    examples.same(EXAMPLE, tmp_path)
    assert "kubectl apply --server-side" in done.stderr and "openai-prod.key" in done.stderr


def test_every_object_is_of_one_owner(tmp_path):
    files = rendered(EXAMPLE / "switchover.yaml", tmp_path, "--namespace", "llm", "--name", "gate", "--selector", "app=gate")
    objects = [document for name in files if name not in ("annotations.yaml", "mesh-config.yaml") for document in files[name]]
    assert {document["metadata"]["namespace"] for document in objects} == {"llm"}
    called = [(document["kind"], document["metadata"]["name"]) for document in objects]
    assert len(set(called)) == len(called) and all(name.startswith("gate") for _, name in called)
    labels = {"app.kubernetes.io/managed-by": "switchover", "app.kubernetes.io/instance": "gate"}
    assert all(document["metadata"]["labels"] == labels for document in objects)
    filters = [document["spec"] for document in objects if document["kind"] == "EnvoyFilter"]
    assert all(spec["workloadSelector"] == {"labels": {"app": "gate"}} for spec in filters)
    assert "Secret" in [kind for kind, _ in called] and "data" not in next(d for d in objects if d["kind"] == "Secret")


def test_files_are_of_a_bounded_size(tmp_path):
    files = rendered(written(tmp_path, group("g", 6)), tmp_path / "out")
    clusters = [name for name in files if name.startswith("clusters")]
    assert len(clusters) > 1
    assert all(len(json.dumps(files[name])) < 450_000 for name in clusters)
    found = names(files)
    assert len(set(found)) == len(found) == 2 * 6 + 192
    once = rendered(tmp_path / "switchover.yaml", tmp_path / "once", "--dedicated")
    assert sum(len(json.dumps(once[name])) for name in once) < sum(len(json.dumps(files[name])) for name in files) / 2
    assert not [patch for name in once if name.startswith("clusters") for patch in once[name] if "http_filters" in json.dumps(patch)]


def test_too_many_orders_are_refused_with_the_sum(tmp_path):
    source = written(tmp_path, *(group(f"g{n}", 6) for n in range(3)))
    done = render(source, tmp_path / "out")
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    assert "576 orders of targets are more than the 400" in done.stderr and "g0 has 192, g1 has 192, g2 has 192" in done.stderr


def test_what_only_the_old_file_had_is_kept_apart(tmp_path):
    old = written(tmp_path, group("g", 3), targets=3).rename(tmp_path / "old.yaml")
    before = names(rendered(old, tmp_path / "before"))
    new = written(tmp_path, group("g", 2), targets=2)
    files = rendered(new, tmp_path / "after", "--keep", old)
    (kept,) = files["kept.yaml"]
    kept = [patch["patch"]["value"]["name"] for patch in kept["spec"]["configPatches"]]
    assert sorted(kept + names(files)) == sorted(before) and "t2" in kept
    assert "kubectl delete -f" in render(new, tmp_path / "again", "--keep", old).stderr
    assert "kept.yaml" not in rendered(old, tmp_path / "same", "--keep", old)


@pytest.mark.parametrize(
    "options, wasm, said",
    [
        ([], "oci://registry.internal/switchover:1.0", "by its digest"),
        ([], "switchover.wasm", "the whole path"),
        ([], "ftp://a/b", "https://, http:// and oci://"),
        (["--secrets", "keys"], WASM, "the whole path"),
        (["--namespace", "Istio"], WASM, "small letters"),
        (["--selector", "istio"], WASM, "KEY=VALUE"),
        (["--target-ref", "Deployment/x"], WASM, "a Gateway, a GatewayClass"),
        (["--host", "https://llm"], WASM, "llm.internal"),
        (["--context", "sidecar"], WASM, "--selector app=NAME"),
        (["--context", "sidecar", "--selector", "app=a", "--dedicated"], WASM, "for a gateway"),
        (["--port", "70000"], WASM, "70000"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path, options, wasm, said):
    done = render(EXAMPLE / "switchover.yaml", tmp_path / "out", *options, wasm=wasm)
    assert done.returncode != 0 and said in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


def code(files: dict) -> list:
    patches = [patch["patch"]["value"] for patch in files["filter.yaml"][0]["spec"]["configPatches"] if patch["applyTo"] == "EXTENSION_CONFIG"]
    assert [value["name"] for value in patches] == ["switchover-router", "switchover-translator"]
    return [value["typed_config"]["config"]["vm_config"]["code"] for value in patches]


def test_the_filter_is_fetched_by_its_hash(tmp_path):
    url = "https://files.internal/switchover.wasm"
    own = hashlib.sha256(built("switchover.wasm").read_bytes()).hexdigest()
    for options, digest in (([], own), (["--wasm-sha256", DIGEST.upper()], DIGEST)):
        for each in code(rendered(EXAMPLE / "switchover.yaml", tmp_path / digest, *options, wasm=url)):
            assert each == {"remote": {"http_uri": {"uri": url, "cluster": "_", "timeout": "30s"}, "sha256": digest}}
    image = f"oci://registry.internal/switchover@sha256:{DIGEST}"
    for each in code(rendered(EXAMPLE / "switchover.yaml", tmp_path / "oci", wasm=image)):
        assert each["remote"]["sha256"] == DIGEST and each["remote"]["http_uri"]["uri"] == image


def test_calls_to_other_hosts_are_left_alone(tmp_path):
    """The file names no host, whoever renders does: other hosts of the gateway may have paths like ours."""
    source = written(tmp_path, group("g", 2), targets=2)
    for options, hosts in (([], None), (["--host", "llm.example", "--host", "*.llm.example"], ["llm.example", "*.llm.example"])):
        files = rendered(source, tmp_path / str(len(options)), *options)
        (router, _) = [one["patch"]["value"] for one in files["filter.yaml"][0]["spec"]["configPatches"] if one["applyTo"] == "EXTENSION_CONFIG"]
        document = json.loads(router["typed_config"]["config"]["configuration"]["value"])
        assert document.get("listen", {}).get("hosts") == hosts


def test_a_gateway_is_found_by_its_name(tmp_path):
    files = rendered(EXAMPLE / "switchover.yaml", tmp_path, "--target-ref", "Gateway/llm")
    refs = [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "llm"}]
    assert files["filter.yaml"][0]["spec"]["targetRefs"] == refs == files["telemetry.yaml"][0]["spec"]["targetRefs"]
    assert "gateway.yaml" not in files
