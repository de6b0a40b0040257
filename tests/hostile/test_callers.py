"""Callers who break the rules of HTTP/1.1 and HTTP/2, or use them as nobody does."""

import asyncio
import contextlib
import json
import struct

import h2.exceptions

from . import bodies
from .attack import attack
from .bodies import KIB, MIB, script
from .caller import connected, http2, read_answer, request

PATH = "/v1/chat/completions"


def good(model: str = "hostile-alone", **more) -> bytes:
    return json.dumps(script("well", model, **more)).encode()


async def raw(arena, data: bytes, wait: float = 3.0):
    """Sends bytes as they are, and reads what comes for a while."""
    async with connected(arena.url) as (reader, writer):
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(wait):
                writer.write(data)
                await writer.drain()
                return await read_answer(reader)


# --- HTTP/1.1 -------------------------------------------------------------------------------------------------------


@attack()
async def test_many_requests_in_one_breath(arena):
    """Pipelined: each is answered, in turn. (Of those that are refused Envoy takes two at once, and closes the connection.)"""
    async with connected(arena.url) as (reader, writer):
        asked = [script("well", "hostile-alone"), script("well", "hostile", stream=True)] * 15 + [bodies.chat("hello", "nobody")]
        writer.write(b"".join(request(PATH, json.dumps(body).encode()) for body in asked))
        await writer.drain()
        for body in asked:
            answer = await read_answer(reader)
            assert answer.status == (404 if body["model"] == "nobody" else 200) and answer.is_whole, str(answer)
            assert not body.get("stream") or answer.ends_well(), str(answer)


@attack()
async def test_a_refusal_keeps_the_connection(arena):
    """The request's JSON is whole, its last chunk comes later, and then the next request."""
    refused, taken = (json.dumps(body).encode() for body in (bodies.chat("hello", "nobody"), script("well", "hostile-alone")))
    async with connected(arena.url) as (reader, writer):
        for body, status in ((refused, 404), (refused, 404), (taken, 200)):
            writer.write(request(PATH, b"", chunked=True) + b"%x\r\n%s\r\n" % (len(body), body))
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.write(b"0\r\n\r\n")
            async with asyncio.timeout(10):
                answer = await read_answer(reader)
            assert answer.status == status and answer.is_whole, str(answer)


@attack()
async def test_a_caller_that_closes_its_half(arena):
    async def half(body: bytes):
        async with connected(arena.url) as (reader, writer):
            writer.write(request(PATH, body))
            writer.write_eof()
            return await read_answer(reader)

    for answer in await asyncio.gather(*(half(good()) for _ in range(20)), *(half(good(stream=True)) for _ in range(20))):
        assert answer.status in (0, 200), str(answer)


@attack()
async def test_chunks_of_one_byte(arena):
    body = b"".join(b"1\r\n%c\r\n" % byte for byte in good()) + b"0\r\n\r\n"
    answer = await raw(arena, request(PATH, b"", chunked=True) + body, 20)
    assert answer and answer.status == 200, str(answer)


@attack()
async def test_chunked_trailers(arena):
    body = good()
    chunked = b"%x\r\n%s\r\n0\r\nx-trailer: 1\r\nauthorization: Bearer other\r\n\r\n" % (len(body), body)
    answer = await raw(arena, request(PATH, b"", chunked=True) + chunked, 20)
    assert answer and answer.status == 200, str(answer)


@attack(cases=(33, 34, 48, 60))
async def test_a_chunked_body_over_the_limit_is_refused_in_words(arena, case):
    """As one with a length is: 413 in the caller's dialect."""
    body = bodies.padded(case * MIB, "hostile-alone")
    part = b"%x\r\n" % (64 * KIB) + body[: 64 * KIB] + b"\r\n"
    chunked = part * (case * 16) + b"0\r\n\r\n"

    async def one(path: str):
        return await arena.ask(path, chunked, chunked=True)

    paths = [PATH, "/v1/messages"]
    for path, answer in zip(paths, await asyncio.gather(*(one(path) for path in paths))):
        assert answer.status == 413 and answer.headers["content-type"].startswith("application/json"), str(answer)
        assert answer.error()["message"] and (path == PATH or answer.json()["type"] == "error"), str(answer)


@attack()
async def test_a_length_over_the_limit_is_refused_in_words(arena):
    answer = await arena.chat(b"", length=40 * MIB)
    assert answer.status == 413 and answer.error()["message"], str(answer)
    answer = await arena.ask("/v1/messages", b"", length=40 * MIB)
    assert answer.status == 413 and answer.json()["type"] == "error", str(answer)


