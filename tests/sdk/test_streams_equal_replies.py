"""The same content, streamed and whole, is the same to a caller: text, thoughts, tool calls, ending and counts.

For each provider and caller the stand-in is asked as the command says a target would be, both ways; the command then
translates its bytes for the caller, streams byte by byte, and the caller's own SDK reads and accumulates them.
"""

import json
import os
import pathlib
import re
import subprocess

import httpx
import pytest

from harness.document import document, group, target, write
from test_answers import client, read

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"

SIGNED = "AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"
# Kind of target → the header that its credential is in, whatever it says: the stand-in here checks no keys.
KINDS = {
    "openai": {"authorization": "Bearer k"},
    "openai_responses": {"authorization": "Bearer k"},
    "azure_openai": {"api-key": "k"},
    "anthropic": {"x-api-key": "k"},
    "anthropic_bedrock": {"authorization": SIGNED},
    "anthropic_vertex": {"authorization": "Bearer k"},
    "gemini": {"x-goog-api-key": "k"},
    "vertex": {"authorization": "Bearer k"},
    "bedrock": {"authorization": SIGNED},
    "cohere": {"authorization": "Bearer k"},
    "mistral": {"authorization": "Bearer k"},
    "deepseek": {"authorization": "Bearer k"},
    "openai_compatible": {"authorization": "Bearer k"},
}
# What a kind is where it is no provider's name. The models of OpenAI's are some that take tools with an effort on Chat Completions,
# and one that takes them in Responses only.
MADE = {
    "openai": ("openai", {"model": "gpt-5.1"}),
    "openai_responses": ("openai", {"model": "gpt-5.4", "api": "responses"}),
    "azure_openai": ("azure_openai", {"model": "gpt-5.1"}),
}
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "responses": "/v1/responses"}
CITY = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city", "days"]}
TOOLS = {"get_weather": CITY, "find_hotel": {"type": "object", "properties": {"near": {"type": "string"}}, "required": ["near"]}}

# What is said, and what is wanted beside it.
SCENARIOS = {
    "text": ("Grüß dich!", {}),
    # Responses have a least limit.
    "length": ("Grüß dich! " * 20, {"limit": 16}),
    "tool": ("What is the weather?", {"tools": True, "text": True}),
    "parallel tools": ("Call both!", {"tools": True, "text": True}),
    "forced tool": ("Anything", {"tools": True, "force": True}),
    "thinking": ("Think!", {"thinking": True}),
    "thinking before a tool": ("Think, then call one!", {"thinking": True, "tools": True}),
}


def asked(caller: str, model: str, scenario: str, stream: bool) -> dict:
    """The caller's request."""
    said, wants = SCENARIOS[scenario]
    limit = 2048 if wants.get("thinking") else wants.get("limit", 1024)
    body = {"model": model}
    if caller == "responses":
        body |= {"input": said, "max_output_tokens": limit, "store": False}
    else:
        body["messages"] = [{"role": "user", "content": said}]
        body["max_completion_tokens" if caller == "openai" else "max_tokens"] = limit
    if wants.get("tools"):
        body["tools"] = [tool(caller, name, schema) for name, schema in TOOLS.items()]
    if wants.get("force"):
        body["tool_choice"] = {"type": "any"} if caller == "anthropic" else "required"
    if wants.get("thinking"):
        body |= {
            "openai": {"reasoning_effort": "low"},
            "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            "responses": {"reasoning": {"effort": "low", "summary": "auto"}},
        }[caller]
    if stream:
        body["stream"] = True
        if caller == "openai":
            body["stream_options"] = {"include_usage": True}
    return body


def tool(caller: str, name: str, schema: dict) -> dict:
    if caller == "anthropic":
        return {"name": name, "input_schema": schema}
    function = {"name": name, "parameters": schema}
    return {"type": "function", "strict": False, **function} if caller == "responses" else {"type": "function", "function": function}


def switchover(*words, body: bytes) -> bytes:
    done = subprocess.run([COMMAND, "translate", *words], input=body, capture_output=True, timeout=30)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def config(standin_process, tmp_path_factory):
    """A target of each kind, all of them at one stand-in, which goes by the path."""
    provider = standin_process["one"]
    made = {kind: MADE.get(kind, (kind, {})) for kind in KINDS}
    targets = [target(provider, name, id=kind, credential=f"key-{kind}", **more) for kind, (name, more) in made.items()]
    groups = [group(kind, kind, unsupported="drop") for kind in KINDS]
    return write(document(targets, groups), tmp_path_factory.mktemp("streams"))


