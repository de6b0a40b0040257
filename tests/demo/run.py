"""`make demo`: the main job of Switchover, seen on a real Envoy: a chat, a stream, a provider that fails, the way back.

Starts three stand-in providers and an Envoy on loopback, is the application that calls them with the official OpenAI
SDK, and stops everything it started.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import anthropic  # noqa: E402
import httpx  # noqa: E402
import openai  # noqa: E402

from harness.envoy import Envoy, binary  # noqa: E402
from harness.process import built  # noqa: E402
from harness.standin import Standin  # noqa: E402

CONFIGURATION = """\
version: 1
targets:
  - {id: openai-main, provider: openai, endpoint: "%(openai-main)s/v1", model: gpt-5.4-mini, credential: openai-prod}
  - {id: openai-eu, provider: openai, endpoint: "%(openai-eu)s/v1", model: gpt-5.4-mini, credential: openai-prod}
  - {id: claude, provider: anthropic, endpoint: "%(claude)s", model: claude-sonnet-4-5, max_output_tokens: 8192,
     credential: anthropic-prod}
  - {id: openai-thinks, provider: openai, endpoint: "%(openai-main)s/v1", api: responses, model: gpt-5.4, credential: openai-prod}
credentials:
  - {id: openai-prod, secret_env: OPENAI_API_KEY}
  - {id: anthropic-prod, secret_env: ANTHROPIC_API_KEY}
model_groups:
  - name: production-llm
    targets:
      - {id: openai-main, priority: 0}
      - {id: openai-eu, priority: 1}
      - {id: claude, priority: 2}
    first_token_timeout: 1s
  - {name: coding-llm, aliases: ["claude-*"], targets: [{id: openai-thinks}]}
