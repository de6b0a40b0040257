"""Every field of an answer that the SDKs of today know, and what becomes of it for each caller: `answers.toml` says so, and the command
shows it, which is given an answer, or a stream, with the field and one without it.

As `test_types.py`, which does the same for requests: `BLESS=1` writes what is so; then read the difference.
"""

import concurrent.futures
import functools
import json
import os
import pathlib
import subprocess
import tomllib

import pytest

import answering
from harness.providers import COMMAND
from test_answers import EVENTS, REPLIES, problems
from test_answers import events as events_of
from test_types import at, collapsed, covers, is_in, some
from walk import Walk, flat, is_object, tags

# Thousands of answers, each of which the command is started for.
pytestmark = pytest.mark.timeout(600)
TABLE = pathlib.Path(__file__).with_name("answers.toml")
TARGETS = {
    "openai": {"provider": "openai", "model": "gpt-5.1", "api": "chat"},
    "anthropic": {"provider": "anthropic", "model": "claude-sonnet-4-5", "max_output_tokens": 8192},
    "responses": {"provider": "openai", "model": "gpt-5.4", "api": "responses"},
    "embeddings": {"provider": "openai", "model": "text-embedding-3-small"},
}
# Callers by the names of test_answers.py.
JUDGES = {"chat": "openai", "messages": "anthropic", "responses": "responses"}
WORDS = {"carried", "translated", "dropped", "fails"}
HEAD = """# What becomes of each field of an answer that an SDK of today knows: read by test_answer_types.py, written by it with BLESS=1.
#
# Paths are those of surface.toml; brackets at a path's beginning hold the type of a stream's event. A line has a word for each caller,
# the one who speaks the same dialect first; after a colon stands which of the reasons it is that something is dropped.
#
#   carried     the caller gets the value as it was written
#   translated  the caller gets another answer with it
#   dropped     the caller gets the same with it
#   fails       the answer is a failure with it: another target is asked, or the caller told
#
# Values of one field can differ in that: then it has several words, with +.
"""


def probes_of(walk: Walk, kind) -> list:
    """The probes of a model, or of each event that a union is of."""
    if is_object(kind):
        return walk.probes(kind)
    found = []
    for one in flat(kind):
        for tag, pinned in tags(one):
            found += [probe.under(f"[{tag}].") for probe in walk.members(one, pinned)]
    return found


@functools.cache
def probes(name: str) -> list:
    answer = answering.ANSWERS[name]
    samples = answering.samples_of_stream if answer.events else answering.samples
    return probes_of(Walk(samples, answering.BESIDE, ()), answer.kind)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("answers") / "switchover.yaml"
    targets = [{"id": name, "credential": "k"} | members for name, members in TARGETS.items()]
    groups = [{"name": name, "targets": [{"id": name}]} for name in TARGETS]
    path.write_text(json.dumps({"version": 1, "targets": targets, "model_groups": groups, "credentials": [{"id": "k", "secret_file": str(path)}]}))
    return path


@pytest.fixture(scope="module", autouse=True)
def blessed(config):
    """Writes what is so, if that is asked for."""
    if os.environ.get("BLESS"):
        rows = {}
        for name in answering.ANSWERS:
            found, _ = outcomes(config, name, [(probe, True) for probe in probes(name)])
            rows[name] = collapsed(found)
        TABLE.write_text(table_of(rows))


class Given:
    """What callers get of answers, each asked once: the answer or its events, or nothing where it is a failure."""

    def __init__(self, config, answer):
        self.config = config
        self.answer = answer
        self.known = {}

    def __call__(self, caller: str, value: dict, path: str):
        body = self.answer.body(value, path)
        if (caller, body) not in self.known:
            self.known[caller, body] = self.translated(caller, body)
        return self.known[caller, body]

    def translated(self, caller: str, body: bytes):
        words = [COMMAND, "translate", "response", self.config, "--target", self.answer.target, "--path", answering.PATHS[caller]]
        words += ["--stream"] if self.answer.events else []
        done = subprocess.run(words, input=body, capture_output=True, timeout=30)
        assert done.returncode == 0, (done.stderr, body)
        if not self.answer.events:
            got = json.loads(done.stdout)
            return None if "failure" in got else got
        # A stream that never began is a failure, and one that fails later says so in an event.
        if done.stdout.startswith(b"{"):
            return None
        got = events_of(done.stdout)
        return None if any(name == "error" or "error" in one and "choices" not in one for name, one in got) else [one for _, one in got]


