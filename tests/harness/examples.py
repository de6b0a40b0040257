"""Folders of examples, and what is rendered of them now."""

import os
import pathlib


def same(example: pathlib.Path, rendered: pathlib.Path):
    """The folder has its `switchover.yaml`, and what is rendered of it; BLESS=1 writes that."""
    for path in rendered.iterdir():
        expected = example / path.name
        if os.environ.get("BLESS") == "1":
            expected.write_text(path.read_text())
        assert path.read_text() == expected.read_text(), f"{expected} is out of date; BLESS=1 writes it again"
    assert {path.name for path in example.iterdir()} == {path.name for path in rendered.iterdir()} | {"switchover.yaml"}
