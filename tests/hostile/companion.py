"""Programs of this suite that run beside the tests: their work must not share a Python with who measures it.

A companion is a module with a `main()`; it is told things as lines of JSON and answers each with one. It ends when whoever
started it is gone.
"""

import asyncio
import json
import pathlib
import subprocess
import sys

from harness.process import ROOT


class Companion:
    """A running `python -m hostile.NAME`; what it prints besides its answers is in `log`."""

    def __init__(self, name: str, log: pathlib.Path, *words):
        self.log = log
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", f"hostile.{name}", *map(str, words)], cwd=ROOT / "tests", stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=output, text=True,
            )  # fmt: skip

    def ask(self, what: str, **more):
        """Says one thing and waits for the answer."""
        self.popen.stdin.write(json.dumps({"what": what, **more}) + "\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        assert line, f"{self.popen.args} ended: {self.log.read_text(errors='replace')[-3000:]}"
        return json.loads(line)

    def stop(self):
        self.popen.stdin.close()
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.popen.stdout.close()


async def obey(commands: dict):
    """What a companion does: each line of its input names one of `commands`, a coroutine function, whose result is printed."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        told = json.loads(line)
        print(json.dumps(await commands[told.pop("what")](**told)), flush=True)