def outcome(given: Given, caller: str, is_own: bool, probe) -> tuple:
    """What becomes of a probe's field, in the words of the table; and what the caller's SDK doesn't know in it."""
    got = given(caller, probe.value, probe.path)
    if got is None:
        return "fails", []
    # What is of the caller's own dialect goes on as it is; what we write must be of its types.
    judge = JUDGES.get(caller)
    kind = EVENTS if given.answer.events else REPLIES
    told = got if given.answer.events else [got]
    wrong = [] if is_own or not judge else [one for event in told if event.get("type") != "ping" for one in problems(judge, kind[judge], event)]
    if is_own and not given.answer.events and at(got, probe.way) == probe.said:
        return "carried", wrong
    without = given(caller, probe.other, probe.path)
    if got == without:
        return "dropped", wrong
    return "carried" if is_in(got, probe.said) else "translated", wrong


def outcomes(config, name: str, asked) -> tuple:
    """For each path of these probes a word for each caller, or several; and what is wrong with the answers by the callers' SDKs."""
    answer = answering.ANSWERS[name]
    given, (own, *others) = Given(config, answer), answer.callers

    def row_of(one) -> list:
        probe, is_for_all = one
        return [outcome(given, own, True, probe), *(outcome(given, caller, False, probe) for caller in others if is_for_all)]

    found, wrong = {}, []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (probe, _), row in zip(asked, pool.map(row_of, asked)):
            for words, (word, flaws) in zip(found.setdefault(probe.path, [set() for _ in row]), row):
                words.add(word)
                wrong += [f"{probe.path}: {flaw}" for flaw in flaws]
    return {path: ["+".join(sorted(words)) for words in row] for path, row in sorted(found.items())}, wrong


def read_table(name: str) -> dict:
    """Each line's words, and the reason where something is dropped."""
    lines = tomllib.loads(TABLE.read_text())[name]
    return {path: (text.partition(": ")[0].split(), text.partition(": ")[2]) for path, text in lines.items()}


def reasons() -> dict:
    return tomllib.loads(TABLE.read_text())["reasons"]


def table_of(rows: dict) -> str:
    """The table's text with these rows of each answer; reasons are kept."""
    known = tomllib.loads(TABLE.read_text()) if TABLE.exists() else {}
    parts = [HEAD, "[reasons]", *(f"{name} = {json.dumps(why, ensure_ascii=False)}" for name, why in known.get("reasons", {}).items()), ""]
    for name, lines in rows.items():
        parts.append(f"# {' '.join(answering.ANSWERS[name].callers)}\n[{name}]")
        for path, row in lines.items():
            why = known.get(name, {}).get(path, "").partition(": ")[2]
            text = " ".join(row) + (f": {why}" if why and any("dropped" in word for word in row) else "")
            parts.append(f"{json.dumps(path)} = {json.dumps(text, ensure_ascii=False)}")
        parts.append("")
    return "\n".join(parts)


@pytest.mark.parametrize("name", answering.ANSWERS)
def test_each_field_is_in_the_table(name):
    lines, paths = read_table(name), {probe.path for probe in probes(name)}
    missing = [path for path in sorted(paths) if not any(covers(line, path) for line in lines)]
    assert not missing, f"answers.toml says nothing of these fields, BLESS=1 does: {missing}"
    gone = [line for line in lines if not any(covers(line, path) for path in paths)]
    assert not gone, f"no SDK knows these any more: {gone}"


@pytest.mark.deep
@pytest.mark.parametrize("name", answering.ANSWERS)
def test_what_the_table_says_is_so(config, name):
    lines = read_table(name)
    found, unknown = outcomes(config, name, some(probes(name), lines))
    wrong = []
    for path, row in found.items():
        line = next((line for line in lines if covers(line, path)), None)
        if line and lines[line][0][: len(row)] != row:
            wrong.append(f"{path}: the table says {' '.join(lines[line][0])}, but it is {' '.join(row)}")
    assert not wrong, "\n".join(wrong)
    assert not unknown, "\n".join(sorted(set(unknown)))


@pytest.mark.parametrize("name", answering.ANSWERS)
def test_nothing_is_dropped_without_a_reason(name):
    lines, known = read_table(name), reasons()
    unknown = [f"{path}: {word}" for path, (row, _) in lines.items() for word in row if not set(word.split("+")) <= WORDS]
    assert not unknown, "\n".join(unknown)
    silent = [path for path, (row, why) in lines.items() if any("dropped" in word for word in row) and why not in known]
    assert not silent, f"it is dropped, or may be, and answers.toml has no reason why that is right: {silent}"
    idle = [path for path, (row, why) in lines.items() if not any("dropped" in word for word in row) and why]
    assert not idle, f"a reason for what is not so any more: {idle}"


def test_each_reason_is_somebody_s():
    used = {why for name in answering.ANSWERS for _, why in read_table(name).values()}
    assert not reasons().keys() - used
