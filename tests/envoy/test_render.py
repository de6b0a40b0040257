"""`switchover render envoy`: what it writes, what it refuses, and that every Envoy takes it."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIST = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist"))
EXAMPLES = sorted(path.parent.name for path in (ROOT / "envoy").glob("*/envoy.yaml"))
ENVOYS = [os.environ[name] for name in ("SWITCHOVER_ENVOY", "SWITCHOVER_ENVOY_FLOOR") if os.environ.get(name)]
KEY = "sk-a-key-that-must-show-up-nowhere"

TARGETS = """\
version: 1
targets:
- {id: one, provider: openai, credential: file, endpoint: "https://one.test/v1"}
- {id: two, provider: anthropic, max_output_tokens: 100, credential: env, endpoint: "http://127.0.0.1:18102"}
- {id: two.b, provider: openai_compatible, endpoint: "https://[2001:db8::1]:8443/v1"}
credentials:
- {id: file, secret_file: secrets/one}
- {id: env, secret_env: SWITCHOVER_TEST_KEY}
"""
CONFIG = TARGETS + """\
model_groups:
- name: group/a
  strategy: weighted_round_robin
  targets: [{id: one}, {id: two}, {id: two.b, priority: 1}]
- name: "group:a"
  targets: [{id: one}]
  when_all_ejected: fail_fast
  degraded: {content: "Say: \\"no\\" # it's \\u2028 \\u00fc\\n\\t- *x &y %z"}
