"""The order of models: bands, and within a band by how widely and how recently a model is offered."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal

from polyroute.model_list.rows import ModelRow
from polyroute.types import ModelRef

Band = Literal["favorite", "recent", "own", "runs", "setup"]
BANDS: tuple[Band, ...] = ("favorite", "recent", "own", "runs", "setup")

_HALF_LIFE_DAYS = 200
_NEW_DAYS = 45


class ModelOrder:
    """The order in which one user chooses models."""

    def __init__(self, favorites: Collection[ModelRef] = (), recents: Collection[ModelRef] = ()) -> None:
        self._favorites, self._recents = frozenset(favorites), frozenset(recents)

    @property
    def is_personal(self) -> bool:
        """Whether the user has favorites or recents."""
        return bool(self._favorites or self._recents)

    def band(self, row: ModelRow) -> Band:
        """Return the band of a model. Each model is in one band only."""
        if self._favorites and _is_among(row, self._favorites):
            return "favorite"
        if self._recents and _is_among(row, self._recents):
            return "recent"
        if row.custom:
            return "own"
        return "runs" if row.offer and row.server != "unchecked" else "setup"

    def key(self, row: ModelRow) -> tuple[int, float, str]:
        """Return the key to sort rows by: by band, and within a band the likeliest first."""
        return BANDS.index(self.band(row)), -prominence(row), row.id


def sorted_by(sorting: str, rows: Iterable[ModelRow]) -> list[ModelRow]:
    """Return rows sorted by one fact, best first; rows whose fact is not known come last. Equal ones stay in order.

    With a `-` before `sorting`, the known ones are in the opposite order.
    """
    value = _VALUES[sorting.removeprefix("-")]
    valued = [(value(row), row) for row in rows]
    known = [(found, row) for found, row in valued if found is not None]
    known.sort(key=itemgetter(0), reverse=sorting.startswith("-"))
    return [row for _, row in known] + [row for found, row in valued if found is None]


def prominence(row: ModelRow) -> float:
    """Return how likely a model is wanted: the logarithm of √providers * 0.5^(age in days / 200)."""
    return prominence_of(len(row.providers), row.facts.release_date)


def prominence_of(providers: int, released: str) -> float:
    """Return the same for a model that so many providers offer since a date."""
    return math.log2(providers) / 2 + _day(released) / _HALF_LIFE_DAYS


def is_new(row: ModelRow, today: str) -> bool:
    """Return whether a model was released in the 45 days before `today`, which is the date of the list."""
    released = _day(row.facts.release_date)
    return released > 0 and released > _day(today) - _NEW_DAYS


def _is_among(row: ModelRow, chosen: Iterable[ModelRef]) -> bool:
    return any(each.ref in chosen for each in row.listings)


@lru_cache(maxsize=4096)
def _day(released: str) -> int:
    """Return the number of a day; 0 if it is not known. A missing month or day is the first one."""
    year, month, day = (int(each) for each in (*released.split("-"), "1", "1")[:3]) if released else (0, 1, 1)
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return 0


_VALUES: dict[str, Callable[[ModelRow], Any]] = {
    "price": lambda row: None if row.price.input is None else (row.price.input, row.price.output or 0),
    "context": lambda row: -row.facts.context if row.facts.context else None,
    "newest": lambda row: -_day(row.facts.release_date) or None,
    "name": lambda row: row.name.casefold(),
}
"""The fact of each way to sort; the lowest is the best. None if it is not known."""
