"""Every field of a request that the SDKs of today know, and what becomes of it: `surface.toml` says so, and the command shows it.

A field that the file doesn't name is a failure, so is a line that no SDK knows any more, and one that says what is not so.
`BLESS=1` writes what is so; then read the difference.
"""

import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import tomllib

import pytest

import asking
from harness.providers import COMMAND
from walk import Walk

TABLE = pathlib.Path(__file__).with_name("surface.toml")
DOCUMENT = {
    "version": 1,
    "targets": [
        {"id": "openai", "provider": "openai", "model": "gpt-5.1", "api": "chat"},
        {"id": "openai-plain", "provider": "openai", "model": "gpt-4.1", "api": "chat"},
        {"id": "responses", "provider": "openai", "model": "gpt-5.4", "api": "responses"},
        {"id": "responses-older", "provider": "openai", "model": "gpt-5", "api": "responses"},
        {"id": "anthropic", "provider": "anthropic", "model": "claude-sonnet-4-5", "max_output_tokens": 8192},
        {"id": "anthropic-newest", "provider": "anthropic", "model": "claude-opus-5-5", "max_output_tokens": 8192},
        {"id": "gemini", "provider": "gemini", "model": "gemini-3-flash"},
    ],
    "model_groups": [
        {"name": asking.MODEL, "targets": [{"id": one} for one in ("openai", "anthropic", "gemini", "responses")]},
        {"name": "others", "targets": [{"id": one} for one in ("openai-plain", "anthropic-newest", "responses-older")]},
    ],
}
# The first is the caller's own maker.
TARGETS = {
    "chat": ("openai", "anthropic", "gemini", "responses"),
    "messages": ("anthropic", "openai", "gemini", "responses"),
    "messages-beta": ("anthropic", "openai", "gemini", "responses"),
    "responses": ("responses", "openai", "anthropic", "gemini"),
}
# No model takes everything that its maker's SDK knows: what one doesn't, the other does.
OTHER_MODELS = {"openai": "openai-plain", "anthropic": "anthropic-newest", "responses": "responses-older"}
WORDS = {"carried", "translated", "listed", "refused", "nothing"}
HEAD = """# What becomes of each field of a request that an SDK of today knows: read by test_types.py, written by it with BLESS=1.
#
# A path goes by members; brackets hold the `type` or `role` of one alternative of several, or nothing in a list. `.**` is all that is in it.
# A line has a word for each target, the maker's own first; after a colon it says why it is right where nothing comes of a field.
#
#   carried     the maker gets the value as it was written, in its place
#   translated  the request that the target gets is another one with it
#   listed      `x-switchover-dropped` names it
#   refused     the caller gets a 400 that names it, and no provider is called
#   nothing     nothing is other with it, nor is it listed: it says what is so anyway
#
# Values of one field can differ in that: then it has several words, with +.
"""


@functools.cache
def probes(caller: str) -> list:
    said = asking.CALLERS[caller]
    found = Walk(asking.samples, asking.BESIDE, asking.INSTEAD).probes(said.kind)
    known = {probe.path for probe in probes(said.beyond)} if said.beyond else set()
    return [probe for probe in found if probe.path not in known and not any(re.search(one, probe.path) for one in said.not_said)]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("surface") / "switchover.yaml"
    document = json.loads(json.dumps(DOCUMENT))
    document["credentials"] = [{"id": "k", "secret_file": str(path)}]
    for one in document["targets"]:
        one["credential"] = "k"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module", autouse=True)
def blessed(config):
    """Writes what is so, if that is asked for."""
    if os.environ.get("BLESS"):
        TABLE.write_text(table_of({caller: collapsed(outcomes(config, caller, every(probes(caller)))) for caller in TARGETS}))


class Command:
    """What the command says of requests, each asked once."""

    def __init__(self, config, caller):
        self.config = config
        self.caller = asking.CALLERS[caller]
        self.known = {}

    def __call__(self, target: str, body: dict) -> dict:
        said = json.dumps(body)
        if (target, said) not in self.known:
            words = [COMMAND, "translate", "request", self.config, "--target", target, "--path", self.caller.path]
            done = subprocess.run(words, input=said.encode(), capture_output=True, timeout=30)
            assert done.returncode in (0, 2), (done.stderr, said)
            self.known[target, said] = json.loads(done.stdout)
        return self.known[target, said]


