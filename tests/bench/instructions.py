"""`make test-speed`: the core's instructions for one exchange, held within 5 % of `instructions.json`.

Callgrind counts what runs, so a busy machine changes nothing. Another compiler or architecture does: there the test says so
and passes. `BLESS=1` writes the counts anew; commit them with the change that explains them.
"""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KNOWN = HERE / "instructions.json"
TOLERANCE = 0.05
KINDS = {"1 KB": 20, "32 KB": 10, "1 MB": 1, "50 events": 10, "reply": 50}
# A request with a picture of 4 MB, planned for one target and for six: what six may cost, in one.
SEVERAL = 1.1
# The library's fast paths for this or that processor would make counts differ from machine to machine.
PLAIN = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load,-Prefer_No_VZEROUPPER"


def count(program: pathlib.Path, workload: str, rounds: int) -> int:
    """Instructions of a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, workload, str(rounds)]
        environment = {"PATH": os.environ["PATH"], "GLIBC_TUNABLES": PLAIN}
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        sys.exit(f"{workload}: valgrind failed.\n{done.stderr}")
    return int(found.group(1))


def main():
    program = pathlib.Path(sys.argv[1])
    built = {"machine": platform.machine(), "rustc": subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()}
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {"counts": {}}
    bless = os.environ.get("BLESS") == "1"
    if not bless and {name: known.get(name) for name in built} != built:
        print(f"skipped: the counts are those of {known.get('rustc')} on {known.get('machine')}; this is {built['rustc']} on {built['machine']}")
        return
    counts, wrong = {}, []
    for kind, rounds in KINDS.items():
        for target in ("openai", "anthropic"):
            name = f"{kind} to {target}"
            # Once more than once, so that start and configuration are not counted.
            counts[name] = (count(program, name, 1 + rounds) - count(program, name, 1)) // rounds
            before = known["counts"].get(name)
            change = "new" if before is None else f"{counts[name] / before - 1:+.1%}"
            print(f"{name:24} {counts[name]:>12,}  {change}", flush=True)
            if before is None or abs(counts[name] / before - 1) > TOLERANCE:
                wrong.append(name)
    one, six = (count(program, f"picture to {targets}", 2) - count(program, f"picture to {targets}", 1) for targets in (1, 6))
    print(f"{'picture, planned for six':24} {six:>12,}  {six / one:.2f} of that for one")
    if six > SEVERAL * one:
        sys.exit(f"Planning for six targets costs {six / one:.2f} times what it does for one: more than {SEVERAL}.")
    if bless:
        KNOWN.write_text(json.dumps(built | {"counts": counts}, indent=2) + "\n")
    elif wrong:
        sys.exit(f"More than {TOLERANCE:.0%} from what is known: {', '.join(wrong)}. If that is meant, BLESS=1 make test-speed and commit instructions.json.")


if __name__ == "__main__":
    main()
