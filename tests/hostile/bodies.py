"""Large and odd bodies, each made once. What a hostile provider sends and what its caller must get are made by the same words."""

import functools
import hashlib
import json

KIB = 1024
MIB = 1024 * 1024
MESSAGE = {"role": "user", "content": "hello"}


def chat(text: str, model: str, **more) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def script(name: str, model: str, **more) -> dict:
    """A chat that tells the hostile provider what to do."""
    return chat(f"script: {name} ", model, **more)


def words(size: int) -> str:
    """A text of so many bytes, no two KiB of it alike."""
    return _words(-(-size // KIB))[:size]


FILLING = " the quick brown fox jumps over the lazy dog" * 24


@functools.lru_cache(maxsize=4)
def _words(lines: int) -> str:
    return "".join(f"{line:08d}{FILLING[: KIB - 8]}" for line in range(lines))


def digest(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@functools.lru_cache(maxsize=2)
def vectors(count: int, dimensions: int) -> bytes:
    """The `data` of an embeddings answer, as JSON; each vector begins with its own number."""
    rest = ",".join(f"{place % 9999 / 10000 - 0.5:.7f}" for place in range(dimensions - 1)).encode()
    return b"[" + b",".join(b'{"object":"embedding","index":%d,"embedding":[%d.5,%s]}' % (at, at, rest) for at in range(count)) + b"]"


def answer(text: str) -> bytes:
    """A whole chat answer of OpenAI's."""
    told = {"role": "assistant", "content": text}
    chosen = {"index": 0, "message": told, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [chosen], "usage": usage}
    return json.dumps(whole).encode()


def message(text: str) -> bytes:
    """A whole answer of Anthropic's."""
    whole = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    return json.dumps(whole).encode()


def event(data, name: str | None = None) -> bytes:
    """An event of a stream."""
    written = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {written}\n\n".encode()


def delta(text: str, finish: str | None = None) -> bytes:
    """An event of OpenAI's with some text."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


# OpenAI's end of a stream.
DONE = b"data: [DONE]\n\n"


def stream(texts: list[str]) -> list[bytes]:
    """The events of a whole stream of OpenAI's."""
    return [*(delta(text) for text in texts), delta("", "stop"), DONE]


def messages_stream(texts: list[str]) -> list[bytes]:
    """The events of a whole stream of Anthropic's."""
    begun = json.loads(message("")) | {"content": [], "stop_reason": None}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}} for text in texts]
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}}
    parts = [{"type": "message_start", "message": begun}, block, *deltas, {"type": "content_block_stop", "index": 0}, ended]
    return [event(part, part["type"]) for part in [*parts, {"type": "message_stop"}]]


def padded(size: int, model: str, **more) -> bytes:
    """A chat request of exactly so many bytes."""
    empty = json.dumps(chat("", model, **more)).encode()
    return json.dumps(chat(words(size - len(empty)), model, **more)).encode()


@functools.lru_cache(maxsize=2)
def tiny_messages(size: int, model: str) -> bytes:
    """A chat of at least `size` bytes in messages that are as small as can be: what grows most when it is translated."""
    one = b'{"role":"user","content":"a"},{"role":"assistant","content":"b"}'
    count = size // (len(one) + 1) + 1
    return b'{"model":"%s","messages":[%s,{"role":"user","content":"c"}]}' % (model.encode(), b",".join([one] * count))


@functools.lru_cache(maxsize=2)
def tiny_inputs(count: int, model: str) -> bytes:
    """An embeddings request of so many inputs of one letter."""
    return b'{"model":"%s","input":[%s]}' % (model.encode(), b",".join([b'"a"'] * count))
