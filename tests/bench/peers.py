"""Other gateways on the same path, for `BENCH_PEERS=1`: LiteLLM and Portkey as their registries have them.

Each runs as one process on Envoy's core and passes the same requests to the same provider, OpenAI to OpenAI.
"""

import json
import os
import pathlib
import socket
import subprocess

import httpx
from harness.process import Process

SETUP = pathlib.Path(os.environ.get("SWITCHOVER_PEERS", "."))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Peer:
    """A gateway in a process of its own, pinned to a core, until it answers a chat."""

    def __init__(self, words: list, folder: pathlib.Path, port: int, core: int, headers: dict, body: bytes):
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.headers = port, headers
        self.process = Process(["taskset", "-c", core, *words], folder / "log", cwd=folder)

        def answers() -> bool:
            try:
                return self.status(body) == 200
            except httpx.TransportError:
                return False

        self.process.wait_until(answers, seconds=120)

    def status(self, body: bytes) -> int:
        """What it answers to a chat."""
        url = f"{self.url()}/v1/chat/completions"
        return httpx.post(url, content=body, headers={"content-type": "application/json", **self.headers}, timeout=20).status_code

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time of the process and of what it started."""
        group = os.getpgid(self.process.popen.pid)
        ticks = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.stop()


def litellm(folder: pathlib.Path, provider: int, core: int, body: bytes) -> Peer:
    port = free_port()
    folder.mkdir(parents=True)
    config = folder / "config.json"
    parameters = {"model": "openai/gpt-5.4-mini", "api_base": f"http://127.0.0.1:{provider}/v1", "api_key": "key"}
    models = [{"model_name": "production-llm", "litellm_params": parameters}]
    # It starts with no key of its own only where it is told that this is dangerous.
    config.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": "sk-bench-0f5c1e7a9b3d4826"}}))
    words = [SETUP / "python/bin/litellm", "--config", config, "--host", "127.0.0.1", "--port", port, "--num_workers", 1]
    return Peer(words, folder, port, core, {"authorization": "Bearer sk-bench-0f5c1e7a9b3d4826"}, body)


def portkey(folder: pathlib.Path, provider: int, core: int, body: bytes) -> Peer:
    port = free_port()
    start = SETUP / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{provider}/v1", "authorization": "Bearer key"}
    return Peer(["node", start, f"--port={port}", "--headless"], folder, port, core, headers, body)


def versions() -> dict:
    """What was measured, for the report."""
    listed = subprocess.run([SETUP / "python/bin/python", "-m", "pip", "show", "litellm"], capture_output=True, text=True, check=True).stdout
    package = json.loads((SETUP / "portkey/node_modules/@portkey-ai/gateway/package.json").read_text())
    return {"LiteLLM": listed.split("Version: ")[1].split()[0], "Portkey": package["version"]}
