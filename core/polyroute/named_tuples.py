"""Named tuples that take a tenth of the time to define: a command defines more of them than it uses."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Row(tuple):
        """What all named tuples have. A constructor is compiled when the first object of its type is created."""

        __slots__ = ()
        _fields: ClassVar[tuple[str, ...]]
        _field_defaults: ClassVar[Mapping[str, object]]

        def __new__(cls, /, *values: object, **named: object) -> Self:
            cls.__new__ = _constructor(cls)
            return cls.__new__(cls, *values, **named)

        @classmethod
        def _make(cls, values: Iterable[object]) -> Self:
            """Return the named tuple of these values."""
            return cls(*values)

        def _replace(self, /, **changes: object) -> Self:
            """Return a copy with other values in some fields."""
            copy = self.__class__(*map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f"{type(self).__name__} has no fields {', '.join(map(repr, changes))}")
            return copy

        __replace__ = _replace  # for `copy.replace` of Python 3.13

        def _asdict(self) -> dict[str, Any]:
            """Return the values by field."""
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            fields = [f"{name}={value!r}" for name, value in self._asdict().items()]
            return f"{type(self).__name__}({', '.join(fields)})"

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

    class _Definition(type):
        """Turns a class with annotations into a named tuple."""

        def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            made = type(name, (_Row,), {**body, "__slots__": ()})
            made._fields = made.__match_args__ = fields = tuple(made.__annotations__)
            made._field_defaults = {each: body[each] for each in fields if each in body}
            for position, field in enumerate(fields):
                setattr(made, field, _field(position, None))
            return made

    def _as_property(position: int, doc: None) -> property:
        return property(itemgetter(position), doc=doc)

    _field = getattr(collections, "_tuplegetter", _as_property)  # as in `collections.namedtuple`
    NamedTuple = type.__new__(_Definition, "NamedTuple", (), {})

    def _constructor(kind: type) -> Callable[..., tuple[object, ...]]:
        fields = ", ".join(kind._fields)
        made = eval(f"lambda _type, {fields}: _new(_type, ({fields},))", {"_new": tuple.__new__})  # noqa: S307
        made.__qualname__ = f"{kind.__name__}.__new__"
        made.__defaults__ = tuple(kind._field_defaults.values())
        return made
