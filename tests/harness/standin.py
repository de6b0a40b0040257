"""The stand-in providers (tests/standin), started and steered from Python."""

import os
import pathlib
import subprocess

import httpx

from .process import ROOT, Process, built

# One client for all: making one takes longer than a request.
CONTROL = httpx.Client(trust_env=False, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))


def program() -> pathlib.Path:
    """The program that make built; without make, cargo builds it."""
    made = built("standin")
    if "SWITCHOVER_DIST" in os.environ and made.exists():
        return made
    subprocess.run(["cargo", "build", "--quiet", "--example", "standin"], cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "examples" / "standin"


class Provider:
    """One stand-in provider."""

    def __init__(self, name: str, address: str, control: str):
        self.name = name
        self.address = address
        self.port = int(address.rsplit(":", 1)[1])
        self.url = f"http://{address}"
        self._control = control

    def behave(self, *behaviours: dict, **behaviour):
        """Behaves so from now on: `behave(status=503)`, `behave({"cut": 3, "times": 1}, {})`; `behave()` is good."""
        self._post("behave", list(behaviours) or behaviour)

    def expect_key(self, key):
        self._post("key", {"key": key})

    def reset(self):
        self._post("reset", {})

    def log(self) -> list:
        """What it received, oldest first: method, path, headers, body, json, problem, status, outcome."""
        return self._call("GET", "log")

    def received(self) -> dict:
        """The one request it received."""
        entries = self.log()
        assert len(entries) == 1, f"{self.name} received {len(entries)} requests, not one"
        return entries[0]

    def _post(self, what: str, body):
        self._call("POST", what, json=body)

    def _call(self, method: str, what: str, **options):
        answer = CONTROL.request(method, f"{self._control}/_standin/{what}?name={self.name}", **options)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Standin:
    """A process with some providers: `Standin(log, "openai-main", "other,dialect=echo")`."""

    def __init__(self, log: pathlib.Path, *providers: str, options=()):
        words = ["--control", "127.0.0.1:0"]
        for provider in providers:
            name, comma, rest = provider.partition(",")
            words += ["--listen", f"{name}=127.0.0.1:0{comma}{rest}"]
        self.process = Process([program(), *words, *options], log)
        try:
            self.process.wait_until(lambda: "\nready\n" in log.read_text())
        except BaseException:
            self.process.stop()
            raise
        lines = dict(line.split(" ") for line in log.read_text().splitlines() if line.count(" ") == 1)
        control = "http://" + lines.pop("control")
        self.providers = {name: Provider(name, address, control) for name, address in lines.items()}

    def __getitem__(self, name: str) -> Provider:
        return self.providers[name]

    def __iter__(self):
        return iter(self.providers.values())

    def stop(self):
        self.process.stop()