def outcome(command, target, is_own, probe) -> str:
    """What becomes of a probe's field, in the words of the table."""
    said, moved = command.caller.whole(probe.value, probe.path)
    way, needs = probe.way, command.caller.needs
    if way[0] == command.caller.turns and len(way) > 1:
        way = (way[0], way[1] + moved, *way[2:])
    got = command(target, said)
    if "error" in got:
        message = got["error"]["message"]
        return "refused" if names(message, probe, way, needs) else f"refused without a word about it: {message}"
    if is_own and at(got["body"], way) == probe.said:
        return "carried"
    without = command(target, command.caller.whole(probe.other, probe.path)[0])
    more = [one for one in got.get("dropped", []) if one not in without.get("dropped", [])]
    if any(names(one, probe, way, needs) for one in more):
        return "listed"
    if more:
        return f"listed by another name: {more}"
    about = {"cache_control"} if "prompt_cache_breakpoint" in way else set()
    # All thoughts of a request are one line of the list.
    about |= {f"{way[0]}[].thinking"} if re.search(r"\[(reasoning|thinking|redacted_thinking)\]", probe.path) else set()
    if "error" in without:
        return "translated" if is_in(got["body"], probe.said) else f"is refused without it: {without['error']['message']}"
    if got["body"] != without["body"] or got["path"] != without["path"]:
        return "translated"
    return "listed" if any(is_around(one, way) or one in way or one in about for one in got.get("dropped", [])) else "nothing"


def at(body, way):
    for one in way:
        try:
            body = body[one]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def written(way) -> str:
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in way).lstrip(".")


def is_in(body, value) -> bool:
    """Whether a value stands anywhere in a body, in a text too."""
    if isinstance(body, dict | list):
        inner = body.values() if isinstance(body, dict) else body
        return body == value or any(is_in(one, value) for one in inner)
    return body == value or isinstance(body, str) and isinstance(value, str) and value in body


# They say nothing about which field is meant.
COMMON = {"messages", "content", "input", "tools", "text", "type", "model", "name", "id"}


def names(text: str, probe, way, needs) -> bool:
    """Whether words are about a field, or about what it is in."""
    about = words_of(probe.path).union(*(words for start, words in [*needs.items(), *asking.ALSO.items()] if probe.path.startswith(start)))
    about |= {"cache_control"} if "prompt_cache_breakpoint" in about else set()
    return bool((about - COMMON) & words_of(text)) or is_around(text, way) or text in (probe.path, f"{way[0]}[].{way[-1]}")


def is_around(text: str, way) -> bool:
    """Whether a place is named that holds the field, by its number or as each of its list."""
    first = 2 if len(way) > 1 and isinstance(way[1], int) else 1
    places = {written(way[:end]) for end in range(first, len(way) + 1)}
    places |= {re.sub(r"\d+", "", place) for place in places}
    return any(said in places for said in re.findall(r"[a-z_]+(?:\[\d*\]|\.[a-z_]+)*", text))


def words_of(text: str) -> set:
    return set(re.findall(r"[a-z][a-z_0-9]*", text))


def outcomes(config, caller, asked) -> dict:
    """For each path of these probes a word for each target, or several; None where a probe is for the maker only."""
    command, (own, *others) = Command(config, caller), TARGETS[caller]

    def row_of(one) -> list:
        probe, is_for_all = one
        word = outcome(command, own, True, probe)
        if word != "carried" and outcome(command, OTHER_MODELS[own], True, probe) == "carried":
            word = "carried"
        return [word, *(outcome(command, target, False, probe) for target in others if is_for_all)]

    found = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (probe, _), row in zip(asked, pool.map(row_of, asked)):
            for words, word in zip(found.setdefault(probe.path, [set() for _ in row]), row):
                words.add(word)
    return {path: ["+".join(sorted(words)) for words in row] for path, row in sorted(found.items())}


WHOLE = ".**"
# What a whole part can share; what is translated is so by itself.
SHARED = ("carried", "listed", "refused", "nothing", "dropped")


