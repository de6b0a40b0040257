"""Where attacks happen: an Envoy with two workers, the hostile provider and good ones behind it, and neighbours who call all the while."""

import asyncio
import contextlib
import datetime
import ipaddress
import json
import pathlib
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.gateway import Gateway
from harness.load import LETTERS, saying
from harness.standin import Standin

from . import caller
from .caller import Answer
from .companion import Companion
from .neighbours import Seen
from .places import MIB, PLACES, STANDINS, WORKERS, described, quiet, trusting

# What an Envoy logs when a VM or itself broke.
BROKEN = re.compile(r"panicked at|memory allocation of|Function: proxy_\w+ failed|Caught Segmentation|RefCell|Proxy-Wasm .*fail")
VMS = r"wasm\.envoy\.wasm\.runtime\.v8\.(created|active)$"


def certificate(folder: pathlib.Path) -> pathlib.Path:
    """A certificate for localhost, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
    made = made.add_extension(names, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
    signed = made.sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    path = folder / "localhost.pem"
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return path


class World:
    """What is behind and beside every Envoy: providers and neighbours, each a process of its own."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.certificate = certificate(folder)
        # The neighbours' are a process of their own: what is attacked through the others must not keep them waiting.
        processes = [Standin(folder / f"standin-{names[0]}.log", *names) for names in (STANDINS[:2], STANDINS[2:])]
        self.processes = processes
        self.standins = processes[0].providers | processes[1].providers
        self.provider = Companion("provider", folder / "provider.log", self.certificate)
        self.ports = self.provider.ask("where")
        # Their letters, as `harness.load` judges them.
        self.says = dict(zip(("good", "claude"), LETTERS))
        for name, letter in self.says.items():
            self.standins[name].behave(saying(letter) | {"slow_ms": 5})
        self.neighbours = Companion("neighbours", folder / "neighbours.log", json.dumps(self.says))
        self.arenas: dict[tuple, Arena] = {}

    def arena(self, binary: pathlib.Path, place: str) -> "Arena":
        """The Envoy of this place; one that was hurt is replaced. Only one runs at a time."""
        known = self.arenas.get((binary, place))
        if known and known.gateway.alive() and not known.spoilt:
            return known
        for other in self.arenas.values():
            other.stop()
        self.arenas = {(binary, place): Arena(self, binary, place)}
        return self.arenas[binary, place]

    def stop(self):
        for arena in self.arenas.values():
            arena.stop()
        self.neighbours.stop()
        self.provider.stop()
        for one in self.processes:
            one.stop()


@dataclass
class Verdict:
    """What became of an attack."""

    # Promises that broke, in words.
    broken: list[str]
    neighbours: list[Seen]


class Arena:
    """One Envoy, and what attacks need to call it and to look at it."""

    def __init__(self, world: World, binary: pathlib.Path, place: str):
        self.world, self.name, self.place = world, place, PLACES[place]
        count = sum(1 for _ in world.folder.glob("arena-*"))
        folder = world.folder / f"arena-{count}-{place}"
        folder.mkdir()
        document = described(self.place, world.standins, *world.ports)
        trust = trusting(str(world.certificate))

        def edit(bootstrap: dict):
            for one in (trust, quiet, *self.place.edits):
                one(bootstrap)

        self.gateway = Gateway(binary, folder, document, edit, concurrency=WORKERS)
        self.url = self.gateway.url()
        self.log = self.gateway.process.log
        self.visited()
        self.base = self.memory()
        self.vms = self.count_vms()
        self.read = self.log.stat().st_size
        # What it was after an attack is nothing to begin another one with.
        self.spoilt = False

    def visited(self):
        self.world.neighbours.ask("visit", url=self.url)
        self.world.neighbours.ask("take")

    def stop(self):
        self.world.neighbours.ask("rest")
        self.gateway.stop()

    # --- What an attack does ------------------------------------------------------------------------------------------

    async def ask(self, path: str, body, *lines: str, **more) -> Answer:
        return await caller.ask(self.url, path, body, *lines, **more)

    async def chat(self, body, *lines: str, **more) -> Answer:
        return await self.ask("/v1/chat/completions", body, *lines, **more)

    async def messages(self, body: dict, *lines: str, **more) -> Answer:
        return await self.ask("/v1/messages", body | {"max_tokens": 100}, *lines, **more)

    async def asked(self, name: str) -> int:
        """How often the hostile provider was asked to do this."""
        return (await asyncio.to_thread(self.world.provider.ask, "asked")).get(name, 0)

    # --- What is looked at --------------------------------------------------------------------------------------------

    def status(self, which: str) -> int:
        """A figure of the process's memory, in bytes."""
        text = pathlib.Path(f"/proc/{self.gateway.process.popen.pid}/status").read_text()
        return int(re.search(rf"{which}:\s+(\d+) kB", text)[1]) * 1024

    def memory(self) -> int:
        return self.status("VmRSS")

    def peak(self) -> int:
        """The most memory since the attack began."""
        return self.status("VmHWM")

    def promised(self) -> int:
        """What its memory may come to: what it had before any attack, and what the file allows each worker's VM."""
        return self.base + WORKERS * self.place.memory

    def count_vms(self) -> dict:
        return self.gateway.stats(VMS)

    def logged(self) -> list[str]:
        """What the log says of VMs that broke, since the last time."""
        with self.log.open("rb") as file:
            file.seek(self.read)
            text = file.read().decode(errors="replace")
            self.read = file.tell()
        return [line[:400] for line in text.splitlines() if BROKEN.search(line)]

    # --- An attack, from its beginning to its verdict -----------------------------------------------------------------

    def begin(self):
        """What is counted begins at nothing."""
        self.world.neighbours.ask("take")
        with contextlib.suppress(OSError):
            pathlib.Path(f"/proc/{self.gateway.process.popen.pid}/clear_refs").write_text("5")
        self.vms = self.count_vms()
        self.logged()

    def judge(self, attack) -> Verdict:
        """Lets the attack happen, and says what it broke."""
        self.begin()
        broken = []
        try:
            asyncio.run(attack(self))
        except Exception as wrong:  # whatever went wrong is told together with what the neighbours saw
            broken.append(f"the attack itself: {type(wrong).__name__}: {str(wrong)[:1500]}")
        return self.verdict(broken)

    def verdict(self, broken: list[str]) -> Verdict:
        waiting = self.world.neighbours.ask("settle")
        seen = [Seen(**one) for one in self.world.neighbours.ask("take")]
        if not self.gateway.alive():
            broken.append(f"Envoy ended: {self.gateway.process.popen.returncode}")
        broken += [f"Envoy logged: {line}" for line in self.logged()[:3]]
        if self.gateway.alive():
            if (now := self.count_vms()) != self.vms:
                broken.append(f"VMs: {self.vms} became {now}")
            if self.peak() > self.promised():
                broken.append(f"memory: {self.peak() // MIB} MiB of {self.promised() // MIB} MiB that the file allows")
        self.spoilt = bool(broken)
        if waiting:
            broken.append(f"{len(waiting)} neighbours get no answer any more")
        wrong = [one for one in seen if one.wrong]
        if wrong:
            broken.append(f"{len(wrong)} of {len(seen)} of the neighbours' requests, such as {wrong[0]}")
        if not seen:
            broken.append("no neighbour was there to be disturbed")
        return Verdict(broken, seen)
