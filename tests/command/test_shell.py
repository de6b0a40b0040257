"""The command in a shell, an editor and CI: completions, manual pages, help, colours, and `check` for programs."""

import json
import os
import pathlib
import pty
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"
COMMANDS = ["check", "render", "translate", "explain", "drill", "doctor", "providers", "schema", "completions", "man"]

RIGHT = """\
version: 1
targets:
- {id: one, provider: openai, credential: key}
- {id: idle, provider: openai_compatible, endpoint: "http://127.0.0.1:1/v1"}
credentials: [{id: key, secret_env: NOT_SET_BY_ANYBODY}]
model_groups: [{name: g, targets: [{id: one}]}]
"""


def call(*words, code: int = 0, **options) -> subprocess.CompletedProcess:
    done = subprocess.run([COMMAND, *words], capture_output=True, text=True, timeout=30, **options)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def on_a_terminal(*words, **env) -> str:
    """What is said where somebody looks at it."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **env}
    process = subprocess.Popen([COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux's way to say that nobody is left who writes
            part = b""
        if not part:
            break
        said += part
    os.close(ours)
    process.wait(30)
    return said.decode()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell, tmp_path):
    script = call("completions", shell).stdout
    for name in (*COMMANDS, "clusters", "sarif"):
        assert name in script, name
    (tmp_path / "script").write_text(script)
    if shutil.which(shell):
        assert subprocess.run([shell, "-n", tmp_path / "script"], timeout=30).returncode == 0


def completed(tmp_path, *words) -> list:
    """What bash offers for the last word."""
    (tmp_path / "script").write_text(call("completions", "bash").stdout)
    line = " ".join(f"'{word}'" for word in ("switchover", *words))
    shell = f"source '{tmp_path}/script'; COMP_WORDS=({line}); COMP_CWORD={len(words)}; "
    shell += f"_switchover switchover '{words[-1]}' '{('switchover', *words)[-2]}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=30)
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_completes(tmp_path):
    assert completed(tmp_path, "do") == ["doctor"]
    assert completed(tmp_path, "render", "en") == ["envoy", "envoy-gateway"]
    assert completed(tmp_path, "check", "--format", "s") == ["sarif"]
    assert "--secrets" in completed(tmp_path, "render", "envoy", "--s")


def test_manual_pages(tmp_path):
    page = call("man").stdout
    assert page.startswith((".ie", ".TH")) and ".SH SUBCOMMANDS" in page
    call("man", "-o", tmp_path / "man1")
    pages = {path.name for path in (tmp_path / "man1").iterdir()}
    assert {f"switchover-{name}.1" for name in COMMANDS} | {"switchover.1", "switchover-render-envoy.1"} <= pages
    assert "switchover render envoy switchover.yaml" in (tmp_path / "man1" / "switchover-render-envoy.1").read_text().replace("\\-", "-")


@pytest.mark.parametrize("words", [["check"], ["render", "envoy"], ["translate", "request"], ["translate", "response"], ["explain"], ["drill"],
                                   ["doctor"], ["providers"], ["schema"], ["completions"], ["man"]])  # fmt: skip
def test_help_has_examples(words):
    for flag in ("-h", "--help"):
        said = call(*words, flag).stdout
        assert f"Examples:\n  switchover {' '.join(words)}" in said, said


def test_colours_are_for_terminals():
    escape = "\x1b["
    assert escape in on_a_terminal("--help") and escape in on_a_terminal("chekc")
    for words in (["--help"], ["chekc"]):
        assert escape not in on_a_terminal(*words, NO_COLOR="1")
        assert escape not in on_a_terminal(*words, TERM="dumb")
        done = subprocess.run([COMMAND, *words], capture_output=True, text=True, timeout=30)
        assert escape not in done.stdout + done.stderr


def test_the_schema_has_a_name():
    schema = json.loads(call("schema").stdout)
    assert schema["$id"] == "urn:switchover:schema:1"
    assert "# yaml-language-server: $schema=switchover.schema.json" in call("schema", "--help").stdout


# --- check for programs -----------------------------------------------------------------------------------------------


def checked(folder: pathlib.Path, text: str, form: str, code: int) -> dict:
    (folder / "switch over.yaml").write_text(text)
    done = call("check", "--format", form, "switch over.yaml", code=code, cwd=folder)
    assert done.stderr == ""
    return json.loads(done.stdout)


WRONG = RIGHT.replace("provider: openai,", "provider: opnai,").replace("id: one}]}", "id: two}]}")


def test_check_json(tmp_path):
    told = checked(tmp_path, WRONG, "json", 1)
    assert told["file"] == "switch over.yaml"
    provider, group = told["problems"]
    assert provider["level"] == "error" and provider["path"] == "targets[0].provider"
    assert (provider["line"], provider["column"]) == (3, 23) and "`opnai`" in provider["wrong"] and "openai" in provider["instead"]
    assert group["path"] == "model_groups[0].targets[0].id" and group["line"] == 6
    told = checked(tmp_path, RIGHT, "json", 0)
    assert {problem["level"] for problem in told["problems"]} == {"warning"}
    paths = [problem["path"] for problem in told["problems"]]
    assert "credentials[0].secret_env" in paths and any(path.startswith("targets[1]") for path in paths), paths
    fine = RIGHT.replace(", credential: key", "").replace("provider: openai,", "provider: openai_compatible, endpoint: 'http://127.0.0.1:1/v1',")
    fine = fine.replace("provider: openai}", "provider: openai_compatible, endpoint: 'http://127.0.0.1:1/v1'}")
    fine = "\n".join(line for line in fine.splitlines() if "idle" not in line and "credentials" not in line)
    assert checked(tmp_path, fine, "json", 0)["problems"] == []


@pytest.mark.parametrize("text, code, level, rule", [(WRONG, 1, "error", "wrong"), (RIGHT, 0, "warning", "doubtful")])
def test_check_sarif(tmp_path, text, code, level, rule):
    """As OASIS' SARIF 2.1.0 has it: what is required is there, and nothing that is not of it."""
    log = checked(tmp_path, text, "sarif", code)
    assert set(log) == {"$schema", "version", "runs"} and log["version"] == "2.1.0" and "sarif-2.1.0" in log["$schema"]
    (run,) = log["runs"]
    assert set(run) == {"tool", "columnKind", "results"} and run["columnKind"] == "unicodeCodePoints"
    driver = run["tool"]["driver"]
    assert driver["name"] == "switchover" and driver["version"]
    rules = {one["id"]: one for one in driver["rules"]}
    assert rules[rule]["defaultConfiguration"] == {"level": level} and rules[rule]["shortDescription"]["text"].endswith(".")
    assert len(run["results"]) == len(checked(tmp_path, text, "json", code)["problems"]) == 2
    for result in run["results"]:
        assert set(result) == {"ruleId", "level", "message", "locations"}
        assert result["ruleId"] == rule and result["level"] == level and result["message"]["text"].endswith(".")
        (place,) = result["locations"]
        assert set(place) == {"physicalLocation", "logicalLocations"}
        assert place["physicalLocation"]["artifactLocation"] == {"uri": "switch%20over.yaml"}
        region = place["physicalLocation"]["region"]
        assert set(region) == {"startLine", "startColumn"} and min(region.values()) >= 1
        assert place["logicalLocations"][0]["fullyQualifiedName"] in result["message"]["text"]


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_what_is_no_yaml_and_no_file(tmp_path, form):
    log = checked(tmp_path, "version: [\n", form, 1)
    assert log.get("problems") or log["runs"][0]["results"]
    done = call("check", "--format", form, "missing.yaml", code=1, cwd=tmp_path)
    assert done.stdout == "" and "missing.yaml: reading failed" in done.stderr


def test_check_text_is_as_it_was(tmp_path):
    (tmp_path / "switchover.yaml").write_text(WRONG)
    done = call("check", "switchover.yaml", code=1, cwd=tmp_path)
    assert done.stdout == "" and done.stderr.startswith("switchover.yaml:3:23: targets[0].provider: `opnai`")
    assert call("check", "--format", "text", "switchover.yaml", code=1, cwd=tmp_path).stderr == done.stderr
