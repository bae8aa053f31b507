"""Check that the values a plugin returned match their types.

The checks are derived from the annotations of the vocabulary on first use, so a run with only bundled plugins derives
none. pydantic could do the same, but importing it takes longer than all of `polyroute status`.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from polyroute.types.constraints import MOST_ENTRIES, Below, Keyed, Least, Never, Rule

Check = Callable[[Any], str]
"""Returns what is wrong with a value, worded to follow the value in a message; empty if it is valid."""

_MOST_CHARACTERS = 100_000
"""The most characters of any text that a plugin returns: a longer one would fill every list in which it is shown."""
_SHOWN = 60
"""The most characters of an invalid value in a message."""


def find_fault(item: Any) -> str:
    """Return a message saying what is wrong with a value of the vocabulary; empty if it is valid."""
    kind: Any = type(item)
    if not hasattr(kind, "_field_defaults"):
        return f"is a {kind.__name__}"
    for check, value in zip(_checks(kind), item, strict=True):  # a loop for speed: every result of a mapper is checked
        if check(value):
            return _told_of(item)
    return _inconsistency(item)


def _told_of(item: Any) -> str:
    wrong = wrong_fields(item)
    if "id" in wrong and hasattr(item, "kind"):
        return f"provider ID {_shown(item.id)} {wrong['id']}"
    name = next((repr(value) for value in item[:2] if type(value) is str and value), "")
    told = [f"an invalid {field} ({_shown(getattr(item, field))} {words})" for field, words in wrong.items()]
    return f"{type(item).__name__} {name}".rstrip() + f" has {' and '.join(told)}"


def wrong_fields(item: Any) -> dict[str, str]:
    """Return what is wrong with a value, by field. The messages may quote the fields' values."""
    fields = zip(item._fields, _checks(item.__class__), item, strict=True)
    return {name: words for name, check, value in fields if (words := check(value))}


@cache
def _checks(kind: Any) -> tuple[Check, ...]:
    return tuple(map(_check, kind.__annotations__.values()))


def _inconsistency(item: Any) -> str:
    said: str = item.inconsistency() if hasattr(item, "inconsistency") else ""
    return said and f"{type(item).__name__} {item[0]!r}: {said}"


@cache
def _check(annotation: Any) -> Check:
    """Return the check of one annotation. Raises NotImplementedError for a form that the vocabulary does not use."""
    marks = getattr(annotation, "__metadata__", ())
    kind = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    origin, inner = get_origin(kind), get_args(kind)
    if hasattr(kind, "_field_defaults"):
        return lambda value: find_fault(value) if type(value) is kind else f"should be a {kind.__name__}"
    if kind is str:
        return _text([mark for mark in marks if isinstance(mark, Never) or _holds_here(mark, Rule)])
    if kind in (int, float, bool):
        return _scalar(kind, [mark for mark in marks if isinstance(mark, Below) or _holds_here(mark, Least)])
    if origin is Literal:
        return lambda value: "" if type(value) is str and value in inner else f"should be one of {', '.join(inner)}"
    if origin in (Union, UnionType):
        some = _check(next(each for each in inner if each is not type(None)))
        return lambda value: "" if value is None else some(value)
    if origin is tuple:
        return _tuple(inner, is_table=any(isinstance(mark, Keyed) and not mark.field for mark in marks))
    if origin is frozenset:
        return _several(frozenset, _check(inner[0]))
    if origin is Mapping:
        return _mapping(*map(_check, inner))
    if origin is Callable:
        return lambda value: "" if callable(value) else "should be a function"
    raise NotImplementedError(annotation)


def _holds_here(mark: Any, kind: Any) -> bool:
    return isinstance(mark, kind) and not mark.in_documents


def _text(rules: list[Rule | Never]) -> Check:
    if not rules:
        return _unruly

    def check(value: Any) -> str:
        if wrong := _unruly(value):
            return wrong
        for rule in rules:
            if isinstance(rule, Never) == bool(re.fullmatch(rule.pattern, value)):
                return rule.words
            if isinstance(rule, Rule) and 0 < rule.most < len(value):
                return f"has more than {rule.most} characters"
        return ""

    return check


def _unruly(value: Any) -> str:
    if type(value) is not str:
        return "is not a string"
    return "" if len(value) <= _MOST_CHARACTERS else f"has more than {_MOST_CHARACTERS:,} characters"


def _scalar(kind: Any, bounds: list[Least | Below]) -> Check:
    if kind is bool:
        return lambda value: "" if type(value) is bool else "should be True or False"

    def check(value: Any) -> str:
        if type(value) not in (int, float) or not math.isfinite(value):
            return "should be a number"
        if kind is int and value != int(value):
            return "should be a whole number"
        return next(filter(None, (_beyond(each, value) for each in bounds)), "")

    return check


def _beyond(bound: Least | Below, value: float) -> str:
    if isinstance(bound, Below):
        return "" if value < bound.limit else bound.words
    return "" if value >= bound.least else f"should be {bound.least} or more"


def _tuple(inner: tuple[Any, ...], *, is_table: bool) -> Check:
    if inner[-1] is Ellipsis:
        check = _several(tuple, _check(inner[0]))
        return (lambda value: check(value) or _twice(value)) if is_table else check
    checks = tuple(map(_check, inner))

    def each(value: Any) -> str:
        if type(value) is not tuple or len(value) != len(checks):
            return f"should be a tuple of {len(checks)}"
        return next(filter(None, (check(one) for check, one in zip(checks, value, strict=True))), "")

    return each


def _twice(pairs: tuple[tuple[str, str], ...]) -> str:
    names = [name.lower() for name, _ in pairs]
    return "" if len({*names}) == len(names) else "has one name twice"


def _several(container: Any, inner: Check) -> Check:
    def check(value: Any) -> str:
        if type(value) is not container:
            return f"should be a {container.__name__}"
        if len(value) > MOST_ENTRIES:
            return f"has more than {MOST_ENTRIES:,} entries"
        return next((_told(one, words) for one in value if (words := inner(one))), "")

    return check


def _told(value: Any, words: str) -> str:
    return words if hasattr(value, "_fields") else f"holds {_shown(value)}, which {words}"


def _mapping(key: Check, inner: Check) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, Mapping):
            return "should be a mapping"
        if len(value) > MOST_ENTRIES:
            return f"has more than {MOST_ENTRIES:,} entries"
        found = ((one, words) for name, one in value.items() for words in (key(name), inner(one)))
        return next((_told(one, words) for one, words in found if words), "")

    return check


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
