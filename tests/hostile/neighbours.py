"""The healthy traffic beside the attacks: chats, streams and lists of models, from callers of their own, without a pause for long.

A companion: `visit` sends its callers to an Envoy, `settle` waits until each has seen a request through that began after it,
`take` tells what became of those that ended since, `rest` lets them wait.
"""

import asyncio
import dataclasses
import json
import sys
import time

import httpx

from harness.load import judge_chat, judge_stream

from .companion import obey

# A request that has no answer by then has none. Far more than half a second: machines that test are shared.
PATIENCE = 15.0
PAUSE = 0.05
# Callers of each kind, each with a connection of its own: both workers have some.
CALLERS = {"chat": 3, "stream": 4, "models": 3}


@dataclasses.dataclass
class Seen:
    """One request, as its caller saw it."""

    kind: str
    group: str
    # Why it is not what it must be; empty if it is.
    wrong: str
    # Seconds: how long it waited for its answer, or in a stream the longest for a piece of it.
    wait: float


class Traffic:
    def __init__(self, says: dict):
        # The letter that each target says, and the groups whose only targets they are.
        self.says = says
        self.url = None
        self.gate = asyncio.Event()
        self.seen: list[Seen] = []
        kinds = [kind for kind, count in CALLERS.items() for _ in range(count)]
        self.begun = [0] * len(kinds)
        self.ended = [0] * len(kinds)
        self.callers = [asyncio.create_task(self.call(number, kind)) for number, kind in enumerate(kinds)]

    async def call(self, number: int, kind: str):
        turn = number
        while True:
            await self.gate.wait()
            url = self.url
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
                while self.gate.is_set() and self.url == url:
                    turn += 1
                    group = list(self.says)[turn % len(self.says)]
                    self.begun[number] += 1
                    wrong, wait = await self.one(client, url, kind, group)
                    self.seen.append(Seen(kind, group, wrong, wait))
                    self.ended[number] = self.begun[number]
                    await asyncio.sleep(PAUSE)

    async def one(self, client, url: str, kind: str, group: str) -> tuple[str, float]:
        began, status, target, received, error, wait = time.monotonic(), 0, None, [], None, 0.0
        body = {"model": group, "messages": [{"role": "user", "content": "Hello"}], "stream": kind == "stream"}
        words = ("GET", url + "/v1/models") if kind == "models" else ("POST", url + "/v1/chat/completions")
        try:
            async with client.stream(*words, json=None if kind == "models" else body) as answer:
                status, target = answer.status_code, answer.headers.get("x-switchover-target")
                async for part in answer.aiter_raw():
                    received.append(part)
                    wait, began = max(wait, time.monotonic() - began), time.monotonic()
        except httpx.HTTPError as broken:
            error = broken
        wait = max(wait, time.monotonic() - began)
        text = b"".join(received).decode(errors="replace")
        if kind == "models":
            return ("" if status == 200 and '"object":"list"' in text.replace(" ", "") else f"{status} {text[:200]} {error!r}"), wait
        judge = judge_stream if kind == "stream" else judge_chat
        end, why = judge(status, text, error, self.says, target)
        return ("" if end == "whole" else f"{end}: {why}; {status} …{text[-200:]} {error!r}"), wait

    async def visit(self, url: str):
        self.url = url
        self.gate.set()
        return await self.settle()

    async def settle(self):
        before = list(self.begun)
        end = time.monotonic() + 4 * PATIENCE
        while any(ended <= begun for ended, begun in zip(self.ended, before)) and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return [number for number, (ended, begun) in enumerate(zip(self.ended, before)) if ended <= begun]

    async def take(self):
        taken, self.seen = self.seen, []
        return [dataclasses.asdict(one) for one in taken]

    async def rest(self):
        self.gate.clear()
        while any(ended < begun for ended, begun in zip(self.ended, self.begun)):
            await asyncio.sleep(0.01)


async def main():
    traffic = Traffic(json.loads(sys.argv[1]))
    await obey({name: getattr(traffic, name) for name in ("visit", "settle", "take", "rest")})


if __name__ == "__main__":
    asyncio.run(main())
