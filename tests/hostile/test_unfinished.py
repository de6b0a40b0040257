"""Callers who begin and don't go on, or don't read: what they hold is bounded, and ends."""

import asyncio
import contextlib
import json
import time

from . import bodies
from .attack import attack
from .bodies import KIB, MIB, digest, script, words
from .caller import connected, http2, read_answer, request

PATH = "/v1/chat/completions"
# `impatient` gives a body three seconds, and each worker 160 MiB; a request may have 16 MiB there and an answer 32.
SECONDS = 3


async def begin(arena, body: bytes, length: int, wait: float):
    """Sends a body that is shorter than it says, and waits for what comes."""
    async with connected(arena.url) as (reader, writer):
        writer.write(request(PATH, body, length=length))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                return await read_answer(reader)


def timed_out(answer):
    """408 in the caller's dialect, with a code of the gateway's own."""
    assert answer and answer.status == 408, str(answer)
    assert answer.error()["code"] == "body_timeout" and "body_timeout" in answer.error()["message"], str(answer)


@attack("impatient", floor=True)
async def test_a_body_that_stops_is_refused(arena):
    began = time.monotonic()
    answer = await begin(arena, bodies.padded(MIB, "hostile-alone")[:-100], MIB, 30)
    timed_out(answer)
    assert time.monotonic() - began >= SECONDS - 1


@attack("impatient", deep=True)
async def test_a_body_of_another_dialect_that_stops_is_refused_in_it(arena):
    async with connected(arena.url) as (reader, writer):
        writer.write(request("/v1/messages", b'{"model":"hostile-alone"', length=1000))
        async with asyncio.timeout(30):
            answer = await read_answer(reader)
    assert answer.status == 408 and answer.json()["type"] == "error", str(answer)


def bounded(answers: list):
    """Each was refused in words, or cut while it was still sending and may not have seen why."""
    for answer in answers:
        if answer and answer.status:
            assert (answer.status, answer.error()["code"]) in ((408, "body_timeout"), (503, "gateway_busy")), str(answer)
            assert answer.status == 408 or int(answer.headers["retry-after"]) >= 1, str(answer)
    assert any(answer and answer.status == 503 for answer in answers), "there was room for all of it"


@attack("impatient")
async def test_bodies_that_stop_are_bounded_in_memory_and_time(arena):
    """60 callers send 15 of 16 MiB each, and wait; who finds no room is refused at once, the others in time."""
    whole = bodies.padded(16 * MIB - KIB, "hostile-alone")
    answers = await asyncio.gather(*(begin(arena, whole[: 15 * MIB], len(whole), 40) for _ in range(60)))
    assert None not in answers, "no answer at all"
    bounded(answers)


@attack(deep=True)
async def test_bodies_that_stop_are_bounded_in_memory(arena):
    """60 callers send 31 of 32 MiB each, and wait for a while."""
    whole = bodies.padded(32 * MIB - KIB, "hostile-alone")
    bounded(await asyncio.gather(*(begin(arena, whole[: 31 * MIB], len(whole), 6) for _ in range(60))))


