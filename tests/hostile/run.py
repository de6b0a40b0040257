"""`make hostile`: attacks drawn from the suite's list, repeated and combined, for MINUTES (2) beside healthy traffic.

Prints what each attack came to, how long the neighbours waited (alone, and beside attacks), the memory before and after,
and the promises that broke; SEED repeats a run. Exits with 1 on a broken promise, or when a neighbour waited for longer
than WAIT (5) seconds: by far more than the half second promised, as the machine may have other work.
"""

import asyncio
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.envoy import binary  # noqa: E402
from hostile import attack as attacks  # noqa: E402
from hostile import test_answers, test_breaks, test_callers, test_http2, test_reentry, test_size  # noqa: E402, F401
from hostile import test_time, test_told, test_unfinished  # noqa: E402, F401
from hostile.arena import MIB, World  # noqa: E402

SECONDS = float(os.environ.get("MINUTES", "2")) * 60
SEED = int(os.environ.get("SEED", random.randrange(10**6)))
WAIT = float(os.environ.get("WAIT", "5"))
# An Envoy is kept for so long, of `MINUTES`; then another place is attacked.
STAY = 0.1
AT_ONCE = (1, 1, 2, 3, 4)


class Report:
    """What a run came to."""

    def __init__(self):
        self.attacks, self.broken, self.examples = Counter(), Counter(), defaultdict(list)
        self.quiet, self.beside, self.memory = [], [], []
        # The longest wait beside each.
        self.longest = Counter()

    def add(self, chosen: list, broken: list[str], waits: list):
        name = " + ".join(one.name for one in chosen)
        for one in chosen:
            self.attacks[one.name] += 1
        self.beside += waits
        self.longest[name] = max([self.longest[name], *waits])
        if broken:
            self.broken[name] += 1
            self.examples[name] += broken[:4]
            print(f"BROKEN by {name}:\n  " + "\n  ".join(broken[:4]), flush=True)

    def slow(self) -> bool:
        return any(wait > WAIT for wait in self.beside)

    def table(self) -> str:
        lines = [f"{sum(self.attacks.values())} attacks, {len(self.attacks)} of {len(attacks.ATTACKS)} kinds, seed {SEED}"]
        for name, waits in (("alone", self.quiet), ("beside attacks", self.beside)):
            lines.append(f"neighbours {name}: {len(waits)} requests, waited {told(waits)}")
        for place, base, after, peak, promised in self.memory:
            lines.append(
                f"memory of an Envoy, {place}: {base // MIB} MiB before, {after // MIB} after, at most {peak // MIB} of {promised // MIB}"
            )
        for name, wait in self.longest.most_common(5):
            lines.append(f"longest wait {wait * 1000:.0f} ms, beside {name}")
        lines += [f"broken {count} times by {name}: {self.examples[name][0]}" for name, count in self.broken.items()]
        return "\n".join(lines)


def told(waits: list) -> str:
    if not waits:
        return "-"
    at = sorted(waits)
    part = lambda share: at[min(len(at) - 1, int(len(at) * share))] * 1000  # noqa: E731
    return f"p50 {part(0.5):.0f} ms, p99 {part(0.99):.0f} ms, max {at[-1] * 1000:.0f} ms"


async def all_of(chosen: list, arena) -> list[str]:
    """The attacks at once; what each of them did not get that it should have."""
    ends = await asyncio.gather(*(one.run(arena) for one in chosen), return_exceptions=True)
    failed = [(one, end) for one, end in zip(chosen, ends) if isinstance(end, BaseException)]
    return [f"{one.name}: {type(end).__name__}: {str(end)[:500]}" for one, end in failed]


def visit(world: World, place: str, until: float, chance: random.Random, report: Report):
    """Attacks one place until its time is up, or its Envoy is dead."""
    here = [one for one in attacks.ATTACKS if one.place == place]
    arena = world.arena(binary(), place)
    world.neighbours.ask("take")
    time.sleep(3)
    report.quiet += [one["wait"] for one in world.neighbours.ask("take")]
    peak = 0
    while time.monotonic() < until and arena.gateway.alive():
        chosen = chance.choices(here, k=chance.choice(AT_ONCE))
        if any(one.alone for one in chosen):
            chosen = chosen[:1]
        arena.begin()
        ends = asyncio.run(all_of(chosen, arena))
        # Several answers of an attack may find no room, or no patience, while others are made: what counts is who is hurt.
        broken = ends if len(chosen) == 1 else []
        verdict = arena.verdict(broken)
        report.add(chosen, broken, [one.wait for one in verdict.neighbours])
        peak = max(peak, arena.peak() if arena.gateway.alive() else 0)
    if arena.gateway.alive():
        report.memory.append((place, arena.base, arena.memory(), peak, arena.promised()))


def main() -> int:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchover-hostile-"))
    chance, report = random.Random(SEED), Report()
    places = [one.place for one in attacks.ATTACKS]
    world = World(folder)
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            # As often as there are attacks of it.
            visit(world, chance.choice(places), min(end, time.monotonic() + SECONDS * STAY), chance, report)
    finally:
        world.stop()
        print(report.table())
    if report.broken or report.slow():
        print(f"FAILED; logs are in {folder}")
        return 1
    shutil.rmtree(folder)
    print("no promise broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
