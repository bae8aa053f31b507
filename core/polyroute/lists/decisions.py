"""What is used of fetched lists, as the user has decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute.named_tuples import NamedTuple

if TYPE_CHECKING:
    from polyroute.results import Plugin
    from polyroute.types import Model, Problem, Provider

NEW = "new provider"


class Change(NamedTuple):
    """A change in a fetched list of how a provider is called."""

    provider: str
    what: str
    """`base URL`, `variables`, …; `base URL of MODEL`; or `new provider`."""
    before: str
    """Empty if nothing was known before."""
    after: str

    def __str__(self) -> str:
        before = f" from {self.before}" if self.before else ""
        return f"{self.what}{before} to {self.after}" if self.what != NEW else f"{self.what}: {self.after}"


class Decision(NamedTuple):
    """What is used of the fetched lists, and what waits for the user."""

    answers: Sequence[tuple[Plugin, Provider]]
    """The providers that plugins declare, with the accepted changes from fetched lists."""
    moved: Mapping[str, Sequence[tuple[Plugin, Model]]] = MappingProxyType({})
    """By provider, the models whose new base URLs the user has agreed to."""
    waiting: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: Collection[tuple[Plugin, str]] = ()
    """Plugins whose fetched list names another plugin's provider, each with that provider's ID."""
    unasked: Mapping[str, Change] = MappingProxyType({})
    """By provider, new providers that are listed, but get no key before the user agrees."""
