"""The command's other calls: check, schema, translate and explain, as a script would use them."""

import json
import os
import pathlib
import subprocess

import configuration
import pytest
import translation

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"
GOLDEN = ROOT / "tests" / "golden"
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "responses": "/v1/responses"}

# The target that speaks a caller's dialect, where it has another name.
NATIVE = {"responses": "openai"}

# The targets of the golden cases.
CONFIG = """\
version: 1
targets:
- {id: openai, provider: openai, endpoint: "https://openai.example/v1", model: gpt-5.4-mini, max_output_tokens: 8192, credential: key}
- {id: anthropic, provider: anthropic, model: claude-sonnet-4-5, max_output_tokens: 8192, credential: key}
- {id: local, provider: openai_compatible, endpoint: "http://127.0.0.1:1/v1", capabilities: []}
credentials:
- {id: key, secret_env: A_KEY_THAT_NOBODY_NEEDS}
model_groups:
- {name: production-llm, targets: [{id: openai}, {id: anthropic, priority: 1}], max_attempts: 2}
- {name: plain, aliases: ["plain-*"], targets: [{id: local}]}
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "switchover.yaml"
    path.write_text(CONFIG)
    return path


def call(*words, body="", code=0):
    done = subprocess.run([COMMAND, *words], input=body, capture_output=True, text=True, timeout=30)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stderr if code == 1 else done.stdout


def chat(**more) -> str:
    return json.dumps({"model": "production-llm", "messages": [{"role": "user", "content": "hi"}], **more})



def test_the_page_of_translations_is_what_the_golden_files_say():
    assert translation.page() == translation.PAGE.read_text(), "docs/translation.md is old: run `make test-translation`"


def test_the_page_of_the_keys_is_made_from_the_schema():
    """`make docs` writes it."""
    page = configuration.page(configuration.schema(COMMAND))
    assert page == configuration.PAGE.read_text(), "docs/configuration.md is old: run `make docs`"
    assert "| `listen.memory` | a whole number from 8388608 to 1073741824 | `536870912` |" in page
    assert "| `targets[].id` | text | **needed** |" in page

def test_check(config):
    assert call("check", config) == ""
    config.write_text(CONFIG.replace("provider: openai,", "provider: opnai,").replace("credential: key}", "credential: kay}"))
    lines = call("check", config, code=1).splitlines()
    assert len(lines) == 3 and lines[0].startswith(f"{config}:3:26: targets[0].provider: `opnai`"), lines
    missing = config.with_name("missing.yaml")
    assert f"{missing}: reading failed" in call("check", missing, code=1)


def test_schema():
    schema = json.loads(call("schema"))
    assert schema["$schema"].endswith("2020-12/schema") and "targets" in schema["properties"]


def test_providers_are_those_of_the_schema():
    """With the table's facts, for people and for scripts."""
    known = json.loads(call("schema"))["properties"]["targets"]["items"]["properties"]["provider"]["enum"]
    rows = json.loads(call("providers", "--format", "json"))
    assert [row["name"] for row in rows] == known
    groq = next(row for row in rows if row["name"] == "groq")
    assert groq["endpoint"] == "https://api.groq.com/openai/v1" and groq["key"] == "authorization"
    assert "vision" in groq["capabilities"] and {"without": "n"} in groq["quirks"]
    lines = call("providers").splitlines()
    assert lines[0].split()[:2] == ["PROVIDER", "DIALECT"] and [line.split()[0] for line in lines[1:]] == known


@pytest.mark.parametrize("target", ["openai", "anthropic"])
@pytest.mark.parametrize("caller", sorted(path.name for path in (GOLDEN / "request").iterdir()))
def test_requests_are_translated_as_in_the_golden_cases(caller, target, config):
    """The golden cases are the library's; the command prints the same, byte for byte.

    Like the filter it reads every request first, so what no dialect could read is refused by the caller's own too.
    """
    compared = 0
    for case in sorted((GOLDEN / "request" / caller).iterdir()):
        expected = [path for path in (case / f"{target}.json", case / f"{target}.refused.json") if path.exists()]
        if (case / "turn.json").exists() or not expected:
            continue
        words = [COMMAND, "translate", "request", config, "--target", target, "--path", PATHS[caller]]
        done = subprocess.run(words, input=(case / "in.json").read_text(), capture_output=True, text=True, timeout=30)
        if done.returncode == 2 and target in (caller, NATIVE.get(caller)):
            expected = list(case.glob("*.refused.json"))
        assert done.stdout in [path.read_text() for path in expected], (case, done.stdout, done.stderr)
        assert done.returncode == (2 if ".refused." in expected[0].name else 0), case
        compared += 1
    assert compared or not list((GOLDEN / "request" / caller).glob(f"*/{target}.json"))


