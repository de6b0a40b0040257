"""A provider that answers with anything at any pace. A companion: over HTTP/1.1 on one port, over TLS and HTTP/2 on another.

What it does is a script (`scripts.py`, `scripts_http2.py`), which a request names in its own text, `script: NAME ARGUMENT `, or
the target's endpoint in its path, `/as/NAME/ARGUMENT/…`; a request that names none is answered well.
"""

import asyncio
import contextlib
import re
import socket
import ssl
import sys
from collections import Counter
from dataclasses import dataclass, field

from .companion import obey

NAMED = re.compile(rb"script: ([a-z0-9_]+) (?:([a-z0-9_.]+) )?")
NAMED_IN_PATH = re.compile(r"^/as/([a-z0-9_]+)/([a-z0-9_.]+)/")

# By script and argument: how often it was asked, and how often it got all out that it wanted to say.
ASKED: Counter = Counter()


@dataclass
class Call:
    """A request over HTTP/1.1, and the connection to answer on."""

    path: str
    headers: dict
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body: bytes = b""
    # The connection ends with this answer.
    close: bool = False
    argument: str = ""
    is_read: bool = False

    async def say(self, *parts: bytes):
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def read(self):
        """Reads the request's body."""
        if self.is_read:
            return
        self.is_read = True
        if "content-length" in self.headers:
            self.body = await self.reader.readexactly(int(self.headers["content-length"]))
        elif "chunked" in self.headers.get("transfer-encoding", ""):
            parts = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
            await self.reader.readuntil(b"\r\n")
            self.body = b"".join(parts)

    def reset(self):
        """Ends the connection with an RST."""
        link = self.writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()


def named(path: str, body: bytes) -> tuple[str, str]:
    """The script that a request names, and its argument."""
    if found := NAMED_IN_PATH.match(path):
        return found[1], found[2]
    if found := NAMED.search(body[-64 * 1024 :]) or NAMED.search(body[: 64 * 1024]):
        return found[1].decode(), (found[2] or b"").decode()
    return "well", ""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    from .scripts import SCRIPTS

    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            call = Call(lines[0].split(" ")[1], headers, reader, writer)
            if not NAMED_IN_PATH.match(call.path):
                await call.read()
            name, call.argument = named(call.path, call.body)
            ASKED[name] += 1
            await SCRIPTS[name](call)
            ASKED[f"{name} done"] += 1
            if call.close or not call.is_read:
                break
    with contextlib.suppress(ConnectionError):
        writer.close()


@dataclass
class Commands:
    ports: list = field(default_factory=list)

    async def where(self):
        return self.ports

    async def asked(self):
        return ASKED

    async def forget(self):
        ASKED.clear()


async def main(certificate: str):
    from .provider_http2 import serve_http2

    plain = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024 * 1024)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.set_alpn_protocols(["h2"])
    secret = await asyncio.start_server(serve_http2, "127.0.0.1", 0, ssl=tls)
    commands = Commands([one.sockets[0].getsockname()[1] for one in (plain, secret)])
    await obey({"where": commands.where, "asked": commands.asked, "forget": commands.forget})


if __name__ == "__main__":
    # By its full name: the scripts import it too.
    from hostile import provider

    asyncio.run(provider.main(sys.argv[1]))
