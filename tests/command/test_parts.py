"""`switchover render envoy --only` and `--secrets`: configuration for an Envoy of one's own, on another machine."""

import json
import os
import pathlib
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"
ALL = "clusters,filters,routes,stats,logs"
KEY = "sk-a-key-that-must-show-up-nowhere"
DRILLS = """
drills:
  - {target: one, class: overloaded, percentage: 0, until: "2099-01-01T00:00:00Z", allow_tenants: [acme]}
"""


@pytest.fixture
def peculiar(tmp_path):
    """A folder whose name must appear nowhere, with a document that names it in every way it can."""
    folder = tmp_path / "peculiar-folder-of-this-machine"
    folder.mkdir()
    (folder / "switchover.yaml").write_text(f"""\
version: 1
tenant: {{header: x-tenant-id}}
targets:
- {{id: one, provider: openai, credential: file}}
- {{id: two, provider: anthropic, max_output_tokens: 100, credential: env}}
- {{id: aws, provider: bedrock, model: amazon.nova-pro-v1:0, region: eu-west-1, credential: role}}
credentials:
- {{id: file, secret_file: {folder}/secrets/one}}
- {{id: env, secret_env: PECULIAR_VARIABLE}}
- {{id: role, aws: {{region: eu-west-1}}}}
model_groups:
- {{name: g, targets: [{{id: one}}, {{id: two, priority: 1}}, {{id: aws, priority: 2}}]}}
""")
    (folder / "secrets").mkdir()
    (folder / "secrets" / "one").write_text(KEY)
    # Who tries to read it fails; and so does whoever looks for it.
    (folder / "secrets" / "one").chmod(0)
    return folder


def render(folder: pathlib.Path, *words, out: str = "out", code: int = 0) -> subprocess.CompletedProcess:
    words = [COMMAND, "render", "envoy", "switchover.yaml", "-o", out, *words]
    done = subprocess.run(words, cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=30)
    assert done.returncode == code, done.stderr
    return done


