"""`switchover serve` and its Envoy, killed at each step of a change: the newest file is served again soon, and nothing is left behind.

A step is seen by the file that it writes. How long after that the kill comes is random, by a seed that is printed; SEED=… in the
environment plays the same again.
"""

import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import threading
import time

import httpx
import pytest

from harness.load import judge_chat, letters, saying
from harness.serve import Serve
from harness.standin import Standin

NAMES = ("first", "second", "third")
# What a change writes, in this order: new clusters, the document, once Envoy has those warm and the router's filter has it the
# translator's, the listener, and what it says about itself at the end.
WRITTEN = ("clusters.json", "router.json", "translator.json", "listeners.json", "status.json")
# When clusters go that nothing names any more: the file's `timeout` and five seconds later.
CONTRACT = "contract"
FILES = {"envoy.json", "admin.txt", "lock", *WRITTEN}
# The seconds until the newest file is served again: a pause, Envoy's start, another pause, and a busy machine.
BOUND = 60


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    standin = Standin(tmp_path_factory.mktemp("kills") / "standin.log", *NAMES)
    yield standin
    standin.stop()


@pytest.fixture
def providers(standin):
    says = letters(list(standin))
    for provider in standin:
        provider.reset()
        provider.behave(saying(says[provider.name]))
    return standin.providers


@pytest.fixture
def chance():
    seed = int(os.environ.get("SEED") or time.time())
    print(f"SEED={seed}")
    return random.Random(seed)


