"""The named tuples of the core behave like those of `typing`."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute.named_tuples import NamedTuple


class Ours(NamedTuple):
    """One of the core's."""

    first: int
    second: str = "two"
    third: tuple[str, ...] = ()

    @property
    def both(self) -> str:
        """Two of the fields."""
        return f"{self.first} {self.second}"


class Theirs(typing.NamedTuple):
    """One of `typing`'s, with the same fields."""

    first: int
    second: str = "two"
    third: tuple[str, ...] = ()

    @property
    def both(self) -> str:
        """Two of the fields."""
        return f"{self.first} {self.second}"


def unpacked(row: Any) -> Any:
    """Return the fields in another order, found by unpacking and by matching."""
    first, second, third = row
    match row:
        case Ours(one, two, third=three) | Theirs(one, two, third=three):
            return third, second, first, one, two, three


DOINGS: list[Callable[[Any], Any]] = [
    tuple,
    hash,
    len,
    unpacked,
    lambda row: repr(row).partition("(")[2],
    lambda row: (row.first, row.second, row.third, row.both),
    lambda row: row == tuple(row),
    lambda row: tuple(row._replace(second="other", first=0)),
    lambda row: row._asdict(),
    lambda row: tuple(type(row)._make(row)),
    lambda row: pickle.loads(pickle.dumps(row)) == row,  # noqa: S301 - made here
    lambda row: type(copy.deepcopy(row)) is type(row),
    lambda row: hasattr(row, "__dict__"),
    lambda row: (type(row)._fields, type(row)._field_defaults, type(row).__match_args__),
]


@given(first=st.integers(), others=st.lists(st.text(), max_size=1), named=st.booleans())
def test_they_do_the_same(first: int, others: list[str], named: bool) -> None:
    """However it is created, a named tuple of ours does what one of `typing` with the same fields does."""
    values = {"second": others[0]} if others else {}
    kinds: tuple[Any, Any] = (Ours, Theirs)
    ours, theirs = (kind(first=first, **values) if named else kind(first, *others) for kind in kinds)
    for doing in DOINGS:
        assert doing(ours) == doing(theirs)


@pytest.mark.parametrize("kind", [Ours, Theirs])
@pytest.mark.parametrize(
    "wrong",
    [
        lambda kind: kind(),
        lambda kind: kind(1, "two", (), 4),
        lambda kind: kind(1, other=2),
        lambda kind: kind(1)._replace(other=2),
        lambda kind: setattr(kind(1), "first", 2),
    ],
)
def test_they_refuse_the_same(kind: type, wrong: Callable[[type], object]) -> None:
    """What is missing, too many, unknown or assigned is refused."""
    with pytest.raises((TypeError, ValueError, AttributeError)):
        wrong(kind)


def test_a_wrong_argument_names_the_type() -> None:
    """The message for a missing or unknown argument says of which type, since plugin authors see it."""
    with pytest.raises(TypeError, match=r"Ours\.__new__\(\) missing 1 required positional argument: 'first'"):
        Ours()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Ours\.__new__\(\) got an unexpected keyword argument 'fourth'"):
        Ours(1, fourth=4)  # type: ignore[call-arg]
