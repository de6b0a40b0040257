"""`make release`: writes DIST/release from what make built. release.py DIST SETUP FLOOR BETWEEN… NEWEST: the Envoys promised.

The releaser gives a key (RELEASE_KEY, of minisign), who builds (BUILDER) and where the sources are (SOURCE). What keeps the folder
from being a release is said, and ends this; with DRY=1 it is said only.
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "wheel"), str(ROOT / "tests")]

import bom  # noqa: E402
import build as wheels  # noqa: E402
import crates  # noqa: E402
import notices  # noqa: E402
import provenance  # noqa: E402
from harness import tried  # noqa: E402

LICENCES = "THIRD-PARTY-LICENSES"
SUMS = "SHA256SUMS"
# Beside the programs, what a person reads.
PAPERS = ("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs/*.md", "envoy/**/*.*")
COMPLETIONS = {"bash": "switchover.bash", "zsh": "_switchover", "fish": "switchover.fish"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def about(command: pathlib.Path) -> dict:
    """What the command says of itself, by the first word of each line."""
    lines = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines)


def texts(dist: pathlib.Path, scratch: pathlib.Path) -> dict:
    """What goes beside the programs, by its path."""
    command = dist / "switchover"
    files = {}
    for pattern in PAPERS:
        files |= {str(path.relative_to(ROOT)): path.read_bytes() for path in ROOT.glob(pattern) if path.is_file()}
    for shell, name in COMPLETIONS.items():
        files[f"completions/{name}"] = subprocess.run([command, "completions", shell], check=True, capture_output=True).stdout
    subprocess.run([command, "man", "-o", scratch / "man1"], check=True)
    files |= {f"man/man1/{path.name}": path.read_bytes() for path in (scratch / "man1").iterdir()}
    return files


def tarball(folder: str, files: dict, programs: set, epoch: int) -> bytes:
    """The same bytes for the same files: sorted, nobody's, of the commit's time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), epoch, 0o755 if name in programs else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue(), 9, mtime=epoch)


def wanting(version: str, said: dict, envoys: dict) -> list[str]:
    """What keeps this from being a release, in sentences."""
    found = []
    if not re.search(rf"(?m)^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text()):
        found.append(f"CHANGELOG.md has no section `## {version}`. Give what stands under `## Not released` that name.")
    sources = crates.said(ROOT / "tests" / "setup" / "commit.sh").strip()
    if not re.fullmatch(r"[0-9a-f]{40,64}", sources):
        found.append(f"The sources are of no single commit: {sources}.")
    if said["commit"] != sources:
        found.append(f"The command says commit {said['commit']}, the sources are {sources}. Run `make build`.")
    if envoys["not_tried"]:
        names = ", ".join(envoys["not_tried"])
        found.append(f"These bytes did not pass all tests on Envoy {names}. Run `make test-envoy test-versions` on this commit.")
    return found


def sign(folder: pathlib.Path, said: dict):
    """Puts the key's signature beside the sums, which cover all other files."""
    key = os.environ.get("RELEASE_KEY")
    if not key:
        print("Nothing is signed: RELEASE_KEY names no key of minisign.")
        return
    if not shutil.which("minisign"):
        sys.exit("RELEASE_KEY is given, but there is no minisign to sign with. Install it (Debian: minisign).")
    words = ["-S", "-s", key, "-m", folder / SUMS, "-x", folder / f"{SUMS}.minisig"]
    words += ["-c", "signature of SHA256SUMS by minisign", "-t", f"switchover {said['switchover']}, commit {said['commit']}"]
    done = subprocess.run(["minisign", *words])
    if done.returncode:
        sys.exit("minisign did not sign.")


def write(dist: pathlib.Path, setup: pathlib.Path, promised: list[str]) -> pathlib.Path:
    """Makes the folder anew; it has its name when it is whole."""
    said, epoch = about(dist / "switchover"), wheels.epoch()
    version = wheels.package("version")
    envoys = tried.summary(dist, promised)
    found = wanting(version, said, envoys)
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found and os.environ.get("DRY") != "1":
        sys.exit("This is no release. DRY=1 writes the folder nevertheless.")

    folder, whole = dist / "release.new", dist / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    programs = {name: (dist / name).read_bytes() for name in crates.PROGRAMS}
    licences = notices.notices()

    # The wheel is made in a folder of its own: what `make wheel` made stays.
    scratch = folder / "scratch"
    scratch.mkdir()
    for name, content in programs.items():
        (scratch / name).write_bytes(content)
    (scratch / LICENCES).write_bytes(licences)
    wheel = wheels.build(scratch, promised[0], promised[-1])
    wheel.rename(folder / wheel.name)
    machine = wheels.platform([programs["switchover"]]).split("_", 3)[3]
    files = texts(dist, scratch)
    shutil.rmtree(scratch)

    (folder / LICENCES).write_bytes(licences)
    shutil.copyfile(ROOT / "CHANGELOG.md", folder / "CHANGELOG.md")
    (folder / "switchover.wasm").write_bytes(programs["switchover.wasm"])
    shipped = {name: content for name, content in programs.items() if name != "standin"}
    name = f"switchover-{version}"
    content = tarball(name, files | shipped | {LICENCES: licences}, {"switchover"}, epoch)
    (folder / f"{name}-linux-{machine}.tar.gz").write_bytes(content)
    for program, content in programs.items():
        (folder / f"{program}.cdx.json").write_bytes(bom.bill(program, content, epoch))
    (folder / "envoys.json").write_text(json.dumps(envoys, indent=2) + "\n")

    sums = {path.name: sha256(path.read_bytes()) for path in folder.iterdir()}
    told = provenance.statement(sums, said["commit"], epoch, setup, envoys)
    (folder / "provenance.json").write_bytes(told)
    sums["provenance.json"] = sha256(told)
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    sign(folder, said)
    shutil.rmtree(whole, ignore_errors=True)
    folder.rename(whole)
    return whole


if __name__ == "__main__":
    dist, setup, *promised = sys.argv[1:]
    print(write(pathlib.Path(dist).resolve(), pathlib.Path(setup).resolve(), promised))