def test_what_is_no_json_is_refused(config):
    openai = json.loads(call("translate", "request", config, "--target", "openai", body="{", code=2))
    assert openai["error"]["type"] == "invalid_request_error" and "not valid JSON" in openai["error"]["message"]
    path = ("--path", "/v1/messages")
    anthropic = json.loads(call("translate", "request", config, "--target", "openai", *path, body="{", code=2))
    assert anthropic["type"] == "error"


def test_wrong_arguments(config):
    assert "no target `antropic`. Did you mean `anthropic`?" in call("translate", "request", config, "--target", "antropic", code=1)
    assert "It has openai, anthropic, local." in call("translate", "request", config, "--target", "zzzzzzzz", code=1)
    assert "/v2: the filter translates no such path" in call("translate", "request", config, "--target", "local", "--path", "/v2", code=1)


def response(config, target, body, *options):
    return call("translate", "response", config, "--target", target, *options, body=body)


MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 3, "output_tokens": 2},
}  # fmt: skip


def test_answers_are_translated(config):
    first = response(config, "anthropic", json.dumps(MESSAGE))
    answer = json.loads(first)
    assert answer["choices"][0]["message"]["content"] == "Hello" and answer["model"] == "production-llm"
    assert first == response(config, "anthropic", json.dumps(MESSAGE))
    # The caller's own request says what it asked for.
    asked = config.with_name("asked.json")
    asked.write_text(chat(model="plain-7"))
    assert json.loads(response(config, "anthropic", json.dumps(MESSAGE), "--request", asked))["model"] == "plain-7"
    same = json.loads(response(config, "anthropic", json.dumps(MESSAGE), "--path", "/v1/messages"))
    assert same["content"] == MESSAGE["content"]


def events(*pairs) -> str:
    return "".join(f"event: {data['type']}\ndata: {json.dumps(data)}\n\n" for data in pairs)