SMUGGLED = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}    ",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\nx: y\r\n\r\n",
    b"POST /v1/../v1/chat/completions%0d%0a HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx: caf\xe9\r\ncontent-length: 2\r\n\r\n{}",
    b"POST /v1/chat/completions HTTP/0.9\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}",
    b"CONNECT /v1/chat/completions HTTP/1.1\r\nhost: a\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\n{}",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}",
    b"\x00" * 1000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 500,
    b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n",
)  # fmt: skip


@attack()
async def test_heads_that_are_none(arena):
    answers = await asyncio.gather(*(raw(arena, data) for data in SMUGGLED))
    for data, answer in zip(SMUGGLED, answers):
        assert answer is None or answer.status in (0, 200, 400, 403, 404, 405, 411, 413, 414, 426, 431, 501, 505), (data[:100], str(answer))


# What is smuggled steers nothing and reaches nobody.
STEERING = (
    "x-switchover-order: spare", "x-switchover-target: spare", "x-switchover-trip: 1", "x-switchover-turn: 1", "x-envoy-max-retries: 99",
    "x-envoy-upstream-rq-timeout-ms: 1", "x-envoy-retry-on: 5xx", "x-envoy-original-path: /a", "x-envoy-internal: true",
    "x-envoy-attempt-count: 9", "x-envoy-expected-rq-timeout-ms: 1", "x-envoy-decorator-operation: a",
)  # fmt: skip


@attack()
async def test_headers_that_would_steer(arena):
    for line in STEERING:
        answer = await arena.chat(script("slow_answer 30", "hostile"), line)
        assert answer.status == 200 and answer.target == "hostile", (line, str(answer))


@attack()
async def test_bodies_that_are_no_request(arena):
    told = (
        b"", b"{", b"[]", b"null", b'"a"', b"1", b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b"{}", b'{"model":1}', b'{"model":"hostile"}',
        b'{"model":"hostile","messages":{}}', b'{"model":"hostile","messages":[1]}', b'{"model":"hostile","messages":[{"role":1}]}',
        b'{"model":"hostile","messages":[{"role":"user","content":{"a":1}}]}', b'{"model":"' + b"m" * 100_000 + b'"}',
        b'{"model":"../../etc","messages":[]}', b'{"model":"a\\u0000b\\r\\nx: y","messages":[]}', b"{" * 100_000, b"\x00" * 100_000,
    )  # fmt: skip
    for path in (PATH, "/v1/messages", "/v1/embeddings", "/v1/responses"):
        for body in told:
            answer = await arena.ask(path, body)
            assert answer.status in (400, 404, 422) and answer.error()["message"], (path, body[:100], str(answer))


# --- HTTP/2 ---------------------------------------------------------------------------------------------------------


@attack(floor=True)
async def test_a_request_with_trailers_is_read(arena):
    async with http2(arena.url) as connection:
        for stream in (False, True):
            number = await connection.begin(PATH)
            await connection.say(number, good(stream=stream))
            connection.frames.send_headers(number, [("x-trailer", "1")], end_stream=True)
            await connection.flush()
            answer = await connection.answer(number)
            assert answer.status == 200 and answer.is_whole, str(answer)
            assert not stream or answer.ends_well()


@attack()
async def test_a_flood_of_resets(arena):
    """1,800 requests, each reset as soon as it is sent; the next connection is served."""
    for begun in (100,) * 18:
        with contextlib.suppress(ConnectionError, h2.exceptions.ProtocolError):
            async with http2(arena.url) as connection:
                for _ in range(begun):
                    number = await connection.begin(PATH)
                    await connection.say(number, good(stream=True), end=True)
                    connection.frames.reset_stream(number)
                    await connection.flush()
    async with http2(arena.url) as connection:
        assert (await connection.ask(PATH, good())).status == 200
    await quiet(arena)


async def quiet(arena):
    """Nothing that was asked for the hostile provider is still under way."""
    for _ in range(100):
        active = arena.gateway.stats(r"^cluster\.hostile\.upstream_rq_active$")
        if not any(active.values()):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"requests that nobody waits for go on: {active}")


