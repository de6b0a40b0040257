"""Programs that tests start: each in a process group of its own, with a log, and never left behind."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _die_with_parent():
    """Runs in the child: on Linux it gets a SIGKILL when whoever started it is gone, however that went."""
    PR_SET_PDEATHSIG = 1
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def built(name: str) -> pathlib.Path:
    """What `make build` made, where make says it is; `dist/` when pytest is called by hand."""
    return pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / name


class Process:
    """A running program; its output goes to `log`."""

    running: list["Process"] = []

    def __init__(self, command, log: pathlib.Path, **options):
        self.log = log
        self.command = [str(word) for word in command]
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=_die_with_parent if _LIBC else None, **options,
            )  # fmt: skip
        Process.running.append(self)

    def alive(self) -> bool:
        return self.popen.poll() is None

    def wait_until(self, ready, seconds: float = 90.0):
        """Returns what `ready()` returns once that is true; fails when the program ends or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.alive():
                raise RuntimeError(f"{self.command[0]} ended with {self.popen.returncode}:\n{self.tail()}")
            if answer := ready():
                return answer
            time.sleep(0.02)
        raise TimeoutError(f"{self.command[0]} was not ready after {seconds} s:\n{self.tail()}")

    def tail(self, lines: int = 60) -> str:
        """The last lines of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self):
        """Ends the whole group: kindly, then not."""
        if self in Process.running:
            Process.running.remove(self)
        for signal_, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 10)):
            try:
                os.killpg(self.popen.pid, signal_)
            except ProcessLookupError:
                pass
            try:
                self.popen.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        # What the program itself started and left.
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
