"""Providers that lie about their answers, flood them, or write them as nobody does."""

import asyncio

from . import bodies
from .attack import attack, each
from .bodies import KIB, digest, script

# Before a token there is always another target; these never give one.
NO_ANSWERS = (
    "early_refusal", "many_headers 2000", "long_header 200", "two_lengths", "length_and_chunked", "bad_chunk", "bomb", "page",
    "garbage", "deep", "too_short",
)  # fmt: skip


@attack()
async def test_what_is_no_answer_is_left_for_the_next_target(arena):
    async def left(name: str):
        for _ in range(3):
            answer = await arena.chat(script(name, "hostile"))
            assert answer.status == 200 and answer.target == "spare" and answer.is_whole, str(answer)

    await each(NO_ANSWERS, left)


@attack(cases=(3, 1000, 100_000))
async def test_interim_answers(arena, case):
    """A hundred thousand hints cost a while, and harm nobody."""
    answer = await arena.chat(script(f"hints {case}", "hostile"))
    assert answer.status == 200, str(answer)
    assert case > 3 or answer.target == "hostile", str(answer)


@attack()
async def test_more_than_was_promised(arena):
    """The answer is what was promised; what comes after it is nobody's next answer."""
    for _ in range(6):
        for answer in await asyncio.gather(*(arena.chat(script(name, "hostile")) for name in ("too_long", "well", "well"))):
            assert answer.status == 200 and answer.is_whole and answer.text, str(answer)


@attack()
async def test_gzip_that_nobody_asked_for(arena):
    """It is read, or left for the next target; never handed on as it is to who can't read it."""
    for ask in (arena.chat, arena.messages):
        answer = await ask(script("zipped", "hostile"))
        assert answer.status == 200 and (answer.target == "spare" or answer.text.startswith("Zipped.")), str(answer)


@attack(cases=("hostile-early", "hostile-early_refusal"))
async def test_an_answer_before_the_request_is_read(arena, case):
    for size in (1000, 4_000_000):
        for answer in await asyncio.gather(*(arena.chat(bodies.padded(size, case)) for _ in range(4))):
            assert answer.status == 200 and answer.is_whole, str(answer)
            assert case == "hostile-early" or answer.target == "spare", str(answer)


@attack()
async def test_trailers(arena):
    for count in (2, 100, 2000):
        answer = await arena.chat(script(f"trailers {count}", "hostile"))
        assert answer.status == 200 and answer.is_whole, str(answer)
        assert not any(name.startswith("x-trailer") for name in answer.headers)


# --- Streams --------------------------------------------------------------------------------------------------------

WHOLE = {
    "comments 50000": "one two",
    "byte_by_byte": "one two three",
    "odd_lines": "one two three",
    "after_the_end": "all of it",
    "many_events 30000": "a" * 30_000,
}


@attack()
async def test_a_stream_that_is_written_oddly_is_whole(arena):
    async def whole(name: str):
        for ask in (arena.chat, arena.messages):
            answer = await ask(script(name, "hostile-alone", stream=True))
            assert answer.status == 200 and answer.is_whole and answer.ends_well(), str(answer)
            assert answer.said() == WHOLE[name], str(answer)

    await each(WHOLE, whole)


@attack()
async def test_a_large_stream_is_whole(arena):
    answer = await arena.messages(script("large_stream 32", "hostile-alone", stream=True))
    assert answer.ends_well() and digest(answer.said()) == digest(bodies.words(16 * KIB) * (32 * 64)), str(answer)


@attack(deep=True)
async def test_many_streams_of_a_flood(arena):
    """Eight at once that say tokens as fast as they can."""
    asked = [arena.chat(script("many_events 8000", "hostile", stream=True)) for _ in range(8)]
    for answer in await asyncio.gather(*asked):
        assert answer.ends_well() and answer.said() == "a" * 8000, str(answer)
