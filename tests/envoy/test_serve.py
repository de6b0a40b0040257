"""`switchover serve`: what an operator does to it, and what becomes of requests meanwhile."""

import asyncio
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import httpx
import pytest

from harness.load import ask, letters, saying
from harness.process import built
from harness.serve import Serve
from harness.standin import Standin

NAMES = ("first", "second", "third")


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    standin = Standin(tmp_path_factory.mktemp("serve") / "standin.log", *NAMES, "long")
    yield standin
    standin.stop()


@pytest.fixture
def providers(standin):
    for provider in standin:
        provider.reset()
    return standin.providers


@pytest.fixture
def serve(envoy_binary, tmp_path, providers):
    """Starts one for a file; it ends with the test."""
    started = []

    def start(text: str, **options) -> Serve:
        (tmp_path / "switchover.yaml").write_text(text)
        (tmp_path / "key").write_text("sk-one")
        started.append(Serve(tmp_path, envoy_binary, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def document(providers, targets=("first", "second"), more: str = "", group: str = "g", places=None, model="gpt-4o") -> str:
    """A file of one group, in this order; `places`: targets that are somewhere else than at the provider of their name."""
    places = places or {}
    at = lambda name: providers[places.get(name, name)].url  # noqa: E731
    lines = [f'  - {{id: {name}, provider: openai, endpoint: "{at(name)}/v1", model: {model}, credential: k}}' for name in targets]
    order = ", ".join(f"{{id: {name}, priority: {place}}}" for place, name in enumerate(targets))
    return "\n".join([
        "version: 1", "targets:", *lines, "credentials: [{id: k, secret_file: key}]", "model_groups:",
        f"  - {{name: {group}, targets: [{order}], first_token_timeout: 5s{more}}}", "",
    ])  # fmt: skip


def keys_seen(provider) -> list:
    return [dict(entry["headers"]).get("authorization") for entry in provider.log()]


def test_it_says_where_it_serves_and_ends_when_told(serve, providers):
    gateway = serve(document(providers))
    assert gateway.ask("g").headers["x-switchover-target"] == "first"
    health = gateway.health()
    assert health["status"] == "ok" and health["model_groups"] == 1 and health["revision"].startswith("1-")
    code, said = gateway.status()
    assert code == 0 and f"serving g on {gateway.url}" in said and health["revision"] in said
    # A stream that runs when it is told to stop ends whole; nobody new is let in.
    providers["first"].behave(text="a b c d e f g h", slow_ms=200)
    pieces, done = [], threading.Event()

    def read():
        body = {"model": "g", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
        with httpx.stream("POST", f"{gateway.url}/v1/chat/completions", json=body, timeout=30) as answer:
            for line in answer.iter_lines():
                pieces.append(line)
        done.set()

    reader = threading.Thread(target=read)
    reader.start()
    while not pieces:
        time.sleep(0.02)
    assert gateway.terminate() == 0
    reader.join(10)
    assert done.is_set() and "data: [DONE]" in pieces
    with pytest.raises(httpx.TransportError):
        gateway.health()
    assert "stopped" in gateway.log()
    assert not (gateway.state / "keys").exists() and not (gateway.state / "status.json").exists()


def test_a_change_touches_what_it_changes(serve, providers):
    gateway = serve(document(providers))
    revision = gateway.health()["revision"]
    # A setting of the filter alone.
    gateway.take_over(document(providers, more=", aliases: [other]"))
    assert gateway.ask("other").status_code == 200 and gateway.health()["revision"] != revision
    assert re.search(r"serving revision 2-\w+ after \d+ ms: the filter's document\n", gateway.log())
    # A third target behind the others; the first moves to where the third is.
    gateway.take_over(document(providers, NAMES))
    assert gateway.ask("other").status_code == 404
    gateway.take_over(document(providers, NAMES, places={"first": "third"}))
    providers["third"].reset()
    assert gateway.ask("g").headers["x-switchover-target"] == "first" and len(providers["third"].log()) == 1
    # Another name: the old one's orders stay for requests that run, and are no model any more.
    gateway.take_over(document(providers, NAMES, group="h"))
    assert gateway.ask("g").status_code == 404 and gateway.ask("h").status_code == 200
    assert any(name.startswith("g") for name in gateway.clusters())
    assert "clusters of earlier revisions wait" in gateway.status()[1]


def test_who_is_ejected_stays_so(serve, providers):
    breaker = "circuit_breaker: {consecutive_failures: 2, base_ejection_time: 60s}\n"
    gateway = serve(breaker + document(providers))
    providers["first"].behave(status=503)
    for _ in range(3):
        assert gateway.ask("g").headers["x-switchover-target"] == "second"
    assert gateway.ejected() == {"first"}
    gateway.take_over(breaker + document(providers, more=", aliases: [other]"))
    gateway.take_over(breaker + document(providers, NAMES))
    assert gateway.ejected() == {"first"}
    assert gateway.ask("g").headers["x-switchover-target"] == "second"


def test_a_file_that_is_wrong_is_told_and_not_taken(serve, providers):
    gateway = serve(document(providers))
    revision = gateway.health()["revision"]
    gateway.write(document(providers).replace("priority: 0", "prioritty: 0"))
    gateway.wait_for("The file is not taken over")
    assert "switchover.yaml:7:" in gateway.log() and "prioritty" in gateway.log()
    code, said = gateway.status()
    assert code == 1 and "prioritty" in said
    assert gateway.ask("g").status_code == 200 and gateway.health()["revision"] == revision
    # Half of it, then the rest, in place.
    good = document(providers, more=", aliases: [other]")
    (gateway.folder / "switchover.yaml").write_text(good[: len(good) // 2])
    time.sleep(0.05)
    (gateway.folder / "switchover.yaml").write_text(good)
    gateway.wait_for("serving revision")
    assert gateway.ask("other").status_code == 200 and gateway.status()[0] == 0
    # Gone for a while, as when somebody moves folders.
    (gateway.folder / "switchover.yaml").rename(gateway.folder / "away")
    time.sleep(0.5)
    assert gateway.ask("other").status_code == 200
    # And back to what was served before.
    done = subprocess.run([*gateway.words, "--rollback"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    gateway.wait_for("serving revision", times=2)
    assert gateway.ask("other").status_code == 404 and gateway.health()["revision"] == revision


def test_keys_are_followed_however_they_change(serve, providers):
    gateway = serve(document(providers))
    key = gateway.folder / "key"

    def used() -> str:
        providers["first"].reset()
        assert gateway.ask("g").status_code == 200
        (seen,) = keys_seen(providers["first"])
        return seen

    def becomes(expected: str):
        end = time.monotonic() + 20
        while (seen := used()) != f"Bearer {expected}":
            assert time.monotonic() < end, f"{seen} is used"
            time.sleep(0.05)

    becomes("sk-one")
    # In place, with the line break that `echo` leaves.
    key.write_text("sk-two\n")
    becomes("sk-two")
    # By a rename.
    (gateway.folder / "key.new").write_text("sk-three")
    (gateway.folder / "key.new").rename(key)
    becomes("sk-three")
    # As Kubernetes swaps the folder of a secret.
    for version in ("four", "five"):
        folder = gateway.folder / f"..{version}"
        folder.mkdir()
        (folder / "key").write_text(f"sk-{version}")
        (gateway.folder / "..tmp").symlink_to(folder.name)
        (gateway.folder / "..tmp").rename(gateway.folder / "..data")
        if version == "four":
            key.unlink()
            key.symlink_to("..data/key")
        becomes(f"sk-{version}")
    assert gateway.log().count("has a new key") == 4 and "sk-" not in gateway.log()
    assert "sk-" not in (gateway.state / "status.json").read_text()


def test_a_key_that_is_gone_takes_its_target_out(serve, providers):
    text = document(providers).replace("model: gpt-4o, credential: k}", "model: gpt-4o, credential: k2}", 1)
    text = text.replace("[{id: k,", "[{id: k2, secret_file: key2}, {id: k,")
    gateway = serve(text, ready=False)
    # It wasn't there at the start either.
    gateway.url, gateway.admin_url = gateway.process.wait_until(gateway._where)
    key = gateway.folder / "key2"
    assert "credential `k2`" in gateway.log() and "warning" in gateway.log()
    answer = gateway.ask("g")
    assert answer.headers["x-switchover-target"] == "second" and "key" in answer.headers["x-switchover-decision"]
    assert providers["first"].log() == []
    key.write_text("sk-there")
    gateway.wait_for("its targets are back")
    assert gateway.ask("g").headers["x-switchover-target"] == "first" and keys_seen(providers["first"]) == ["Bearer sk-there"]
    for lose in (lambda: key.write_text(""), key.unlink):
        before = gateway.log().count("Its targets are out until it has one")
        lose()
        gateway.wait_for("Its targets are out until it has one", times=before + 1)
        end = time.monotonic() + 10
        while gateway.ask("g").headers["x-switchover-target"] != "second":
            assert time.monotonic() < end
        gateway.process.wait_until(lambda: gateway.status()[0] == 1, 10)
        before = gateway.log().count("its targets are back")
        key.write_text("sk-there")
        gateway.wait_for("its targets are back", times=before + 1)
    # Without any key that works the caller is told whose fault it is.
    key.unlink()
    (gateway.folder / "key").unlink()
    gateway.process.wait_until(lambda: gateway.ask("g").status_code == 502, 20)
    answer = gateway.ask("g")
    assert answer.status_code == 502 and answer.json()["error"]["code"] == "auth", answer.text


def test_an_envoy_that_dies_comes_back(serve, providers):
    gateway = serve(document(providers))
    os.kill(gateway.envoy_id(), signal.SIGKILL)
    gateway.wait_for("was ended by signal 9")
    gateway.wait_for("admin on", times=2)
    gateway.url, gateway.admin_url = re.findall(r"on (http://\S+), admin on (\S+),", gateway.log())[-1]
    assert gateway.ask("g").status_code == 200
    assert "started anew 1 times" in gateway.status()[1]
    # And when the supervisor is killed, nothing is left behind.
    envoy = gateway.envoy_id()
    gateway.process.popen.kill()
    gateway.process.popen.wait()
    end = time.monotonic() + 20
    while pathlib.Path(f"/proc/{envoy}").exists() and "zombie" not in pathlib.Path(f"/proc/{envoy}/status").read_text():
        assert time.monotonic() < end, "Envoy outlived its supervisor"
        time.sleep(0.1)
    code, said = gateway.status()
    assert code == 1 and "Nobody serves this file" in said


@pytest.mark.timeout(300)
def test_an_envoy_that_dies_during_a_change_gets_it_all_the_same(serve, providers):
    gateway = serve(document(providers))
    for number, pause in enumerate((0.15, 0.3, 0.5, 0.8)):
        texts = [document(providers, NAMES if number % 2 else ("first", "second"), f", aliases: [now-{number}]", places={"first": place}) for place in ("first", "third")]
        starts = gateway.log().count("admin on")
        gateway.write(texts[number % 2])
        time.sleep(pause)
        os.kill(gateway.envoy_id(), signal.SIGKILL)
        gateway.wait_for("admin on", times=starts + 1)
        gateway.url, gateway.admin_url = re.findall(r"on (http://\S+), admin on (\S+),", gateway.log())[-1]
        gateway.process.wait_until(lambda number=number: gateway.ask(f"now-{number}").status_code == 200, 60)
        gateway.process.wait_until(lambda: gateway.status()[0] == 0, 20)


def test_the_same_content_again_is_no_new_revision(serve, providers):
    good = document(providers)
    gateway = serve(good)
    gateway.write("version: 2")
    gateway.wait_for("The file is not taken over")
    gateway.write(good)
    gateway.wait_for("again, which is served")
    gateway.process.wait_until(lambda: gateway.status()[0] == 0, 10)
    assert gateway.log().count("serving revision") == 0


def test_a_credential_with_another_source_is_another_key(serve, providers):
    """What was made for the one before never carries the new one."""
    gateway = serve(document(providers))
    (gateway.folder / "other").write_text("sk-other")
    copies = lambda: sorted(path.name for path in (gateway.state / "keys").glob("k-*.key"))  # noqa: E731
    (before,) = copies()
    gateway.take_over(document(providers).replace("secret_file: key", "secret_file: other"))
    assert before in copies() and (gateway.state / "keys" / before).read_text() == "sk-one"
    providers["first"].reset()
    assert gateway.ask("g").status_code == 200 and keys_seen(providers["first"]) == ["Bearer sk-other"]


def test_told_to_stop_while_envoy_starts(envoy_binary, tmp_path, providers):
    (tmp_path / "key").write_text("sk-one")
    (tmp_path / "switchover.yaml").write_text(document(providers))
    gateway = Serve(tmp_path, envoy_binary, ready=False)
    gateway.wait_for("starting ")
    code, said = gateway.status()
    assert code == 1 and "has not begun to serve" in said
    assert gateway.terminate() == 0
    assert not (tmp_path / "state" / "keys").exists()


def test_once_is_for_ci(envoy_binary, tmp_path, providers):
    (tmp_path / "key").write_text("sk-one")
    (tmp_path / "switchover.yaml").write_text(document(providers))
    gateway = Serve(tmp_path, envoy_binary, options=["--once"], ready=False)
    assert gateway.process.popen.wait(90) == 0 and "serving g on" in gateway.log()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--listen", "0.0.0.0:8080"], "--open-to-all"),
        (["--envoy", "/nowhere/envoy"], "/nowhere/envoy: there is no Envoy"),
        (["--wasm", "/nowhere/filter.wasm"], "/nowhere/filter.wasm: there is no filter"),
    ],
)
def test_what_keeps_it_from_starting_is_said(tmp_path, providers, envoy_binary, words, said):
    (tmp_path / "key").write_text("sk-one")
    file = tmp_path / "switchover.yaml"
    file.write_text(document(providers))
    command = [built("switchover"), "serve", file, "--state", tmp_path / "state", *words]
    command += [] if "--envoy" in words else ["--envoy", envoy_binary]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and said in done.stderr, done.stderr


def test_a_port_that_is_taken_is_said(serve, providers, tmp_path, envoy_binary):
    gateway = serve(document(providers))
    other = tmp_path / "other"
    other.mkdir()
    (other / "key").write_text("sk-one")
    (other / "switchover.yaml").write_text(document(providers))
    address = gateway.url.removeprefix("http://")
    second = Serve(other, envoy_binary, listen=address, ready=False)
    try:
        assert second.process.popen.wait(120) == 1
        assert address in second.log()
        # The folder is one server's alone.
        command = [*gateway.words, "--envoy", envoy_binary, "--wasm", built("switchover.wasm"), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "Another `switchover serve`" in done.stderr, done.stderr
    finally:
        second.stop()


def test_without_a_file_it_serves_the_keys_that_are_there(tmp_path, envoy_binary):
    keys = {name: "" for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY", "CO_API_KEY", "GROQ_API_KEY", "DEEPSEEK_API_KEY")}
    env = keys | {"OPENAI_API_KEY": "sk-a", "ANTHROPIC_API_KEY": "sk-b"}
    gateway = Serve(tmp_path, envoy_binary, file=None, env=env)
    try:
        assert "serving openai, anthropic on" in gateway.log() and "sk-a" not in gateway.log()
        models = httpx.get(f"{gateway.url}/v1/models").json()["data"]
        assert {"openai", "anthropic"} <= {model["id"] for model in models}
    finally:
        gateway.stop()


def with_long(text: str, providers) -> str:
    """A file with a group besides, whose provider takes its time."""
    target = f'  - {{id: long, provider: openai, endpoint: "{providers["long"].url}/v1", model: gpt-4o, credential: k}}\n'
    return text.replace("targets:\n", f"targets:\n{target}", 1) + "  - {name: long, targets: [{id: long}]}\n"


def changes(providers, count: int):
    """So many files after each other: groups come, go and change their names, targets come, go and move, keys change."""
    extra = "  - {name: extra-%d, targets: [{id: second}]}\n"
    for number in range(count):
        targets = [("first", "second"), NAMES, ("second", "first")][number % 3]
        more = f", aliases: [now-{number}]" if number % 2 else ", max_attempts: 2"
        # What moves goes to where its letter is said, too.
        text = with_long(document(providers, targets, more, model=f"gpt-4o-{number % 2}"), providers)
        yield text + (extra % number if number % 4 else "")


@dataclasses.dataclass
class Load:
    """How much is asked while so many files follow each other."""

    changes: int
    requests: int
    at_once: int
    # Streams that are open all the time.
    streams: int
    # The milliseconds between the words of those, and of other streams.
    long_pause: int
    pause: int


def under_load(gateway: Serve, providers, load: Load) -> tuple[list, list]:
    """Callers all the time, and streams that outlast many changes, while the file and the key change."""
    says = letters(list(providers.values()))
    for name, provider in providers.items():
        provider.behave(saying(says[name]) | {"slow_ms": load.long_pause if name == "long" else load.pause})
    outcomes, slow, over = [], [], threading.Event()

    def change():
        try:
            for number, text in enumerate(changes(providers, load.changes)):
                # Spread over all requests.
                while len(outcomes) * load.changes < number * load.requests:
                    time.sleep(0.02)
                gateway.take_over(text)
                if number % 3 == 0:
                    (gateway.folder / "key").write_text(f"sk-{number}")
        finally:
            over.set()

    async def run():
        options = {"timeout": 300, "limits": httpx.Limits(max_connections=None), "trust_env": False}
        # A client looks through all of its connections for each request: the many have one of their own.
        async with httpx.AsyncClient(**options) as client, httpx.AsyncClient(**options) as patient:

            async def stream():
                while not over.is_set():
                    slow.append(await ask(patient, gateway.url, "long", True, says))

            async def caller(kind: int):
                while not over.is_set() or len(outcomes) < load.requests:
                    outcomes.append(await ask(client, gateway.url, "g", kind % 2 == 1, says))
                    kind += 1

            await asyncio.gather(*(stream() for _ in range(load.streams)), *(caller(kind) for kind in range(load.at_once)))

    changer = threading.Thread(target=change)
    changer.start()
    try:
        asyncio.run(run())
    finally:
        changer.join()
    return outcomes, slow


def check_load(serve, providers, load: Load):
    gateway = serve(with_long(document(providers), providers))
    begun = time.monotonic()
    outcomes, slow = under_load(gateway, providers, load)
    bad = [outcome for outcome in [*outcomes, *slow] if outcome.end != "whole"]
    assert not bad, f"{len(bad)} of {len(outcomes)} and {len(slow)}: {bad[:3]}\n{gateway.process.tail()}"
    assert gateway.log().count("serving revision") == load.changes
    assert len(outcomes) >= load.requests and len(slow) >= load.streams
    took = sorted(int(milliseconds) for milliseconds in re.findall(r"serving revision \S+ after (\d+) ms", gateway.log()))
    print(
        f"{load.changes} changes in {time.monotonic() - begun:.0f} s, each {took[len(took) // 2]} ms (at most {took[-1]}): "
        f"{len(outcomes)} requests and {len(slow)} long streams ({load.streams} at once, at most {max(one.seconds for one in slow):.0f} s), none lost"
    )


def test_nothing_is_lost_while_the_file_changes(serve, providers):
    check_load(serve, providers, Load(changes=12, requests=300, at_once=6, streams=10, long_pause=100, pause=5))


@pytest.mark.deep
@pytest.mark.floor
@pytest.mark.timeout(3600)
def test_nothing_is_lost_in_a_hundred_changes(serve, providers):
    check_load(serve, providers, Load(changes=100, requests=50_000, at_once=24, streams=500, long_pause=5000, pause=0))
