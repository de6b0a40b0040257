"""`switchover serve`, run as people run it."""

import json
import os
import pathlib
import re
import signal
import subprocess

import httpx

from .process import Process, built


class Serve:
    """One `switchover serve` of a file in `folder`; ready when the constructor returns."""

    def __init__(self, folder: pathlib.Path, envoy: pathlib.Path, file: str | None = "switchover.yaml", options=(), env=None, ready=True, listen="127.0.0.1:0", admin="127.0.0.1:0"):
        self.folder, self.file = folder, file
        self.state = folder / "state"
        self.words = [built("switchover"), "serve", *([folder / file] if file else []), "--state", self.state]
        wasm = built("switchover.wasm")
        start = [*self.words, "--envoy", envoy, "--wasm", wasm, "--listen", listen, "--admin", admin, "--concurrency", 2]
        self.process = Process([*start, *options], folder / "serve.log", env=os.environ | (env or {}))
        if ready:
            self.url, self.admin_url = self.process.wait_until(self._where)

    def _where(self):
        found = re.search(r"serving .* on (http://\S+), admin on (\S+), revision", self.log())
        return found and (found[1], f"http://{found[2]}")

    def log(self) -> str:
        return self.process.log.read_text()

    def wait_for(self, text: str, seconds: float = 60.0, times: int = 1):
        """Until the log says something."""
        self.process.wait_until(lambda: self.log().count(text) >= times, seconds)

    def write(self, text: str):
        """The file's new content, renamed into place as careful editors do."""
        new = self.folder / f"{self.file}.new"
        new.write_text(text)
        new.rename(self.folder / self.file)

    def take_over(self, text: str):
        """The same, and waits until it is served."""
        before = self.log().count("serving revision")
        self.write(text)
        self.wait_for("serving revision", times=before + 1)

    def health(self) -> dict:
        return httpx.get(f"{self.url}/health", timeout=10).raise_for_status().json()

    def status(self) -> tuple[int, str]:
        done = subprocess.run([*self.words, "--status"], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def envoy_id(self) -> int:
        return json.loads((self.state / "status.json").read_text())["envoy"]

    def envoys(self) -> set:
        """The processes that are told to read its folder, or are about to be."""
        bootstrap, found = str(self.state / "envoy.json").encode(), set()
        for words in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if bootstrap in words.read_bytes().split(b"\0"):
                    found.add(int(words.parent.name))
            except OSError:
                continue  # it is gone
        return found

    def left(self) -> set:
        """All files in its folder."""
        return {str(path.relative_to(self.state)) for path in self.state.rglob("*") if not path.is_dir()}

    def ask(self, model: str, **more) -> httpx.Response:
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]} | more
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, timeout=30)

    def ejected(self) -> set:
        answer = httpx.get(f"{self.admin_url}/clusters?format=json", timeout=10).json()["cluster_statuses"]
        failed = lambda host: host["health_status"].get("failed_outlier_check", False)  # noqa: E731
        return {cluster["name"] for cluster in answer if any(failed(host) for host in cluster.get("host_statuses", []))}

    def clusters(self) -> set:
        answer = httpx.get(f"{self.admin_url}/clusters?format=json", timeout=10).json()["cluster_statuses"]
        return {cluster["name"] for cluster in answer}

    def terminate(self) -> int:
        """Asks it to stop, and waits."""
        self.process.popen.send_signal(signal.SIGTERM)
        return self.process.popen.wait(60)

    def stop(self):
        self.process.stop()