"""


class Folder:
    """A folder with a switchover.yaml and its keys."""

    def __init__(self, path: pathlib.Path, config: str = CONFIG):
        self.path = path
        self.config = path / "switchover.yaml"
        self.config.write_text(config)
        (path / "secrets").mkdir()
        for name in re.findall(r"secrets/([\w-]+)", config):
            (path / "secrets" / name).write_text(KEY)

    def render(self, out: str = "envoy.yaml", *options, **env):
        """The finished call; keys of the environment are set unless `env` says None."""
        names = re.findall(r"secret_env: (\w+)", self.config.read_text())
        env = {**os.environ, **{name: KEY for name in names}, **env}
        command = [DIST / "switchover", "render", "envoy", self.config, "-o", self.path / out]
        if "--wasm" not in options:
            command += ["--wasm", DIST / "switchover.wasm"]
        return subprocess.run(
            [*command, *options], env={k: v for k, v in env.items() if v is not None}, capture_output=True, text=True, timeout=30
        )

    def rendered(self, out: str = "envoy.yaml", *options) -> str:
        call = self.render(out, *options)
        assert call.returncode == 0, call.stderr
        return (self.path / out).read_text()


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def validate(envoy: str, config: pathlib.Path) -> str:
    """What Envoy says to a configuration that it takes."""
    call = subprocess.run([envoy, "--mode", "validate", "-c", config], capture_output=True, text=True, timeout=60)
    assert call.returncode == 0, call.stdout + call.stderr
    return call.stdout + call.stderr


def clusters(text: str) -> dict:
    return {cluster["name"]: cluster for cluster in json.loads(text)["static_resources"]["clusters"]}


def filters_of(order: dict) -> list:
    (options,) = order["typed_extension_protocol_options"].values()
    return options["http_filters"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_what_is_rendered(example, tmp_path):
    folder = Folder(tmp_path, (ROOT / "envoy" / example / "switchover.yaml").read_text())
    text = folder.rendered()
    text = text.replace(str(DIST / "switchover.wasm"), "/etc/switchover/switchover.wasm").replace(str(tmp_path), "/etc/switchover")
    expected = ROOT / "envoy" / example / "envoy.yaml"
    if os.environ.get("BLESS") == "1":
        expected.write_text(text)
    assert text == expected.read_text(), f"{expected} is out of date; BLESS=1 writes it again"


@pytest.mark.parametrize("envoy", ENVOYS)
@pytest.mark.parametrize("out", ["envoy.yaml", "envoy.json"])
@pytest.mark.parametrize("config", [*EXAMPLES, None])
def test_envoy_takes_it(envoy, out, config, tmp_path):
    source = (ROOT / "envoy" / config / "switchover.yaml").read_text() if config else CONFIG
    folder = Folder(tmp_path, source)
    folder.rendered(out)
    said = validate(envoy, tmp_path / out)
    assert "Deprecated field" not in said and "OK" in said


def test_no_key_is_where_it_must_not_be(folder):
    for out in ("envoy.yaml", "envoy.json"):
        assert KEY not in folder.rendered(out)
        secrets = folder.path / f"{out}.secrets"
        assert KEY not in (secrets / "file.yaml").read_text()
        assert KEY not in (secrets / "env.yaml").read_text() and (secrets / "env.key").read_text() == KEY
        assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o600}
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


def test_yaml_and_json_say_the_same(folder):
    text = folder.rendered("envoy.yaml").replace("envoy.yaml", "envoy.json")
    assert yaml.safe_load(text) == json.loads(folder.rendered("envoy.json"))


def test_every_order_is_a_cluster(folder):
    found = clusters(folder.rendered("envoy.json"))
    orders = {name for name in found if name.startswith("group")}
    # Either of two may come first, with and without the third; each alone.
    assert orders == {
        "group/a|one|two|two.b", "group/a|two|one|two.b", "group/a|one|two", "group/a|two|one",
        "group/a|one|two.b", "group/a|two|two.b", "group/a|one", "group/a|two", "group/a|two.b", "group:a|one",
    }  # fmt: skip
    (kind,) = [found["group/a|two|one|two.b"]["cluster_type"]["typed_config"]["clusters"]]
    assert kind == ["two", "one", "two.b", "two||try_anyway", "one||try_anyway", "two.b||try_anyway"]
    assert found["group:a|one"]["cluster_type"]["typed_config"]["clusters"] == ["one"]


def test_only_a_targets_own_key_goes_to_it(folder):
    found = clusters(folder.rendered("envoy.json"))

    def keys(order):
        names = [each["name"] for each in filters_of(found[order])]
        assert names[0] == "envoy.filters.http.wasm" and names[-1] == "envoy.filters.http.upstream_codec"
        if "credentials" not in names:
            return filters_of(found[order])[1:-2]
        # Stripped after the key's matcher has read the target's header.
        assert names.index("credentials") < names.index("envoy.filters.http.header_mutation")
        matcher = filters_of(found[order])[1]["typed_config"]["xds_matcher"]["matcher_tree"]["exact_match_map"]["map"]
        return {target: json.dumps(action) for target, action in matcher.items()}

    assert keys("group/a|two.b") == []
    # Where nobody else can be reached, there is nothing to choose.
    (alone,) = keys("group/a|two")
    assert alone["name"] == "envoy.filters.http.credential_injector" and '"x-api-key"' in json.dumps(alone)
    both = keys("group/a|one|two|two.b")
    assert set(both) == {"one", "two"}
    assert '"authorization"' in both["one"] and '"Bearer "' in both["one"]
    assert '"x-api-key"' in both["two"] and "header_value_prefix" not in both["two"]


def test_tls_is_verified(folder):
    found = clusters(folder.rendered("envoy.json", "--ca-file", "/etc/ssl/own.pem"))
    named = found["one"]["transport_socket"]["typed_config"]
    assert named["sni"] == "one.test" and named["auto_sni_san_validation"] is True
    assert named["common_tls_context"]["validation_context"]["trusted_ca"]["filename"] == "/etc/ssl/own.pem"
    numeric = found["two.b"]["transport_socket"]["typed_config"]
    assert "sni" not in numeric
    (name,) = numeric["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
    assert name == {"san_type": "IP_ADDRESS", "matcher": {"exact": "2001:db8::1"}}
    assert "transport_socket" not in found["two"]


def test_both_roles_get_the_same_document(folder):
    bootstrap = json.loads(folder.rendered("envoy.json"))
    texts = set()
    (listener,) = bootstrap["static_resources"]["listeners"]
    (manager,) = listener["filter_chains"][0]["filters"]
    orders = [cluster for cluster in bootstrap["static_resources"]["clusters"] if cluster.get("lb_policy") == "CLUSTER_PROVIDED"]
    assert len(orders) == 10
    roles = {"router": [manager["typed_config"]["http_filters"]], "translator": [filters_of(order) for order in orders]}
    for role, chains in roles.items():
        for chain in chains:
            (config,) = [each["typed_config"]["config"] for each in chain if each["name"] == "envoy.filters.http.wasm"]
            assert config["root_id"] == role and config["vm_config"]["vm_id"] == "switchover"
            assert config["allow_on_headers_stop_iteration"] is True and config["failure_policy"] == "FAIL_RELOAD"
            texts.add(config["configuration"]["value"])
    (text,) = texts
    document = json.loads(text)
    assert document["model_groups"][0]["name"] == "group/a"


def test_aws_requests_are_signed(tmp_path):
    folder = Folder(
        tmp_path,
        """\