def collapsed(rows: dict) -> dict:
    """The rows, those of a whole part in one where all that is in it has the same words."""
    done, lines = set(), {}
    for path, row in rows.items():
        if path in done:
            continue
        # The names of a stream's events have dots in them.
        for end in (found.end() for found in re.finditer(r"\]|[a-z_](?=\.(?![^\[]*\]))", path)):
            start = path[:end]
            inside = [one for one in rows if one == start or one.startswith((start + ".", start + "["))]
            if len(inside) > 2 and all(word in SHARED for word in row) and all(rows[one] == row for one in inside):
                done.update(inside)
                lines[start + WHOLE] = row
                break
        else:
            lines[path] = row
    return lines


def covers(line: str, path: str) -> bool:
    if not line.endswith(WHOLE):
        return line == path
    start = line.removesuffix(WHOLE)
    return path == start or path.startswith((start + ".", start + "["))


def read_table(caller: str) -> dict:
    """Each line's words, and why where nothing comes of it."""
    lines = tomllib.loads(TABLE.read_text())[caller]
    return {path: (text.partition(": ")[0].split(), text.partition(": ")[2]) for path, text in lines.items()}


def table_of(rows: dict) -> str:
    """The table's text with these rows of each caller; reasons are kept."""
    known = tomllib.loads(TABLE.read_text()) if TABLE.exists() else {}
    parts = [HEAD]
    for caller, lines in rows.items():
        parts.append(f"# {' '.join(TARGETS[caller])}\n[{caller}]")
        for path, row in lines.items():
            why = known.get(caller, {}).get(path, "").partition(": ")[2]
            text = " ".join(row) + (f": {why}" if why and any("nothing" in word for word in row) else "")
            parts.append(f"{json.dumps(path)} = {json.dumps(text, ensure_ascii=False)}")
        parts.append("")
    return "\n".join(parts)


def every(found: list) -> list:
    return [(probe, True) for probe in found]


def some(found: list, lines: dict) -> list:
    """All probes; but of the fields in a whole, whose fate is one, all targets are asked for the first, and the maker for each."""
    asked, paths, wholes = [], set(), set()
    for probe in found:
        whole = next((line for line in lines if line.endswith(WHOLE) and covers(line, probe.path)), None)
        if not whole or probe.path not in paths:
            asked.append((probe, not whole or whole not in wholes))
        paths.add(probe.path)
        wholes.add(whole)
    return asked


@pytest.mark.parametrize("caller", TARGETS)
def test_each_field_is_in_the_table(caller):
    lines, paths = read_table(caller), {probe.path for probe in probes(caller)}
    missing = [path for path in sorted(paths) if not any(covers(line, path) for line in lines)]
    assert not missing, f"surface.toml says nothing of these fields, BLESS=1 does: {missing}"
    gone = [line for line in lines if not any(covers(line, path) for path in paths)]
    assert not gone, f"no SDK knows these any more: {gone}"


@pytest.mark.parametrize("caller", TARGETS)
def test_what_the_table_says_is_so(config, caller):
    lines = read_table(caller)
    wrong = []
    for path, row in outcomes(config, caller, some(probes(caller), lines)).items():
        line = next((line for line in lines if covers(line, path)), None)
        if line and lines[line][0][: len(row)] != row:
            wrong.append(f"{path}: the table says {' '.join(lines[line][0])}, but it is {' '.join(row)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("caller", TARGETS)
def test_nothing_is_dropped_in_silence(caller):
    """What comes to nothing says what is so anyway, and the table says why."""
    lines = read_table(caller)
    unknown = [f"{path}: {word}" for path, (row, _) in lines.items() for word in row if not set(word.split("+")) <= WORDS]
    assert not unknown, "\n".join(unknown)
    silent = [path for path, (row, why) in lines.items() if any("nothing" in word for word in row) and not why]
    assert not silent, f"it is dropped in silence, or surface.toml doesn't say why that is right: {silent}"
    idle = [path for path, (row, why) in lines.items() if not any("nothing" in word for word in row) and why]
    assert not idle, f"a reason for what is not so any more: {idle}"
