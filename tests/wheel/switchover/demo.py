"""`switchover demo`: a chat, a stream, a provider that fails, the switch and the way back, on a real Envoy.

Starts three stand-in providers and `switchover serve` on loopback, is the application that calls them, and stops everything
it started. It needs Python's standard library only, so the application is plain HTTP; `make demo` has the official SDKs.
"""

import contextlib
import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

from .launch import DEMO, PROGRAMS, environment

FILE = """\
version: 1
targets:
  - {id: openai-main, provider: openai, endpoint: "http://%(openai-main)s/v1", model: gpt-5.4-mini, credential: openai-prod}
  - {id: openai-eu, provider: openai, endpoint: "http://%(openai-eu)s/v1", model: gpt-5.4-mini, credential: openai-prod}
  - {id: claude, provider: anthropic, endpoint: "http://%(claude)s", model: claude-sonnet-4-5, max_output_tokens: 8192,
     credential: anthropic-prod}
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
circuit_breaker: {consecutive_failures: 3, interval: 1s, base_ejection_time: 3s, max_ejection_time: 3s}
"""
# Never the caller's own: nothing here may carry a real key.
KEYS = {"OPENAI_API_KEY": "sk-demo-openai", "ANTHROPIC_API_KEY": "sk-demo-anthropic"}
CHAT = {"model": "production-llm", "messages": [{"role": "user", "content": "Are you there?"}]}
# Seconds that starting may take, and that the providers may take to come back.
START, BACK = 60, 20


class Trouble(Exception):
    """The story went another way than it is told."""


def expect(holds: bool, sentence: str):
    if not holds:
        raise Trouble(sentence)


class Story:
    """What is told, and how far it is."""

    def __init__(self):
        self.steps = 0

    def step(self, title: str):
        self.steps += 1
        line = f"{self.steps}. {title}"
        print(f"\n\033[1m{line}\033[0m" if sys.stdout.isatty() else f"\n{line}", flush=True)

    def say(self, text: str):
        print(textwrap.indent(text, "   "), flush=True)