version: 1
targets: [{id: aws, provider: bedrock, model: amazon.nova-pro-v1:0, region: eu-west-1, credential: c}]
credentials: [{id: c, aws: {region: eu-west-1}}]
model_groups: [{name: g, targets: [{id: aws}]}]
""",
    )
    order = clusters(folder.rendered("envoy.json"))["g|aws"]
    signing = filters_of(order)[1]["typed_config"]
    assert signing["service_name"] == "bedrock" and signing["region"] == "eu-west-1"
    # What is stripped after signing must not be signed.
    assert {"prefix": "x-switchover-"} in signing["match_excluded_headers"]
    assert not (tmp_path / "envoy.json.secrets").exists()
    for envoy in ENVOYS:
        validate(envoy, tmp_path / "envoy.json")


@pytest.mark.parametrize(
    "key, said",
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("sk-1\nsk-2", "holds characters that no header can carry"),
        ("schlüssel", "holds characters that no header can carry"),
        (None, "can't be read"),
    ],
)
def test_unusable_key_files_are_refused(key, said, folder):
    path = folder.path / "secrets" / "one"
    path.unlink()
    if key is not None:
        path.write_text(key)
    call = folder.render()
    assert call.returncode == 1 and said in call.stderr and "credential `file`" in call.stderr and str(path) in call.stderr
    assert not (key or "").strip() or key.strip() not in call.stderr
    assert not (folder.path / "envoy.yaml").exists()
    # The file itself is right, key or no key.
    assert subprocess.run([DIST / "switchover", "check", folder.config], timeout=30).returncode == 0


def test_keys_of_the_environment(folder):
    call = folder.render(SWITCHOVER_TEST_KEY=None)
    assert call.returncode == 1 and "SWITCHOVER_TEST_KEY is not set" in call.stderr
    # `export KEY=$(cat file)` and the like leave blanks around, which mean nothing.
    assert folder.render(SWITCHOVER_TEST_KEY=f" {KEY}\n").returncode == 0
    # Not in the SDS file itself, whose text Envoy logs at the level debug.
    secrets = folder.path / "envoy.yaml.secrets"
    assert (secrets / "env.key").read_text() == KEY and stat.S_IMODE((secrets / "env.key").stat().st_mode) == 0o600
    assert KEY not in (secrets / "env.yaml").read_text() and str(secrets / "env.key") in (secrets / "env.yaml").read_text()


@pytest.mark.parametrize("before, after", [("", "\n"), ("", "\r\n"), (" ", ""), ("\ufeff", "\n")])
def test_what_stands_around_a_key_is_trimmed(before, after, folder):
    (folder.path / "secrets" / "one").write_text(before + KEY + after)
    call = folder.render()
    assert call.returncode == 0 and "credentials[0].secret_file" in call.stderr and "around the key" in call.stderr
    secrets = folder.path / "envoy.yaml.secrets"
    assert (secrets / "file.key").read_bytes() == KEY.encode() and KEY not in call.stderr
    assert str(secrets / "file.key") in (secrets / "file.yaml").read_text()
    # A clean file is Envoy's to read, and the copy goes.
    (folder.path / "secrets" / "one").write_text(KEY)
    assert folder.render().stderr == "" and not (secrets / "file.key").exists()
    assert str(folder.path / "secrets" / "one") in (secrets / "file.yaml").read_text()


def test_circuit_breakers_are_as_the_file_says(tmp_path):
    """The file's, and a target's own where it differs."""
    own = "circuit_breaker: {consecutive_failures: 9, interval: 7s, base_ejection_time: 11s, max_ejection_time: 70s}"
    file = "circuit_breaker: {consecutive_failures: 4, interval: 2s, base_ejection_time: 3s, max_ejection_time: 50s}"
    half = "circuit_breaker: {interval: 5s}"
    text = TARGETS.replace("id: one,", f"id: one, {own},").replace("id: two,", f"id: two, {half},")
    config = text + file + "\nmodel_groups: [{name: g, targets: [{id: one}, {id: two}, {id: two.b}]}]\n"
    found = clusters(Folder(tmp_path, config).rendered("envoy.json"))
    names = ("consecutive_5xx", "interval", "base_ejection_time", "max_ejection_time")
    said = {id_: tuple(found[id_]["outlier_detection"][name] for name in names) for id_ in ("one", "two", "two.b")}
    assert said == {"one": (9, "7s", "11s", "70s"), "two": (4, "5s", "3s", "50s"), "two.b": (4, "2s", "3s", "50s")}


def test_pauses_are_as_the_file_says(tmp_path):
    pauses = "back_off: {base_interval: 20ms, max_interval: 90ms}"
    config = TARGETS + "model_groups: [{name: g, targets: [{id: one}, {id: two}], %s}]\n" % pauses
    order = clusters(Folder(tmp_path, config).rendered("envoy.json"))["g|one|two"]
    (options,) = order["typed_extension_protocol_options"].values()
    assert options["retry_policy"]["retry_back_off"] == {"base_interval": "0.02s", "max_interval": "0.09s"}


def test_all_key_problems_are_told_at_once(folder):
    (folder.path / "secrets" / "one").unlink()
    call = folder.render(SWITCHOVER_TEST_KEY=None)
    assert call.returncode == 1 and len(call.stderr.splitlines()) == 2


def test_rendering_twice_gives_the_same(folder):
    assert folder.rendered("a.yaml").replace("a.yaml", "b.yaml") == folder.rendered("b.yaml")


def test_what_is_wrong_is_said(folder):
    for options, said in [
        (("--wasm", "nowhere.wasm"), "nowhere.wasm: there is no filter"),
        (("--listen", "8080"), "`8080` is not an address and a port"),
        (("--admin", "localhost:x"), "`localhost:x` is not an address and a port"),
    ]:
        call = folder.render("envoy.yaml", *options)
        assert call.returncode != 0 and said in call.stderr, call.stderr
    shutil.rmtree(folder.path / "secrets")
    folder.config.write_text("version: 1\n")
    call = folder.render()
    assert call.returncode == 1 and f"{folder.config}:1:1: The key `targets` is missing" in call.stderr, call.stderr


def test_addresses(folder):
    bootstrap = json.loads(folder.rendered("envoy.json", "--listen", "[::1]:18080", "--admin", "127.0.0.1:19901"))
    (listener,) = bootstrap["static_resources"]["listeners"]
    assert listener["address"]["socket_address"] == {"address": "::1", "port_value": 18080}
    assert bootstrap["admin"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 19901}


def test_rules_for_labels_are_held_against_few_counters(folder):
    """Envoy searches a name for each rule that begins with no literal word: with many clusters that is most of its start."""
    rules = [rule["regex"] for rule in yaml.safe_load(folder.rendered())["stats_config"]["stats_tags"]]
    assert rules
    for rule in rules:
        assert re.match(r"\^wasmcustom\\\.|\^\(?cluster\\\.group.a\.one\.two\.two\.b\\\.", rule), rule
