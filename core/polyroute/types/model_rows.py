"""Compact rows in which lists of models are stored between runs.

A list has thousands of models, and their facts repeat: what a model can and how it is called takes a few hundred
combinations. Each combination is stored once, and a row refers to it by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import Any

from polyroute.types.models import Model
from polyroute.types.serialization import plain, restored_field

_SHARED = (
    *("input_modalities", "output_modalities", "tools", "reasoning", "structured_output", "temperature"),
    *("open_weights", "status", "base_url", "protocol", "auth", "headers", "also_speaks"),
)
_OWN = tuple(name for name in Model._fields if name not in ("provider", *_SHARED))

_shared_of, _own_of = attrgetter(*_SHARED), attrgetter(*_OWN)
_in_order = itemgetter(*((*_OWN, *_SHARED).index(name) for name in Model._fields[1:]))

_AS_STORED = (bool, str, type(None))

Rows = list[list[Any]]


def packed(models: Iterable[Model]) -> tuple[dict[str, Rows], Rows]:
    """Return the rows of each provider, and the combinations that the rows refer to; JSON can represent both."""
    rows: dict[str, Rows] = {}
    numbers: dict[tuple[Any, ...], int] = {}
    for model in models:
        number = numbers.setdefault(_shared_of(model), len(numbers))
        rows.setdefault(model.provider, []).append([*_own_of(model), number])
    return rows, [plain(combination) for combination in numbers]


class _Combinations(dict[int, tuple[Any, ...]]):
    """The combinations by number, restored when a row refers to them: one provider's rows need few of them."""

    def __init__(self, stored: Rows) -> None:
        super().__init__()
        self._stored = stored

    def __missing__(self, number: int) -> tuple[Any, ...]:
        stored = zip(_SHARED, self._stored[number], strict=True)
        restored = self[number] = tuple(
            [each if type(each) in _AS_STORED else restored_field(Model, name, each) for name, each in stored]
        )
        return restored


def unpacked_combinations(combinations: Rows) -> Mapping[int, tuple[Any, ...]]:
    """Return the combinations that `packed` returned, as `unpacked` needs them."""
    return _Combinations(combinations)


def unpacked(provider: str, rows: Rows, combinations: Mapping[int, tuple[Any, ...]]) -> Iterator[Model]:
    """Yield the models in a provider's rows."""
    for *own, number in rows:
        yield tuple.__new__(Model, (provider, *_in_order((*own, *combinations[number]))))
