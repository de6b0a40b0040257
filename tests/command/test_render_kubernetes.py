"""`switchover render kubernetes`: what it writes and what it refuses, without a Kubernetes."""

import json
import os
import subprocess

import pytest
import yaml

from harness import examples
from harness.process import ROOT, built

EXAMPLE = ROOT / "envoy" / "kubernetes"
IMAGE = "registry.internal/switchover-serve@sha256:" + "0123456789abcdef" * 4


def render_deployment(source, out, *options, image=IMAGE):
    words = [built("switchover"), "render", "kubernetes", source, "-o", out, "--image", image, *options]
    return subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)


def objects(source, out, *options) -> dict:
    """The objects by kind."""
    done = render_deployment(source, out, *options)
    assert done.returncode == 0, done.stderr
    return {one["kind"]: one for path in sorted(out.iterdir()) for one in yaml.load_all(path.read_text(), yaml.CSafeLoader)}


def test_the_deployments_example_is_what_is_rendered(tmp_path):
    done = render_deployment(EXAMPLE / "switchover.yaml", tmp_path)
    assert done.returncode == 0, done.stderr
    examples.same(EXAMPLE, tmp_path)
    assert "kubectl apply --server-side" in done.stderr and "openai-prod.key" in done.stderr and "switchover-caller=yes" in done.stderr


def test_pods_may_do_nothing_but_serve(tmp_path):
    made = objects(EXAMPLE / "switchover.yaml", tmp_path)
    pod = made["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    # The restricted standard of pod security.
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} <= {"configMap", "secret", "emptyDir"}
    assert made["ServiceAccount"]["automountServiceAccountToken"] is False
    assert pod["terminationGracePeriodSeconds"] > 60 and "replicas" not in made["Deployment"]["spec"]
    # Whoever probes asks by a host that is served.
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "llm.example"}]


def test_the_image_serves_what_is_rendered(tmp_path):
    """The words of the container, and the file that it gets, as the command takes them."""
    made = objects(EXAMPLE / "switchover.yaml", tmp_path / "out")
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    text = made["ConfigMap"]["data"]["switchover.yaml"]
    document = yaml.load(text, yaml.CSafeLoader)
    assert [one["secret_file"] for one in document["credentials"]] == [f"/etc/switchover/secrets/{name}.key" for name in ("openai-prod", "anthropic-prod")]
    (tmp_path / "switchover.yaml").write_text(text)
    done = subprocess.run([built("switchover"), "check", tmp_path / "switchover.yaml"], capture_output=True, text=True, timeout=30)
    # All that is missing here are the keys.
    assert done.returncode == 0 and len(done.stderr.splitlines()) == 2
    assert all(line.startswith("warning: ") and "can't be read" in line for line in done.stderr.splitlines()), done.stderr
    known = subprocess.run([built("switchover"), "serve", "--help"], capture_output=True, text=True, timeout=30).stdout
    assert container["args"][0] == "serve" and all(word.split("=")[0] in known for word in container["args"][2:])
    assert "data" not in made["Secret"]


def test_who_reaches_the_pods_and_how_many_there_are(tmp_path):
    made = objects(EXAMPLE / "switchover.yaml", tmp_path, "--callers", "app=shop", "--callers", "tier=web", "--replicas", "3-5", "--port", "80")
    (rule,) = made["NetworkPolicy"]["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app": "shop", "tier": "web"}}}] and len(rule["ports"]) == 1
    scaler = made["HorizontalPodAutoscaler"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 5)
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for found_by in (made["Deployment"]["spec"]["selector"], made["PodDisruptionBudget"]["spec"]["selector"], made["NetworkPolicy"]["spec"]["podSelector"]):
        assert found_by == {"matchLabels": labels}
    assert "--listen=0.0.0.0:8080" in made["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert made["Service"]["spec"]["selector"] == labels and made["Service"]["spec"]["ports"][0]["port"] == 80


def test_memory_is_what_the_file_lets_workers_hold(tmp_path):
    source = tmp_path / "switchover.yaml"
    targets = [{"id": "t", "provider": "openai_compatible", "endpoint": "http://t.internal/v1", "model": "m"}]
    file = {"version": 1, "listen": {"memory": 1 << 30}, "targets": targets, "model_groups": [{"name": "g", "targets": [{"id": "t"}]}]}
    source.write_text(json.dumps(file))
    made = objects(source, tmp_path / "out", "--concurrency", "3")
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    idle = int(container["resources"]["requests"]["memory"].removesuffix("Mi"))
    assert container["resources"]["limits"] == {"memory": f"{3 * 1024 + idle}Mi"} and "--concurrency=3" in container["args"]
    assert "Secret" not in made and "httpHeaders" not in container["readinessProbe"]["httpGet"]


@pytest.mark.parametrize(
    "options, image, said",
    [
        ([], "registry.internal/switchover-serve:1.0", "by its digest"),
        (["--replicas", "5-2"], IMAGE, "at least and at most"),
        (["--namespace", "LLM"], IMAGE, "small letters"),
        (["--callers", "shop"], IMAGE, "KEY=VALUE"),
        (["--concurrency", "0"], IMAGE, "1..=64"),
    ],
)
def test_what_no_deployment_takes_is_refused(tmp_path, options, image, said):
    done = render_deployment(EXAMPLE / "switchover.yaml", tmp_path / "out", *options, image=image)
    assert done.returncode != 0 and said in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()