class Scene:
    """A folder with a file that changes, who serves it on addresses that stay, and callers all the time."""

    def __init__(self, folder: pathlib.Path, envoy: pathlib.Path, providers: dict):
        self.folder, self.envoy, self.providers = folder, envoy, providers
        self.places = [f"127.0.0.1:{port}" for port in free_ports(2)]
        self.number, self.starts = 0, 0
        for number in range(3):
            (folder / f"key-{number}").write_text("sk-one")
        (folder / "switchover.yaml").write_text(self.text())
        self.serve = None
        self.over, self.answered, self.wrong = threading.Event(), 0, []

    def text(self) -> str:
        """The file number so much: each step of a change has something to do."""
        number = self.number
        names = NAMES if number % 2 else NAMES[:2]
        at = {name: self.providers[name].url for name in NAMES}
        at["second"] = at["third" if number % 2 else "second"]
        lines = [f'  - {{id: {name}, provider: openai, endpoint: "{at[name]}/v1", model: m, credential: k}}' for name in names]
        order = ", ".join(f"{{id: {name}, priority: {place}}}" for place, name in enumerate(names))
        return "\n".join([
            "version: 1", f"listen: {{max_body_bytes: {1_000_000 + number}}}", "targets:", *lines,
            f"credentials: [{{id: k, secret_file: key-{number % 3}}}]", "model_groups:",
            f"  - {{name: g, aliases: [now-{number}], targets: [{order}], timeout: 1s, first_token_timeout: 1s}}",
            # What only one file has is let go of after the next.
            f"  - {{name: extra-{number}, targets: [{{id: first}}], timeout: 1s, first_token_timeout: 1s}}", "",
        ])  # fmt: skip

    def start(self, ready=True):
        """Serves; the log of the one before is put away."""
        log = self.folder / "serve.log"
        if log.exists():
            log.rename(self.folder / f"serve-{self.starts}.log")
        self.starts += 1
        listen, admin = self.places
        self.serve = Serve(self.folder, self.envoy, listen=listen, admin=admin, ready=ready)

    def change(self):
        """Another file, which is not waited for."""
        self.number += 1
        self.serve.write(self.text())

    def step(self, name: str, do=lambda: None):
        """Does something, and returns when a file was written anew after that."""
        place = self.serve.state / name
        before = inode(place)
        do()
        end = time.monotonic() + BOUND
        while inode(place) in (before, None):
            assert time.monotonic() < end, f"{name} was not written:\n{self.serve.process.tail()}"
            time.sleep(0.0005)

    def contract(self):
        """Changes the file, and returns when the clusters are written once more, without the ones that are let go of."""
        said = self.serve.log().count("serving revision")
        self.change()
        self.serve.wait_for("serving revision", times=said + 1)
        self.step("clusters.json")

    def kill(self):
        """Kills the one that serves, and not its Envoy."""
        self.serve.process.popen.kill()
        self.serve.process.popen.wait()

    def is_served(self) -> bool:
        body = {"model": f"now-{self.number}", "messages": [{"role": "user", "content": "Hello"}]}
        try:
            return httpx.post(f"http://{self.places[0]}/v1/chat/completions", json=body, timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def check(self):
        """The newest file is served soon, `--status` says so, and there is one Envoy."""
        wait, digest = self.serve.process.wait_until, hashlib.sha256(self.text().encode()).hexdigest()[:10]
        wait(self.is_served, BOUND)
        wait(lambda: self.serve.status()[0] == 0, 20)
        code, said = self.serve.status()
        assert code == 0 and f"-{digest} of" in said and self.serve.health()["revision"].endswith(digest), said
        wait(lambda: self.serve.envoys() == {self.serve.envoy_id()}, 20)

    def check_left(self, numbers: set):
        """In the folder is what there has to be, with the keys of these files."""
        copies = {f"k-{hashlib.sha256(f'file key-{number % 3}'.encode()).hexdigest()[:10]}" for number in numbers}
        there = FILES | {f"keys/{copy}.{end}" for copy in copies for end in ("key", "yaml")}
        try:
            self.serve.process.wait_until(lambda: self.serve.left() == there, 40)
        except TimeoutError:
            assert self.serve.left() == there, self.serve.status()

    def ask(self, says: dict):
        """A caller: what is no whole answer is wrong, but for a connection that isn't there while Envoy is not."""
        body = {"model": "g", "messages": [{"role": "user", "content": "Hello"}]}
        while not self.over.is_set():
            try:
                answer = httpx.post(f"http://{self.places[0]}/v1/chat/completions", json=body, timeout=BOUND)
            except httpx.TimeoutException as late:
                self.wrong.append((repr(late), "", {}))
                continue
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            self.answered += 1
            # Where a target is changes with the file: it may be any provider's letter, but only one's.
            target, letter = answer.headers.get("x-switchover-target"), next(iter(re.findall(r'"content": *"(\w)', answer.text)), "")
            end, why = judge_chat(answer.status_code, answer.text, None, {target: letter} if letter in says.values() else says, target)
            if end != "whole":
                self.wrong.append((why, answer.text[:300], dict(answer.headers)))
            time.sleep(0.01)


def free_ports(count: int) -> list:
    with contextlib.ExitStack() as all_:
        sockets = [all_.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def inode(path: pathlib.Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


@pytest.fixture
def scene(envoy_binary, tmp_path, providers):
    scene = Scene(tmp_path, envoy_binary, providers)
    says = letters(list(providers.values()))
    callers = [threading.Thread(target=scene.ask, args=(says,)) for _ in range(2)]
    for caller in callers:
        caller.start()
    yield scene
    scene.over.set()
    for caller in callers:
        caller.join()
    if scene.serve:
        scene.serve.stop()


def kill_envoy(scene: Scene, chance: random.Random, step: str):
    """Kills Envoy at a step of a change."""
    envoy = scene.serve.envoy_id()
    if step == CONTRACT:
        scene.contract()
    else:
        scene.step(step, scene.change)
    time.sleep(chance.choice((0, chance.uniform(0, 0.2))))
    os.kill(envoy, signal.SIGKILL)
    scene.serve.process.wait_until(lambda: envoy not in scene.serve.envoys(), 20)
    begun = time.monotonic()
    scene.check()
    print(f"Envoy killed at {step}: file {scene.number} is served after {time.monotonic() - begun:.1f} s")


def kill_serve(scene: Scene, chance: random.Random, step: str):
    """Kills the one that serves at a step of a change, and starts another at once or when its Envoy has ended."""
    if step == CONTRACT:
        scene.contract()
    elif step == "starting":
        assert scene.serve.terminate() == 0
        scene.start(ready=False)
        scene.serve.wait_for("starting ")
    elif step == "admin.txt":
        assert scene.serve.terminate() == 0
        scene.start(ready=False)
        scene.serve.process.wait_until((scene.serve.state / step).exists)
    else:
        scene.step(step, scene.change)
    time.sleep(chance.choice((0, chance.uniform(0, 0.2))))
    scene.kill()
    begun = time.monotonic()
    code, said = scene.serve.status()
    assert code == 1 and "Nobody serves this file" in said, said
    if chance.random() < 0.5:
        while scene.serve.envoys():
            assert time.monotonic() < begun + 20, "Envoy outlived the one that served"
            time.sleep(0.01)
    # Half of a file, as one leaves that is killed while it writes.
    for name in scene.serve.left() - {"lock", "admin.txt"}:
        if not name.endswith(".part"):
            shutil.copy(scene.serve.state / name, scene.serve.state / f"{name}.part")
    scene.start()
    scene.check()
    scene.check_left({scene.number})
    print(f"serve killed at {step}: file {scene.number} is served after {time.monotonic() - begun:.1f} s")


def rounds_of_envoy(scene: Scene, chance: random.Random, rounds: int):
    steps = (*WRITTEN, CONTRACT)
    for _ in range(rounds):
        for half in (steps[::2], steps[1::2]):
            # Anew, as the pauses of one whose Envoy dies again and again grow.
            scene.start()
            scene.check()
            for step in half:
                kill_envoy(scene, chance, step)
            # All is let go of in the end but what somebody may want back.
            scene.check_left({scene.number, scene.number - 1})
            assert scene.serve.terminate() == 0
            assert scene.serve.left() <= FILES - {"status.json"} and not scene.serve.envoys()
    assert scene.answered > 20 * rounds and not scene.wrong, scene.wrong[:3]


def rounds_of_serve(scene: Scene, chance: random.Random, rounds: int, steps: int | None = None):
    """`steps`: so many of them, any; all if it isn't said."""
    every = ("starting", "admin.txt", *WRITTEN, CONTRACT)
    scene.start()
    scene.check()
    for _ in range(rounds):
        for step in chance.sample(every, steps) if steps else every:
            kill_serve(scene, chance, step)
    assert scene.serve.terminate() == 0
    assert scene.serve.left() <= FILES - {"status.json"} and not scene.serve.envoys()
    assert scene.answered > 20 * rounds and not scene.wrong, scene.wrong[:3]


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_envoy_killed_at_each_step(scene, chance):
    rounds_of_envoy(scene, chance, 1)


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_serve_killed_at_any_step(scene, chance):
    rounds_of_serve(scene, chance, 1, steps=4)


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_envoy_killed_in_dozens_of_changes(scene, chance):
    rounds_of_envoy(scene, chance, 6)


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_serve_killed_in_dozens_of_changes(scene, chance):
    rounds_of_serve(scene, chance, 5)


def test_a_file_that_envoy_does_not_start_with_can_be_mended(envoy_binary, tmp_path, providers):
    """An Envoy that dies of what it was told to serve, at each start, until the file says something else."""
    envoy = tmp_path / "envoy"
    envoy.write_text(f'#!/bin/sh\nif [ -e {tmp_path}/deadly ] && grep -q now-0 {tmp_path}/state/router.json; then exit 7; fi\nexec {envoy_binary} "$@"\n')
    envoy.chmod(0o755)
    scene = Scene(tmp_path, envoy, providers)
    scene.start()
    try:
        scene.check()
        (tmp_path / "deadly").touch()
        os.kill(scene.serve.envoy_id(), signal.SIGKILL)
        scene.serve.wait_for("ended with exit code 7", times=2)
        assert "exit code 7" in scene.serve.status()[1]
        begun = time.monotonic()
        scene.change()
        scene.check()
        print(f"served {time.monotonic() - begun:.1f} s after the file was mended")
        scene.check_left({0, 1})
    finally:
        scene.serve.stop()
