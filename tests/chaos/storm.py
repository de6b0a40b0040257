"""Three providers of which two misbehave in every way in turn, under load, behind a real Envoy with Switchover."""

import asyncio
import contextlib
import pathlib
import statistics
import time
from collections import Counter
from dataclasses import dataclass

import httpx

from harness.document import document, group, key_of, target
from harness.gateway import Gateway
from harness.load import Outcome, ask, letters, load_for, saying
from harness.standin import Standin

NAMES = ("openai-main", "openai-second", "anthropic-last-resort")
MODEL = "production-llm"
AT_ONCE = 12

# Ways to misbehave. What cools a target down comes last: after it that target is left alone for a while.
WAYS = (
    *({"status": status} for status in (500, 503, 529)),
    *({"failure": failure} for failure in ("auth", "model_unavailable")),
    {"html": True},
    {"empty": True},
    {"refuse": True},
    *({how: point} for how in ("cut", "reset", "stall") for point in ("headers", "body", "first_token")),
    *({"end": point} for point in ("body", "first_token", {"bytes": 40})),
    # In the middle of a chat's body; in a stream, in the middle of an event.
    *({how: {"bytes": 300}} for how in ("cut", "reset", "stall")),
    {"error_event": "first_token"},
    {"delay_ms": 200},
    {"delay_ms": 3000},
    *({how: 12, "slow_ms": 3} for how in ("cut", "reset", "end", "stall", "error_event", "malformed_event")),
    {"status": 429, "retry_after": {"ms": 100}},
    {"failure": "quota"},
)


@dataclass
class Phase:
    """What one way of misbehaving came to."""

    way: dict
    victims: tuple
    outcomes: list[Outcome]
    ejections: int

    def broken(self) -> list[Outcome]:
        """Promises broken: what failed, what broke off though its provider did nothing wrong, and a reset that was none."""
        return [one for one in self.outcomes if one.end == "failed" or (one.end != "whole" and not self.may(one))]

    def may(self, one: Outcome) -> bool:
        """Whether a stream may end so: as its provider did, and a silent or wrongly ended one with an error event."""
        is_reset = "cut" in self.way or "reset" in self.way
        return one.target in self.victims and (one.end == "error_event" or is_reset)

    def row(self) -> dict:
        ends = Counter(one.end for one in self.outcomes)
        return {
            "requests": len(self.outcomes),
            "switched": sum(one.attempts > 1 for one in self.outcomes),
            "ejections": self.ejections,
            "error events": ends["error_event"],
            "resets": ends["reset"],
            "failures": len(self.broken()),
        }


def spelled(way: dict) -> str:
    return " ".join(f"{name}={value}" for name, value in way.items())


@contextlib.contextmanager
def providers(folder: pathlib.Path):
    standin = Standin(folder / "standin.log", *(f"{name},key={key_of(name)}" for name in NAMES))
    try:
        yield standin
    finally:
        standin.stop()


@contextlib.contextmanager
def serving(binary: pathlib.Path, folder: pathlib.Path, standin: Standin, **more):
    """An Envoy whose group asks all three in any order; "second" asks the second only, "pair" the first before it."""
    folder.mkdir()
    main, second, claude = (standin[name] for name in NAMES)
    targets = [target(main), target(second), target(claude, "anthropic")]
    entries = [{"id": name, "priority": 0} for name in NAMES]
    # All callers may need a switch at once here: the budget against storms is not what is looked at.
    tried = {"first_token_timeout": "1s", "answer_timeout": "1s", "stream_idle_timeout": "1s"}
    tried |= {"when_all_ejected": "try_anyway", "when_all_cooling": "try_anyway"}
    tried["retry_budget"] = {"min_retry_concurrency": 100}
    groups = [group(MODEL, *entries, **tried), group("pair", main.name, second.name), group("second", second.name)]
    gateway = Gateway(binary, folder, document(targets, groups, **more))
    try:
        yield gateway
    finally:
        gateway.stop()


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=AT_ONCE), trust_env=False)


# Failures in a row that eject a target. Rounds of both kinds: ejected, a target is not asked and nothing of it is seen.
PATIENT, HASTY = 100_000, 20


