"""Every field of an SDK's request types, each with a request that has it and one that differs in nothing else.

The walk goes through TypedDicts, models, unions, literals and lists. What tells alternatives apart (`type`, `role`) is in a path and no
field of its own: `messages[user].content[image_url].image_url.detail`.
"""

import dataclasses
import datetime
import os
import typing

import typing_extensions

from shape import DICTS, LISTS, LITERALS, QUALIFIERS, UNIONS, fields, is_model

ABSENT = object()


@dataclasses.dataclass(frozen=True)
class Probe:
    """A field with a value, and the same without it or with another value, which stands in `other`."""

    path: str
    # The keys and places that lead to the field in `value`.
    way: tuple
    value: object
    other: object
    # What stands at the way's end.
    said: object

    def under(self, path):
        return dataclasses.replace(self, path=path + self.path)


class Walk:
    """The fields of a type. `samples(owner, name, hint)` has values for what a type says too little of, or None; `beside` has members
    without which a type's value is none, though it says that it can do without, by the type's name; those of `instead` stand in for
    each other.
    """

    def __init__(self, samples, beside, instead):
        self.samples = samples
        self.beside = beside
        self.instead = instead

    def probes(self, kind) -> list:
        return list(self._members(kind, {}, ()))

    def members(self, kind, pinned):
        """The same of one alternative of several, which these members tell apart."""
        return self._members(kind, pinned, ())

    def least(self, kind, pinned=None, above=()) -> dict:
        """A value with what must be there, and nothing else."""
        members, required = fields(kind)
        least = {name: self._first(kind, name, members[name], (*above, kind)) for name in members if name in required}
        return least | self.beside.get(kind.__name__, {}) | (pinned or {})

    def _members(self, kind, pinned, above):
        members, required = fields(kind)
        above = (*above, kind)
        whole = self.least(kind, pinned, above[:-1])
        for name, hint in members.items():
            if name in pinned or is_tag(name, hint) or name in required and is_only(hint):
                continue
            least = whole
            if name in self.instead and name not in required:
                least = {one: value for one, value in whole.items() if one not in self.instead}
            for probe in self._values(kind, name, hint, above):
                path = f".{name}" if above[:-1] else name
                other = least | {name: probe.other}
                if probe.other is ABSENT:
                    other = {one: value for one, value in least.items() if one != name}
                if name not in whole and name not in self.instead and probe.way in ((), (0,)):
                    other = {one: value for one, value in least.items() if one != name}
                yield Probe(path + probe.path, (name, *probe.way), least | {name: probe.value}, other, probe.said)

    def _values(self, owner, name, hint, above):
        """Probes of what a member can hold."""
        given = self.samples(owner, name, bare(hint))
        if given is not None:
            for place, value in enumerate(given):
                yield Probe("", (), value, given[place - 1] if len(given) > 1 else ABSENT, value)
            return
        yield from self._of(owner, name, hint, above, False)

    def _of(self, owner, name, hint, above, tagged):
        hint = bare(hint)
        alternatives = flat(hint)
        scalars = [one for one in alternatives if is_scalar(one)]
        told = [value for one in scalars for value in scalar_values(name, one)]
        for place, value in enumerate(told):
            yield Probe("", (), value, told[place - 1] if len(told) > 1 else ABSENT, value)
        objects = [one for one in alternatives if is_object(one)]
        for one in objects:
            if one in above:
                continue
            for tag, pinned in tags(one):
                path = f"[{tag}]" if tag and (tagged or len(objects) + len(told) > 1) else "[]" if tagged else ""
                least = self.least(one, pinned, above)
                inner = list(self._members(one, pinned, above))
                # Its being there says something by itself.
                if one.__name__ not in self.beside and not any(
                    probe.path.removeprefix(".").partition(".")[0].partition("[")[0] in fields(one)[1] for probe in inner
                ):
                    yield Probe(path, (), least, ABSENT, least)
                for probe in inner:
                    yield dataclasses.replace(probe, path=path + probe.path)
        for one in alternatives:
            if is_list(one):
                item = (typing.get_args(one) or (typing.Any,))[0]
                for probe in self._of(owner, name, item, above, True):
                    path = probe.path if probe.path.startswith("[") else "[]" + probe.path
                    other = ABSENT if probe.other is ABSENT else [probe.other]
                    yield Probe(path, (0, *probe.way), [probe.value], other, probe.said)

    def _first(self, owner, name, hint, above):
        given = self.samples(owner, name, bare(hint))
        return given[0] if given is not None else self._one(name, hint, above)

    def _one(self, name, hint, above):
        alternatives = flat(bare(hint))
        for one in alternatives:
            if is_scalar(one):
                return scalar_values(name, one)[0]
        for one in alternatives:
            if is_object(one) and one not in above:
                return self.least(one, tags(one)[0][1], above)
        item = next((typing.get_args(one) or (typing.Any,))[0] for one in alternatives if is_list(one))
        return [self._one(name, item, above)]