circuit_breaker: {consecutive_failures: 3, interval: 1s, base_ejection_time: 3s, max_ejection_time: 3s}
"""

STEP = 0


def step(title: str):
    global STEP
    STEP += 1
    print(f"\n\033[1m{STEP}. {title}\033[0m" if sys.stdout.isatty() else f"\n{STEP}. {title}")


def say(text: str):
    print(textwrap.indent(text, "   "), flush=True)


def ask(client, **more):
    """One chat; returns (text, target, attempts, milliseconds)."""
    begin = time.monotonic()
    raw = client.chat.completions.with_raw_response.create(
        model="production-llm", messages=[{"role": "user", "content": "Are you there?"}], **more
    )
    text = raw.parse().choices[0].message.content
    took = (time.monotonic() - begin) * 1000
    return text, raw.headers["x-switchover-target"], int(raw.headers["x-switchover-attempts"]), took, raw.headers


def stream(client, slowly=None):
    """One stream; returns (its pieces, target)."""
    pieces = []
    with client.chat.completions.with_streaming_response.create(
        model="production-llm", messages=[{"role": "user", "content": "Stream, please."}], stream=True
    ) as raw:
        target = raw.headers["x-switchover-target"]
        for chunk in raw.parse():
            if chunk.choices and chunk.choices[0].delta.content:
                pieces.append(chunk.choices[0].delta.content)
                if slowly:
                    slowly(len(pieces))
    return pieces, target


# What Claude Code asks with: tools, and thinking as much as the model likes.
CODING = {
    "model": "claude-opus-4-6",
    "max_tokens": 8000,
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
    "tools": [
        {
            "name": "Read",
            "description": "Reads a file.",
            "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]},
        }
    ],
}


def think(claude, openai_main):
    """Asks as Claude Code does, through OpenAI: a call of a tool, its result, and an end."""
    try:
        tool = {"type": "function", "function": {"name": "Read", "parameters": CODING["tools"][0]["input_schema"]}}
        direct = openai.OpenAI(base_url=f"{openai_main.url}/v1", api_key="any", max_retries=0)
        messages = [{"role": "user", "content": "What does it say?"}]
        direct.chat.completions.create(model="gpt-5.4", messages=messages, tools=[tool], reasoning_effort="high")
        raise AssertionError("OpenAI took tools beside thinking")
    except openai.BadRequestError as error:
        say(f"OpenAI, asked directly with both, says {error.status_code}: {error.body['message']!r}")
    messages = [{"role": "user", "content": "What is the weather, by weather.txt?"}]
    with claude.messages.stream(messages=messages, **CODING) as stream:
        answer = stream.get_final_message()
    kinds = [block.type for block in answer.content]
    say(f"through Switchover {answer.model} thinks and calls: {', '.join(kinds)}")
    assert kinds[0] == "thinking" and kinds[-1] == "tool_use", kinds
    result = {"type": "tool_result", "tool_use_id": answer.content[-1].id, "content": "sunny"}
    messages += [{"role": "assistant", "content": [block.to_dict() for block in answer.content]}, {"role": "user", "content": [result]}]
    with claude.messages.stream(messages=messages, **CODING) as stream:
        answer = stream.get_final_message()
    say(f"given the file, it ends: {answer.content[-1].text!r}")
    first, second = [entry["json"] for entry in openai_main.log() if entry["path"] == "/v1/responses"][-2:]
    back = [item for item in second["input"] if item.get("type") == "reasoning" and item.get("encrypted_content")]
    assert second["input"][: len(first["input"])] == first["input"] and back, second["input"]
    say("OpenAI got its own sealed reasoning back, after a prefix that is the first turn to the byte")


def demonstrate(client, claude, providers):
    step("An application asks for `production-llm` with the OpenAI SDK")
    text, target, attempts, took, headers = ask(client)
    say(f"{target} answered on attempt {attempts} in {took:.0f} ms: {text!r}")
    say(f"why: {headers['x-switchover-decision']}")

    step("The same as a stream")
    pieces, target = stream(client)
    say(f"{target} streamed {len(pieces)} pieces: {''.join(pieces)!r}")

    step("openai-main begins to answer 200 and then reports an overload inside the stream")
    providers["openai-main"].behave(error_event=0)
    pieces, target = stream(client)
    assert target == "openai-eu", target
    say(f"the caller sees nothing of it: {target} streamed {len(pieces)} pieces: {''.join(pieces)!r}")

    step("openai-main and openai-eu go down in the middle of 60 requests")
    providers["openai-main"].behave()
    answered, failed = {}, []
    lock = threading.Lock()

    def work(count):
        for _ in range(count):
            try:
                _, target, attempts, _, _ = ask(client)
                with lock:
                    answered[(target, attempts)] = answered.get((target, attempts), 0) + 1
            except openai.OpenAIError as error:
                failed.append(error)
            time.sleep(0.02)

    workers = [threading.Thread(target=work, args=(15,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    time.sleep(0.15)
    providers["openai-main"].behave(refuse=True)
    providers["openai-eu"].behave(status=503)
    for worker in workers:
        worker.join()
    for (target, attempts), count in sorted(answered.items()):
        say(f"{count:3} answered by {target} on attempt {attempts}")
    say(f"{len(failed):3} failed")
    assert not failed, failed[0]

    step("Both are ejected now by Envoy's outlier detection: Claude answers at once, in OpenAI's format")
    text, target, attempts, took, headers = ask(client)
    say(f"{target} answered on attempt {attempts} in {took:.0f} ms: {text!r}")
    say(f"why: {headers['x-switchover-decision']}")
    assert (target, attempts) == ("claude", 1), (target, attempts)

    step("They come back")
    providers["openai-main"].behave()
    providers["openai-eu"].behave()
    begin = time.monotonic()
    while True:
        _, target, attempts, took, headers = ask(client)
        if target == "openai-main":
            break
        assert time.monotonic() - begin < 20, "openai-main never came back"
        time.sleep(0.2)
    say(f"after {time.monotonic() - begin:.1f} s {target} answers again, on attempt {attempts}")
    say(f"why: {headers['x-switchover-decision']}")

    step("Claude Code asks with tools and thinking, and gpt-5.4 answers")
    think(claude, providers["openai-main"])


def main():
    with tempfile.TemporaryDirectory(prefix="switchover-demo-") as folder:
        folder = pathlib.Path(folder)
        os.environ.setdefault("OPENAI_API_KEY", "sk-demo-openai")
        os.environ.setdefault("ANTHROPIC_API_KEY", "sk-demo-anthropic")
        standin = Standin(folder / "standin.log", "openai-main", "openai-eu", "claude")
        envoy = None
        try:
            file = folder / "switchover.yaml"
            file.write_text(CONFIGURATION % {provider.name: provider.url for provider in standin})
            print("The file:\n")
            say(file.read_text().rstrip())
            bootstrap = folder / "envoy.yaml"
            words = [built("switchover"), "render", "envoy", file, "-o", bootstrap, "--wasm", built("switchover.wasm")]
            subprocess.run([*words, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], check=True)
            envoy = Envoy(binary(), bootstrap)
            print(f"\n`switchover render envoy` made {len(bootstrap.read_text().splitlines())} lines of Envoy configuration of it.")
            print(f"Envoy listens on {envoy.url()}, with three stand-in providers behind it.")
            client = openai.OpenAI(
                base_url=f"{envoy.url()}/v1", api_key="the-callers-own", max_retries=0, http_client=httpx.Client(timeout=20)
            )
            claude = anthropic.Anthropic(base_url=envoy.url(), api_key="the-callers-own", max_retries=0)
            demonstrate(client, claude, standin.providers)
            print("\nDone. No request failed.")
        finally:
            if envoy:
                envoy.stop()
            standin.stop()


if __name__ == "__main__":
    main()
