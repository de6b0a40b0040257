"""What a hostile provider does over HTTP/2."""

import asyncio

import h2.errors

from . import bodies
from .bodies import KIB, delta
from .provider_http2 import Stream

SCRIPTS = {}
SSE = "text/event-stream"


def script(function):
    SCRIPTS[function.__name__] = function
    return function


def is_messages(stream: Stream) -> bool:
    return stream.path.endswith("/messages")


def is_stream(stream: Stream) -> bool:
    return b'"stream":true' in stream.body.replace(b" ", b"")


def parts(stream: Stream, texts: list[str]) -> list[bytes]:
    return (bodies.messages_stream if is_messages(stream) else bodies.stream)(texts)


def whole(stream: Stream, text: str) -> bytes:
    return (bodies.message if is_messages(stream) else bodies.answer)(text)


@script
async def well(stream: Stream):
    if is_stream(stream):
        await stream.head(kind=SSE)
        await stream.say(b"".join(parts(stream, ["one ", "two"])), end=True)
    else:
        await stream.head()
        await stream.say(whole(stream, "one two"), end=True)


@script
async def trailers(stream: Stream):
    """An answer or a stream that is whole, and trailers after it."""
    if is_stream(stream):
        await stream.head(kind=SSE)
        for part in parts(stream, ["one ", "two"]):
            await stream.say(part)
            await asyncio.sleep(0.01)
    else:
        await stream.head()
        await stream.say(whole(stream, "one two"))
    await stream.trailers()


@script
async def trailers_with_length(stream: Stream):
    """An answer whose length is told, so that its end is no news, and trailers after it."""
    told = whole(stream, "one two")
    await stream.head(("content-length", str(len(told))))
    await stream.say(told)
    await asyncio.sleep(0.02)
    await stream.trailers()


@script
async def trailers_at_once(stream: Stream):
    """A stream that is whole in one piece, and trailers in the same breath."""
    stream.frames.send_headers(stream.number, [(":status", "200"), ("content-type", SSE)])
    stream.frames.send_data(stream.number, b"".join(parts(stream, ["one ", "two"])))
    await stream.trailers()


@script
async def trailers_after_cut(stream: Stream):
    """Some tokens, and trailers instead of the end."""
    await stream.head(kind=SSE)
    cut = [part for part in parts(stream, ["one ", "two "]) if b"two" in part or b"one" in part or b"_start" in part]
    for part in cut:
        await stream.say(part)
        await asyncio.sleep(0.05)
    await stream.trailers()


@script
async def trailers_before_token(stream: Stream):
    """A stream of trailers alone."""
    await stream.head(kind=SSE)
    await stream.say(b": hello\n\n")
    await stream.trailers()


@script
async def large_with_trailers(stream: Stream):
    """A good answer with so many KiB of text, and trailers."""
    await stream.head()
    await stream.say(whole(stream, bodies.words(int(stream.argument) * KIB)))
    await stream.trailers()


@script
async def large_stream_with_trailers(stream: Stream):
    """A stream of so many KiB in events of 1 KiB, and trailers."""
    await stream.head(kind=SSE)
    await stream.say(b"".join(parts(stream, [bodies.words(KIB)] * int(stream.argument))))
    await stream.trailers()


@script
async def many_trailers(stream: Stream):
    await stream.head()
    await stream.say(whole(stream, "one two"))
    await stream.trailers(*((f"x-trailer-{number}", "a" * 100) for number in range(int(stream.argument))))


@script
async def reset_at_once(stream: Stream):
    await stream.reset(h2.errors.ErrorCodes(int(stream.argument)))


@script
async def reset_later(stream: Stream):
    """A token, and a reset with this code."""
    await stream.head(kind=SSE)
    await stream.say(parts(stream, ["one "])[0] if not is_messages(stream) else b"".join(parts(stream, ["one "])[:3]))
    await asyncio.sleep(0.1)
    await stream.reset(h2.errors.ErrorCodes(int(stream.argument)))


@script
async def going_away(stream: Stream):
    """Says that the connection ends, and answers what was asked."""
    stream.frames.close_connection(last_stream_id=stream.number)
    await stream.connection.flush()
    stream.connection.writer.close()


@script
async def pings(stream: Stream):
    """So many pings and settings before the answer."""
    for _ in range(int(stream.argument)):
        stream.frames.ping(b"attacked")
    await stream.connection.flush()
    await well(stream)


@script
async def empty_pieces(stream: Stream):
    """A stream of which each event is followed by so many empty frames."""
    await stream.head(kind=SSE)
    for part in parts(stream, ["one ", "two"]):
        await stream.say(part)
        for _ in range(int(stream.argument)):
            stream.frames.send_data(stream.number, b"")
        await stream.connection.flush()
    stream.frames.end_stream(stream.number)
    await stream.connection.flush()


@script
async def endless(stream: Stream):
    """Tokens for ever."""
    await stream.head(kind=SSE)
    while True:
        await stream.say(delta("word " * 50) * 100)


@script
async def endless_answer(stream: Stream):
    await stream.head()
    await stream.say(b'{"id":"chatcmpl-1","choices":[{"message":{"content":"')
    while True:
        await stream.say(b"a" * 64 * KIB)


@script
async def done_and_open(stream: Stream):
    """A whole stream that is never closed."""
    await stream.head(kind=SSE)
    await stream.say(b"".join(bodies.stream(["one ", "two"])) if not is_messages(stream) else b"".join(parts(stream, ["one ", "two"])))
    await asyncio.sleep(90)


@script
async def interim(stream: Stream):
    """So many interim answers, then one that is good."""
    for _ in range(int(stream.argument)):
        stream.frames.send_headers(stream.number, [(":status", "103"), ("link", "</a>")])
    await stream.connection.flush()
    await well(stream)


