"""Every golden answer that we hand to a caller, judged by the types of the caller's own SDK and read by its client.

The client gets the bytes as from a server; what it makes of a stream must be whole, and an error must be its own.
"""

import json
import pathlib

import anthropic
import httpx2
import openai
import openai.types.chat
import openai.types.responses
import pytest

from harness.providers import accents
from shape import Shape

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
ASKED = [{"role": "user", "content": "Hi"}]

# Members that we document as ours, or that are of the API though this SDK does not know them.
OURS = {
    # Thoughts, and what seals them; `extra_content` is Google's own place for signatures.
    # OpenAI's streams tell annotations in a delta, where its SDK doesn't type them. Pictures are OpenRouter's `images`.
    "openai": {"reasoning_content", "reasoning_details", "extra_content", "annotations", "images"},
    "anthropic": set(),
    # OpenAI answers `store`, and pads the deltas of its streams; this SDK types neither.
    "responses": {"store", "obfuscation"},
}
REPLIES = {
    "openai": openai.types.chat.ChatCompletion,
    "anthropic": anthropic.types.Message,
    "responses": openai.types.responses.Response,
}
EVENTS = {
    "openai": openai.types.chat.ChatCompletionChunk,
    "anthropic": anthropic.types.RawMessageStreamEvent,
    "responses": openai.types.responses.ResponseStreamEvent,
}

# What a provider of the caller's own dialect says goes on as it is, also if it isn't what the SDK expects. These cases
# are about that, and the SDK's types must complain of each; its client must read them all the same.
SAID_BY_THE_PROVIDER = {
    "reply/anthropic/tool-input-null": "an input of null",
    "reply/anthropic/unknown-stop-reason": "a stop reason of tomorrow",
    "reply/openai/compatible-bare": "a compatible server leaves members out",
    "reply/openai/compatible-groq-usage": "Groq's x_groq",
    "reply/openai/reasoning-deepseek": "DeepSeek's counts of cached tokens",
    "reply/openai/reasoning-mistral": "Mistral's thoughts are parts of the content",
    "reply/openai/reasoning-openrouter": "OpenRouter's name for thoughts",
    "reply/openai/text-unicode": "numbers written otherwise",
    "reply/openai/unknown-finish-reason": "a finish reason of tomorrow",
    "reply/openrouter/speech-without-words": "a server that says nothing of what was spoken",
    "reply/groq/reasoning": "Groq's own service tier",
    "stream/azure_openai/filtered-answer": "Azure's first chunk has no object",
    "stream/azure_openai/asynchronous-filter": "Azure's results of filters, with no delta",
    "stream/azure_openai/filtered-in-the-middle": "Azure's first chunk has no object",
    "stream/azure_openai/text": "Azure's first chunk has no object",
    "stream/azure_openai/tool-calls": "Azure's first chunk has no object",
    "stream/anthropic/crlf-and-unknown-events": "an event of tomorrow",
    "stream/openai/azure-filter-results-first": "Azure's first chunk has no object",
    "stream/openai/compatible-groq-usage": "Groq's x_groq",
    "stream/openai/compatible-message-instead-of-delta": "a compatible server leaves members out",
    "stream/openai/framing-lines-in-data": "the case leaves members out",
    "stream/openai/reasoning-openrouter": "OpenRouter's name for thoughts",
    "stream/openai/text-unicode": "members left out",
    "stream/responses/built-in-tool": "a search that has no action yet",
    "stream/responses/unknown-events-and-garbage": "an event of tomorrow",
}

# What the SDK's helper for streams can't read to its end, and why; its events are read all the same.
UNREADABLE = {
    "stream/anthropic/free-form-call/openai.sse": "its helper knows streamed calls of functions only: openai/openai-openapi#576",
    "stream/openai/free-form-call/openai.sse": "the same",
    "stream/openrouter/words-and-pictures/openai.sse": "a native stream: its pictures have no index",
    "stream/openai/compatible-message-instead-of-delta/openai.sse": "a native stream: chunks without a delta go on as they are",
}


# An answer of nothing but a picture or sound is one for callers whose dialect has a place for it.
FAILS_FOR_SOME = ("stream/gemini/picture-alone", "stream/gemini/speech", "stream/openrouter/picture-alone")

# OpenAI streams calls of custom tools so, and the type of its SDK knows functions only: openai/openai-openapi#576.
UNTYPED = ("tool_calls[0].type: 'custom' is none of ('function',)", "tool_calls[0].custom: is unknown to ChoiceDeltaToolCall")


