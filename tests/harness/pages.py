"""Pages of the documentation as what they are to their readers: blocks to copy, and what is to be seen then."""

import contextlib
import os
import pathlib
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass

from .process import ROOT, Process


@dataclass(frozen=True)
class Block:
    """One block of code."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}: {self.text.splitlines()[0]}"

    def lines(self) -> list:
        """The commands of a shell's block, without comments; one that goes on in the next line is one."""
        whole = self.text.replace("\\\n", " ")
        # A comment stands behind two blanks: `#` is in keys and addresses, too.
        lines = [re.sub(r"\s{2,}#.*|^#.*", "", line).strip().removeprefix("$ ") for line in whole.splitlines()]
        return [line for line in lines if line]

    def shown(self) -> list:
        """What the page shows as output behind its `$ ` command."""
        lines = self.text.splitlines()
        assert lines[0].startswith("$ "), self
        return lines[1:]


def blocks(page: str) -> list:
    """All of a page's blocks, in its order."""
    found, opened, text = [], None, (ROOT / page).read_text()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("```"):
            continue
        if opened is None:
            opened = (number, line[3:])
        else:
            start, language = opened
            lines = text.splitlines()[start : number - 1]
            found.append(Block(page, start + 1, language, "\n".join(lines) + "\n"))
            opened = None
    assert opened is None, f"{page}: a block is not closed"
    return found


def block(page: str, has: str) -> Block:
    """The one block of a page that has this in it."""
    (found,) = [one for one in blocks(page) if has in one.text]
    return found


class Reader:
    """Somebody who follows a page in a folder: commands are looked for in `bin` first, where what needs other addresses gets them."""

    def __init__(self, folder: pathlib.Path, **env):
        self.folder, self.bin, self.started, self.said = folder, folder / "bin", [], ""
        self.bin.mkdir()
        self.env = {name: os.environ[name] for name in ("HOME", "LANG", "RUSTUP_HOME", "CARGO_HOME") if name in os.environ}
        self.env |= {"PATH": f"{self.bin}:{os.environ['PATH']}"} | env

    def command(self, name: str, script: str):
        """Has a command of this name do as this script of bash."""
        place = self.bin / name
        place.write_text(f"#!/usr/bin/env bash\n{script}\n")
        place.chmod(0o755)

    def run(self, line: str, seconds: float = 90) -> str:
        """Runs one line; what it printed. With what it complained of, that is in `said`."""
        done = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", line], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            out, complaints = done.communicate(timeout=seconds)
        finally:
            # Whatever it started ends with it, also if it takes too long.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(done.pid, signal.SIGKILL)
        self.said = out + complaints
        assert done.returncode == 0, f"{line}\nended with {done.returncode}:\n{self.said}"
        return out

    def start(self, line: str, until: str) -> Process:
        """Runs one line that goes on, until it has said this."""
        process = Process(["bash", "-e", "-c", f"exec {line}"], self.folder / f"started-{len(self.started)}.log", cwd=self.folder, env=self.env)
        self.started.append(process)
        process.wait_until(lambda: until in process.log.read_text())
        return process

    def stop(self):
        for process in self.started:
            process.stop()


def quoted(path) -> str:
    return shlex.quote(str(path))
