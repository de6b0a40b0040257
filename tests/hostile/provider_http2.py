"""The hostile provider over HTTP/2: the frames are python-h2's, what is said in them a script's."""

import asyncio
import contextlib

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .provider import ASKED, named

# What a stream may do when its connection is gone.
GONE = (ConnectionError, h2.exceptions.ProtocolError, KeyError)


class Stream:
    """One request and its answer."""

    def __init__(self, connection, number: int, path: str):
        self.connection, self.number, self.path = connection, number, path
        self.body, self.argument = bytearray(), ""

    @property
    def frames(self):
        return self.connection.frames

    async def head(self, *more, status: int = 200, kind: str = "application/json", end: bool = False):
        self.frames.send_headers(self.number, [(":status", str(status)), ("content-type", kind), *more], end_stream=end)
        await self.connection.flush()

    async def say(self, data: bytes, end: bool = False):
        """Says it as fast as the other side lets."""
        sent = 0
        while sent < len(data):
            room = min(self.frames.local_flow_control_window(self.number), self.frames.max_outbound_frame_size)
            if room <= 0:
                await self.connection.more_room()
                continue
            part = data[sent : sent + room]
            sent += len(part)
            self.frames.send_data(self.number, part, end_stream=end and sent == len(data))
            await self.connection.flush()

    async def trailers(self, *more):
        self.frames.send_headers(self.number, list(more) or [("x-trailer", "1")], end_stream=True)
        await self.connection.flush()

    async def reset(self, code=h2.errors.ErrorCodes.INTERNAL_ERROR):
        self.frames.reset_stream(self.number, code)
        await self.connection.flush()


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer
        config = h2.config.H2Configuration(client_side=False, header_encoding="latin-1", validate_outbound_headers=False)
        self.frames = h2.connection.H2Connection(config)
        self.room = asyncio.Event()
        self.streams, self.tasks = {}, set()

    async def flush(self):
        if data := self.frames.data_to_send():
            self.writer.write(data)
            await self.writer.drain()

    async def more_room(self):
        self.room.clear()
        await self.room.wait()

    async def answer(self, stream: Stream):
        from .scripts_http2 import SCRIPTS

        name, stream.argument = named(stream.path, stream.body)
        ASKED[f"http2 {name}"] += 1
        with contextlib.suppress(*GONE):
            await SCRIPTS[name](stream)

    def met(self, event):
        match event:
            case h2.events.RequestReceived():
                path = dict(event.headers)[":path"]
                self.streams[event.stream_id] = Stream(self, event.stream_id, path)
            case h2.events.DataReceived():
                self.streams[event.stream_id].body += event.data
                self.frames.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                task = asyncio.create_task(self.answer(self.streams.pop(event.stream_id)))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged() | h2.events.StreamReset():
                self.room.set()

    async def run(self):
        self.frames.initiate_connection()
        await self.flush()
        while data := await self.reader.read(256 * 1024):
            for event in self.frames.receive_data(data):
                with contextlib.suppress(*GONE):
                    self.met(event)
            await self.flush()


async def serve_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    connection = Connection(reader, writer)
    with contextlib.suppress(*GONE):
        await connection.run()
    for task in connection.tasks:
        task.cancel()
    with contextlib.suppress(ConnectionError):
        writer.close()
