"""Variables that seem to hold a provider's key under a name that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from polyroute.environment import Environment
from polyroute.plugins.loaded import Plugins
from polyroute.types import Problem

_WORDS = r"(?:_?(?:API|ACCESS|AUTH|SECRET|PRIVATE|KEYS?|TOKENS?|PAT))+"
_BEFORE = r"(?:VITE|NEXT_PUBLIC|NUXT(?:_PUBLIC)?|REACT_APP|EXPO_PUBLIC|PUBLIC|MY|APP|LLM)_"
_FOR_TYPOS = 6
"""The shortest word in which a typo is looked for: many short ones differ in one letter."""


def find(plugins: Plugins, environment: Environment, referred: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return a problem for each variable that seems to hold a provider's key, but that nobody reads.

    `referred` are the variables that custom models read. Each problem has the code `variable-unread` and the provider.
    """
    return tuple(_problem(each, environment) for each in misnamed(plugins, environment.names, referred))


class Misnamed(NamedTuple):
    """A variable that nobody reads, and the one that was probably meant."""

    name: str
    meant: str
    provider: str


def misnamed(plugins: Plugins, names: Iterable[str], referred: Collection[str] = ()) -> Iterator[Misnamed]:
    """Yield which of these variables seem to hold a provider's key under a name that nobody reads."""
    given, known, meant = {*names}, {*plugins.index[0], *plugins.readers, *referred}, _by_word(plugins)
    for name in sorted(given - known):
        word = _word(name)
        if word != _plain(name) and (found := meant.get(word) or _alike(word, meant)) and found[0] not in given:
            yield Misnamed(name, *found)


def _problem(found: Misnamed, environment: Environment) -> Problem:
    why = f"{environment.source(found.name)} is set, but nobody reads a variable of this name."
    remedy = f"Did you mean {found.meant}? Rename it, or store the key: `polyroute keys set {found.provider}`."
    return Problem(why, remedy, code="variable-unread", provider=found.provider)


def _by_word(plugins: Plugins) -> dict[str, tuple[str, str]]:
    """Return the variable to use and its provider, by what is left of names without the words for a key."""
    found: dict[str, tuple[str, str]] = {}
    readers = {variable: names[0] for variable, names in plugins.readers.items() if variable.endswith("KEY")}
    usual = sorted(readers, key=lambda variable: (not variable.endswith("_API_KEY"), variable))
    for variable in usual:
        found.setdefault(_word(variable), (variable, readers[variable]))
    for variable in usual:
        for name in (readers[variable], *plugins.providers[readers[variable]].aliases):
            found.setdefault(_word(name.upper()), (variable, readers[variable]))
    found.pop("", None)
    return found


def _word(name: str) -> str:
    """Return a name without the words for a key."""
    return re.sub(f"{_WORDS}$", "", re.sub(f"^{_BEFORE}", "", name.upper().replace("-", "_"))).replace("_", "")


def _plain(name: str) -> str:
    return re.sub(f"^{_BEFORE}", "", name.upper().replace("-", "_")).replace("_", "")


def _alike(word: str, meant: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    if len(word) < _FOR_TYPOS:
        return None
    return next((found for other, found in meant.items() if _is_typo(word, other)), None)


def _is_typo(one: str, other: str) -> bool:
    """Return whether one letter is missing, added or another, or whether two that are beside each other are swapped."""
    if abs(len(one) - len(other)) > 1 or len(other) < _FOR_TYPOS or one[0] != other[0]:
        return False
    shortest = min(len(one), len(other))
    start = next((at for at in range(shortest) if one[at] != other[at]), shortest)
    rest, others = one[start:], other[start:]
    swapped = rest[1::-1] + rest[2:] == others and len(rest) > 1
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]
