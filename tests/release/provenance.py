"""How the files of a release came about: an in-toto statement with SLSA's predicate. It is the same for the same sources and tools."""

import json
import os
import pathlib
import platform
import subprocess
import zlib

import crates

# What set-up chose to compile the module with: in Debian's way that is another Rust than the command's.
CHOSEN = "-".join(filter(None, ("wasm-toolchain", os.environ.get("WASM_TOOLCHAIN"))))


def tool(*words) -> str:
    """The first line of what a tool says of itself."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return (done.stdout.splitlines() or ["none"])[0]


def tools(setup: pathlib.Path) -> dict:
    """What the bytes depend on beside the sources."""
    chosen = (setup / CHOSEN).read_text().strip() if (setup / CHOSEN).is_file() else "unknown"
    optimiser = next(iter(sorted(setup.glob("binaryen-*/node_modules/binaryen/package.json"))), None)
    return {
        "rustc": tool("rustc", "--version"),
        "wasmRustc": tool("/usr/bin/rustc", "--version") if chosen == "debian" else tool("rustc", "--version"),
        "cargo": tool("cargo", "--version"),
        "cc": tool("cc", "--version"),
        "binaryen": json.loads(optimiser.read_text())["version"] if optimiser else "unknown",
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }


def statement(subjects: dict[str, str], commit: str, epoch: int, setup: pathlib.Path, envoys: dict) -> bytes:
    """For files by their SHA-256. Who builds may say who they are (BUILDER) and where the sources are (SOURCE)."""
    source = os.environ.get("SOURCE") or "urn:switchover:source"
    parts = [{"uri": f"git+{source}" if "://" in source else source}]
    number, _, rest = commit.partition(" ")
    if number != "unknown":
        parts[0]["digest"] = {"gitCommit": number}
    if rest:
        parts[0]["annotations"] = {"changed": rest}
    rust = crates.rustc()
    digest = {"gitCommit": rust["commit-hash"]} if rust.get("commit-hash", "unknown") != "unknown" else {}
    parts.append({"uri": f"pkg:generic/rust@{rust['release']}", **({"digest": digest} if digest else {})})
    told = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(subjects.items())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:switchover:make-release:1",
                "externalParameters": {"source": source, "commit": commit, "target": rust["host"]},
                "internalParameters": {"sourceDateEpoch": epoch, "tools": tools(setup), "envoys": envoys},
                "resolvedDependencies": parts,
            },
            "runDetails": {"builder": {"id": os.environ.get("BUILDER") or "urn:switchover:builder:local"}},
        },
    }
    return (json.dumps(told, indent=2) + "\n").encode()
