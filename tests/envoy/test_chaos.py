"""A short storm (`make chaos` is the long one): two of three providers misbehave in every way in turn, under load."""

import pathlib
import sys
import time

from harness.envoy import binary

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

import storm  # noqa: E402

# Those that end with a timeout take seconds each: one stands for all.
SLOW = ("stall=headers", "stall=body", "delay_ms=3000", "stall=12 slow_ms=3", "stall={'bytes': 300}")


def test_no_caller_notices_before_a_token(tmp_path):
    ways = [way for way in storm.WAYS if storm.spelled(way) not in SLOW]
    with storm.providers(tmp_path) as standin:
        spared, until = storm.NAMES[1], time.monotonic() + 60
        phases = list(storm.round_of(binary(), tmp_path / "round", standin, spared, storm.PATIENT, ways, 0.1, until))
    assert not (told := storm.complaints(phases) + storm.unmet(phases)), "\n".join(told)
    assert len(phases) == len(ways)
    assert sum(one.attempts > 1 for phase in phases for one in phase.outcomes) > len(ways), "nothing was switched"
    assert any(one.end == "error_event" for phase in phases for one in phase.outcomes), "no stream broke off"
