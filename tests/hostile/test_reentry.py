"""Envoy may answer a filter's call by ending the stream inside it, which calls the filter again: nothing of it may be borrowed then.

Each call that can do so is driven there. The limits of these Envoys are so small (1 KiB) that every body meets them; the
requests then may fail, but no VM does.
"""

import asyncio
import contextlib
import json

from . import bodies
from .attack import attack
from .bodies import script
from .caller import connected, read_answer, request

PATH = "/v1/chat/completions"
KINDS = ("hostile", "hostile-anthropic", "hostile-gemini", "hostile-bedrock")


async def each(arena, *bodies_: dict | bytes, path: str = PATH):
    """All at once; whatever each gets, it gets something."""
    answers = await asyncio.gather(*(arena.ask(path, body) for body in bodies_))
    assert all(answer.status for answer in answers), [str(answer) for answer in answers]
    return answers


@attack("tiny-listener", floor="always")
async def test_setting_a_request_over_the_limit(arena):
    """`set_buffer` of the request: translations of several times its size, and one that is larger than any limit."""
    asked = [bodies.tiny_messages(size, f"{kind}-alone") for kind in KINDS for size in (100, 700, 1000, 5000, 200_000)]
    await each(arena, *asked)
    await each(arena, *(bodies.tiny_inputs(count, "embeds-gemini-alone") for count in (10, 100, 200, 5000)), path="/v1/embeddings")


@attack("tiny-listener", floor="always")
async def test_setting_an_answer_over_the_limit(arena):
    """`set_buffer` of the answer: whole ones of every size, held streams, and large events of flowing ones."""
    for kind in KINDS[:2]:
        await each(arena, *(script(f"large_answer {size}", f"{kind}-alone") for size in (0, 1, 2, 64, 3000)))
    for name in ("large_event 0", "large_event 2", "comments 1000", "many_events 5000", "odd_lines"):
        await each(arena, script(name, "hostile-alone", stream=True))


@attack("tiny", floor="always", deep=True)
async def test_limits_on_both_sides(arena):
    """A provider's connection has a limit of its own."""
    names = ("large_answer 1", "large_answer 3000", "large_event 0", "large_event 2", "well", "comments 1000")
    await each(arena, *(script(name, "hostile", stream="answer" not in name) for name in names))
    await each(arena, *(bodies.tiny_messages(size, "hostile-anthropic") for size in (100, 700, 1000, 5000, 200_000)))


@attack("tiny-listener", floor="always")
async def test_answering_by_itself(arena):
    """`send_local_response`: from each callback of both roles, with bodies over the limit."""
    long = "m" * 5000
    await each(arena, {"model": long, "messages": []}, b"{" * 900, b"{", {"model": "hostile", "messages": 1})
    await each(arena, *(script(f"echo {status}", "echo-openai-alone") for status in (400, 401, 429, 500)))
    await each(arena, script("page", "hostile-alone"), script("endless_error", "hostile-alone"))
    for path in ("/v1/models", "/v1/models/hostile", "/v1/models/" + long):
        answer = await arena.ask(path, b"", method="GET")
        assert answer.status in (200, 404), str(answer)


@attack("tiny-listener", floor="always")
async def test_going_on_into_what_fails(arena):
    """`continue` of an attempt: its provider is reset, refuses with the request unread, or the caller has left."""
    for name in ("early_refusal", "garbage", "bad_chunk", "broken", "cut"):
        await each(arena, *(script(name, "hostile", stream=True) for _ in range(5)))
    body = json.dumps(script("slow_answer 100", "hostile", stream=True)).encode()

    async def leave(pause: float):
        async with connected(arena.url) as (_, writer):
            writer.write(request(PATH, body))
            await writer.drain()
            await asyncio.sleep(pause)

    await asyncio.gather(*(leave(number / 200) for number in range(60)))


@attack("tiny-listener", floor="always")
async def test_closing_a_stream(arena):
    """`close` of a stream by the timer: its last words, and the reset after them, to one who reads, doesn't, or has left."""

    async def listen(reads: bool, stays: float):
        async with connected(arena.url) as (reader, writer):
            writer.write(request(PATH, json.dumps(script("silent", "brisk", stream=True)).encode()))
            await writer.drain()
            if reads:
                return await read_answer(reader)
            with contextlib.suppress(ConnectionError):
                await asyncio.sleep(stays)

    answers = await asyncio.gather(*(listen(number % 2 == 0, 0.9 + number / 50) for number in range(40)))
    for answer in answers[::2]:
        assert answer.status == 200 and answer.ends_with_error(), str(answer)


