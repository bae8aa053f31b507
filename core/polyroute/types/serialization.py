"""The JSON form in which values of the vocabulary are stored between runs, derived from their types.

Fields with their default value are left out, and a record with only its `Short` field set becomes that string. A new
field of a type needs no change here. `restored` does not validate: it reads only what `plain` has written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from polyroute.types.constraints import short

T = TypeVar("T")
Convert = Callable[[Any], Any]

_NOTHING = object()


def plain(value: Any) -> Any:
    """Return a value of the vocabulary in a form that JSON can represent."""
    if hasattr(value, "_field_defaults"):
        return _plain_record(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def restored(kind: type[T], data: Any) -> T:
    """Return the value of type `kind` whose plain form is `data`, which is not changed.

    Raises TypeError for fields that are unknown or missing.
    """
    form: Any = kind
    value: T = _record(form)(data)
    return value


def restored_field(kind: type[Any], field: str, data: Any) -> Any:
    """Return the value of one field of `kind` whose plain form is `data`."""
    convert = _convert(kind.__annotations__[field])
    return convert(data) if convert else data


def _plain_record(value: Any) -> Any:
    defaults = value._field_defaults
    table = {
        name: plain(each)
        for name, each in zip(value._fields, value, strict=True)
        if defaults.get(name, _NOTHING) != each
    }
    kind: Any = type(value)
    alone = _short(kind)
    return table[alone] if table.keys() == {alone} else table


_short = cache(short)


@cache
def _record(kind: Any) -> Convert:
    alone = _short(kind)
    converts = {name: _convert(annotation) for name, annotation in kind.__annotations__.items()}
    needing = [(name, convert) for name, convert in converts.items() if convert]
    absent = {name: kind._field_defaults.get(name) for name in kind._fields}
    required = frozenset(kind._fields) - kind._field_defaults.keys()

    def restore(data: Any) -> Any:
        given = {alone: data} if type(data) is str else data
        values = {**absent, **given}  # in the order of the fields
        if len(values) > len(absent) or not given.keys() >= required:
            return kind(**given)  # raises TypeError
        for name, convert in needing:
            if name in given:
                values[name] = convert(given[name])
        return tuple.__new__(kind, values.values())

    return restore


@cache
def _convert(annotation: Any) -> Convert | None:
    """Return the function that converts JSON to the value of a field; None if no conversion is needed."""
    kind = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    origin, inner = get_origin(kind), get_args(kind)
    if hasattr(kind, "_field_defaults"):
        return _record(kind)
    if origin in (Union, UnionType):
        return _maybe(_convert(next(each for each in inner if each is not type(None))))
    if origin is tuple and inner[-1] is not Ellipsis:
        return tuple
    if origin in (tuple, frozenset):
        return _several(origin, _convert(inner[0]))
    return _each_value(_convert(inner[1])) if origin is Mapping else None


def _maybe(convert: Convert | None) -> Convert | None:
    return convert and (lambda data: None if data is None else convert(data))


def _several(container: Callable[[Iterable[Any]], Any], convert: Convert | None) -> Convert:
    return (lambda data: container([convert(each) for each in data])) if convert else container


def _each_value(convert: Convert | None) -> Convert | None:
    return convert and (lambda data: {name: convert(each) for name, each in data.items()})
