"""Manifests that are rendered, by Kubernetes' own types."""

import subprocess

import pytest

from harness.mesh import MESH
from harness.process import ROOT

KNOWN = {
    "kubernetes": ["ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount"],
    "istio": ["ConfigMap", "Secret"],
    "envoy-gateway": ["ConfigMap", "Secret"],
}


@pytest.mark.parametrize("name", KNOWN)
def test_each_object_is_what_an_api_server_takes(name):
    files = [path for path in (ROOT / "envoy" / name).iterdir() if path.name not in ("switchover.yaml", "annotations.yaml", "mesh-config.yaml")]
    done = subprocess.run([MESH / "kinds", *files], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    kinds = [line.rsplit(": ", 1)[1] for line in done.stdout.splitlines() if "is not known here" not in line]
    assert sorted(kinds) == KNOWN[name], done.stdout


def test_what_an_api_server_refuses(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {prots: []}\n")
    done = subprocess.run([MESH / "kinds", wrong], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and 'unknown field "spec.prots"' in done.stderr, done
