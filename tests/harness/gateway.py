"""Switchover in a real Envoy: rendered, started, called."""

import json
import pathlib
import subprocess
from dataclasses import dataclass, field

import anthropic
import httpx
import openai

from . import document
from .envoy import Envoy
from .process import built

# What a caller sends as its own key; it must never reach a provider.
CALLER_KEY = "key-of-the-caller"


def render(described: dict, folder: pathlib.Path, edit=None) -> pathlib.Path:
    """Renders a document to a bootstrap; `edit` may change that, as whoever runs Envoy may."""
    out = folder / "envoy.json"
    words = [built("switchover"), "render", "envoy", document.write(described, folder), "-o", out]
    words += ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--wasm", built("switchover.wasm")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, f"render: {done.stderr or done.stdout}"
    if edit:
        bootstrap = json.loads(out.read_text())
        edit(bootstrap)
        out.write_text(json.dumps(bootstrap, indent=1))
    return out


@dataclass
class Streamed:
    """A streamed answer as it came: events are (name, data) with data parsed where it is JSON."""

    status: int
    headers: httpx.Headers
    events: list = field(default_factory=list)
    # How it broke off, if it did.
    error: Exception | None = None

    @property
    def data(self) -> list:
        return [data for _, data in self.events]

    @property
    def text(self) -> str:
        """All text deltas of Chat Completions or Messages."""
        parts = []
        for data in self.data:
            if isinstance(data, dict):
                parts += [choice["delta"].get("content") or "" for choice in data.get("choices", [])]
                parts.append(data.get("delta", {}).get("text", "") if data.get("type") == "content_block_delta" else "")
        return "".join(parts)


class Gateway(Envoy):
    """An Envoy with Switchover in it."""

    def __init__(self, binary: pathlib.Path, folder: pathlib.Path, described: dict, edit=None, **options):
        # What aws_request_signing signs with.
        aws = {"AWS_ACCESS_KEY_ID": "key-of-aws", "AWS_SECRET_ACCESS_KEY": "secret-of-aws"}
        super().__init__(binary, render(described, folder, edit), env=aws, **options)

    def openai(self, **options) -> openai.OpenAI:
        """The official SDK, without its own retries."""
        return openai.OpenAI(base_url=self.url() + "/v1", api_key=CALLER_KEY, max_retries=0, timeout=30, **options)

    def anthropic(self, **options) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=self.url(), api_key=CALLER_KEY, max_retries=0, timeout=30, **options)

    def post(self, path: str, body, **options) -> httpx.Response:
        """One request, its answer as it came; a body of bytes is sent as it is."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = [("content-type", "application/json"), *httpx.Headers(options.pop("headers", {})).raw]
        return httpx.post(self.url() + path, content=content, headers=headers, **{"timeout": 30, **options})

    def chat(self, text: str = "hello", model: str = "production-llm", **more) -> httpx.Response:
        headers = more.pop("headers", {})
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.post("/v1/chat/completions", body, headers=headers)

    def stream(self, path: str, body: dict, headers=None, timeout: float = 30) -> Streamed:
        """Reads a stream to its end, or to where it breaks."""
        with httpx.stream("POST", self.url() + path, json=body, headers=headers, timeout=timeout) as answer:
            streamed = Streamed(answer.status_code, answer.headers)
            name, data = None, []
            try:
                for line in answer.iter_lines():
                    if line.startswith("event:"):
                        name = line[6:].strip()
                    elif line.startswith("data:"):
                        data.append(line[5:].strip())
                    elif not line and data:
                        streamed.events.append((name, parsed("\n".join(data))))
                        name, data = None, []
            except httpx.HTTPError as error:
                streamed.error = error
        return streamed

    def chat_stream(self, text: str = "hello", model: str = "production-llm", **more) -> Streamed:
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": True, **more}
        return self.stream("/v1/chat/completions", body)


def parsed(text: str):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
