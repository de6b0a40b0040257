"""Which crates are in which shipped program, as cargo says it: for that program's target, without what only builds or tests it."""

import dataclasses
import functools
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WASM = "wasm32-wasip1"
# By program: the folders of its sources, and which kinds of dependency these may name. The stand-ins are an example of cargo's,
# so theirs are among those of the tests.
PROGRAMS = {
    "switchover": (("src",), "normal"),
    "switchover.wasm": (("src",), "normal"),
    "standin": (("src", "tests/standin"), "normal,dev"),
}
# What only the command's sources name.
COMMAND = ROOT / "src" / "bin"
# A module of tests, which stands at a file's end.
TESTS = re.compile(r"(?s)#\[cfg\(test\)\]\n(?:#\[.*?\]\n)*mod \w+ \{.*")


@dataclasses.dataclass(frozen=True, order=True)
class Crate:
    """One version of a crate."""

    name: str
    version: str
    licence: str = dataclasses.field(compare=False)

    @property
    def purl(self) -> str:
        return f"pkg:cargo/{self.name}@{self.version.replace('+', '%2B')}"


def said(*words) -> str:
    """What a program prints, called among the sources."""
    return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@functools.cache
def rustc() -> dict:
    """What the compiler says about itself."""
    lines = [line.partition(": ") for line in said("rustc", "-vV").splitlines()]
    return {name: value for name, _, value in lines if value}


def target(program: str) -> str:
    return WASM if program.endswith(".wasm") else rustc()["host"]


@functools.cache
def inside(program: str) -> dict[Crate, set[Crate]]:
    """The crates in a program, each with those that it uses; the first one is the package itself."""
    folders, kinds = PROGRAMS[program]
    # Procedural macros run in the compiler; nothing of them is linked.
    words = ["tree", "--locked", "--target", target(program), "-e", f"{kinds},no-proc-macro"]
    lines = said("cargo", *words, "--prefix", "depth", "--format", "\t{p}\t{l}").splitlines()
    uses, above = {}, []
    for line in lines:
        if not line.strip() or line.startswith("["):
            continue  # the heading of another kind of dependency
        depth, package, licence = line.split("\t")
        name, version = package.split(" ")[:2]
        crate = Crate(name, version.removeprefix("v"), licence.removesuffix(" (*)").replace("/", " OR "))
        uses.setdefault(crate, set())
        del above[int(depth) :]
        if above:
            uses[above[-1]].add(crate)
        above.append(crate)
    package = next(iter(uses))
    # The compiler links a crate that the sources name, and no other one of those that are at hand.
    text = sources(folders, with_command=program == "switchover")
    uses[package] = {crate for crate in uses[package] if re.search(rf"\b{crate.name.replace('-', '_')}\b(::|;)", text)}
    reached, left = {}, [package]
    while left:
        crate = left.pop(0)
        if crate not in reached:
            reached[crate] = uses[crate]
            left += sorted(uses[crate])
    return reached


def sources(folders, with_command: bool) -> str:
    """All of the Rust in these folders that is compiled into programs: neither comments nor tests."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.rs"))]
    files = [path for path in files if with_command or COMMAND not in path.parents]
    texts = [path.read_text() for path in files if path.stem != "tests" and path.parent.name != "tests"]
    return "\n".join(re.sub(r"(?m)^\s*//.*$", "", TESTS.sub("", text)) for text in texts)


@functools.cache
def checksums() -> dict[tuple, str]:
    """The SHA-256 of each crate as it was published, by name and version: what Cargo.lock holds the build to."""
    packages = (ROOT / "Cargo.lock").read_text().split("[[package]]")[1:]
    fields = [dict(re.findall(r'(?m)^(name|version|checksum) = "(.*)"$', package)) for package in packages]
    return {(field["name"], field["version"]): field["checksum"] for field in fields if "checksum" in field}


@functools.cache
def folders() -> dict[tuple, pathlib.Path]:
    """Where each crate's sources are, by name and version."""
    packages = json.loads(said("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", rustc()["host"]))["packages"]
    return {(each["name"], each["version"]): pathlib.Path(each["manifest_path"]).parent for each in packages}


@functools.cache
def of_std(program: str) -> tuple[str, ...]:
    """The names of the crates that the standard library brings along for a program's target."""
    folder = pathlib.Path(said("rustc", "--print", "sysroot").strip()) / "lib" / "rustlib" / target(program) / "lib"
    names = {path.name.removeprefix("lib").rsplit("-", 1)[0] for path in folder.glob("lib*.rlib")}
    # std's own parts, and what only the compiler's and the tests' programs link.
    own = {"alloc", "compiler_builtins", "core", "panic_abort", "panic_unwind", "proc_macro", "std", "std_detect", "sysroot", "unwind"}
    return tuple(sorted(name for name in names - own - {"test", "getopts"} if not name.startswith(("rustc_std_workspace", "rustc_literal"))))
