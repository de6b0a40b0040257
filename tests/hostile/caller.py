"""Callers who send any bytes at any pace: raw HTTP/1.1, and HTTP/2 by python-h2."""

import asyncio
import contextlib
import json
import time
import urllib.parse
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

# Nothing of a test may take longer.
PATIENCE = 60.0


@dataclass
class Answer:
    """What came back; `status` 0 if nothing did."""

    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    # Whether it came to its end, as HTTP knows it.
    is_whole: bool = False
    trailers: dict = field(default_factory=dict)
    seconds: float = 0.0

    def json(self):
        return json.loads(self.body)

    def error(self) -> dict:
        """The error in it, of OpenAI's or Anthropic's envelope."""
        return self.json()["error"]

    @property
    def target(self) -> str | None:
        return self.headers.get("x-switchover-target")

    @property
    def text(self) -> str:
        """The text of a whole chat or message."""
        told = self.json()
        return told["choices"][0]["message"]["content"] if "choices" in told else told["content"][0]["text"]

    def events(self) -> list:
        """The data of the events of a stream, parsed where it is JSON."""
        assert self.body.replace(b"\r\n", b"\n").endswith(b"\n\n") or not self.is_whole, self.body[-200:]
        data = [part[6:] for part in self.body.decode(errors="replace").split("\n") if part.startswith("data: ")]
        return [json.loads(one) if one.startswith("{") and one.endswith("}") else one for one in data]

    def said(self) -> str:
        """The text of a stream."""
        found = []
        for data in self.events():
            if isinstance(data, dict):
                found += [choice["delta"].get("content") or "" for choice in data.get("choices", [])]
                found.append(data["delta"].get("text", "") if data.get("type") == "content_block_delta" else "")
        return "".join(found)

    def ends_well(self) -> bool:
        """Whether a stream says that it is over."""
        last = self.events()[-1] if self.events() else None
        return last == "[DONE]" or (isinstance(last, dict) and last.get("type") == "message_stop")

    def ends_with_error(self) -> bool:
        """Whether the last word of a stream is an error."""
        last = self.events()[-1] if self.events() else None
        return isinstance(last, dict) and "error" in last

    def __str__(self) -> str:
        return f"{self.status} {self.headers.get('x-switchover-decision')} whole={self.is_whole} {self.body[:150]!r}…{self.body[-150:]!r}"


def place(url: str) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


