"""The Helm chart, by the real helm: it says what `switchover render kubernetes` says, and refuses what can't be."""

import os
import pathlib
import subprocess

import pytest
import yaml

from harness.mesh import MESH, documents
from harness.process import ROOT

CHART = ROOT / "envoy" / "helm"
RENDERED = ROOT / "envoy" / "kubernetes"


def helm(folder: pathlib.Path, *words) -> subprocess.CompletedProcess:
    env = os.environ | {"HOME": str(folder), "HELM_CACHE_HOME": str(folder), "HELM_CONFIG_HOME": str(folder), "HELM_DATA_HOME": str(folder)}
    return subprocess.run([MESH / "helm", *words], capture_output=True, text=True, timeout=60, env=env)


def objects_of(path: pathlib.Path) -> dict:
    return {document["kind"]: document for document in documents(path)}


@pytest.fixture
def values(tmp_path) -> pathlib.Path:
    """What makes the chart the example."""
    config = objects_of(RENDERED / "config.yaml")["ConfigMap"]
    (container,) = objects_of(RENDERED / "deployment.yaml")["Deployment"]["spec"]["template"]["spec"]["containers"]
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump({"image": container["image"], "file": config["data"]["switchover.yaml"], "keys": "switchover-keys", "host": "llm.example"}))
    return path


def test_the_chart_says_what_is_rendered(tmp_path, values):
    done = helm(tmp_path, "template", "switchover", CHART, "-f", values, "--namespace", "default")
    assert done.returncode == 0, done.stderr
    (tmp_path / "all.yaml").write_text(done.stdout)
    made = objects_of(tmp_path / "all.yaml")
    meant = {kind: one for name in ("config", "deployment", "service") for kind, one in objects_of(RENDERED / f"{name}.yaml").items()}
    assert made.keys() == meant.keys()
    for kind, one in made.items():
        one["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "switchover"
        assert one == meant[kind], kind
    done = subprocess.run([MESH / "kinds", tmp_path / "all.yaml"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_helm_finds_nothing_to_say(tmp_path, values):
    done = helm(tmp_path, "lint", "--strict", CHART, "-f", values)
    assert done.returncode == 0 and "1 chart(s) linted, 0 chart(s) failed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "more, said",
    [("image=switchover:1.0", "image"), ("replicas.least=0", "least"), ("prot=80", "prot"), ("concurrency=many", "concurrency")],
)
def test_values_that_cannot_be(tmp_path, values, more, said):
    done = helm(tmp_path, "template", "switchover", CHART, "-f", values, "--set", more)
    assert done.returncode != 0 and said in done.stderr, done
