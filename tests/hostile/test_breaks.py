"""Streams that break after their first token, and targets that come back: the breaker sees what callers see."""

import asyncio
import json
import time

from .attack import attack
from .bodies import script
from .caller import connected, request

FAILURES = 3
# Of a stream of the standard providers; slowly, or what breaks would come together with the first token.
BROKEN = {
    "reset": {"reset": 5, "slow_ms": 20},
    "cut": {"cut": 5, "slow_ms": 20},
    "error event": {"error_event": 5, "slow_ms": 20},
    "end without a terminator": {"end": 5, "slow_ms": 20},
    "silence": {"stall": 5, "slow_ms": 20},
}


def hello(model: str, stream: bool = True) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": stream}


async def cooled(arena, model: str, target: str):
    """Waits until a target is asked again."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if (await arena.chat(hello(model, stream=False))).target == target:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{target} is not asked again")


@attack("breaker", alone=True, cases=tuple(BROKEN))
async def test_a_target_whose_streams_break_is_left(arena, case):
    """After so many failures in a row as the breaker allows, on all workers."""
    first = arena.world.standins["first"]
    first.reset()
    await cooled(arena, "quick", "first")
    first.reset()
    first.behave(BROKEN[case])
    asked, left = 0, None
    try:
        for _ in range(8):
            before = len(first.log())
            answer = await arena.chat(hello("quick"))
            asked += len(first.log()) - before
            if answer.target == "spare":
                left = asked
                break
            assert answer.status == 200 and answer.target == "first" and not answer.ends_well(), str(answer)
    finally:
        first.reset()
    assert left == FAILURES, f"left after {left} of {FAILURES} broken streams"


@attack("breaker", alone=True)
async def test_whole_streams_between_broken_ones_keep_a_target(arena):
    """Failures in a row are what counts."""
    first = arena.world.standins["first"]
    first.reset()
    await cooled(arena, "quick", "first")
    try:
        for _ in range(4):
            for behaviour in (BROKEN["reset"], BROKEN["error event"], {}):
                first.behave(behaviour)
                answer = await arena.chat(hello("quick"))
                assert answer.target == "first", str(answer)
    finally:
        first.reset()


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


@attack("breaker", alone=True)
async def test_an_ejected_target_is_never_asked(arena):
    """Ten ejections of a target that is down for good: each time it comes back it is asked as often as it takes, and no more."""
    first = arena.world.standins["first"]
    first.reset()
    await cooled(arena, "quick", "first")
    first.reset()
    first.behave(status=503)
    counted = r"cluster\.first\.outlier_detection\.ejections_enforced_total"
    before = sum(arena.gateway.stats(counted).values())
    try:
        end = time.monotonic() + 7
        while time.monotonic() < end:
            answer = await arena.chat(hello("quick", stream=False))
            assert answer.status == 200 and answer.target == "spare", str(answer)
        asked, ejections = len(first.log()), sum(arena.gateway.stats(counted).values()) - before
    finally:
        first.reset()
    assert ejections >= 5, ejections
    assert asked <= FAILURES * (ejections + 1), f"asked {asked} times in {ejections} ejections"


@attack(cases=("hasty", "hostile-alone"))
async def test_a_stream_that_is_over_in_time_is_whole(arena, case):
    answer = await arena.chat(script("steady 8", case, stream=True))
    assert answer.status == 200 and answer.said() == "word " * 8 and answer.ends_well(), str(answer)


@attack(cases=("chat", "messages"))
async def test_a_stream_that_takes_too_long_ends_with_an_error_event(arena, case):
    """Its group gives the whole request two seconds; its provider does nothing wrong."""
    ask = getattr(arena, case)
    answer = await ask(script("steady 60", "hasty", stream=True))
    assert answer.status == 200 and answer.said().startswith("word word "), str(answer)
    assert answer.ends_with_error() and not answer.ends_well(), str(answer)


@attack(cases=("silent", "cut", "broken"))
async def test_a_stream_that_breaks_never_ends_well(arena, case):
    for ask in (arena.chat, arena.messages):
        answer = await ask(script(case, "brisk", stream=True))
        assert answer.status == 200 and answer.said().startswith("word "), str(answer)
        assert not answer.ends_well(), str(answer)
        assert case == "broken" or answer.ends_with_error(), str(answer)


@attack()
async def test_a_target_that_says_nothing_is_left(arena):
    for stream in (True, False):
        answer = await arena.chat(script("mute", "brisk", stream=stream))
        assert answer.status == 200 and answer.target == "spare", str(answer)