def bare(hint):
    while typing_extensions.get_origin(hint) in QUALIFIERS or typing.get_origin(hint) is typing.Annotated:
        hint = typing_extensions.get_args(hint)[0]
    if isinstance(hint, typing_extensions.TypeAliasType):
        return bare(hint.__value__)
    return hint


def flat(hint) -> list:
    """The alternatives of a union, of unions in it too; without null."""
    hint = bare(hint)
    if typing.get_origin(hint) in UNIONS:
        return [one for arg in typing.get_args(hint) for one in flat(arg)]
    if isinstance(typing.get_origin(hint), typing_extensions.TypeAliasType):
        return flat(typing.get_origin(hint).__value__[typing.get_args(hint)])
    return [] if hint in (None, type(None)) else [hint]


def is_object(kind) -> bool:
    return isinstance(kind, type) and typing_extensions.is_typeddict(kind) or is_model(kind)


def is_list(kind) -> bool:
    origin = typing.get_origin(kind) or kind
    return origin in LISTS or getattr(origin, "__name__", "").startswith("SequenceNotStr")


def is_scalar(kind) -> bool:
    return not is_object(kind) and not is_list(kind) and (typing.get_origin(kind) or kind) not in FILES


def scalar_values(name, kind) -> list:
    if typing.get_origin(kind) in LITERALS:
        return list(typing.get_args(kind))
    if kind is str:
        return [f"one_{name}", f"two_{name}"]
    if kind is bool:
        return [True, False]
    if kind is int:
        return [2345, 3456]
    if kind is float:
        return [0.25, 0.75]
    if kind is datetime.datetime:
        return ["2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z"]
    if (typing.get_origin(kind) or kind) in DICTS or kind in (object, typing.Any, typing_extensions.Any):
        return [{"one": f"one_{name}"}, {"one": f"two_{name}"}]
    raise TypeError(f"{name}: nobody makes {kind!r} yet")


TAGS = ("type", "role")
# What an SDK reads from a disk, and no JSON.
FILES = (os.PathLike, typing.IO)


def is_tag(name, hint) -> bool:
    return name in TAGS and all(typing.get_origin(one) in LITERALS for one in flat(hint))


def is_only(hint) -> bool:
    """Whether there is one value that it can have."""
    alternatives = flat(hint)
    return len(alternatives) == 1 and typing.get_origin(alternatives[0]) in LITERALS and len(typing.get_args(alternatives[0])) == 1


def tags(kind) -> list:
    """Each alternative's name, and the members that make it: its type, or its role where it is a message."""
    members, required = fields(kind)
    said = {name: typing.get_args(flat(members[name])[0]) for name in TAGS if name in members and is_tag(name, members[name])}
    kinds, roles = said.get("type", (None,)), said.get("role", (None,))
    named = []
    for one in kinds:
        for role in roles:
            pinned = {name: value for name, value in (("type", one), ("role", role)) if value is not None}
            named.append((role if one in (None, "message") and role else one, pinned))
    return named