def frame(kind: int, flags: int, stream: int, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + data


HEADERS, RST, SETTINGS, PING, WINDOW, CONTINUATION, DATA, PRIORITY, PUSH = 1, 3, 4, 6, 8, 9, 0, 2, 5
# `:method: POST`, `:scheme: http`, `:path: /` of HPACK's own table.
HEAD = b"\x83\x86\x84"
# What must not come from a caller, and floods of what may.
FRAMES = {
    "continuations without end": frame(HEADERS, 0, 1, HEAD) + frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b" * 100) * 2000,
    "empty continuations": frame(HEADERS, 0, 1, HEAD) + frame(CONTINUATION, 0, 1) * 20_000,
    "a continuation of nothing": frame(CONTINUATION, 4, 1, HEAD),
    "a continuation of another": frame(HEADERS, 0, 1, HEAD) + frame(CONTINUATION, 4, 3, HEAD),
    "data between headers": frame(HEADERS, 0, 1, HEAD) + frame(DATA, 0, 1, b"a"),
    "pings": frame(PING, 0, 0, b"attacked") * 20_000,
    "settings": frame(SETTINGS, 0, 0) * 20_000,
    "settings of a table": frame(SETTINGS, 0, 0, struct.pack(">HI", 1, 2**32 - 1)) * 1000,
    "windows": frame(WINDOW, 0, 0, struct.pack(">I", 1)) * 20_000,
    "a window too large": frame(WINDOW, 0, 0, struct.pack(">I", 2**31 - 1)) * 2,
    "a window of nothing": frame(WINDOW, 0, 0, struct.pack(">I", 0)),
    "empty data": frame(HEADERS, 4, 1, HEAD) + frame(DATA, 0, 1) * 20_000,
    "data for nobody": frame(DATA, 1, 5, b"a"),
    "data after the end": frame(HEADERS, 5, 1, HEAD) + frame(DATA, 1, 1, b"a") * 1000,
    "headers twice": frame(HEADERS, 4, 1, HEAD) * 3,
    "an even stream": frame(HEADERS, 5, 2, HEAD),
    "streams": b"".join(frame(HEADERS, 4, number, HEAD) for number in range(1, 4001, 2)),
    "streams that are reset": b"".join(
        frame(HEADERS, 5, number, HEAD) + frame(RST, 0, number, struct.pack(">I", 8)) for number in range(1, 10_001, 2)
    ),
    "priorities": b"".join(frame(PRIORITY, 0, number, struct.pack(">IB", number - 2, 1)) for number in range(3, 20_001, 2)),
    "a stream that depends on itself": frame(PRIORITY, 0, 3, struct.pack(">IB", 3, 1)),
    "a push": frame(PUSH, 4, 1, struct.pack(">I", 2) + HEAD),
    "a frame too large": frame(DATA, 0, 1, b"a" * 20_000),
    "a length without a frame": b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
    "a broken table": frame(HEADERS, 5, 1, b"\xff" * 50),
    "a bomb of headers": frame(HEADERS, 0, 1, HEAD + b"\x40\x01a\x7f\xe1\x1e" + b"b" * 4000) + frame(CONTINUATION, 4, 1, b"\xbe" * 16_000),
    "frames of no kind": frame(0x77, 0xFF, 0, b"a" * 100) * 5000,
}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)


@attack(cases=("one by one", "all at once"), deep=True)
async def test_frames_that_must_not_come(arena, case):
    async def send(data: bytes):
        async with connected(arena.url) as (reader, writer):
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1.5):
                    writer.write(PREFACE + data)
                    await writer.drain()
                    # Until Envoy has had enough, or for as long as it takes the flood.
                    while await reader.read(64 * KIB):
                        pass

    if case == "all at once":
        await asyncio.gather(*(send(data) for data in FRAMES.values()))
    else:
        for name in ("continuations without end", "empty data", "streams that are reset", "a bomb of headers"):
            await send(FRAMES[name])
    async with http2(arena.url) as connection:
        assert (await connection.ask(PATH, good())).status == 200


@attack()
async def test_good_and_bad_streams_on_one_connection(arena):
    """What is refused or reset of one connection's streams hurts none of its others."""
    async with http2(arena.url) as connection:
        asked = {}
        for number in range(60):
            stream = await connection.begin(PATH)
            if number % 3 == 0:
                await connection.say(stream, b"{", end=True)
                asked[stream] = 400
            elif number % 3 == 1:
                await connection.say(stream, good(stream=True)[:20])
                connection.frames.reset_stream(stream)
                await connection.flush()
            else:
                await connection.say(stream, good(stream=True), end=True)
                asked[stream] = 200
        for stream, status in asked.items():
            answer = await connection.answer(stream)
            assert answer.status == status and answer.is_whole, str(answer)
            assert status == 400 or answer.ends_well(), str(answer)


@attack()
async def test_headers_of_http2_that_are_none(arena):
    odd = [("x-bad", "a\r\nb: c")], [("X-Upper", "a")], [("", "a")], [("connection", "close")], [(":status", "200")], [("x", "\x00")]

    async def send(more: list):
        with contextlib.suppress(ConnectionError, h2.exceptions.ProtocolError):
            async with http2(arena.url, checked=False) as connection:
                answer = await connection.ask(PATH, good(), *more)
                assert answer.status in (0, 200, 400), (more, str(answer))

    await asyncio.gather(*(send(more) for more in odd))
