"""`switchover import`: other gateways' files, written here by their makers' pages, with what must come of each.

A case is a folder of files and `switchover.yaml`, which `BLESS=1` writes anew. Keys in the files begin with `plain` or
`sk-plain`: none may come out anywhere.
"""

import copy
import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"
CASES = pathlib.Path(__file__).parent / "import"
GOLDEN = "switchover.yaml"
GATEWAYS = ["litellm", "kong", "agentgateway", "agent-router", "keeptrusts"]


def run(*words, cwd=None, code=0):
    done = subprocess.run([COMMAND, *words], cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def files(case) -> list[str]:
    return sorted(path.name for path in case.iterdir() if path.name != GOLDEN)


@pytest.mark.parametrize("case", sorted(path.parent for path in CASES.glob("*/*/*.yaml") if path.name != GOLDEN), ids=str)
def test_cases(case, tmp_path):
    done = run("import", case.parent.name, *files(case), cwd=case)
    golden = case / GOLDEN
    if os.environ.get("BLESS"):
        golden.write_text(done.stdout)
    assert done.stdout == golden.read_text()
    text = "".join((case / name).read_text() for name in files(case))
    for key in re.findall(r"(?:sk-)?plain-[A-Za-z0-9-]+", text):
        assert key not in done.stdout + done.stderr
    # Each line at the end of the file is told while importing, and the other way round.
    told = [line for line in done.stderr.splitlines() if line.startswith(tuple(files(case)))]
    assert [f"# * {line}" for line in told] == [line for line in done.stdout.splitlines() if line.startswith("# * ") and line[4:] in told]
    assert "`switchover check` accepts it" in done.stderr.splitlines()[-1]
    out = tmp_path / GOLDEN
    out.write_text(done.stdout)
    run("check", out)


def maps(node, path=""):
    """Every map of a document with its path, as remarks write it."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from maps(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from maps(value, f"{path}[{index}]")


def is_told(path: str, stderr: str) -> bool:
    """The key itself, or something that it is in: a part of the document, or a whole manifest."""
    pieces = re.findall(r"\[\d+\]|\.?[^.\[]+", path)
    above = ["".join(pieces[:count]) for count in range(1, len(pieces) + 1)]
    return "zzunknown" in stderr or any(f": {one}: " in stderr for one in above)


# What Kubernetes needs of a manifest, and what gateways say of themselves alone.
OF_NO_INTEREST = re.compile(r"(^|\.)(metadata|parentRefs|_konnect)\b")


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_no_key_is_dropped_in_silence(gateway, tmp_path):
    """A key that nobody knows, put into each map of each case in turn, is told."""
    silent = []
    for case in (CASES / gateway).iterdir():
        texts = {name: re.sub(r'\$\{\{ env "(\w+)" \}\}', r"env://\1", (case / name).read_text()) for name in files(case)}
        documents = {name: list(yaml.load_all(text, yaml.CSafeLoader)) for name, text in texts.items()}
        for name, changed in documents.items():
            for which, document in enumerate(changed):
                whole = document.get("kind") in ("Secret", "HTTPRoute", "Gateway")
                for path in [] if whole else [path for path, _ in maps(document) if not OF_NO_INTEREST.search(path)]:
                    now = copy.deepcopy(documents)
                    dict(maps(now[name][which]))[path]["zzunknown"] = "zz"
                    for other, content in now.items():
                        (tmp_path / other).write_text(yaml.safe_dump_all(content, sort_keys=False))
                    done = subprocess.run([COMMAND, "import", gateway, *documents], cwd=tmp_path, capture_output=True, text=True, timeout=60)
                    # A plugin that is off is told by its line alone.
                    if not is_told(path, done.stderr) and "it is not enabled" not in done.stderr:
                        silent.append(f"{case.name}/{name}: document {which}: {path}")
    assert not silent, "\n".join(silent)


def test_every_gateway_has_cases():
    assert sorted(path.name for path in CASES.iterdir()) == sorted(GATEWAYS)


MODEL = "model_list:\n- model_name: m\n  litellm_params: {model: openai/gpt-4o, api_key: %s}\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(MODEL % "os.environ/OPENAI_API_KEY")
    return path


def test_no_file_is_written_over(config):
    out = config.with_name("out.yaml")
    run("import", "litellm", config, "-o", out)
    first = out.read_text()
    assert "secret_env: OPENAI_API_KEY" in first
    out.write_text("mine")
    assert "say --force" in run("import", "litellm", config, "-o", out, code=1).stderr and out.read_text() == "mine"
    run("import", "litellm", config, "-o", out, "--force")
    assert out.read_text() == first
    link = config.with_name("link.yaml")
    link.symlink_to(config.with_name("nowhere"))
    assert "say --force" in run("import", "litellm", config, "-o", link, code=1).stderr


@pytest.mark.parametrize(
    "text,said",
    [
        ("", "The file is empty"),
        ("---\n---\n", "The file is empty"),
        ("a: [", "The file is not YAML"),
        ("a: {{ .Values.x }}", "where a key belongs"),
        ("- 1", "This is no file of LiteLLM's, which has `model_list`"),
        ("just words", "This is no file of LiteLLM's"),
        ("_format_version: '3.0'", "This is a file of Kong's. Say `switchover import kong "),
        ("binds: []", "Say `switchover import agentgateway "),
        ("pack: {}\nproviders: {}", "Say `switchover import keeptrusts "),
        ("apiVersion: aigateway.envoyproxy.io/v1beta1\nkind: AIGatewayRoute", "Say `switchover import agent-router "),
        ("version: 1\ntargets: []\nmodel_groups: []", "This is a switchover.yaml already"),
        ("model_list: []", "Nothing came out"),
        ("model_list: {a: b}", "Nothing came out"),
        ("model_list: [1, null, [], {}]", "Nothing came out"),
        ("model_list: [{model_name: m, litellm_params: {model: nobody/m}}]", "the provider `nobody` is none of"),
        ("model_list: &a [*a]", "alias"),
        ("model_list: []\nmodel_list: []", "stands here twice"),
        ("model_list: " + "- " * 100, "deep"),
    ],
)
def test_bad_input(config, text, said):
    config.write_text(text)
    done = run("import", "litellm", config, code=1)
    assert said in done.stderr and done.stdout == "", done.stderr


def test_missing_files_and_gateways(config):
    assert "reading failed" in run("import", "litellm", config.with_name("gone.yaml"), code=1).stderr
    assert "litellm, kong, agentgateway, agent-router, keeptrusts" in run("import", "nginx", config, code=2).stderr
    run("import", "litellm", code=2)
    run("import", "litellm", config, "--force", code=2)


def test_hostile_sizes(config):
    """Many models, many anchors, a large file: an answer in words, soon."""
    config.write_text("model_list:\n" + "".join(f"- {{model_name: m{n}, litellm_params: {{model: groq/m{n}}}}}\n" for n in range(2100)))
    done = run("import", "litellm", config)
    assert "2000 targets are imported at most" in done.stderr and "2000 targets, 2000 groups" in done.stderr
    config.write_text("model_list:\n" + "- {model_name: m, litellm_params: {model: groq/m}}\n" * 2000)
    assert "1 target, 1 group" in run("import", "litellm", config).stderr
    config.write_text("model_list:\n" + "".join(f"- {{model_name: m, litellm_params: {{model: groq/m{n}, order: {n % 7}}}}}\n" for n in range(1900)))
    done = run("import", "litellm", config)
    assert "6 targets, 1 group" in done.stderr and "The group `m` has 1900 targets" in done.stderr
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    config.write_text(bomb + "model_list: []\n")
    assert "more than 400000 parts" in run("import", "litellm", config, code=1).stderr
    config.write_text("model_list: []\n#" + "x" * (5 << 20))
    assert "At most 4 MiB are imported" in run("import", "litellm", config, code=1).stderr


def test_a_key_in_the_wrong_place_comes_out_nowhere(config):
    key = "sk-proj-0123456789abcdefABCDEF"
    for text in (
        MODEL % key,
        MODEL % f"os.environ/{key}",
        (MODEL % key).replace("model_name: m", f"model_name: {key}"),
        (MODEL % "os.environ/A") + f"  {key}: {key}\n",
        (MODEL % "os.environ/A") + f"router_settings: {{note: {key}, routing_strategy: {key}}}\n",
        (MODEL % f"{key}, api_base: 'https://a.example/v1?key={key}'"),
        (MODEL % f"{key}, api_base: 'https://u:{key}@a.example/v1'"),
    ):
        config.write_text(text)
        done = subprocess.run([COMMAND, "import", "litellm", config], capture_output=True, text=True, timeout=60)
        assert key not in done.stdout + done.stderr, text
    config.write_text(MODEL % key)
    done = run("import", "litellm", config)
    assert "secret_file: secrets/openai-key" in done.stdout and "have the provider revoke it" in done.stderr


def test_line_breaks_make_no_new_lines(config):
    """What a file says can't end a comment of ours and go on as YAML."""
    config.write_text((MODEL % "os.environ/A") + '"odd\\nmodel_groups: []\\u2028x": 1\nlitellm_settings: {"a\\rb": "c\\nd"}\n')
    done = run("import", "litellm", config)
    assert "\nmodel_groups: []" not in done.stdout and "\r" not in done.stdout and "\u2028" not in done.stdout


def test_the_order_of_files_does_not_matter():
    case = CASES / "agent-router" / "failover"
    names = files(case)
    sets = [set(run("import", "agent-router", *order, cwd=case).stdout.splitlines()[2:]) for order in (names, names[::-1])]
    assert sets[0] == sets[1]
