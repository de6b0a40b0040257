"""`make test-growth`: twice the input is at most 2.2 times the work, for each hostile shape, each caller and each provider; and the
largest request of a shape that the file allows is so many instructions at most.

Callgrind counts instructions, so a busy machine changes nothing. `tests/bench/growth/main.rs` does the work.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from instructions import PLAIN

# `make test` takes each third piece.
EVERY = os.environ.get("EVERY", "1")
# So many elements, and twice as many: enough for a loop in a loop to show, in a minute or two.
SIZE = 250
MOST = 2.2
# A request's bytes and values: `listen.max_body_bytes` and `max_values`, where the file says nothing.
ALLOWED = (32 << 20, 100_000)
# What doesn't grow was refused before it was looked at, or has a limit of its own: said, not held.
LEAST = 1.3
# Instructions for a request as large as `ALLOWED`, planned, or tried and written for a target (of what isn't carried, twice).
WHOLE = 1_500_000_000


def counts(profile: pathlib.Path) -> dict[int, int]:
    """Instructions by number: those of the calls of `ones::<B>` in `sixties::<A>`, whose number is 64 A + B."""
    names: dict[str, str] = {}
    found: dict[int, int] = {}

    def named(text: str) -> str:
        number, _, name = text.partition(" ")
        if name:
            names[number] = name
        return names[number]

    def place(name: str, function: str) -> int | None:
        match = re.search(rf"marks{function}Kj([0-9a-f]+)_", name)
        return int(match[1], 16) if match else None

    outer = inner = None
    is_call = False
    with profile.open() as lines:
        for line in lines:
            if line.startswith("fn="):
                outer = place(named(line[3:].rstrip()), "7sixties")
            elif line.startswith("cfn="):
                inner = place(named(line[4:].rstrip()), "4ones")
            elif line.startswith("calls="):
                is_call = True
            elif is_call:
                is_call = False
                if outer is not None and inner is not None:
                    found[64 * outer + inner] = int(line.split()[1])
    return found


def main():
    program, wanted = pathlib.Path(sys.argv[1]), " ".join(sys.argv[2:])
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder) / "out"
        words = ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}", program, "count", str(SIZE), wanted, EVERY]
        done = subprocess.run(words, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "GLIBC_TUNABLES": PLAIN})
        if done.returncode:
            sys.exit(f"valgrind failed.\n{done.stderr}")
        found = counts(profile)
    wrong, still, refused, largest = [], [], [], (0, "")
    for line in done.stdout.splitlines():
        number, taken, bytes_, values, name = line.split(" ", 4)
        once, twice = found[int(number)], found[int(number) + 1]
        growth = twice / once
        # How often the same again fits into what the file allows.
        fits = [most / int(each) for most, each in zip(ALLOWED, (bytes_, values)) if int(each)]
        whole = round((twice - once) * min(fits)) if fits else 0
        if os.environ.get("SHOW") == "1":
            print(f"{growth:5.2f} {once:>12,} {twice:>12,} {whole:>15,} {taken:5} {name}")
        if growth > MOST:
            wrong.append(f"{growth:5.2f} times the work ({once:,}, {twice:,}): {name}")
        if whole > WHOLE:
            wrong.append(f"{whole:,} instructions for as much as the file allows, more than {WHOLE:,}: {name}")
        if growth < LEAST:
            still.append(name)
        if taken == "false":
            refused.append(name)
        largest = max(largest, (whole, name))
    total = len(found) // 2
    print(f"{largest[0]:,} instructions at most for a request as large as the file allows: {largest[1]}.")
    print(f"{total} pieces of work, {len(refused)} of them refused, {len(still)} that don't grow.")
    if wrong:
        sys.exit("\n".join(sorted(wrong, reverse=True)) + f"\nTwice the input must be at most {MOST} times the work: look for a loop in a loop.")


if __name__ == "__main__":
    main()