# Providers whose answers go on as they are to a caller of their dialect, with members of their own in them: OpenAI has none.
PASSED_ON = {"anthropic_vertex": "anthropic", "anthropic_bedrock": "anthropic"}
PASSED_ON |= dict.fromkeys(accents().keys() - {"openai"}, "openai")


def name_of(path) -> str:
    return path.relative_to(GOLDEN).as_posix()


def answers(kind: str, extension: str) -> list:
    return sorted(path for name in REPLIES for path in (GOLDEN / kind).glob(f"*/*/{name}.{extension}"))


def client(caller: str, body: bytes, media: str):
    """The caller's SDK, whose server answers with these bytes."""
    answer = httpx2.Response(200, headers={"content-type": media}, content=body)
    http = httpx2.Client(transport=httpx2.MockTransport(lambda request: answer))
    sdk = anthropic.Anthropic if caller == "anthropic" else openai.OpenAI
    return sdk(api_key="key", base_url="http://switchover.test", http_client=http, max_retries=0)


def problems(caller: str, kind, value) -> list:
    return Shape(kind, extra=OURS[caller]).problems(value)


def judge(path, found: list):
    group = path.parent.parent.name
    found = [one for one in found if not one.endswith(UNTYPED)]
    if PASSED_ON.get(group) == path.stem:
        found = [one for one in found if "is unknown to" not in one]
    if path.stem in (group, PASSED_ON.get(group)) and name_of(path.parent) in SAID_BY_THE_PROVIDER:
        assert found, "nothing is wrong with it any more: take it off the list"
    else:
        assert not found, "\n".join(found)


@pytest.mark.parametrize("path", answers("reply", "json"), ids=name_of)
def test_reply(path):
    caller = path.stem
    judge(path, problems(caller, REPLIES[caller], json.loads(path.read_bytes())))
    sdk = client(caller, path.read_bytes(), "application/json")
    if caller == "openai":
        assert sdk.chat.completions.create(model="m", messages=ASKED).choices[0].message
    elif caller == "anthropic":
        assert sdk.messages.create(model="m", max_tokens=9, messages=ASKED).content is not None
    else:
        assert sdk.responses.create(model="m", input="Hi").output_text is not None


def events(body: bytes) -> list:
    """The events of a stream: names (or None) and data."""
    found = []
    for event in body.decode().replace("\r\n", "\n").split("\n\n"):
        lines = [line.partition(":")[::2] for line in event.split("\n") if line and not line.startswith(":")]
        data = "\n".join(text.removeprefix(" ") for name, text in lines if name == "data")
        if data and data != "[DONE]":
            found.append((next((text.strip() for name, text in lines if name == "event"), None), json.loads(data)))
    return found


@pytest.mark.parametrize("path", answers("stream", "sse"), ids=name_of)
def test_stream(path):
    caller = path.stem
    body = path.read_bytes()
    found = []
    failed = False
    for name, event in events(body):
        if name == "error" or "error" in event and "choices" not in event:
            failed = True
            continue
        if event.get("type") == "ping":
            # The SDK drops it by its name, and has no type for it.
            continue
        assert not failed, "something comes after the error"
        assert name in (None, event.get("type")), (name, event)
        found += problems(caller, EVENTS[caller], event)
    judge(path, found)
    fails = (path.parent / "failure.json").exists()
    assert failed == fails or fails and name_of(path.parent) in FAILS_FOR_SOME
    if failed:
        with pytest.raises(anthropic.APIStatusError if caller == "anthropic" else openai.APIError):
            read(caller, body)
    elif name_of(path) in UNREADABLE:
        with pytest.raises((ValueError, TypeError, AttributeError, AssertionError, RuntimeError)):
            read(caller, body)
    else:
        read(caller, body)


def read(caller: str, body: bytes):
    """The whole of what the SDK reads from a stream."""
    sdk = client(caller, body, "text/event-stream")
    if caller == "openai":
        with sdk.chat.completions.stream(model="m", messages=ASKED) as stream:
            try:
                return stream.get_final_completion()
            except openai.LengthFinishReasonError as error:
                # Its helper takes a cut answer for an error, which has it.
                return error.completion
            except openai.ContentFilterFinishReasonError:
                return stream.current_completion_snapshot
    if caller == "anthropic":
        with sdk.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
            return stream.get_final_message()
    with sdk.responses.stream(model="m", input="Hi") as stream:
        # Its helper takes `response.incomplete` for no end.
        last = list(stream)[-1]
        assert last.type in ("response.completed", "response.incomplete", "response.failed"), last
        return last.response
