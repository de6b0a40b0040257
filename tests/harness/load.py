"""Many requests at once, and what became of each: whole, broken off after its first token, or failed.

Each provider speaks one letter of its own, so that an answer, however early it ends, tells who spoke.
"""

import asyncio
import json
import time
from dataclasses import dataclass

import httpx

from .standin import Provider

LETTERS = "ABCDEF"
# Words of an answer; each letter is a word.
WORDS = 40


@dataclass
class Outcome:
    """One request, judged by what its caller saw."""

    kind: str
    # whole, error_event, reset, or failed.
    end: str
    # Why a failed one counts as failed.
    why: str
    target: str | None
    attempts: int
    seconds: float
    # The last of what the caller received, for who reads a report.
    seen: str = ""
    request_id: str = ""


def letters(providers: list[Provider]) -> dict:
    """The letter of each provider's answers, by name."""
    return {provider.name: letter for provider, letter in zip(providers, LETTERS)}


def saying(letter: str) -> dict:
    """The behaviour of a provider that says its letter, in a stream event by event."""
    return {"text": " ".join([letter] * WORDS)}


async def ask(client: httpx.AsyncClient, url: str, model: str, stream: bool, says: dict) -> Outcome:
    """Sends one chat or stream and judges it."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]} | ({"stream": True} if stream else {})
    began, received, status, headers, error = time.monotonic(), b"", 0, httpx.Headers(), None
    try:
        async with client.stream("POST", url + "/v1/chat/completions", json=body) as answer:
            status, headers = answer.status_code, answer.headers
            async for part in answer.aiter_raw():
                received += part
    except httpx.HTTPError as broken:
        error = broken
    text = received.decode(errors="replace")
    target = headers.get("x-switchover-target")
    end, why = (judge_stream if stream else judge_chat)(status, text, error, says, target)
    attempts = headers.get("x-switchover-attempts", "0")
    return Outcome(
        "stream" if stream else "chat", end, why, target, int(attempts), time.monotonic() - began,
        f"{status} {text[-300:]} {error!r}", headers.get("x-request-id", ""),
    )  # fmt: skip


def judge_chat(status: int, text: str, error, says: dict, target: str | None) -> tuple[str, str]:
    """A chat is whole or failed."""
    if error or status != 200:
        return "failed", f"status {status}" if status else f"no answer: {error!r}"
    try:
        content = json.loads(text)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError) as wrong:
        return "failed", f"no chat: {wrong!r}"
    return voice(content, says, target, whole=True) or ("whole", "")


def judge_stream(status: int, text: str, error, says: dict, target: str | None) -> tuple[str, str]:
    """A stream is whole, ends with an error event or a reset after its first token, or failed."""
    if status != 200:
        return "failed", f"status {status}" if status else f"no answer: {error!r}"
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if error and not text.endswith("\n"):
        # A reset may cut a line anywhere.
        lines.pop()
    if foreign := [line for line in lines if line and not line.startswith(("data: ", "event: ", ": "))]:
        return "failed", f"what is no event: {foreign[0]!r}"
    data = [line[6:] for line in lines if line.startswith("data: ")]
    done = bool(data) and data[-1] == "[DONE]"
    events = [parsed(one) for one in (data[:-1] if done else data)]
    if None in events:
        return "failed", "an event that is no JSON object"
    # Azure's first chunk, of its filters, has an empty one.
    if len({event["id"] for event in events if event.get("id")}) > 1:
        return "failed", "chunks of two answers"
    content = "".join(choice["delta"].get("content") or "" for event in events for choice in event.get("choices", []))
    told = [place for place, event in enumerate(events) if "error" in event]
    if not content:
        return "failed", f"no token, {'an error event' if told else repr(error)}"
    whole = done and not told
    if wrong := voice(content, says, target, whole):
        return wrong
    if told:
        return ("error_event", "") if told == [len(events) - 1] and not done else ("failed", "something after an error event")
    if error:
        return "reset", ""
    return ("whole", "") if whole else ("failed", "a stream that ends without [DONE], an error event or a reset")


def voice(content: str, says: dict, target: str | None, whole: bool) -> tuple[str, str] | None:
    """What is wrong with who speaks: two providers, not the one named, half of an answer as if it were whole, or words lost."""
    heard = {letter for letter in content if letter in says.values()}
    if len(heard) != 1:
        return "failed", f"an answer of {len(heard)} providers"
    if heard != {says.get(target)}:
        return "failed", f"{target} is named and another spoke"
    all_of_it = " ".join([says[target]] * WORDS)
    if whole and content != all_of_it:
        return "failed", "words are missing, as if it were whole"
    if not all_of_it.startswith(content):
        return "failed", "words are missing in the middle"
    return None


def parsed(line: str):
    """An event's data, if it is a JSON object."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


async def load_for(client: httpx.AsyncClient, url: str, model: str, says: dict, seconds: float, at_once: int) -> list[Outcome]:
    """Keeps so many callers busy, chats and streams in turn, and waits for the last of them."""
    until, outcomes = time.monotonic() + seconds, []

    async def caller(number: int):
        while True:
            outcomes.append(await ask(client, url, model, number % 2 == 1, says))
            number += 1
            if time.monotonic() >= until:
                return

    await asyncio.gather(*(caller(number) for number in range(at_once)))
    return outcomes