class Program:
    """A program that the demo starts, with its output in a file, until the demo ends."""

    def __init__(self, words: list, log: pathlib.Path, env: dict | None = None):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env
            )

    def wait_for(self, pattern: str) -> re.Match:
        """Until its output has this line."""
        end = time.monotonic() + START
        while time.monotonic() < end:
            text = self.log.read_text(errors="replace")
            if found := re.search(pattern, text, re.MULTILINE):
                return found
            if self.process.poll() is not None:
                raise Trouble(f"{self.process.args[0]} ended with {self.process.returncode}:\n{text.rstrip()}")
            time.sleep(0.02)
        raise Trouble(f"{self.process.args[0]} was not ready after {START} s:\n{text.rstrip()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Providers:
    """The stand-ins' control."""

    def __init__(self, program: Program, names: tuple):
        program.wait_for(r"^ready$")
        self.addresses = {name: program.wait_for(rf"^{name} (\S+)$")[1] for name in names}
        self.control = program.wait_for(r"^control (\S+)$")[1]

    def behave(self, name: str, **behaviour):
        with contextlib.closing(http.client.HTTPConnection(self.control, timeout=10)) as connection:
            connection.request("POST", f"/_standin/behave?name={name}", json.dumps(behaviour))
            expect(connection.getresponse().status == 200, f"the stand-in {name} can't be steered")


class Answer:
    """What a caller got: one chat, or the words of one stream."""

    def __init__(self, address: str, body: dict, path: str = "/v1/chat/completions"):
        begin = time.monotonic()
        with contextlib.closing(http.client.HTTPConnection(address, timeout=20)) as connection:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            response = connection.getresponse()
            self.headers = response.headers
            if response.status != 200:
                raise Trouble(f"the caller got {response.status}: {response.read().decode(errors='replace')}")
            self.pieces = list(deltas(response)) if body.get("stream") else [words(json.load(response))]
        self.milliseconds = (time.monotonic() - begin) * 1000

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def target(self) -> str:
        return self.headers["x-switchover-target"]

    @property
    def attempts(self) -> int:
        return int(self.headers["x-switchover-attempts"])

    @property
    def why(self) -> str:
        return f"why: {self.headers['x-switchover-decision']}"

    def __str__(self):
        return f"{self.target} answered on attempt {self.attempts} in {self.milliseconds:.0f} ms: {self.text!r}"


def words(answer: dict) -> str:
    """The text of a chat, in OpenAI's or Anthropic's format."""
    if "choices" in answer:
        return answer["choices"][0]["message"]["content"]
    return "".join(block.get("text", "") for block in answer["content"])


def deltas(response):
    """The pieces of text of a stream in OpenAI's format."""
    for line in response:
        data = line.removeprefix(b"data:").strip()
        if not line.startswith(b"data:"):
            continue
        if data == b"[DONE]":
            return
        event = json.loads(data)
        expect("error" not in event, f"the caller's stream has an error: {event.get('error')}")
        for choice in event.get("choices", []):
            if text := choice["delta"].get("content"):
                yield text
    raise Trouble("the caller's stream broke off")


def good(address: str, providers: Providers, story: Story):
    story.step("An application asks for `production-llm`, in OpenAI's format")
    answer = Answer(address, CHAT)
    story.say(f"{answer}\n{answer.why}")

    story.step("The same in Anthropic's format")
    answer = Answer(address, CHAT | {"max_tokens": 500}, "/v1/messages")
    story.say(str(answer))

    story.step("The same as a stream")
    answer = Answer(address, CHAT | {"stream": True})
    story.say(f"{answer.target} streamed {len(answer.pieces)} pieces: {answer.text!r}")


def failing(address: str, providers: Providers, story: Story):
    story.step("openai-main begins to answer 200 and then reports an overload inside the stream")
    providers.behave("openai-main", error_event=0)
    answer = Answer(address, CHAT | {"stream": True})
    expect(answer.target == "openai-eu", f"{answer.target} answered, not openai-eu")
    story.say(f"the caller sees nothing of it: {answer.target} streamed {len(answer.pieces)} pieces: {answer.text!r}")

    story.step("openai-main and openai-eu go down in the middle of 60 requests")
    providers.behave("openai-main")
    answered, failed, lock = {}, [], threading.Lock()
    workers = [threading.Thread(target=work, args=(address, answered, failed, lock)) for _ in range(4)]
    for worker in workers:
        worker.start()
    time.sleep(0.15)
    providers.behave("openai-main", refuse=True)
    providers.behave("openai-eu", status=503)
    for worker in workers:
        worker.join()
    for (target, attempts), count in sorted(answered.items()):
        story.say(f"{count:3} answered by {target} on attempt {attempts}")
    story.say(f"{len(failed):3} failed")
    expect(not failed, f"a request failed: {failed[:1]}")


def work(address: str, answered: dict, failed: list, lock: threading.Lock):
    """Fifteen requests, one after the other."""
    for _ in range(15):
        try:
            answer = Answer(address, CHAT)
            with lock:
                at = (answer.target, answer.attempts)
                answered[at] = answered.get(at, 0) + 1
        except Exception as error:  # whatever it was, a request failed
            failed.append(error)
        time.sleep(0.02)


def switched(address: str, providers: Providers, story: Story):
    story.step("Both are ejected now by Envoy's outlier detection: Claude answers at once, in OpenAI's format")
    answer = Answer(address, CHAT)
    story.say(f"{answer}\n{answer.why}")
    expect((answer.target, answer.attempts) == ("claude", 1), "claude should have answered on the first attempt")

    story.step("They come back")
    providers.behave("openai-main")
    providers.behave("openai-eu")
    begin = time.monotonic()
    while (answer := Answer(address, CHAT)).target != "openai-main":
        expect(time.monotonic() - begin < BACK, "openai-main never came back")
        time.sleep(0.2)
    story.say(f"after {time.monotonic() - begin:.1f} s {answer.target} answers again, on attempt {answer.attempts}\n{answer.why}")


def tell(folder: pathlib.Path, programs: contextlib.ExitStack):
    """The whole story; what it starts goes onto `programs`."""
    names = ("openai-main", "openai-eu", "claude")
    listen = [word for name in names for word in ("--listen", f"{name}=127.0.0.1:0")]
    standin = Program([PROGRAMS / "standin", "--control", "127.0.0.1:0", *listen], folder / "standin.log")
    programs.callback(standin.stop)
    providers = Providers(standin, names)

    story, file = Story(), folder / "switchover.yaml"
    file.write_text(FILE % providers.addresses)
    print("The file:\n")
    story.say(file.read_text().rstrip())
    print("\n`switchover serve` starts an Envoy for it, with three stand-in providers behind it.", flush=True)
    places = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state", folder / "state", "--drain", 1]
    serve = Program([PROGRAMS / "switchover", "serve", file, *places], folder / "serve.log", environment() | KEYS)
    programs.callback(serve.stop)
    address = serve.wait_for(r"serving .* on http://([^\s,]+), admin on .*$")[1]
    print(f"It serves on http://{address}.")

    good(address, providers, story)
    failing(address, providers, story)
    switched(address, providers, story)
    print("\nDone. No request failed.")


def main(arguments: list) -> int:
    if arguments:
        print(f"Usage: switchover demo\n\n{DEMO}.")
        return 0 if arguments in (["-h"], ["--help"]) else 2
    # Whoever ends the demo ends all that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="switchover-demo-") as folder, contextlib.ExitStack() as programs:
        try:
            tell(pathlib.Path(folder), programs)
        except (Trouble, OSError, http.client.HTTPException) as error:
            print(f"\nThe demo stops here: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    return 0
