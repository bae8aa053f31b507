"""Choose from the models: by what a user typed, and by what a model can."""

from __future__ import annotations

from polyroute.lazy import cached_property
from polyroute.model_list.order import ModelOrder, sorted_by
from polyroute.model_list.rows import ModelRow, ModelRows
from polyroute.named_tuples import NamedTuple

ABILITIES = ("tools", "reasoning", "structured_output", "temperature")
"""Abilities that may be known, known to be missing, or unknown."""


class ModelSelection(NamedTuple):
    """What a user asks for. Facts that are not known don't count as met."""

    query: str = ""
    """Words of a name or an ID, in any spelling."""
    usable: bool = False
    """Whether only models that can be run now are wanted."""
    can: tuple[str, ...] = ()
    """The abilities and types of input that a model needs: names of `ABILITIES`, or of modalities such as `image`."""
    free: bool = False
    """Whether only models that cost nothing are wanted."""
    context: int = 0
    """The least context, in tokens."""
    price: float | None = None
    """The highest price of a million input tokens, in US dollars."""
    maker: str = ""
    sorting: str = ""
    """As in `sorted_by`; empty for the best matches first, or without a query for the order of bands."""

    def admits(self, row: ModelRow) -> bool:
        """Return whether a model has everything except the words of the query."""
        return (
            (not self.usable or row.offer is not None)
            and all(can(row, each) for each in self.can)
            and (not self.free or row.price.kind in ("free", "local"))
            and (row.facts.context or 0) >= self.context
            and (self.price is None or (row.price.input is not None and row.price.input <= self.price))
            and self.maker in ("", row.maker)
        )


def can(row: ModelRow, ability: str) -> bool:
    """Return whether a model is known to have an ability or to take a type of input."""
    if ability in ABILITIES:
        return getattr(row.facts, ability) is True
    return ability in row.facts.input_modalities


def is_unknown(row: ModelRow, ability: str) -> bool:
    """Return whether it is not known if a model has an ability or takes a type of input."""
    if ability in ABILITIES:
        return getattr(row.facts, ability) is None
    return not row.facts.input_modalities


class SelectableModels:
    """The models of one catalog, ready for many selections."""

    def __init__(self, rows: ModelRows, order: ModelOrder | None = None) -> None:
        """`order` is that of the user, with favorites first; by default there are none."""
        self.rows = rows
        self.order = order or ModelOrder()

    def select(self, wanted: ModelSelection) -> list[ModelRow]:
        """Return the models that a user asks for, best first."""
        found = self._ordered if not wanted.query.strip() else self._matching(wanted.query)
        if wanted.free:
            found = list(map(self.rows.free, found))
        chosen = [row for row in found if wanted.admits(row)]
        return sorted_by(wanted.sorting, chosen) if wanted.sorting else chosen

    def _matching(self, query: str) -> list[ModelRow]:
        key = self.order.key
        return [self.rows.row(index) for index in self.rows.search.find(query, lambda index: key(self.rows.row(index)))]

    @cached_property
    def _ordered(self) -> list[ModelRow]:
        return sorted(self.rows.all, key=self.order.key)
