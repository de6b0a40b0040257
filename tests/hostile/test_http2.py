"""Providers that speak HTTP/2 as it is allowed, and as it isn't."""

import asyncio
import json

from .attack import attack, each
from .bodies import KIB, digest, script, words
from .caller import PATIENCE, connected, converse, request

PATH = "/v1/chat/completions"

# Anthropic's callers and OpenAI's, at a target of their own dialect and of the other.
WAYS = ("chat-http2", "messages-http2", "chat-http2-anthropic", "messages-http2-anthropic")


async def ask(arena, way: str, name: str, **more):
    """Asks a provider in one of the ways, alone."""
    kind, model = way.split("-", 1)
    return await getattr(arena, kind)(script(name, f"{model}-alone", **more))


def whole_stream(answer, text: str = "one two"):
    assert answer.status == 200 and answer.is_whole, str(answer)
    assert answer.said() == text and answer.ends_well(), str(answer)
    if "message_stop" in str(answer.body):
        stops = [data for data in answer.events() if data["type"] == "message_delta"]
        assert stops and stops[-1]["delta"]["stop_reason"] == "end_turn", str(answer)
        assert answer.body.count(b"event: content_block_stop") == 1, str(answer)


@attack(floor=True)
async def test_a_stream_with_trailers_keeps_its_end(arena):
    async def kept(way: str):
        whole_stream(await ask(arena, way, "trailers", stream=True))
        whole_stream(await ask(arena, way, "trailers_at_once", stream=True))

    await each(WAYS, kept)


@attack(floor=True)
async def test_a_cut_stream_with_trailers_never_ends_well(arena):
    async def told(way: str):
        answer = await ask(arena, way, "trailers_after_cut", stream=True)
        assert answer.status == 200 and answer.said() == "one two ", str(answer)
        assert not answer.ends_well(), str(answer)
        assert answer.ends_with_error() or not answer.is_whole, f"it looks whole: {answer}"

    await each(WAYS, told)


@attack()
async def test_an_answer_with_trailers_is_whole(arena):
    async def whole(way: str):
        for said in ("trailers", "trailers_with_length"):
            answer = await ask(arena, way, said)
            assert answer.status == 200 and answer.is_whole and answer.text == "one two", f"{said}: {answer}"

    await each(WAYS, whole)


@attack(cases=(40, 2 * KIB, 40 * KIB))
async def test_a_large_answer_with_trailers_is_whole(arena, case):
    async def whole(way: str):
        answer = await ask(arena, way, f"large_with_trailers {case}")
        assert answer.status == 200 and answer.is_whole, str(answer)
        assert digest(answer.text) == digest(words(case * KIB)), str(answer)

    await each(("chat-http2", "chat-http2-anthropic"), whole)


@attack()
async def test_a_large_stream_with_trailers_is_whole(arena):
    for way in WAYS:
        answer = await ask(arena, way, "large_stream_with_trailers 3000", stream=True)
        assert answer.status == 200 and answer.is_whole and answer.ends_well(), str(answer)
        assert len(answer.said()) == 3000 * KIB, str(answer)


@attack()
async def test_trailers_without_a_token_are_no_answer(arena):
    answer = await arena.chat(script("trailers_before_token", "http2", stream=True))
    assert answer.status == 200 and answer.target == "spare", str(answer)


@attack()
async def test_many_trailers(arena):
    for count in (50, 2000):
        answer = await arena.chat(script(f"many_trailers {count}", "http2"))
        assert answer.status == 200, str(answer)


@attack()
async def test_a_reset_before_an_answer_is_left_for_the_next_target(arena):
    """RST_STREAM with any code."""

    async def left(code: int):
        answer = await arena.chat(script(f"reset_at_once {code}", "http2", stream=True))
        assert answer.status == 200 and answer.target == "spare", str(answer)

    await each((0, 1, 2, 7, 8, 11), left)


@attack()
async def test_a_reset_after_a_token_never_ends_well(arena):

    async def told(case: tuple):
        answer = await ask(arena, case[0], f"reset_later {case[1]}", stream=True)
        assert answer.said() == "one " and not answer.ends_well(), str(answer)
        assert answer.ends_with_error() or not answer.is_whole, str(answer)

    await each([(way, code) for way in WAYS for code in (0, 2, 8)], told)


@attack(cases=("going_away", "pings 2000", "interim 200", "interim 20000", "empty_pieces 50", "empty_pieces 20000"))
async def test_what_envoy_may_refuse(arena, case):
    """The answer is good, or the next target's."""
    answers = await asyncio.gather(*(arena.chat(script(case, "http2", stream=True)) for _ in range(8)))
    for answer in answers:
        # Another's flood may end the connection that an answer was flowing on: it is cut, and seen to be.
        assert answer.status == 200, str(answer)
        assert answer.ends_well() or answer.ends_with_error() or not answer.is_whole, str(answer)


@attack()
async def test_a_whole_stream_that_is_not_closed(arena):
    """The provider's terminator is the end: its caller gets it at once, and for long no error event after it."""

    async def ended(way: str):
        kind, model = way.split("-", 1)
        body = script("done_and_open", f"{model}-alone", stream=True)
        path, more = (PATH, {}) if kind == "chat" else ("/v1/messages", {"max_tokens": 100})
        async with asyncio.timeout(PATIENCE), connected(arena.url) as (reader, writer):
            sent = request(path, json.dumps(body | more).encode())
            answer = await converse(reader, writer, sent, until_terminator=True)
        assert answer.said() == "one two" and answer.ends_well(), str(answer)

    await each(WAYS, ended)


@attack()
async def test_an_endless_answer_over_http2(arena):
    answer = await arena.chat(script("endless_answer", "http2"))
    assert answer.status == 200 and answer.target == "spare", str(answer)


@attack()
async def test_many_streams_on_one_connection(arena):
    """The good and the bad share a provider's connection; the bad end by themselves."""
    names = ["trailers", "well", "reset_later 2", "trailers_after_cut", "large_stream_with_trailers 200"] * 8
    answers = await asyncio.gather(*(ask(arena, WAYS[number % 4], name, stream=True) for number, name in enumerate(names)))
    for name, answer in zip(names, answers):
        if name in ("trailers", "well"):
            whole_stream(answer)
        elif name.startswith("large"):
            assert len(answer.said()) == 200 * KIB and answer.ends_well(), str(answer)
        else:
            assert not answer.ends_well(), str(answer)


