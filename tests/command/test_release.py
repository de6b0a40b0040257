"""`make release`: what is in the folder, that it is true, and that two of the same are the same.

Here it is made from what make built; `make release-twice` builds all of it twice, from nothing.
"""

import hashlib
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from harness import tried
from harness.process import ROOT, built

PROGRAMS = ("switchover", "switchover.wasm", "standin")
PROMISED = ("1.37.0", "1.38.2", "1.40.0")


def make(folder: pathlib.Path, **env) -> tuple[pathlib.Path, subprocess.CompletedProcess]:
    """The folder of what make built, made in a place of its own."""
    folder.mkdir()
    for name in PROGRAMS:
        shutil.copy(built(name), folder)
    setup = folder / "setup"
    setup.mkdir()
    unsaid = dict.fromkeys(("RELEASE_KEY", "BUILDER", "SOURCE"), "")
    words = [sys.executable, ROOT / "tests" / "release" / "release.py", folder, setup, *PROMISED]
    done = subprocess.run(words, env=os.environ | unsaid | {"DRY": "1"} | env, capture_output=True, text=True)
    return folder / "release", done


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder, done = make(tmp_path_factory.mktemp("release") / "one")
    assert done.returncode == 0, done.stderr
    assert "Nothing is signed" in done.stdout and not list(folder.glob("*.minisig"))
    return folder


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A releaser's key, and the public one beside it."""
    assert shutil.which("minisign"), "minisign is not installed (Debian: minisign); make test-envoy sees to it"
    folder = tmp_path_factory.mktemp("key")
    words = ["minisign", "-G", "-W", "-s", folder / "release.key", "-p", folder / "release.pub"]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "release.key"


@pytest.fixture(scope="module")
def official(key, tmp_path_factory):
    """The same at another time, by somebody who gives all there is to give."""
    said = {"BUILDER": "https://ci.example/7", "SOURCE": "https://git.example/switchover", "RELEASE_KEY": str(key)}
    folder, done = make(tmp_path_factory.mktemp("release") / "later", SOURCE_DATE_EPOCH="1800000000", **said)
    assert done.returncode == 0 and "Nothing is signed" not in done.stdout, done
    return folder


def sums(folder: pathlib.Path) -> dict:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return dict(reversed(line.split("  ")) for line in lines)


def only(folder: pathlib.Path, pattern: str) -> pathlib.Path:
    (found,) = folder.glob(pattern)
    return found


