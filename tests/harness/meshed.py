"""What `switchover render istio` writes for a file, on a real istiod."""

import os
import pathlib
import subprocess

import httpx

from . import traffic
from .document import key_of
from .mesh import Istiod, documents, free_port
from .process import built

NAMES = ("openai-main", "azure-secondary", "claude")
HOST, OTHER = "llm.example", "shop.example"


def document(cloud, targets=NAMES, more: str = "", group="production-llm") -> str:
    """A file of one group, in this order."""
    rows = {
        "openai-main": 'provider: openai, endpoint: "{url}/v1", model: gpt-4o, context_window: 100000000',
        "azure-secondary": 'provider: azure_openai, endpoint: "{url}", model: gpt-4o, context_window: 100000000',
        "claude": 'provider: anthropic, endpoint: "{url}", model: claude-sonnet-4-5, max_output_tokens: 8192, context_window: 100000000',
    }
    lines = [f"  - {{id: {name}, credential: {name}, {rows[name].format(url=cloud[name].url)}}}" for name in targets]
    keys = [f"  - {{id: {name}, secret_env: KEY_{place}}}" for place, name in enumerate(targets)]
    order = ", ".join(f"{{id: {name}, priority: {place}}}" for place, name in enumerate(targets))
    return "\n".join([
        "version: 1", "targets:", *lines, "credentials:", *keys, "model_groups:",
        f"  - {{name: {group}, aliases: [smart], targets: [{order}], when_all_ejected: try_anyway}}",
        "circuit_breaker: {consecutive_failures: 3, interval: 1s, base_ejection_time: 2s, max_ejection_time: 2s}", more,
    ])  # fmt: skip


class Mesh:
    """istiod, an application's shop, and what is rendered for a proxy."""

    def __init__(self, folder: pathlib.Path, cloud, options, wasm):
        self.folder, self.cloud, self.options, self.wasm = folder, cloud, list(options), wasm
        self.port = free_port()
        self.shop = traffic.Server(traffic.Web, "shop")
        self.keys = folder / "keys"
        self.keys.mkdir()
        self.istiod = Istiod(folder)
        self.applied = set()

    def render(self, text: str, *more, out="istio") -> pathlib.Path:
        (self.folder / "switchover.yaml").write_text(text)
        words = [built("switchover"), "render", "istio", "switchover.yaml", "-o", out, "--port", str(self.port), "--host", HOST]
        words += ["--wasm", self.wasm or built("switchover.wasm"), "--secrets", self.keys, *self.options, *more]
        # No key is in this environment.
        done = subprocess.run(words, cwd=self.folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        self.said = done.stderr
        return self.folder / out

    def mount(self, out: pathlib.Path):
        """As Kubernetes would: the ConfigMap's files and the Secret's keys in one folder."""
        (config, secret) = documents(out / "keys.yaml")
        assert "data" not in secret and config["kind"] == "ConfigMap"
        for name, text in config["data"].items():
            (self.keys / name).write_text(text)
            (self.keys / name.replace(".yaml", ".key")).write_text(key_of(name.removesuffix(".yaml")))

    def apply(self, out: pathlib.Path):
        """All files that the printed words say, in their order; what is applied no longer goes."""
        self.mount(out)
        files = [pathlib.Path(word) for word in self.said.split("kubectl apply --server-side")[1].split("\n")[0].split() if word != "-f"]
        for path in files:
            self.istiod.apply(path.stem, *documents(self.folder / path))
        for old in self.applied - {path.stem for path in files}:
            self.istiod.delete(old)
        self.applied = {path.stem for path in files if (self.istiod.config / f"{path.stem}.yaml").exists()}

    def ask(self, host=HOST, path="/v1/chat/completions", stream=False, content="Hi", model="production-llm", **headers):
        body = {"model": model, "stream": stream, "max_tokens": 50, "messages": [{"role": "user", "content": content}]}
        return httpx.post(self.url + path, json=body, headers={"host": host, "authorization": "Bearer callers", **headers}, timeout=20)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        try:
            return self.ask().status_code == 200
        except httpx.TransportError:
            return False

    def is_open(self) -> bool:
        try:
            httpx.get(self.url)
        except httpx.TransportError:
            return False
        return True

    def stop(self):
        self.istiod.stop()
        self.shop.stop()


def who(answer) -> tuple:
    return answer.headers.get("x-switchover-target"), answer.headers.get("x-switchover-attempts")