def loaded(folder: pathlib.Path) -> dict:
    """Each file by its name, read by itself: an anchor of another file would be an error."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.iterdir() if path.is_file()}


def whole(folder: pathlib.Path) -> dict:
    render(folder, "--secrets", "/etc/switchover/secrets", out="whole.json")
    return json.loads((folder / "whole.json").read_text())


def test_each_part_is_what_the_bootstrap_has(peculiar):
    render(peculiar, "--only", ALL)
    parts, bootstrap = loaded(peculiar / "out"), whole(peculiar)
    assert set(parts) == {"clusters", "cds", "filters", "routes", "stats", "logs"}
    resources = bootstrap["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    assert parts["clusters"] == {"clusters": resources["clusters"]}
    kind = {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster"}
    assert parts["cds"] == {"resources": [kind | cluster for cluster in resources["clusters"]]}
    *ours, router = manager["http_filters"]
    assert router["name"] == "envoy.filters.http.router" and parts["filters"].pop("http_filters") == ours
    assert parts["filters"] == {
        name: manager[name] for name in ("use_remote_address", "internal_address_config", "stream_idle_timeout", "local_reply_config")
    }
    assert parts["routes"] == {"routes": manager["route_config"]["virtual_hosts"][0]["routes"][:1]}
    assert parts["routes"]["routes"][0]["route"]["cluster_header"] == "x-switchover-order"
    assert parts["stats"] == {name: bootstrap[name] for name in ("stats_config", "deferred_stat_options")}
    assert parts["logs"] == {"access_log": manager["access_log"]}
    (log,) = parts["logs"]["access_log"]
    told = log["typed_config"]["log_format"]["json_format"]
    for name in ("group", "target", "attempts", "decision"):
        assert told[name] == f"%RESP(X-SWITCHOVER-{name.upper()})%"


@pytest.mark.parametrize("words", [["--only", ALL], ["--secrets", "/keys"], ["--only", ALL, "--secrets", "keys", "--wasm", "w.wasm"]])
@pytest.mark.parametrize("format", ["yaml", "json"])
def test_nothing_of_this_machine_is_in_it(peculiar, words, format):
    done = render(peculiar, *words, "--format", format)
    written = [path for path in peculiar.rglob("*") if path.is_file() and path.parent.name != "secrets" or "out" in str(path)]
    texts = [path.read_text() for path in written if path.is_file() and path.name != "switchover.yaml"]
    assert texts
    for text in (*texts, done.stderr):
        assert "peculiar" not in text.lower() and str(COMMAND.parent) not in text and KEY not in text, text
        assert str(peculiar.parent) not in text


def test_paths_are_those_of_the_machine_that_serves(peculiar):
    done = render(peculiar, "--only", "clusters,filters", "--secrets", "/run/keys/", "--wasm", "/opt/s.wasm", "--ca-file", "/opt/ca.pem")
    parts = loaded(peculiar / "out")
    text = json.dumps(parts)
    assert "/run/keys/file.yaml" in text and "/run/keys/env.yaml" in text and '"/run/keys"' in text and "role.yaml" not in text
    assert "/opt/s.wasm" in text and "/opt/ca.pem" in text
    ours = parts["filters"]["http_filters"][-1]["typed_config"]["config"]
    document = json.loads(ours["configuration"]["value"])
    assert document["credentials"][:2] == [{"id": name, "secret_file": f"/run/keys/{name}.key"} for name in ("file", "env")]
    assert document["credentials"][2] == {"id": "role", "aws": {"region": "eu-west-1"}}
    # What is to be there is told, and what says where the keys are is made.
    for said in ("/opt/s.wasm", "/run/keys/file.yaml", "/run/keys/file.key", "/run/keys/env.key", "out/secrets/env.yaml", "`role`"):
        assert said in done.stderr, done.stderr
    assert sorted(path.name for path in (peculiar / "out" / "secrets").iterdir()) == ["env.yaml", "file.yaml"]
    (secret,) = yaml.safe_load((peculiar / "out" / "secrets" / "env.yaml").read_text())["resources"]
    assert secret["name"] == "env" and secret["generic_secret"]["secret"] == {"filename": "/run/keys/env.key"}


def test_only_what_is_asked_for_is_written(peculiar):
    done = render(peculiar, "--only", "routes,logs", "--format", "json")
    assert sorted(path.name for path in (peculiar / "out").iterdir()) == ["logs.json", "routes.json"] and done.stderr == ""
    done = render(peculiar, "--only", "routes,log", code=2)
    assert "log" in done.stderr and "clusters, filters, routes, stats, logs" in done.stderr


def test_yaml_and_json_say_the_same(peculiar):
    for format in ("yaml", "json"):
        render(peculiar, "--only", ALL, "--format", format, out=format)
    read = {name: json.loads((peculiar / "json" / f"{name}.json").read_text()) for name in loaded(peculiar / "yaml")}
    assert read == loaded(peculiar / "yaml")
    render(peculiar, "--secrets", "/keys", "--format", "json", out="odd.yaml")
    assert json.loads((peculiar / "odd.yaml").read_text())["node"]


def test_drills_bring_what_they_need(peculiar):
    config = peculiar / "switchover.yaml"
    config.write_text(config.read_text() + DRILLS)
    render(peculiar, "--only", "clusters")
    parts, bootstrap = loaded(peculiar / "out"), whole(peculiar)
    assert parts["drills"]["bootstrap_extensions"] == bootstrap["bootstrap_extensions"]
    assert parts["drills"]["static_resources"]["listeners"] == bootstrap["static_resources"]["listeners"][1:]
    assert len(bootstrap["static_resources"]["listeners"]) == 2


def test_a_file_in_the_folders_place_is_said(peculiar):
    (peculiar / "out").write_text("")
    assert "out: making the folder failed" in render(peculiar, "--only", "routes", code=1).stderr


def test_addresses_are_your_envoys_own(peculiar):
    done = render(peculiar, "--only", "routes", "--listen", "127.0.0.1:1", code=2)
    assert "--listen" in done.stderr and "cannot be used with" in done.stderr
