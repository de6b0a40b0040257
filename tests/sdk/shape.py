"""Whether a JSON value has the form that an SDK's type describes, member for member.

The SDKs describe the same things in several ways (TypedDicts, pydantic models with or without aliases) and check them
laxly: unknown members pass, iterables are not walked, replies are built without a check. Here one walker reads all of
them and tells everything that the type does not know. It never converts anything.
"""

import collections.abc
import datetime
import enum
import functools
import inspect
import types
import typing

import pydantic
import typing_extensions

UNIONS = (typing.Union, types.UnionType)
LITERALS = (typing.Literal, typing_extensions.Literal)
QUALIFIERS = (typing.Required, typing.NotRequired, typing_extensions.Required, typing_extensions.NotRequired,
              typing_extensions.ReadOnly)  # fmt: skip
LISTS = (list, tuple, set, collections.abc.Iterable, collections.abc.Sequence)
DICTS = (dict, collections.abc.Mapping)
SCALARS = {str: str, bytes: str, datetime.datetime: str, bool: bool, int: int, float: (int, float), type(None): type(None)}


class Shape:
    """A type, and the names of members that may be anywhere in it though the type has them not."""

    def __init__(self, kind, extra=(), open_enums=False):
        self.kind = kind
        self.extra = frozenset(extra)
        self.open_enums = open_enums

    def problems(self, value) -> list:
        return self._walk(self.kind, value, "")

    def _walk(self, kind, value, path) -> list:
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if isinstance(kind, typing_extensions.TypeAliasType):
            return self._walk(kind.__value__, value, path)
        if isinstance(origin, typing_extensions.TypeAliasType):
            return self._walk(origin.__value__[args], value, path)
        if kind in (typing.Any, object, typing_extensions.Any):
            return []
        if isinstance(kind, typing.TypeVar):
            return []
        if origin is typing.Annotated or origin in QUALIFIERS:
            return self._walk(args[0], value, path)
        if origin in UNIONS:
            return self._union(args, value, path)
        if origin in LITERALS:
            return [] if value in args and isinstance(value, str | bool | None) else [f"{path}: {value!r} is none of {args}"]
        if isinstance(kind, type) and typing_extensions.is_typeddict(kind) or is_model(kind):
            return self._members(kind, value, path)
        if kind in SCALARS:
            wanted = SCALARS[kind]
            fits = isinstance(value, wanted) and (kind is bool or not isinstance(value, bool))
            return [] if fits else [f"{path}: {short(value)} is no {kind.__name__}"]
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            known = self.open_enums or value in [one.value for one in kind]
            return [] if isinstance(value, str) and known else [f"{path}: {value!r} is no {kind.__name__}"]
        if (origin or kind) in DICTS:
            if not isinstance(value, dict):
                return [f"{path}: {short(value)} is no object"]
            inner = args[1] if args else typing.Any
            return [problem for key, one in value.items() for problem in self._walk(inner, one, f"{path}.{key}")]
        if (origin or kind) in LISTS or getattr(origin or kind, "__name__", "").startswith("SequenceNotStr"):
            if not isinstance(value, list):
                return [f"{path}: {short(value)} is no list"]
            inner = args[0] if args else typing.Any
            return [problem for at, one in enumerate(value) for problem in self._walk(inner, one, f"{path}[{at}]")]
        if isinstance(kind, type):
            # A class that no JSON value is of: a file, a callable, a picture.
            return [f"{path}: {short(value)} is no {kind.__name__}"]
        raise TypeError(f"{path}: nobody reads {kind!r} yet")

    def _union(self, args, value, path) -> list:
        if value is None and any(one in (None, type(None)) for one in args):
            return []
        best = None
        if any(typing.get_origin(one) in LITERALS for one in args):
            # Cohere's way to say that more may be known tomorrow; what we send must be known today.
            args = [one for one in args if one is not typing.Any]
        for one in args:
            if one in (None, type(None)) or getattr(one, "__name__", "") == "Unset":
                # Mistral's mark of what is not there.
                continue
            problems = self._walk(one, value, path)
            if not problems:
                return []
            # The alternative that knows the value best is the one whose complaints help.
            if best is None or rank(problems, path) < rank(best, path):
                best = problems
        return best or [f"{path}: {short(value)} is not null"]

    def _members(self, kind, value, path) -> list:
        if not isinstance(value, dict):
            return [f"{path}: {short(value)} is no {kind.__name__}"]
        members, required = fields(kind)
        problems = [f"{path}.{name}: is missing in {kind.__name__}" for name in sorted(required - value.keys())]
        for name, one in value.items():
            here = f"{path}.{name}"
            if name in members:
                problems += self._walk(members[name], one, here)
            elif name not in self.extra:
                problems.append(f"{here}: is unknown to {kind.__name__}")
        return problems


def rank(problems, path):
    """Fewer is better, and worst is what is wrong with the value itself or with what tells the alternatives apart."""
    tags = (path, f"{path}.type", f"{path}.role")
    return (any(problem.split(": ")[0] in tags for problem in problems), len(problems))


def short(value) -> str:
    return repr(value)[:80]


def is_model(kind) -> bool:
    return inspect.isclass(kind) and issubclass(kind, pydantic.BaseModel)


@functools.cache
def fields(kind) -> tuple:
    """The members by their names on the wire, and those that must be there."""
    if not is_model(kind):
        hints = typing_extensions.get_type_hints(kind, include_extras=True)
        members = {alias(hint) or name: hint for name, hint in hints.items()}
        required = {alias(hints[name]) or name for name in kind.__required_keys__ if not says_not_required(hints[name])}
        # With postponed annotations a TypedDict forgets which of a partial one's members must be there.
        required |= {alias(hint) or name for name, hint in hints.items() if says_required(hint)}
        return members, required
    members, required = {}, set()
    for name, field in kind.model_fields.items():
        wire = noted(field.metadata) or field.serialization_alias or field.alias or name
        members[wire] = field.annotation
        if field.is_required():
            required.add(wire)
    return members, required


def says_required(hint) -> bool:
    return typing_extensions.get_origin(hint) in (typing.Required, typing_extensions.Required)


def says_not_required(hint) -> bool:
    return typing_extensions.get_origin(hint) in (typing.NotRequired, typing_extensions.NotRequired)


def alias(hint):
    """The name on the wire that an annotation carries (PropertyInfo of the OpenAI family, FieldMetadata of Cohere)."""
    while typing_extensions.get_origin(hint) in QUALIFIERS:
        hint = typing_extensions.get_args(hint)[0]
    return noted(getattr(hint, "__metadata__", ()))


def noted(notes):
    return next((note.alias for note in notes if isinstance(getattr(note, "alias", None), str)), None)
