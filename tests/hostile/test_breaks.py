"""Streams that break after their first token, and targets that come back: the breaker sees what callers see."""

import asyncio
import json
import time

from . import bodies
from .attack import attack, each
from .bodies import script
from .caller import connected, request
from .places import BREAKS, FAILURES

@attack("breaker", alone=True, deep=True)
async def test_a_target_whose_streams_break_is_left(arena):
    """In whatever way: after so many failures in a row as the breaker allows, on all workers."""

    async def left(name: str):
        asked, elsewhere = 0, 0
        while elsewhere < 4:
            answer = await arena.chat(script(name, f"breaks-{name}", stream=True))
            if answer.target == "spare":
                elsewhere += 1
                continue
            asked, elsewhere = asked + 1, 0
            assert answer.status == 200 and answer.said().startswith("word ") and not answer.ends_well(), str(answer)
            assert asked <= FAILURES, f"it is still asked after {FAILURES} broken streams"

    await each(BREAKS, left)


@attack("breaker")
async def test_whole_streams_between_broken_ones_keep_a_target(arena):
    """Failures in a row are what counts."""
    for name in ("told", "cut", "well", "cut", "told", "well", "told", "told", "well"):
        answer = await arena.chat(script(name, "keeps", stream=True))
        assert answer.target == "keeps", (name, str(answer))


@attack("breaker", alone=True)
async def test_callers_that_leave_eject_nobody_and_are_no_failures(arena):
    before = failed(arena)
    for body in (script("slow_answer 500", "hostile"), script("slow_answer 500", "hostile", stream=True), script("steady 20", "hostile", stream=True)):
        for pause in (0.0, 0.02, 0.2):
            await asyncio.gather(*(leave(arena, body, pause) for _ in range(20)))
    await asyncio.sleep(0.3)
    assert failed(arena) == before, f"failed attempts were {before} and are {failed(arena)}"


async def leave(arena, body: dict, pause: float):
    """Calls, and closes the connection before or after a token."""
    async with connected(arena.url) as (_, writer):
        writer.write(request("/v1/chat/completions", json.dumps(body).encode()))
        await writer.drain()
        await asyncio.sleep(pause)


def failed(arena) -> dict:
    """The attempts that are counted as failed, by their labels."""
    lines = arena.gateway.admin("stats/prometheus?filter=switchover_failed_attempts_total").text.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line.startswith("switchover_failed_attempts_total{"))


@attack("breaker", alone=True, deep=True)
async def test_an_ejected_target_is_never_asked(arena):
    """Ten ejections of a target that is down for good: each time it comes back it is asked as often as it takes, and no more."""
    first = arena.world.standins["first"]
    first.reset()
    first.behave(status=503)
    counted = r"cluster\.first\.outlier_detection\.ejections_enforced_total"
    before = sum(arena.gateway.stats(counted).values())
    try:
        end = time.monotonic() + 7
        while time.monotonic() < end:
            answer = await arena.chat(bodies.chat("hello", "quick"))
            assert answer.status == 200 and answer.target == "spare", str(answer)
        asked, ejections = len(first.log()), sum(arena.gateway.stats(counted).values()) - before
    finally:
        first.reset()
    assert ejections >= 3, ejections
    assert asked <= FAILURES * (ejections + 1), f"asked {asked} times in {ejections} ejections"


@attack(cases=("hasty", "hostile-alone"), deep=True)
async def test_a_stream_that_is_over_in_time_is_whole(arena, case):
    answer = await arena.chat(script("steady 8", case, stream=True))
    assert answer.status == 200 and answer.said() == "word " * 8 and answer.ends_well(), str(answer)


@attack(cases=("chat", "messages"), deep=True)
async def test_a_stream_that_takes_too_long_ends_with_an_error_event(arena, case):
    """Its group gives the whole request two seconds; its provider does nothing wrong."""
    ask = getattr(arena, case)
    answer = await ask(script("steady 60", "hasty", stream=True))
    assert answer.status == 200 and answer.said().startswith("word word "), str(answer)
    assert answer.ends_with_error() and not answer.ends_well(), str(answer)


@attack(cases=("silent", "cut", "broken"), deep=True)
async def test_a_stream_that_breaks_never_ends_well(arena, case):
    for ask in (arena.chat, arena.messages):
        answer = await ask(script(case, "brisk", stream=True))
        assert answer.status == 200 and answer.said().startswith("word "), str(answer)
        assert not answer.ends_well(), str(answer)
        assert case == "broken" or answer.ends_with_error(), str(answer)


@attack(deep=True)
async def test_a_target_that_says_nothing_is_left(arena):
    for stream in (True, False):
        answer = await arena.chat(script("mute", "brisk", stream=stream))
        assert answer.status == 200 and answer.target == "spare", str(answer)