def request(path: str, body: bytes, *lines: str, length: int | None = None, chunked: bool = False, method: str = "POST") -> bytes:
    """The bytes of a request; its length may be another than that of the body that follows at once."""
    sized = "transfer-encoding: chunked" if chunked else f"content-length: {len(body) if length is None else length}"
    head = [f"{method} {path} HTTP/1.1", "host: llm.internal", "content-type: application/json", sized, *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


@contextlib.asynccontextmanager
async def connected(url: str):
    """A connection to an Envoy, closed in the end."""
    reader, writer = await asyncio.open_connection(*place(url), limit=1024 * 1024)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class Silence(Exception):
    """Nothing comes after the end."""


# The last events of streams.
TERMINATORS = (b"data: [DONE]\n\n", b'"message_stop"}\n\n')


async def read_answer(reader: asyncio.StreamReader, pace: float = 0.0, until_terminator: bool = False) -> Answer:
    """Reads one answer, a little at a time if it has a pace (seconds for each 64 KiB), to its end or where it breaks; or to
    the terminator of a stream and what comes right after it."""
    answer, parts, began = Answer(), [], time.monotonic()

    async def exactly(size: int):
        while size:
            part = await reader.read(min(size, 64 * 1024))
            if not part:
                raise ConnectionError
            parts.append(part)
            size -= len(part)
            if pace:
                await asyncio.sleep(pace)

    async def next_line() -> bytes:
        if not (until_terminator and parts and parts[-1].endswith(TERMINATORS)):
            return await reader.readuntil(b"\r\n")
        try:
            return await asyncio.wait_for(reader.readuntil(b"\r\n"), 2)
        except TimeoutError:
            raise Silence from None

    try:
        while answer.status < 200:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            answer.status = int(lines[0].split(" ")[1])
        answer.headers = pairs(lines[1:])
        if "content-length" in answer.headers:
            await exactly(int(answer.headers["content-length"]))
        elif answer.headers.get("transfer-encoding") == "chunked":
            while size := int(await next_line(), 16):
                await exactly(size)
                await reader.readexactly(2)
            answer.trailers = pairs((await reader.readuntil(b"\r\n")).decode("latin-1").split("\r\n"))
        answer.is_whole = True
    except (ConnectionError, asyncio.IncompleteReadError, Silence):
        pass
    answer.body, answer.seconds = b"".join(parts), time.monotonic() - began
    return answer


def pairs(lines: list[str]) -> dict:
    return dict((line.split(":", 1)[0].lower(), line.split(":", 1)[1].strip()) for line in lines if ":" in line)


async def ask(url: str, path: str, body: bytes | dict, *lines: str, **more) -> Answer:
    """One request on a connection of its own, and its answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        return await converse(reader, writer, request(path, data, *lines, **more))


async def converse(reader, writer, *parts: bytes, **reading) -> Answer:
    """Sends these bytes while it reads the answer: it may come before all is sent."""

    async def send():
        with contextlib.suppress(ConnectionError):
            for part in parts:
                for start in range(0, len(part), 256 * 1024):
                    writer.write(part[start : start + 256 * 1024])
                    await writer.drain()

    sending = asyncio.create_task(send())
    try:
        return await read_answer(reader, **reading)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


class Http2:
    """A caller's HTTP/2 connection, without TLS."""

    def __init__(self, reader, writer, window: int = 2**30, checked: bool = True):
        self.reader, self.writer = reader, writer
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="latin-1", validate_outbound_headers=checked, normalize_outbound_headers=checked
        )  # fmt: skip
        self.frames = h2.connection.H2Connection(config)
        self.frames.initiate_connection()
        self.window = window
        self.frames.update_settings({0x4: min(window, 2**31 - 1)})
        if window > 65535:
            self.frames.increment_flow_control_window(window)
        self.answers: dict[int, Answer] = {}

    async def flush(self):
        self.writer.write(self.frames.data_to_send())
        await self.writer.drain()

    async def begin(self, path: str, *more, end: bool = False, method: str = "POST") -> int:
        number = self.frames.get_next_available_stream_id()
        head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "llm.internal")]
        self.frames.send_headers(number, [*head, ("content-type", "application/json"), *more], end_stream=end)
        await self.flush()
        self.answers[number] = Answer(body=bytearray())
        return number

    async def say(self, number: int, data: bytes, end: bool = False):
        """Says some of the body, as fast as Envoy lets."""
        sent = 0
        while sent < len(data):
            room = min(self.frames.local_flow_control_window(number), self.frames.max_outbound_frame_size)
            if room <= 0:
                if not await self.hear():
                    raise ConnectionError("closed while a body was sent")
                continue
            part = data[sent : sent + room]
            sent += len(part)
            self.frames.send_data(number, part, end_stream=end and sent == len(data))
            await self.flush()

    async def hear(self) -> bool:
        """Reads what has come; False when the connection is closed."""
        data = await self.reader.read(256 * 1024)
        if not data:
            return False
        for event in self.frames.receive_data(data):
            answer = self.answers.get(getattr(event, "stream_id", None))
            match event:
                case h2.events.ResponseReceived():
                    answer.headers = dict(event.headers)
                    answer.status = int(answer.headers[":status"])
                case h2.events.DataReceived():
                    answer.body += event.data
                    self.frames.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.TrailersReceived():
                    answer.trailers = dict(event.headers)
                case h2.events.StreamEnded():
                    answer.is_whole = True
                case h2.events.StreamReset():
                    answer.seconds = -1.0
                case h2.events.ConnectionTerminated():
                    return False
        await self.flush()
        return True

    async def ask(self, path: str, body: bytes | dict, *more) -> Answer:
        number = await self.begin(path, *more)
        await self.say(number, body if isinstance(body, bytes) else json.dumps(body).encode(), end=True)
        return await self.answer(number)

    async def answer(self, number: int) -> Answer:
        """Waits for the answer, to its end or where it breaks."""
        answer = self.answers[number]
        while not answer.is_whole and answer.seconds == 0.0 and await self.hear():
            pass
        return answer


@contextlib.asynccontextmanager
async def http2(url: str, **more):
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        connection = Http2(reader, writer, **more)
        with contextlib.suppress(ConnectionError):
            yield connection