def round_of(binary, folder: pathlib.Path, standin: Standin, spared: str, failures: int, ways, seconds: float, until: float):
    """Yields a phase for each way: all but the spared provider misbehave so. An Envoy of its own, as cool-downs last."""
    says = letters([standin[name] for name in NAMES])
    victims = tuple(name for name in NAMES if name != spared)
    breaker = {"consecutive_failures": failures, "interval": "1s", "base_ejection_time": "1s", "max_ejection_time": "1s"}
    with serving(binary, folder, standin, circuit_breaker=breaker) as gateway:
        standin[spared].behave(saying(says[spared]))
        for way in ways:
            if time.monotonic() >= until:
                return
            for name in victims:
                standin[name].behave(saying(says[name]) | way)

            async def run():
                async with client() as callers:
                    return await load_for(callers, gateway.url(), MODEL, says, seconds, AT_ONCE)

            before = ejections(gateway)
            outcomes = asyncio.run(run())
            assert gateway.alive(), "Envoy ended"
            yield Phase(way, victims, outcomes, ejections(gateway) - before)


def ejections(gateway: Gateway) -> int:
    """How often Envoy ejected a target so far."""
    return sum(gateway.stats(r"outlier_detection\.ejections_enforced_total$").values())


def added_ms(binary, folder: pathlib.Path, standin: Standin, requests: int) -> dict:
    """Medians in ms of chats, one at a time: switched once, not switched, and the failing attempt by itself."""
    says = letters([standin[name] for name in NAMES])
    standin[NAMES[0]].behave(status=503)
    standin[NAMES[1]].behave(saying(says[NAMES[1]]))

    async def failing(callers) -> float:
        began = time.monotonic()
        headers = {"authorization": f"Bearer {key_of(NAMES[0])}"}
        body = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Hello"}]}
        answer = await callers.post(standin[NAMES[0]].url + "/v1/chat/completions", json=body, headers=headers)
        assert answer.status_code == 503, answer.text
        return time.monotonic() - began

    async def run(url: str) -> dict:
        times = {"switched": [], "direct": [], "failing": []}
        async with client() as callers:
            for _ in range(requests):
                for name, model, attempts in (("switched", "pair", 2), ("direct", "second", 1)):
                    one = await ask(callers, url, model, False, says)
                    assert one.end == "whole" and one.attempts == attempts, one
                    times[name].append(one.seconds)
                times["failing"].append(await failing(callers))
        return {name: statistics.median(values) * 1000 for name, values in times.items()}

    with serving(binary, folder, standin, circuit_breaker={"consecutive_failures": 100_000}) as gateway:
        return asyncio.run(run(gateway.url()))


def table(phases: list[Phase]) -> str:
    """A line for each way of misbehaving, all rounds together."""
    if not phases:
        return "Time was up before the first phase: give CHAOS_SECONDS more."
    rows: dict[str, Counter] = {}
    for phase in phases:
        rows.setdefault(spelled(phase.way), Counter()).update(phase.row())
    heads = list(phases[0].row())
    total = sum(rows.values(), Counter())
    lines = [f"{'two providers do':36}" + "".join(f"{head:>14}" for head in heads)]
    lines += [f"{way:36}" + "".join(f"{row[head]:>14}" for head in heads) for way, row in (rows | {"all": total}).items()]
    return "\n".join(lines)


def complaints(phases: list[Phase]) -> list[str]:
    """The broken promises, a few of each phase in full."""
    told = []
    for phase in phases:
        for one in phase.broken()[:3]:
            told.append(f"{spelled(phase.way)}, victims {', '.join(phase.victims)}: a {one.kind}: {one.end} {one.why}\n    {one}")
    return told


# No failure: an answer that is late, and an event that is left out.
HARMLESS = ({"delay_ms": 200}, {"malformed_event": 12, "slow_ms": 3})


def unmet(phases: list[Phase]) -> list[str]:
    """Ways of misbehaving that no caller met, of those that all rounds played: they prove nothing."""
    met = Counter()
    for phase in phases:
        broke_off = sum(one.end in ("error_event", "reset") for one in phase.outcomes)
        after_a_token = "slow_ms" in phase.way
        met[spelled(phase.way)] += broke_off if after_a_token else sum(one.attempts > 1 for one in phase.outcomes)
    harmless = [spelled(way) for way in HARMLESS]
    return [f"{way}: no caller met it" for way, count in met.items() if not count and way not in harmless]