def answer(config, provider, caller: str, kind: str, scenario: str, stream: bool):
    """What the caller's SDK makes of the answer."""
    way = (config, "--target", kind, "--path", PATHS[caller])
    body = json.dumps(asked(caller, kind, scenario, stream)).encode()
    sent = json.loads(switchover("request", *way, body=body))
    got = httpx.post(provider.url + sent["path"], headers=sent["headers"] | KINDS[kind], json=sent["body"], trust_env=False)
    assert got.status_code == 200, (got.text, sent)
    request = config.with_name("request.json")
    request.write_bytes(body)
    more = ("--request", request, "--content-type", got.headers["content-type"])
    out = switchover("response", *way, *more, *(["--stream"] if stream else []), body=got.content)
    if stream:
        return read(caller, out)
    sdk = client(caller, out, "application/json")
    if caller == "openai":
        return sdk.chat.completions.create(model="m", messages=[])
    if caller == "anthropic":
        return sdk.messages.create(model="m", max_tokens=9, messages=[])
    return sdk.responses.create(model="m", input="Hi")


# What differs from one answer to the next, whatever is said, and what only the SDK's own helpers add.
OWN = {"id", "call_id", "created", "created_at", "completed_at", "system_fingerprint", "encrypted_content", "parsed", "parsed_arguments", "item_id", "obfuscation", "index"}
# Azure says it in other chunks than those with choices.
OWN |= {"content_filter_results", "prompt_filter_results"}


def content(value):
    """What is said, without what belongs to one answer, and arguments as values."""
    if isinstance(value, list):
        return [content(one) for one in value]
    if isinstance(value, str):
        # A seal of OpenAI's names the item that it is of.
        return re.sub(r"(switchover\.\w+\.)rs_\w+:", r"\1:", value)
    if not isinstance(value, dict):
        return value
    kept = {name: content(one) for name, one in value.items() if name not in OWN}
    if isinstance(kept.get("arguments"), str):
        kept["arguments"] = json.loads(kept["arguments"])
    return {name: one for name, one in kept.items() if one not in (None, "", [])}


def differences(whole, streamed, path="") -> list:
    if isinstance(whole, dict) and isinstance(streamed, dict):
        names = sorted(whole.keys() | streamed.keys())
        return [one for name in names for one in differences(whole.get(name), streamed.get(name), f"{path}.{name}")]
    if isinstance(whole, list) and isinstance(streamed, list) and len(whole) == len(streamed):
        return [one for at, pair in enumerate(zip(whole, streamed)) for one in differences(*pair, f"{path}[{at}]")]
    return [] if whole == streamed else [f"{path}: {whole!r} whole, {streamed!r} streamed"]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("caller", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_says_what_the_reply_says(kind, caller, scenario, config, standin_process):
    if (kind, scenario) == ("mistral", "forced tool"):
        pytest.skip("Mistral's word for it is not OpenAI's, which the stand-in speaks")
    provider = standin_process["one"]
    whole = content(answer(config, provider, caller, kind, scenario, False).model_dump())
    streamed = content(answer(config, provider, caller, kind, scenario, True).model_dump())
    whole.pop("object", None), streamed.pop("object", None)
    if kind == "mistral":
        # It counts its streams unasked, and knows no `stream_options`; the stand-in of OpenAI must be asked.
        whole["usage"] = streamed["usage"] = {"output_tokens": 1}
    found = differences(whole, streamed)
    assert not found, "\n".join(found)
    # A reply of Responses repeats the tools.
    said = json.dumps({name: value for name, value in whole.items() if name != "tools"}, ensure_ascii=False)
    wants = SCENARIOS[scenario][1]
    if wants.get("tools"):
        assert "get_weather" in said
        assert ("find_hotel" in said) == ("both" in SCENARIOS[scenario][0])
    elif not wants.get("limit"):
        assert "こんにちは" in said
    assert whole["usage"].get("completion_tokens") or whole["usage"].get("output_tokens")
