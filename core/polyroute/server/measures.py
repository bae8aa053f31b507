"""What a part of the server has counted, as metrics are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from polyroute.named_tuples import NamedTuple


class Measure(NamedTuple):
    """One value. It must not tell anything of a user: no name, model or address."""

    name: str
    """Without the prefix of all metrics, and without `_total`, which counters get."""
    about: str
    """What it is, in a sentence."""
    value: float
    label: tuple[str, str] | None = None
    """The name and the value of a label, of which there are few values."""
    kind: Literal["gauge", "counter"] = "gauge"


Source = Callable[[], Iterable[Measure]]
"""A function that returns what is counted now, those of one name together. It is called in a thread."""
