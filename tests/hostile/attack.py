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


def attack(place: str = "main", floor: bool | str = False, alone: bool = False, deep: bool = False, cases: tuple = ()):
    """Makes a test of an async function of an `Arena` (and of one of `cases`, for a test each).

    `make test` leaves out those that are `deep`, all cases but the first, and the oldest Envoy unless `floor` is "always".
    """

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
            label = lambda case: "-".join(map(str, case.values()))  # noqa: E731
            marks = [()] + [(pytest.mark.deep,)] * (len(named) - 1)
            cases_ = [pytest.param(case, id=label(case), marks=mark) for case, mark in zip(named, marks)]
            test = pytest.mark.parametrize("case", cases_)(test)
        if deep:
            test = pytest.mark.deep(test)
        if floor:
            test = (pytest.mark.floor if floor == "always" else pytest.mark.floor("deep"))(test)
        return test

    return decorate


async def each(cases, check):
    """Checks all cases at once, and tells of every one that is wrong."""
    ends = await asyncio.gather(*(check(case) for case in cases), return_exceptions=True)
    wrong = {str(case)[:100]: f"{type(end).__name__}: {end}"[:600] for case, end in zip(cases, ends) if isinstance(end, BaseException)}
    assert not wrong, f"{len(wrong)} of {len(ends)}: {wrong}"