@attack("impatient", deep=True)
async def test_memory_that_is_free_again_serves_the_next(arena):
    """What was taken by large bodies is given to others, round by round."""
    body = bodies.padded(15 * MIB, "hostile-alone")
    highest = []
    for _ in range(3):
        answers = await asyncio.gather(*(arena.chat(body) for _ in range(12)))
        assert all(answer.status in (200, 503) for answer in answers), [str(answer) for answer in answers]
        answer = await arena.chat(body)
        assert answer.status == 200, str(answer)
        highest.append(arena.peak())
    assert highest[-1] <= highest[0] + 64 * MIB, [one // MIB for one in highest]


@attack("impatient")
async def test_a_body_byte_by_byte_is_refused(arena):
    """A byte now and then renews no deadline."""

    async def drip():
        async with connected(arena.url) as (reader, writer):
            writer.write(request(PATH, b'{"model":', length=MIB))
            reading = asyncio.create_task(read_answer(reader))
            end = time.monotonic() + 30
            while not reading.done() and time.monotonic() < end:
                with contextlib.suppress(ConnectionError):
                    writer.write(b" ")
                    await writer.drain()
                await asyncio.sleep(0.1)
            assert reading.done(), "it may send for ever"
            return await reading

    for answer in await asyncio.gather(*(drip() for _ in range(20))):
        timed_out(answer)


@attack("impatient")
async def test_a_slow_body_that_goes_on_is_read(arena):
    """A megabyte in two seconds is no attack."""
    body = bodies.padded(MIB, "hostile-alone")
    async with connected(arena.url) as (reader, writer):
        writer.write(request(PATH, b"", length=MIB))
        for start in range(0, MIB, MIB // 16):
            writer.write(body[start : start + MIB // 16])
            await writer.drain()
            await asyncio.sleep(0.12)
        answer = await read_answer(reader)
    assert answer.status == 200, str(answer)


@attack("impatient")
async def test_an_http2_body_that_stops_is_refused(arena):
    async with http2(arena.url) as connection:
        number = await connection.begin(PATH)
        await connection.say(number, b'{"model":"hostile-alone"')
        timed_out(await connection.answer(number))
        answer = await connection.ask(PATH, script("well", "hostile-alone"))
        assert answer.status == 200, "and the connection goes on"


@attack("impatient")
async def test_more_than_fits_is_refused_and_blames_nobody(arena):
    """Sixteen answers of 30 MiB at once, each collected for its translation, are more than 2 × 160 MiB."""
    body = script(f"large_answer {30 * KIB}", "hostile-anthropic")
    text = words(30 * MIB)
    for answer in await asyncio.gather(*(arena.chat(body) for _ in range(16))):
        if answer.status == 200 and answer.target == "hostile-anthropic":
            assert digest(answer.text) == digest(text)
        elif answer.status != 200:
            assert answer.status == 503 and answer.error()["code"] == "gateway_busy", str(answer)
            assert int(answer.headers["retry-after"]) >= 1, str(answer)
    assert "hostile-anthropic" not in str(arena.gateway.ejected())


# --- In an Envoy with the usual limits ------------------------------------------------------------------------------


@attack(deep=True)
async def test_heads_that_never_end(arena):
    async with contextlib.AsyncExitStack() as stack:
        links = [await stack.enter_async_context(connected(arena.url)) for _ in range(300)]
        for number in range(10):
            for _, writer in links:
                writer.write(b"POST /v1/chat/completions HTTP/1.1\r\n" if number == 0 else b"x-%d: a\r\n" % number)
            await asyncio.sleep(0.05)


@attack()
async def test_bodies_byte_by_byte_beside_good_ones(arena):
    async def drip():
        body = json.dumps(script("well", "hostile-alone")).encode()
        async with connected(arena.url) as (reader, writer):
            writer.write(request(PATH, b"", length=len(body)))
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.005)
            return await read_answer(reader)

    for answer in await asyncio.gather(*(drip() for _ in range(40))):
        assert answer.status == 200, str(answer)


@attack()
async def test_many_who_leave_in_the_middle_of_a_body(arena):
    body = bodies.padded(4 * MIB, "hostile-alone")

    async def leave(sent: int):
        async with connected(arena.url) as (_, writer):
            writer.write(request(PATH, body[:sent], length=len(body)))
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(2):
                    await writer.drain()

    for sent in (0, 1, 64 * KIB, MIB, 3 * MIB):
        await asyncio.gather(*(leave(sent) for _ in range(20)))


@attack(cases=("hostile-alone", "hostile-anthropic-alone"), deep=True)
async def test_who_reads_a_large_answer_slowly_gets_all_of_it(arena, case):
    """Also when the connection is to be closed after it."""

    async def slowly(*lines: str):
        async with connected(arena.url) as (reader, writer):
            writer.write(request(PATH, json.dumps(script(f"large_answer {8 * KIB}", case)).encode(), *lines))
            await asyncio.sleep(1.2)
            return await read_answer(reader, pace=0.012)

    asked = [slowly(*(["connection: close"] if number % 2 else [])) for number in range(8)]
    for answer in await asyncio.gather(*asked):
        assert answer.status == 200 and answer.is_whole, str(answer)
        assert digest(answer.text) == digest(words(8 * MIB))


@attack(cases=("endless_stream", "endless_answer"))
async def test_who_never_reads_is_bounded(arena, case):
    """A flood of a provider, and forty callers who don't take it: what Envoy keeps for them counts, too."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(40):
            _, writer = await stack.enter_async_context(connected(arena.url))
            writer.write(request(PATH, json.dumps(script(case, "hostile", stream=case == "endless_stream")).encode()))
        await asyncio.sleep(5)


@attack()
async def test_windows_of_nothing(arena):
    """An HTTP/2 caller asks for streams on one connection, and lets nobody send."""
    before = arena.memory()
    async with http2(arena.url, window=0) as connection:
        for _ in range(50):
            number = await connection.begin(PATH)
            await connection.say(number, json.dumps(script("large_stream 8", "hostile", stream=True)).encode(), end=True)
        await asyncio.sleep(1.5)
        grown = arena.memory() - before
    assert grown < 150 * MIB, grown // MIB
