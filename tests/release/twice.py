"""`make release-twice`: whether two people get the same bytes. twice.py SETUP.

The last commit is checked out into two folders with names of other lengths and built from nothing, in one of them with cargo's target
folder elsewhere and a cargo home of its own. All that is given out has to have the same hashes.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build(commit: str, folder: pathlib.Path, setup: pathlib.Path, **env) -> str:
    """The sums of a release that is made in a fresh checkout."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", ROOT, folder], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=folder, check=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "SWITCHOVER_", "CARGO_TARGET_DIR"))}
    # What set-up installed is taken as it is, however old.
    words = ["make", "--no-print-directory", "release", "DRY=1", f"SWITCHOVER_SETUP={setup}"]
    for kept in setup.glob("wasm-toolchain*"):
        words += ["-o", kept]
    subprocess.run(words, cwd=folder, env=clean | env, check=True, stdout=sys.stderr)
    return (folder / "dist" / "release" / "SHA256SUMS").read_text()


def home(folder: pathlib.Path) -> pathlib.Path:
    """A cargo home that has what was downloaded before, and unpacks it anew."""
    used = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
    for name in ("registry/index", "registry/cache"):
        if (used / name).is_dir():
            shutil.copytree(used / name, folder / name)
    for name in ("config.toml", "config"):
        if (used / name).is_file():
            shutil.copy(used / name, folder)
    return folder


def main(setup: pathlib.Path) -> int:
    # A commit that is made meanwhile isn't meant.
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="switchover-twice-") as scratch:
        at = pathlib.Path(scratch)
        (at / "home").mkdir()
        other = at / "another folder with a longer name"
        one = build(commit, other, setup, CARGO_TARGET_DIR=str(at / "elsewhere"), CARGO_HOME=str(home(at / "home")))
        print(one, end="", flush=True)
        two = build(commit, at / "a", setup)
        differing = sorted({line.split("  ")[1] for line in set(one.splitlines()) ^ set(two.splitlines())})
        if not differing:
            print("Both builds gave these.")
            return 0
        for name in differing:
            print(f"{name} is not the same in both builds.", file=sys.stderr)
            for folder in (at / "a", other):
                kept = pathlib.Path(tempfile.mkdtemp(prefix="switchover-differs-"))
                if (folder / "dist" / "release" / name).is_file():
                    print(f"  kept: {shutil.copy(folder / 'dist' / 'release' / name, kept)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