START = {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def test_streams_are_translated(config):
    end = [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    whole = response(config, "anthropic", events(START, BLOCK, TEXT, *end), "--stream")
    assert '"content":"Hi"' in whole and whole.endswith("data: [DONE]\n\n")
    # After a token the caller has a stream, which ends with the error; before it there is only the failure.
    broken = response(config, "anthropic", events(START, BLOCK, TEXT, OVERLOADED), "--stream")
    assert '"content":"Hi"' in broken and '"code":"overloaded"' in broken and "[DONE]" not in broken
    failure = json.loads(response(config, "anthropic", events(START, OVERLOADED), "--stream"))["failure"]
    assert failure["class"] == "overloaded" and "Overloaded" in failure["message"]


def test_failures_are_named(config):
    def failure(body, *options):
        return json.loads(response(config, "openai", body, *options))["failure"]

    limited = failure('{"error":{"message":"slow down"}}', "--status", "429", "--header", "Retry-After=7")
    assert limited == {"class": "rate_limited", "status": 429, "message": "slow down", "retry_after_ms": 7000}
    assert failure("<html>oops</html>", "--content-type", "text/html")["class"] == "malformed"
    assert failure("<html>oops</html>", "--content-type", "text/html", "--stream")["class"] == "malformed"
    assert failure("", "--status", "503")["class"] == "overloaded"


def test_explain(config):
    told = json.loads(call("explain", config, body=chat()))
    assert told["group"] == "production-llm" and told["order"] == ["openai", "anthropic"]
    assert "openai" in told["sentence"] and [target["in"] for target in told["targets"]] == [True, True]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    refused = json.loads(call("explain", config, body=chat(model="plain-x", tools=tools)))
    assert refused["group"] == "plain" and refused["order"] == [] and "tools" in refused["requires"]
    unknown = json.loads(call("explain", config, body=chat(model="production-lm"), code=2))
    assert unknown["error"]["code"] == "model_not_found" and "Did you mean `production-llm`?" in unknown["error"]["message"]


def test_explain_shows_prices_and_labels(config):
    facts = "price: {input: 3, cached_input: 0.5, output: 15}, labels: {region: eu, tier: gold}"
    config.write_text(CONFIG.replace("model: claude-sonnet-4-5,", f"model: claude-sonnet-4-5, {facts},"))
    openai, claude = json.loads(call("explain", config, body=chat()))["targets"]
    assert "price" not in openai and "labels" not in openai
    assert claude["price"] == {"input": 3, "cached_input": 0.5, "output": 15}
    assert claude["labels"] == {"region": "eu", "tier": "gold"}


def test_explain_says_why_nobody_else_embeds(config):
    config.write_text(
        "version: 1\n"
        "targets:\n"
        "- {id: a, provider: openai_compatible, endpoint: 'http://127.0.0.1:1/v1', model: text-embedding-3-small}\n"
        "- {id: b, provider: openai_compatible, endpoint: 'http://127.0.0.1:2/v1', model: bge-m3}\n"
        "- {id: c, provider: openai_compatible, endpoint: 'http://127.0.0.1:3/v1', model: ours, same_vectors: true}\n"
        "model_groups: [{name: g, targets: [{id: a}, {id: b, priority: 1}, {id: c, priority: 2}]}]\n"
    )
    told = json.loads(call("explain", config, "--path", "/v1/embeddings", body='{"model": "g", "input": "x"}'))
    assert told["order"] == ["a", "c"] and told["targets"][1]["why"] == "b answers with another model's vectors."
    assert "(b answers with another model's vectors)" in told["sentence"]
    assert json.loads(call("explain", config, body=chat(model="g")))["order"] == ["a", "b", "c"]


KEYED = """\
version: 1
targets: [{id: a, provider: openai, credential: key}]
credentials: [{id: key, %s}]
model_groups: [{name: g, targets: [{id: a}]}]
"""


@pytest.mark.parametrize(
    "source, content, said",
    [
        ("secret_file: secrets/a", b"sk-1", None),
        ("secret_file: secrets/a", None, "secrets/a can't be read"),
        ("secret_file: secrets/a", b"", "secrets/a is empty. Write the key alone: mkdir -p "),
        ("secret_file: secrets/a", b"sk-1\r\n", "has a blank, a line break or a byte order mark around the key"),
        ("secret_file: secrets/a", b"\xef\xbb\xbfsk-1", "has a blank, a line break or a byte order mark around the key"),
        ("secret_file: secrets/a", b"sk-1\nsk-2", "holds characters that no header can carry"),
        ("secret_env: NOT_SET_BY_ANYBODY", None, "The environment variable NOT_SET_BY_ANYBODY is not set. Set it to the key."),
        ("secret_file: AbCd0123456789efGhIjKl", None, "what is written looks like a key itself"),
        ("secret_file: 0123456789abcdef0123456789abcdef", None, "what is written looks like a key itself"),
        ("secret_env: AbCd0123456789efGhIjKl", None, "what is written looks like a key itself"),
    ],
)
def test_check_looks_at_keys(tmp_path, source, content, said):
    config = tmp_path / "switchover.yaml"
    config.write_text(KEYED % source)
    if content is not None:
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "a").write_bytes(content)
    done = subprocess.run([COMMAND, "check", config], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout == "", done
    if said is None:
        assert done.stderr == ""
        return
    key = source.split(": ")[0]
    column = len("credentials: [{id: key, ") + len(key) + 3
    assert done.stderr.startswith(f"warning: {config}:3:{column}: credentials[0].{key}: ") and said in done.stderr
    assert "sk-1" not in done.stderr
    if "looks like a key" in said:
        assert source.split(": ")[1] not in done.stderr
        # Nor does render repeat it.
        rendered = subprocess.run(
            [COMMAND, "render", "envoy", config, "-o", tmp_path / "out.yaml"], capture_output=True, text=True, timeout=30
        )
        assert rendered.returncode == 1 and said in rendered.stderr and source.split(": ")[1] not in rendered.stderr
    if "mkdir" in said or "can't be read" in said:
        # What it says to do is what a shell can do, and a running Envoy sees.
        remedy = done.stderr.split("Write the key ")[1].split(": ", 1)[1].strip().removesuffix(".")
        assert " && mv " in remedy
        subprocess.run(["sh", "-c", remedy], env={**os.environ, "KEY": "sk-new"}, check=True, timeout=30)
        assert subprocess.run([COMMAND, "check", config], capture_output=True, text=True, timeout=30).stderr == ""


def test_a_known_key_in_place_of_a_name_is_no_file(tmp_path):
    config = tmp_path / "switchover.yaml"
    config.write_text(KEYED % "secret_file: sk-proj-abcdefghijklmnop0123456789")
    said = call("check", config, code=1)
    assert "This is not a file's path" in said and "sk-proj" not in said


DRILLS = """
tenant: {header: x-tenant-id}
drills:
  - {target: openai, class: overloaded, percentage: 0, until: "2099-01-01T00:00:00Z", allow_tenants: [acme]}
  - {target: anthropic, latency: 3s, percentage: 2.5, until: "2099-01-01T00:00:00Z"}
"""


def test_explain_shows_drills(config):
    assert "drills" not in json.loads(call("explain", config, body=chat()))
    config.write_text(config.read_text() + DRILLS)
    force = ("--header", "x-tenant-id=acme", "--header", "x-switchover-drill=openai")
    for options, forced in (((), False), (force, True), (force[2:], False)):
        overloaded, slow = json.loads(call("explain", config, *options, body=chat()))["drills"]
        until = 4_070_908_800_000
        assert overloaded == {"target": "openai", "class": "overloaded", "percentage": 0, "until_ms": until, "forced": forced}
        assert slow == {"target": "anthropic", "latency_ms": 3000, "percentage": 2.5, "until_ms": until, "forced": False}


def test_a_closed_pipe_is_no_crash(config):
    done = subprocess.run(f"{COMMAND} schema | head -1", shell=True, capture_output=True, text=True, timeout=30)
    assert done.stdout == "{\n" and done.stderr == ""
