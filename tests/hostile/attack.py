"""What makes a test an attack: it happens beside healthy traffic, and is judged by that, too."""

import asyncio
import functools
from dataclasses import dataclass

import pytest


@dataclass
class Attack:
    name: str
    place: str
    # Nothing else may happen meanwhile: it counts what Envoy counts.
    alone: bool
    run: object


# All there are, in the order of their tests: `make hostile` draws from them.
ATTACKS: list[Attack] = []


def attack(place: str = "main", floor: bool = False, alone: bool = False, cases: tuple = ()):
    """Makes a test of an async function of an `Arena` (and of one of `cases`, for a test each)."""

    def decorate(function):
        def run(world, envoy_binary, case):
            given = functools.partial(function, **case)
            verdict = world.arena(envoy_binary, place).judge(given)
            assert not verdict.broken, "\n".join(verdict.broken)

        named = [one if isinstance(one, dict) else {"case": one} for one in cases] or [{}]
        for case in named:
            label = f"{function.__name__.removeprefix('test_')}{list(case.values()) if case else ''}"
            ATTACKS.append(Attack(label, place, alone, functools.partial(function, **case)))
        if cases:
            def test(world, envoy_binary, case):
                run(world, envoy_binary, case)
        else:
            def test(world, envoy_binary):
                run(world, envoy_binary, {})
        test.__name__, test.__doc__, test.__module__ = function.__name__, function.__doc__, function.__module__
        if cases:
            labels = ["-".join(map(str, case.values())) for case in named]
            test = pytest.mark.parametrize("case", named, ids=labels)(test)
        return pytest.mark.floor(test) if floor else test

    return decorate


async def each(cases, check):
    """Checks all cases at once, and tells of every one that is wrong."""
    ends = await asyncio.gather(*(check(case) for case in cases), return_exceptions=True)
    wrong = {str(case)[:100]: f"{type(end).__name__}: {end}"[:600] for case, end in zip(cases, ends) if isinstance(end, BaseException)}
    assert not wrong, f"{len(wrong)} of {len(ends)}: {wrong}"
