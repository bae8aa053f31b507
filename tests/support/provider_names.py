"""Finding the names of providers in a text, in every spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable

from polyroute.requirements.places import variables
from polyroute.types import Provider

ORDINARY_WORDS = {
    "local": "on this machine: local files, `localhost`, `toLocaleString`",
    "localmodels": "models on this machine",
    "inference": "running a model; `inference-profile` is a kind of resource",
    "together": "with each other",
    "nova": "a family of models, whose IDs begin so",
}
"""Provider names that are also English or code words, in lower case without separators, with their other meaning."""
ALLOWED = ("polyroute.dexto_compat", Provider("x", "X").protocol)
"""The exempt package, as its imports name it, and the default protocol of providers."""
_SHORT = 5
"""Shorter names count only as whole words of an identifier: `sap` is part of "disappear"."""
_LONGEST = 6
_IDENTIFIER = r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*"
_WORD = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+"


class ProviderNames:
    """The IDs, aliases, display names and variables of providers."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        providers = tuple(providers)
        names = {name for each in providers for name in (each.id, each.name, *each.aliases)}
        self._names = {_folded(name) for name in names} - ORDINARY_WORDS.keys()
        self._variables = {name for each in providers for name in variables(each)}

    def named_in(self, text: str) -> dict[str, set[str]]:
        """Return the names that `text` contains, each with the identifiers that spell it.

        `preferDextoCredits`, `open_router`, `OpenRouterKey` and `DEXTO_API_KEY` all name a provider.
        """
        for each in ALLOWED:
            text = re.sub(rf"\b{re.escape(each)}\b", "", text)
        found: dict[str, set[str]] = {}
        for identifier in set(re.findall(_IDENTIFIER, text)):
            for name in self._in_identifier(identifier):
                found.setdefault(name, set()).add(identifier)
        for name in self._variables.intersection(re.findall(r"\w+", text)):
            found.setdefault(name, set()).add(name)
        return found | {name: {name} for name in self._in_prose(text)}

    def _in_identifier(self, identifier: str) -> set[str]:
        words = [word.lower() for word in re.findall(_WORD, identifier)]
        runs = {"".join(words[i : i + n]) for i in range(len(words)) for n in range(1, _LONGEST + 1)}
        whole = _folded(identifier)
        return (self._names & runs) | {name for name in self._names if len(name) >= _SHORT and name in whole}

    def _in_prose(self, text: str) -> set[str]:
        """Return the names of several words, such as "Together AI"."""
        words = re.findall(r"[A-Za-z0-9]+", text)
        return {
            name
            for n in (2, 3)
            for run in zip(*(words[i:] for i in range(n)), strict=False)
            if (name := _folded("".join(run))) in self._names and all(word[0].isupper() for word in run)
        }


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
