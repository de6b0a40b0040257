"""Many large requests that end at one moment: each is answered whole or told to come again, and nobody else is hurt."""

import concurrent.futures
import json
import socket
import time

import pytest

from harness.document import document, target

pytestmark = pytest.mark.floor("deep")

MB = 1 << 20
COUNT = 24


def body(number: int) -> bytes:
    """Each another one, and of many values, which take a while: about 2 MB."""
    messages = [{"role": "user", "content": [{"type": "text", "text": f"{number} {place} " + "w" * 60}]} for place in range(12_000)]
    return json.dumps({"model": "production-llm", "messages": messages}, separators=(",", ":")).encode()


def began(envoy, body: bytes, chunked: bool) -> socket.socket:
    """A request of which one byte is missing."""
    host, port = envoy.url().removeprefix("http://").split(":")
    caller = socket.create_connection((host, int(port)), timeout=60)
    length = "transfer-encoding: chunked" if chunked else f"content-length: {len(body)}"
    caller.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{length}\r\n\r\n".encode())
    caller.sendall(b"%x\r\n%s\r\n1\r\n" % (len(body) - 1, body[:-1]) if chunked else body[:-1])
    return caller


def answered(caller: socket.socket) -> bytes:
    came = b""
    while not came.rstrip().endswith(b"}"):
        if not (piece := caller.recv(65536)):
            break
        came += piece
    return came


def text(message: dict) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


@pytest.mark.parametrize("last", [b"}", b"}\r\n0\r\n\r\n"], ids=["length", "chunked"])
def test_a_rush(cloud, gateway, last):
    """A few are worked on while all others have ended: those are too many. Which it is, is luck."""
    provider = cloud["anthropic-main"]
    envoy = gateway(document([target(provider, "anthropic")], listen={"memory": 1024 * MB}))
    bodies = [body(number) for number in range(COUNT)]
    callers = [began(envoy, one, chunked=len(last) > 1) for one in bodies]
    time.sleep(0.5)
    for caller in callers:
        caller.sendall(last)
    with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
        answers = list(pool.map(answered, callers))
    good = [number for number, answer in enumerate(answers) if answer.startswith(b"HTTP/1.1 200 ")]
    busy = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
    assert good and busy and len(good) + len(busy) == COUNT, [answer[:200] for answer in answers]
    for answer in busy:
        assert b'"code":"gateway_busy"' in answer and b"\r\nretry-after: 1\r\n" in answer, answer
    came = sorted("".join(text(one) for one in request["json"]["messages"]) for request in provider.log())
    assert came == sorted("".join(text(one) for one in json.loads(bodies[number])["messages"]) for number in good)
    # It is over at once.
    assert envoy.chat("w" * 100_000).status_code == 200
    assert envoy.ejected() == set()
    for caller in callers:
        caller.close()
