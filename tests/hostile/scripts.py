"""What a hostile provider does over HTTP/1.1: each script is a function of a call."""

import asyncio
import functools
import gzip
import json

from . import bodies
from .bodies import DONE, KIB, MIB, delta, event
from .provider import Call

SCRIPTS = {}
# Nobody waits for longer than that in a test.
FOREVER = 90


def script(function):
    SCRIPTS[function.__name__] = function
    return function


def head(*lines: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"content-type: {kind}", *lines, "", ""]).encode()


SSE = "text/event-stream"
CHUNKED = "transfer-encoding: chunked"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def whole(call: Call, body: bytes, *lines: str, status: str = "200 OK", kind: str = "application/json"):
    """Says an answer of a known length."""
    await call.say(head(f"content-length: {len(body)}", *lines, status=status, kind=kind), body)


async def events(call: Call, parts, pause: float = 0.0, end: bool = True):
    """Says a stream, each part in a piece of its own."""
    await call.say(head(CHUNKED, kind=SSE))
    for part in parts:
        await call.say(chunk(part))
        if pause:
            await asyncio.sleep(pause)
    if end:
        await call.say(b"0\r\n\r\n")


@script
async def well(call: Call):
    """Answers well, in the dialect and the form of the request."""
    text = "I am hostile, and today I behave."
    is_messages = call.path.endswith("/messages")
    if call.path.endswith("/embeddings"):
        count = json.loads(call.body)["input"]
        data = bodies.vectors(len(count) if isinstance(count, list) else 1, 3)
        await whole(call, b'{"object":"list","data":%s,"model":"m","usage":{"prompt_tokens":1,"total_tokens":1}}' % data)
    elif ":batchEmbedContents" in call.path or ":embedContent" in call.path:
        await whole(call, json.dumps({"embeddings": [{"values": [0.5, 0.25]}] * len(json.loads(call.body)["requests"])}).encode())
    elif ":generateContent" in call.path:
        content = {"role": "model", "parts": [{"text": text}]}
        await whole(call, json.dumps({"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}).encode())
    elif "/converse" in call.path:
        content = {"role": "assistant", "content": [{"text": text}]}
        usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
        await whole(call, json.dumps({"output": {"message": content}, "stopReason": "end_turn", "usage": usage}).encode())
    elif call.path.endswith("/v2/chat"):
        told = {"role": "assistant", "content": [{"type": "text", "text": text}]}
        await whole(call, json.dumps({"id": "1", "message": told, "finish_reason": "COMPLETE"}).encode())
    elif b'"stream":true' in call.body.replace(b" ", b"")[:KIB] + call.body.replace(b" ", b"")[-KIB:]:
        await events(call, (bodies.messages_stream if is_messages else bodies.stream)([text]))
    else:
        await whole(call, (bodies.message if is_messages else bodies.answer)(text))


# --- Size -----------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4)
def large(size: int, is_messages: bool) -> bytes:
    return (bodies.message if is_messages else bodies.answer)(bodies.words(size))


@script
async def large_answer(call: Call):
    """A good answer with so many KiB of text."""
    await whole(call, large(int(call.argument) * KIB, call.path.endswith("/messages")))


@script
async def deep_answer(call: Call):
    """A good answer beside a member of so many million levels."""
    levels = int(call.argument) * 1_000_000
    told = bodies.message("deep") if call.path.endswith("/messages") else bodies.answer("deep")
    await whole(call, told[:-1] + b', "x": ' + b"[" * levels + b"]" * levels + b"}")


@script
async def large_event(call: Call):
    """A stream in which the event of this place has 3 MB."""
    texts = ["short "] * 4
    texts[int(call.argument)] = bodies.words(3 * MIB)
    await events(call, bodies.stream(texts), pause=0.01)


@script
async def large_stream(call: Call):
    """A stream of so many MiB in events of 16 KiB."""
    await events(call, bodies.stream([bodies.words(16 * KIB)] * (int(call.argument) * 64)))


@script
async def vectors(call: Call):
    """The embeddings of 1,200 inputs in 3,072 dimensions: 37 MB and more, and nothing out of the ordinary."""
    data = bodies.vectors(1200, 3072)
    await whole(call, b'{"object":"list","data":%s,"model":"m","usage":{"prompt_tokens":1200,"total_tokens":1200}}' % data)


async def endless(call: Call, first: bytes, part: bytes, most: int = 2 * KIB * MIB):
    """Says one thing again and again; who doesn't stop it by then is told no more."""
    await call.say(first)
    sent = 0
    while sent < most:
        await call.say(part)
        sent += len(part)
    call.close = True


@script
async def endless_answer(call: Call):
    await endless(call, head(CHUNKED) + chunk(b'{"id":"chatcmpl-1","choices":[{"message":{"content":"'), chunk(b"a" * 64 * KIB))


@script
async def endless_answer_with_length(call: Call):
    await endless(call, head("content-length: 9999999999") + b'{"choices":[{"message":{"content":"', b"a" * 64 * KIB)


@script
async def endless_error(call: Call):
    await endless(call, head(CHUNKED, status="500 Internal Server Error") + chunk(b'{"error":{"message":"'), chunk(b"a" * 64 * KIB))


@script
async def endless_waiting(call: Call):
    """A stream of events of 1 MB, none of which is a token."""
    await endless(call, head(CHUNKED, kind=SSE), chunk(event({"id": "x", "choices": [], "padding": "a" * MIB})))


@script
async def endless_line(call: Call):
    await endless(call, head(CHUNKED, kind=SSE) + chunk(b"data: "), chunk(b"a" * 64 * KIB))


@script
async def endless_line_later(call: Call):
    await endless(call, head(CHUNKED, kind=SSE) + chunk(delta("A token. ")) + chunk(b"data: "), chunk(b"a" * 64 * KIB))


@script
async def endless_comments(call: Call):
    await endless(call, head(CHUNKED, kind=SSE), chunk(b": still here\n\n" * KIB))


@script
async def endless_head(call: Call):
    await endless(call, b"HTTP/1.1 200 OK\r\n", b"x-more: %s\r\n" % (b"a" * 8 * KIB))


@script
async def endless_stream(call: Call):
    """Tokens for ever, as fast as they are read."""
    await endless(call, head(CHUNKED, kind=SSE), chunk(delta("word " * 50) * 100))


# --- Breaks ---------------------------------------------------------------------------------------------------------


@script
async def steady(call: Call):
    """A token every 100 ms, for so many of them."""
    await events(call, bodies.stream(["word "] * int(call.argument)), pause=0.1)


@script
async def silent(call: Call):
    """A token, then nothing."""
    await events(call, [delta("word ")], end=False)
    await asyncio.sleep(FOREVER)


@script
async def mute(call: Call):
    """Nothing at all."""
    await asyncio.sleep(FOREVER)


@script
async def cut(call: Call):
    """A token, and the end of the stream without [DONE]."""
    await events(call, [delta("word "), delta("word ")], pause=0.05)


@script
async def told(call: Call):
    """A token, and an error event."""
    error = event({"error": {"message": "The server is overloaded.", "type": "server_error", "code": "overloaded"}})
    await events(call, [delta("word "), delta("word "), error], pause=0.05)


@script
async def broken(call: Call):
    """A token, and an RST."""
    await events(call, [delta("word "), delta("word ")], pause=0.05, end=False)
    call.reset()


# --- Lies and oddities ----------------------------------------------------------------------------------------------


@script
async def early(call: Call):
    """Answers before it has read the request, and then goes on reading or doesn't."""
    await whole(call, bodies.answer("early"))
    if call.argument == "reads":
        await call.read()
    else:
        call.close = True


@script
async def early_refusal(call: Call):
    """Refuses with the request unread, and closes."""
    await whole(call, b'{"error":{"message":"No.","type":"server_error"}}', "connection: close", status="500 Internal Server Error")
    call.close = True


@script
async def hints(call: Call):
    """So many interim answers, then one that is good."""
    await call.say(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * int(call.argument))
    await well(call)


@script
async def many_headers(call: Call):
    await whole(call, bodies.answer("Many headers."), *(f"x-header-{number}: {number}" for number in range(int(call.argument))))


@script
async def long_header(call: Call):
    await whole(call, bodies.answer("A long header."), "x-long: " + "a" * (int(call.argument) * KIB))


@script
async def too_short(call: Call):
    """Promises more bytes than come."""
    body = bodies.answer("Half of it.")
    await call.say(head(f"content-length: {len(body) + 100}"), body)
    call.close = True


@script
async def too_long(call: Call):
    """Sends more bytes than it promises."""
    body = bodies.answer("And more.")
    await call.say(head(f"content-length: {len(body)}"), body, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmore")
    call.close = True


@script
async def two_lengths(call: Call):
    body = bodies.answer("Which?")
    await whole(call, body, f"content-length: {len(body) - 1}")
    call.close = True


@script
async def length_and_chunked(call: Call):
    body = bodies.answer("Which?")
    await call.say(head("content-length: 5", CHUNKED), chunk(body), b"0\r\n\r\n")
    call.close = True


@script
async def bad_chunk(call: Call):
    await call.say(head(CHUNKED), b"ffffffffffffffffff\r\n", b"a" * 100)
    call.close = True


@script
async def zipped(call: Call):
    """An answer in gzip that nobody asked for."""
    await whole(call, gzip.compress(bodies.answer("Zipped. " * 1000)), "content-encoding: gzip")


@script
async def bomb(call: Call):
    """Some KB of gzip that are 100 MB."""
    await whole(call, gzip.compress(b"a" * 100 * MIB, 1), "content-encoding: gzip")


@script
async def page(call: Call):
    await whole(call, b"<html>" + b"a" * 100 * KIB, kind="text/html")


@script
async def garbage(call: Call):
    await call.say(bytes(range(256)) * 64)
    call.close = True


@script
async def deep(call: Call):
    """An answer nested two million deep."""
    await whole(call, b'{"choices":' + b"[" * 2 * MIB + b"]" * 2 * MIB + b"}")


@script
async def comments(call: Call):
    """So many comments before the first token, and as many before the last."""
    many = b": still here\n\n" * int(call.argument)
    first, *rest = bodies.stream(["one ", "two"])
    await events(call, [many + first, rest[0], many, *rest[1:]])


@script
async def byte_by_byte(call: Call):
    """A stream of which each byte comes alone."""
    parts = [bytes([byte]) for part in bodies.stream(["one ", "two ", "three"]) for byte in part]
    await call.say(head(CHUNKED, kind=SSE))
    for number, part in enumerate(parts):
        await call.say(chunk(part))
        # Now and then: a pause for each would be a pause of some milliseconds.
        if number % 16 == 0:
            await asyncio.sleep(0.001)
    await call.say(b"0\r\n\r\n")


@script
async def many_events(call: Call):
    """So many events of one letter, in large pieces."""
    count = int(call.argument)
    await events(call, [delta("a") * 1000] * (count // 1000) + [delta("", "stop"), DONE])


@script
async def odd_lines(call: Call):
    """A stream with a mark at its beginning and every kind of line end."""
    first, second, third = (delta(text).strip().decode() for text in ("one ", "two ", "three"))
    text = f"\ufeff: hello\r\n\r\n{first}\r\r{second}\r\n\r\nid: 7\nretry: 1\n{third}\n\n"
    await events(call, [text.encode() + delta("", "stop").replace(b"data: ", b"data:") + b"data:[DONE]\n\n"])


@script
async def after_the_end(call: Call):
    """A whole stream, and then more tokens and comments."""
    await events(call, [*bodies.stream(["all of it"]), delta("more "), b": and more\n\n" * 1000, delta("more "), DONE])


@script
async def trailers(call: Call):
    """An answer with so many trailers."""
    more = b"".join(b"x-trailer-%d: %s\r\n" % (number, b"a" * 100) for number in range(int(call.argument)))
    await call.say(head(CHUNKED, "trailer: x-trailer-0"), chunk(bodies.answer("With trailers.")), b"0\r\n" + more + b"\r\n")


@script
async def echo(call: Call):
    """A refusal with this status that says the key, as it came, in each of its members."""
    key = call.headers.get("authorization", call.headers.get("x-api-key", "")).removeprefix("bearer ")
    said = {"error": {"message": f"The key '{key}' may not.", "type": "invalid_request_error", "param": key, "code": key}}
    await whole(call, json.dumps(said).encode(), status=f"{call.argument} No")


@script
async def slow_answer(call: Call):
    """A good answer after so many milliseconds."""
    await asyncio.sleep(int(call.argument) / 1000)
    await well(call)