def module(name: str):
    """A script of tests/release, as it imports itself."""
    spec = importlib.util.spec_from_file_location(f"release_{name}", ROOT / "tests" / "release" / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_version_says_commit_schema_and_envoys():
    lines = subprocess.run([built("switchover"), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()
    makefile = (ROOT / "Makefile").read_text()
    floor, newest = (re.search(rf"(?m)^{name} := (\d+\.\d+)", makefile)[1] for name in ("ENVOY_FLOOR", "ENVOY_VERSION"))
    schema = json.loads(subprocess.run([built("switchover"), "schema"], capture_output=True, check=True).stdout)
    version = re.search(r'(?m)^version = "(.*)"', (ROOT / "Cargo.toml").read_text())[1]
    assert lines[0] == f"switchover {version}"
    assert lines[2:] == [f"schema {schema['properties']['version']['maximum']}", f"Envoy {floor} to {newest}"]
    assert re.fullmatch(r"commit ([0-9a-f]{40,64}( with changes)?|unknown)", lines[1]), lines
    # Where make built it, it has written down what it said.
    if built("commit").exists():
        assert lines[1] == f"commit {built('commit').read_text().strip()}"
    short = subprocess.run([built("switchover"), "-V"], capture_output=True, text=True, check=True).stdout
    assert short == f"switchover {version}\n"


def test_which_commit_it_is(tmp_path):
    """Of this repository, not of one around it; with changes, where there are some."""
    script = tmp_path / "outer" / "inner" / "tests" / "setup" / "commit.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "setup" / "commit.sh", script)
    clean = {name: value for name, value in os.environ.items() if name not in ("SWITCHOVER_COMMIT", "GIT_DIR")}
    clean |= {"GIT_CEILING_DIRECTORIES": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}

    def said(**env):
        return subprocess.run([script], env=clean | env, capture_output=True, text=True, check=True).stdout.strip()

    def git(folder, *words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(["git", *who, *words], cwd=folder, env=clean, capture_output=True, text=True, check=True).stdout.strip()

    inner = tmp_path / "outer" / "inner"
    assert said() == "unknown"
    git(tmp_path / "outer", "init", "--quiet")
    git(tmp_path / "outer", "commit", "--quiet", "--allow-empty", "-m", "somebody else's")
    assert said() == "unknown"
    git(inner, "init", "--quiet")
    git(inner, "add", ".")
    git(inner, "commit", "--quiet", "-m", "ours")
    commit = git(inner, "rev-parse", "HEAD")
    assert said() == commit
    (inner / "new.rs").write_text("")
    assert said() == f"{commit} with changes"
    assert said(SWITCHOVER_COMMIT="of-a-tarball") == "of-a-tarball"


def test_two_are_the_same(release, official, tmp_path):
    again, done = make(tmp_path / "another-folder-with-a-longer-name")
    assert done.returncode == 0, done.stderr
    assert sums(again) == sums(release)
    changed = {name for name, digest in sums(official).items() if digest != sums(release)[name]}
    assert {only(release, pattern).name for pattern in ("*.whl", "*.tar.gz", "switchover.cdx.json")} < changed
    assert not {"switchover.wasm", "THIRD-PARTY-LICENSES", "CHANGELOG.md"} & changed


def test_sums_are_of_all_files(release):
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in release.iterdir() if path.name != "SHA256SUMS"}
    assert sums(release) == found
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=release, check=True)
    assert (release / "switchover.wasm").read_bytes() == built("switchover.wasm").read_bytes()


@pytest.mark.parametrize("program", PROGRAMS)
def test_bills_of_materials_are_cyclonedx_and_true(release, program):
    text = (release / f"{program}.cdx.json").read_text()
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert wrong is None, wrong
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"purl"', '"purls"')) is not None
    bill = json.loads(text)
    content = built(program).read_bytes()
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]

    listed = {(part["name"], part["version"]): part for part in bill["components"] if part.get("purl", "").startswith("pkg:cargo/")}
    lock = (ROOT / "Cargo.lock").read_text()
    for (name, version), part in listed.items():
        assert f'name = "{name}"\nversion = "{version}"' in lock, part
        assert f'checksum = "{part["hashes"][0]["content"]}"' in lock, part
    # Who panics is named in a program: all of those are listed. The filter's panics name nobody.
    seen = {(name.decode(), version.decode()) for name, version in re.findall(rb"crates/([\w-]+?)-(\d+\.\d+\.\d+[\w.+-]*)/", content)}
    assert seen <= set(listed), seen - set(listed)
    assert program == "switchover.wasm" or len(seen) > 5, seen
    names = {name for name, _ in listed}
    assert not names & {"proptest", "divan", "serde_derive", "syn", "quote", "clap_derive"}, names
    assert ("clap" in names) == (program != "switchover.wasm")
    assert ("tokio" in names) == (program == "standin")
    assert ("wasi-libc" in text) == (program == "switchover.wasm")
    # Everything hangs together, from the program on.
    needs = {need["ref"]: need["dependsOn"] for need in bill["dependencies"]}
    reached, left = set(), [program]
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left += needs.get(ref, [])
    assert reached == {program} | {part["bom-ref"] for part in bill["components"]}


def test_licences_of_all_that_is_listed(release):
    text = (release / "THIRD-PARTY-LICENSES").read_text()
    for program in PROGRAMS:
        for part in json.loads((release / f"{program}.cdx.json").read_text())["components"]:
            if part.get("purl", "").startswith("pkg:cargo/"):
                line = f"{part['name']} {part['version']}"
                assert re.search(rf"(?m)^{re.escape(line)}: .*\b{re.escape(program)}\b", text), line
                assert re.search(rf"(?m)^={{80}}\n.*\b{re.escape(line)}\b.*\n={{80}}$", text), f"{line} has no text"
    parts = re.split(r"(?m)^={80}\n.*\n={80}$", text)[1:]
    bodies = [" ".join(part.split()) for part in parts]
    assert len(bodies) == len(set(bodies)) > 20
    assert "Permission is hereby granted, free of charge" in text and "Apache License" in text


def test_the_tarball_is_whole_and_nobodys(release, tmp_path):
    path = only(release, "*.tar.gz")
    assert re.fullmatch(r"switchover-[0-9.]+-linux-(x86_64|aarch64)\.tar\.gz", path.name), path.name
    archive = tarfile.open(path)
    entries = archive.getmembers()
    names = [entry.name for entry in entries]
    top = path.name.split("-linux")[0]
    assert names == sorted(names) and all(name.startswith(f"{top}/") for name in names)
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {(0, 0, "", "")}
    (made,) = {entry.mtime for entry in entries}
    assert int.from_bytes(path.read_bytes()[4:8], "little") == made > 1_600_000_000
    wanted = {"switchover", "switchover.wasm", "LICENSE", "THIRD-PARTY-LICENSES", "CHANGELOG.md", "README.md", "envoy/minimal/switchover.yaml"}
    wanted |= {"completions/switchover.bash", "completions/_switchover", "completions/switchover.fish", "man/man1/switchover.1"}
    assert {f"{top}/{name}" for name in wanted} <= set(names)
    assert [entry.name for entry in entries if entry.mode & 0o111] == [f"{top}/switchover"]
    archive.extractall(tmp_path, filter="data")
    native = subprocess.run([tmp_path / top / "switchover", "--version"], capture_output=True, check=True).stdout
    assert native == subprocess.run([built("switchover"), "--version"], capture_output=True, check=True).stdout
    # What the README points to is there.
    gone = [link for link in re.findall(r"\]\(([\w/.-]+)\)", (tmp_path / top / "README.md").read_text()) if not (tmp_path / top / link).exists()]
    assert not gone, gone


def test_the_wheel_has_the_licences(release):
    archive = zipfile.ZipFile(only(release, "*.whl"))
    (name,) = (name for name in archive.namelist() if name.endswith("licenses/THIRD-PARTY-LICENSES"))
    assert archive.read(name) == (release / "THIRD-PARTY-LICENSES").read_bytes()
    assert archive.read("switchover/bin/standin") == built("standin").read_bytes()


def test_no_folder_of_this_machine_is_in_anything(release):
    def at(*words):
        return pathlib.Path(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip())

    home = pathlib.Path.home()
    folders = {ROOT, home, at("rustc", "--print", "sysroot"), pathlib.Path(os.environ.get("CARGO_HOME") or home / ".cargo")}
    folders |= {pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute(), built("").absolute()}
    needles = {f"{folder}/".encode() for folder in folders} | {b".cargo/registry", b".rustup/", b"index.crates.io-"}
    looked, found = 0, []
    for path in release.iterdir():
        inside = {path.name: path.read_bytes()}
        if path.suffix == ".whl":
            archive = zipfile.ZipFile(path)
            inside |= {name: archive.read(name) for name in archive.namelist()}
        elif path.suffix == ".gz":
            archive = tarfile.open(path)
            inside |= {entry.name: archive.extractfile(entry).read() for entry in archive.getmembers()}
        looked += len(inside)
        found += [(path.name, name, needle) for name, content in inside.items() for needle in needles if needle in content]
    assert not found, found
    assert looked > 60


def test_it_says_how_it_was_made(release, official):
    told = json.loads((release / "provenance.json").read_text())
    assert told["_type"] == "https://in-toto.io/Statement/v1" and told["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in told["subject"]}
    assert subjects == {name: digest for name, digest in sums(release).items() if name != "provenance.json"}
    build = told["predicate"]["buildDefinition"]
    said = subprocess.run([built("switchover"), "--version"], capture_output=True, text=True, check=True).stdout
    assert f"commit {build['externalParameters']['commit']}\n" in said
    assert build["internalParameters"]["tools"]["rustc"].startswith("rustc 1.")
    assert told["predicate"]["runDetails"]["builder"]["id"] == "urn:switchover:builder:local"
    # Nobody ran the tests on these copies.
    assert json.loads((release / "envoys.json").read_text()) == {"promised": [*PROMISED], "tried": [], "not_tried": [*PROMISED]}
    predicate = json.loads((official / "provenance.json").read_text())["predicate"]
    assert predicate["runDetails"]["builder"]["id"] == "https://ci.example/7"
    assert predicate["buildDefinition"]["resolvedDependencies"][0]["uri"] == "git+https://git.example/switchover"


def test_a_signature_holds_and_breaks(official, key, tmp_path):
    folder = shutil.copytree(official, tmp_path / "got")

    def verified():
        words = ["minisign", "-V", "-p", key.with_suffix(".pub"), "-m", folder / "SHA256SUMS"]
        return subprocess.run(words, capture_output=True, text=True)

    good = verified()
    assert good.returncode == 0 and "Trusted comment: switchover " in good.stdout, good
    text, signature = (folder / "SHA256SUMS").read_text(), folder / "SHA256SUMS.minisig"
    (folder / "SHA256SUMS").write_text(text.replace(text[0], "0" if text[0] != "0" else "1", 1))
    assert verified().returncode != 0
    (folder / "SHA256SUMS").write_text(text)
    assert verified().returncode == 0
    signature.write_text(signature.read_text().replace("commit ", "commit 0"))
    assert verified().returncode != 0


def test_a_key_that_does_not_sign_ends_it(official, tmp_path, monkeypatch):
    folder = shutil.copytree(official, tmp_path / "got")
    (tmp_path / "no.key").write_text("untrusted comment: none\nAAAA\n")
    monkeypatch.setenv("RELEASE_KEY", str(tmp_path / "no.key"))
    with pytest.raises(SystemExit) as stopped:
        module("release").sign(folder, {"switchover": "0", "commit": "0"})
    assert stopped.value.code == "minisign did not sign."


def test_what_is_no_release_is_refused(tmp_path):
    """A commit that was tried on no Envoy is none, whatever else."""
    folder, done = make(tmp_path / "refused", DRY="")
    assert done.returncode != 0 and "DRY=1" in done.stderr and not folder.exists(), done
    assert "did not pass all tests on Envoy 1.37.0, 1.38.2, 1.40.0" in done.stderr
    script = module("release")
    sentences = script.wanting("99.0.0", {"commit": "another"}, {"not_tried": []})
    assert any("no section `## 99.0.0`" in sentence for sentence in sentences), sentences
    assert any("The command says commit another" in sentence for sentence in sentences), sentences
    assert not any("Envoy" in sentence for sentence in sentences), sentences


def test_an_envoy_was_tried_when_all_tests_passed_on_these_bytes(envoy_binary, tmp_path):
    dist, tests = tmp_path / "dist", tmp_path / "tests"
    dist.mkdir()
    tests.mkdir()
    for name in tried.PROGRAMS:
        (dist / name).write_bytes(b"these bytes")
    (tests / "pytest.ini").write_text("[pytest]\nmarkers =\n    deep: deep\n")
    (tests / "conftest.py").write_text(
        "from harness import tried\n"
        "def pytest_terminal_summary(terminalreporter, exitstatus, config):\n"
        "    tried.record(terminalreporter.stats, exitstatus, config)\n"
    )
    good = "import pytest\ndef test_a(): pass\ndef test_b(): pass\ndef test_c(): pytest.skip()\n"

    def run(text, *words):
        (tests / "test_some.py").write_text(text)
        env = {"SWITCHOVER_DIST": str(dist), "SWITCHOVER_ENVOY": str(envoy_binary), "PYTHONPATH": str(ROOT / "tests")}
        words = [sys.executable, "-m", "pytest", "tests", "-m", "not deep", *words]
        done = subprocess.run(words, cwd=tmp_path, env=os.environ | env, capture_output=True, text=True)
        return done, tried.summary(dist, [version])["tried"]

    version = tried.version(str(envoy_binary))
    assert re.fullmatch(r"1\.\d+\.\d+", version)
    done, ran = run(good, "-k", "test_a")
    assert done.returncode == 0 and ran == [], done
    for words in ([], ["--numprocesses", "2"]):
        shutil.rmtree(dist / "tried", ignore_errors=True)
        done, ran = run(good, *words)
        assert ran == [{"version": version, "passed": 2, "skipped": 1}], done
    assert tried.summary(dist, ["1.0.0", version])["not_tried"] == ["1.0.0"]
    _, ran = run(good + "def test_d(): assert False\n", "-k", "test_a")
    assert ran, "a part of the tests takes nothing back"
    _, ran = run(good + "def test_d(): assert False\n")
    assert ran == []
    run(good)
    (dist / "switchover").write_bytes(b"other bytes")
    assert tried.summary(dist, [version]) == {"promised": [version], "tried": [], "not_tried": [version]}


def test_a_tarball_says_what_is_in_it():
    """The same files give the same bytes, whatever their order; a program stays one."""
    script = module("release")
    one = script.tarball("s-1", {"b": b"2", "a": b"1"}, {"a"}, 1_700_000_000)
    assert one == script.tarball("s-1", {"a": b"1", "b": b"2"}, {"a"}, 1_700_000_000)
    entries = tarfile.open(fileobj=io.BytesIO(one)).getmembers()
    assert [(entry.name, entry.mode) for entry in entries] == [("s-1/a", 0o755), ("s-1/b", 0o644)]
