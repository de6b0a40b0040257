"""run.py TOOLCHAIN WASM_OPT: what reading a request with each JSON parser costs, in time and in bytes of a module.

Each parser is built by itself, natively and as WebAssembly, and asked the same of the bench's own bodies: to validate one and find
`model`, `stream` and `messages`, and to build its tree. Rounds are short and the builds take turns, so that a busy machine
disturbs all alike; the figures are medians. JSON_SECONDS is how long each measures each time, JSON_TURNS how often.
"""

import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))
import bodies  # noqa: E402

PARSERS = ["ours", "serde_json", "sonic-rs", "jiter", "simd-json"]
BODIES = ["chat 1 KB", "chat 32 KB", "chat 1 MB"]
SECONDS = os.environ.get("JSON_SECONDS", "0.2")
TURNS = int(os.environ.get("JSON_TURNS", "7"))
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "bench-json"
# A request that must be refused before a provider sees it: each is broken where nobody looks for anything.
AROUND = b'{"model":"m","messages":[{"role":"user","content":"%s"}],"other":[%s]}'
BROKEN = {
    "a comma before an end": AROUND % (b"a", b"1,"),
    "a number with a zero in front": AROUND % (b"a", b"01"),
    "a word that JSON lacks": AROUND % (b"a", b"nul"),
    "a container that ends as another": AROUND % (b"a", b"{]"),
    "an escape that JSON lacks": AROUND % (rb"\x", b""),
    "a control character": AROUND % (b"\t", b""),
    "a key that is no string": AROUND % (b"a", b"{1:2}"),
    "no UTF-8": AROUND % (b"\xff", b""),
    "something after the end": AROUND % (b"a", b"") + b" x",
}


def main() -> int:
    toolchain, wasm_opt = sys.argv[1:]
    built = {parser: build(parser, toolchain, wasm_opt) for parser in [None, *PARSERS]}
    empty = built[None]["module"].stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name in BODIES:
            files[name] = pathlib.Path(folder, name.replace(" ", "-"))
            files[name].write_bytes(bodies.WORKLOADS[name])
        rounds = measure({parser: built[parser] for parser in PARSERS}, files)
    print(f"| parser | bytes in a module | {' | '.join(f'find, {name[5:]}' for name in BODIES)} | {' | '.join(f'tree, {name[5:]}' for name in BODIES)} |")
    print("|---|---|" + "---|" * 6)
    for parser in PARSERS:
        cells = [cell(rounds, parser, question, name) for question in ("find", "tree") for name in BODIES]
        print(f"| `{parser}` | {built[parser]['module'].stat().st_size - empty:,} | {' | '.join(cells)} |")
    print(f"| copying the body | | {' | '.join(cell(rounds, 'serde_json', 'copy', name) for name in BODIES)} | | | |")
    print("\nMicroseconds as WebAssembly, in brackets native. Broken documents taken for good ones:")
    for parser in PARSERS:
        run = subprocess.run([built[parser]["native"], "broken"], input=b"\n".join(BROKEN.values()), stdout=subprocess.PIPE, check=True)
        taken = [list(BROKEN)[int(number)] for number in run.stdout.split()]
        print(f"* `{parser}`: {', '.join(taken) or 'none'}")
    return 0


def build(parser: str | None, toolchain: str, wasm_opt: str) -> dict[str, pathlib.Path]:
    """The native program and the module, made the way the filter is."""
    folder = TARGET / (parser or "none")
    asked = ["--quiet", "--release", "--locked", "--manifest-path", HERE / "Cargo.toml"] + (["--features", parser] if parser else [])
    environment = os.environ | {"CARGO_TARGET_DIR": str(folder)}
    subprocess.run(["cargo", "build", *asked, "--bin", "native"], env=environment | {"RUSTFLAGS": "-Ctarget-cpu=native"}, check=True)
    wasm = [ROOT / "tests/setup/wasm-cargo.sh", toolchain, "build", *asked, "--lib", "--target", "wasm32-wasip1"]
    subprocess.run(wasm, env=environment, check=True)
    module = folder / "module.wasm"
    features = ["simd", "bulk-memory", "sign-ext", "mutable-globals", "nontrapping-float-to-int", "reference-types", "multivalue"]
    made = folder / "wasm32-wasip1/release/switchover_bench_json.wasm"
    subprocess.run(["node", wasm_opt, "-O3", "--strip-producers", *(f"--enable-{name}" for name in features), made, "-o", module], check=True)
    return {"native": folder / "release/native", "module": module}


def measure(built: dict, files: dict[str, pathlib.Path]) -> dict[tuple, list[float]]:
    """Microseconds of each round, by parser, question, body and whether it is native."""
    names = {str(path): name for name, path in files.items()}
    rounds = collections.defaultdict(list)
    for _ in range(TURNS):
        for parser, made in built.items():
            programs = {True: [made["native"]], False: ["node", "--no-liftoff", HERE / "src/module.mjs", made["module"]]}
            for native, program in programs.items():
                run = subprocess.run([*program, SECONDS, *files.values()], stdout=subprocess.PIPE, text=True, check=True)
                for line in run.stdout.splitlines():
                    question, path, answer, times = line.split(" ", 3)
                    expected = {"find": 14, "tree": -1 if parser == "ours" else len(json.loads(files[names[path]].read_bytes()))}
                    if int(answer) != expected.get(question, int(answer)):
                        raise SystemExit(f"{parser} answers {answer} to {question} of {names[path]}, not {expected[question]}.")
                    if question != "tree" or parser != "ours":
                        rounds[parser, question, names[path], native] += [float(time) for time in times.strip("[]").split(",")]
    return rounds


def cell(rounds: dict, parser: str, question: str, name: str) -> str:
    if (parser, question, name, False) not in rounds:
        return "none"
    wasm, native = (statistics.median(rounds[parser, question, name, native]) for native in (False, True))
    return f"{wasm:,.2f} ({native:,.2f})" if wasm < 10 else f"{wasm:,.0f} ({native:,.0f})"


if __name__ == "__main__":
    sys.exit(main())
