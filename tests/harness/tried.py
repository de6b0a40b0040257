"""Which Envoys these programs passed the tests on: a file for each in DIST/tried, written by whole runs, read by `make release`."""

import hashlib
import json
import os
import pathlib
import re
import subprocess

from harness.process import built

PROGRAMS = ("switchover", "switchover.wasm")


def hashes(dist: pathlib.Path) -> dict[str, str]:
    return {name: hashlib.sha256((dist / name).read_bytes()).hexdigest() for name in PROGRAMS}


def version(envoy: str) -> str:
    """What the program itself says: `…/1.40.0/Clean/RELEASE/BoringSSL`."""
    said = subprocess.run([envoy, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"/(\d+\.\d+\.\d+)/", said)
    return found[1] if found else "unknown"


def record(stats: dict, exitstatus: int, config):
    """Notes a run that was of all tests, as `make test-envoy` calls them, and in which none failed; a failing one takes the note back."""
    options = config.option
    all_of_them = config.args == ["tests"] and not options.keyword and options.markexpr == "not deep"
    all_of_them = all_of_them and not (options.deselect or options.ignore or options.lf or options.maxfail)
    envoy = os.environ.get("SWITCHOVER_ENVOY")
    if not all_of_them or not envoy:
        return
    told = {"version": version(envoy), "passed": len(stats.get("passed", ())), "skipped": len(stats.get("skipped", ()))}
    path = built("tried") / f"{told['version']}.json"
    if exitstatus:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told | {"programs": hashes(built(""))}, indent=2) + "\n")


def summary(dist: pathlib.Path, promised: list[str]) -> dict:
    """By version, what passed with these very programs."""
    now, ran = hashes(dist), []
    for path in sorted((dist / "tried").glob("*.json")):
        told = json.loads(path.read_text())
        if told.pop("programs") == now:
            ran.append(told)
    passed = {told["version"] for told in ran}
    return {"promised": promised, "tried": ran, "not_tried": [each for each in promised if each not in passed]}
