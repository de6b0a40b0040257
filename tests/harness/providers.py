"""The provider table, as the command prints it: whatever holds for each provider is tested for each row of it."""

import functools
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"


@functools.cache
def rows() -> dict:
    """Each row by its name, with its quirks as a list of one-member objects."""
    words = [COMMAND, "providers", "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    return {row["name"]: row for row in json.loads(done.stdout)}


def quirks(row: dict, name: str) -> list:
    """What the row says under a quirk's name, for each time that it has it."""
    return [quirk[name] for quirk in row["quirks"] if name in quirk]


def accents() -> dict:
    """The rows that speak OpenAI's dialect, whose answers go on as they are: all but those whose contents are chunks."""
    return {name: row for name, row in rows().items() if row["dialect"] == "openai" and not quirks(row, "chunks")}
