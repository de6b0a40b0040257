"""`make chaos`: two of three providers misbehave in every way in turn, under load, and no caller may notice before a token.

CHAOS_SECONDS (120) bounds it. The time a switch adds is printed; with CHAOS_STRICT=1 more than 5 ms fails. Exits with 1
on a broken promise.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

import storm  # noqa: E402
from harness.envoy import binary  # noqa: E402

SECONDS = float(os.environ.get("CHAOS_SECONDS", "120"))
STRICT = os.environ.get("CHAOS_STRICT") == "1"
MOST_MS = 5.0
# A phase waits for its last caller, who may sit out a timeout of each victim: on average that is this long.
WAIT = 0.6


def main() -> int:
    # Where time is short the last rounds are, so each kind comes early.
    rounds = [(name, storm.PATIENT) for name in storm.NAMES]
    rounds.insert(1, (storm.NAMES[-1], storm.HASTY))
    planned = len(rounds) * len(storm.WAYS)
    window = max(0.05, SECONDS / planned - WAIT)
    phases = []
    # What Envoy and the providers logged stays when a promise broke.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchover-chaos-"))
    with storm.providers(folder) as standin:
        added = storm.added_ms(binary(), folder / "added", standin, requests=100)
        end = time.monotonic() + SECONDS
        for number, (spared, failures) in enumerate(rounds):
            own = folder / f"round-{number}"
            phases += storm.round_of(binary(), own, standin, spared, failures, storm.WAYS, window, end)
    print(storm.table(phases))
    over = added["switched"] - added["direct"] - added["failing"]
    print(
        f"\na chat, median of 100: {added['direct']:.1f} ms without a switch, {added['switched']:.1f} ms with one; the failing "
        f"attempt alone is {added['failing']:.1f} ms; a switch adds {over:.1f} ms over it"
    )
    if missed := planned - len(phases):
        print(f"time was up before {missed} of the phases: give it more with CHAOS_SECONDS")
    told = storm.complaints(phases) + storm.unmet(phases)
    for complaint in told:
        print(complaint)
    slow = STRICT and over > MOST_MS
    if told or slow:
        print(f"FAILED; logs are in {folder}")
        return 1
    shutil.rmtree(folder)
    print("no promise broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
