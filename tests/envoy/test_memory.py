"""WebAssembly memory never shrinks: what large requests once took stays taken, so it must level off."""

import asyncio
import json
import pathlib
import re

import httpx
import pytest

from harness.document import document, target

MB = 1024 * 1024
PATH = "/v1/chat/completions"


def heaps(envoy) -> list[int]:
    """The bytes of each WebAssembly memory of an Envoy: V8 maps one for what is used, and guards the rest of its 4 GB and more."""
    out, before = [], None
    for line in pathlib.Path(f"/proc/{envoy.process.popen.pid}/maps").read_text().splitlines():
        start, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
        start, end = int(start, 16), int(end, 16)
        if rights == "---p" and end - start > 3 * 1024 * MB and before and before[1] == start and before[2] == "rw-p":
            out.append(before[1] - before[0])
        before = (start, end, rights)
    return out


def rss(envoy) -> int:
    status = pathlib.Path(f"/proc/{envoy.process.popen.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def chat(size: int, model: str, stream: bool = False) -> bytes:
    text = 'A line of "text" — as people write it.\n'
    turns = 8
    messages = [{"role": ("user", "assistant")[turn % 2], "content": text * (size // turns // len(json.dumps(text)))} for turn in range(turns)]
    return json.dumps({"model": model, "messages": messages[:-1], "stream": stream}).encode()


async def send(envoy, bodies: list[bytes], at_once: int, apart: float = 0.0):
    """Sends them, so many at once; with `apart`, each so many seconds after the one before."""
    gate = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=httpx.Limits(max_connections=None)) as client:

        async def one(number, body):
            await asyncio.sleep(number * apart)
            async with gate:
                for _ in range(5):
                    answer = await client.post(envoy.url() + PATH, content=body, headers={"content-type": "application/json"})
                    # Where four of the largest end between two ticks of a busy machine, one is told to come again, and does.
                    if answer.headers.get("retry-after") != "1":
                        break
                    assert answer.json()["error"]["code"] == "gateway_busy", answer.text
                    await asyncio.sleep(1)
                assert answer.status_code == 200, answer.text

        await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies)))


def heap(envoy) -> int:
    """The largest is that of the worker which takes requests."""
    found = heaps(envoy)
    assert found, "no WebAssembly memory is found in this process"
    return max(found)


@pytest.mark.parametrize("name, kind", [("anthropic-main", "anthropic"), pytest.param("openai-main", "openai", marks=pytest.mark.deep)])
def test_large_requests_do_not_add_up(cloud, gateway, name, kind):
    """However many come, and however many wait for their answer: what is kept is what the largest needs while it is translated."""
    envoy = gateway(document([target(cloud[name], kind)]))
    one, stream, large = chat(MB, "production-llm"), chat(MB, "production-llm", stream=True), chat(8 * MB, "production-llm")

    async def run():
        await send(envoy, [one, stream] * 4, at_once=8)
        first, first_rss = heap(envoy), rss(envoy)
        # What came of eight that arrive at once, one and its translation, no tree, no second copy; and less than 2 MB is the
        # configuration's.
        assert first <= 12 * MB, first / MB
        for _ in range(5):
            await send(envoy, [one, stream] * 12, at_once=1)
            await send(envoy, [one, stream] * 8, at_once=8)
            # The stand-in keeps what it received.
            cloud[name].reset()
        # Their answers are long in coming: none waits in the VM for its own.
        cloud[name].behave(delay_ms=3000)
        await send(envoy, [one, stream] * 20, at_once=40, apart=0.05)
        assert heap(envoy) <= first + 3 * MB, (first / MB, heap(envoy) / MB)
        assert rss(envoy) <= first_rss + 96 * MB, "Envoy's own buffers of 40 requests, and no more"
        cloud[name].reset()
        await send(envoy, [large] * 4, at_once=4)
        settled = heap(envoy)
        # The pieces of four as they came, and for a moment the whole of one beside them, its outline and its translation.
        assert settled <= 56 * MB, settled / MB
        await send(envoy, [large] * 8, at_once=4)
        assert heap(envoy) <= settled + 9 * MB, (settled / MB, heap(envoy) / MB)

    try:
        asyncio.run(run())
    finally:
        cloud[name].reset()


def test_the_next_target_gets_what_the_first_did(cloud, gateway):
    """An attempt takes the request out of the VM; the next one reads it from Envoy again."""
    first, second = cloud["anthropic-main"], cloud["openai-main"]
    envoy = gateway(document([target(first, "anthropic"), target(second)]))
    text = 'Every word of it, and "quotes" — too. ' * 1000
    first.behave(status=503)
    answer = envoy.chat(text, temperature=0.5)
    first.reset()
    assert answer.headers["x-switchover-target"] == second.name
    assert second.received()["json"] == {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": text}], "temperature": 0.5}
