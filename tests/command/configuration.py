"""Writes `docs/configuration.md` from `switchover schema`: `make docs`. A test compares, so that the page stays true."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"

HEAD = """# Configuration

Every key of `switchover.yaml`, with its form, what it is where the file says nothing, and what it does. This page is made from
`switchover schema` by `make docs`; editors read the schema itself: `switchover schema > switchover.schema.json`, and
`# yaml-language-server: $schema=switchover.schema.json` as the first line of the file beside it.
`switchover check FILE` says what is wrong with a file, where, and what to write instead. The README has a configuration in 20 lines.

`[]` stands for each element of a list, `<name>` for a name of your own. What has no value in "if not written" is needed where it is
marked so, and otherwise simply not there.
"""


def schema(command: pathlib.Path) -> dict:
    return json.loads(subprocess.run([command, "schema"], capture_output=True, text=True, check=True).stdout)


def form(node: dict) -> str:
    """What may be written."""
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{one}`" for one in node["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in node:
            return " or ".join(dict.fromkeys(form(one) for one in node[choice]))
    kind = node.get("type", "anything")
    if kind == "array":
        return f"a list of {form(node.get('items', {}))}" if not is_object(node.get("items", {})) else "a list"
    if kind in ("integer", "number"):
        low, high = node.get("minimum"), node.get("maximum")
        words = "a whole number" if kind == "integer" else "a number"
        if low is not None and low == high:
            return f"`{low}`"
        return words + ("" if low is None else f" from {low}") + ("" if high is None else f" to {high}")
    return {"string": "text", "boolean": "`true` or `false`", "object": "", "null": "nothing"}.get(kind, kind)


def is_object(node: dict) -> bool:
    return node.get("type") == "object" or "properties" in node


def rows(node: dict, path: str):
    """A row for each key below a node, those of lists and of named things too."""
    needed = set(node.get("required", []))
    for name, child in node.get("properties", {}).items():
        own = f"{path}{name}"
        yield own, child, name in needed
        yield from below(child, own)
    extra = node.get("additionalProperties")
    if isinstance(extra, dict):
        own = f"{path}<name>"
        yield own, extra, False
        yield from below(extra, own)


def below(child: dict, path: str):
    if is_object(child):
        yield from rows(child, path + ".")
    if child.get("type") == "array" and is_object(child.get("items", {})):
        yield from rows(child["items"], path + "[].")
    for choice in ("anyOf", "oneOf"):
        for one in child.get(choice, []):
            yield from below(one, path)


def value(child: dict, is_needed: bool) -> str:
    if is_needed:
        return "**needed**"
    if "default" in child and child["default"] is not None:
        return f"`{json.dumps(child['default'])}`"
    return ""


def escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page(schema_: dict) -> str:
    out = [HEAD]
    for name, child in schema_["properties"].items():
        is_needed = name in schema_.get("required", [])
        out.append(f"## `{name}`\n")
        facts = [form(child)] if form(child) and not list(below(child, name)) else []
        facts += ["needed"] if is_needed else []
        out.append(escaped(child.get("description", "")) + (f" ({', '.join(facts)})" if facts else "") + "\n")
        keys = dict.fromkeys(lines(child, name))
        if keys:
            out.append("| key | form | if not written | |\n|---|---|---|---|")
            out += keys
            out.append("")
    return "\n".join(out).rstrip() + "\n"


def lines(child: dict, name: str):
    """The table's lines; a key that stands in several forms of something is told once."""
    for path, node, is_needed in below(child, name):
        yield f"| `{path}` | {escaped(form(node))} | {escaped(value(node, is_needed))} | {escaped(node.get('description', ''))} |"


if __name__ == "__main__":
    PAGE.write_text(page(schema(pathlib.Path(sys.argv[1]))))
