"""Find IDs in a gateway's list that are spelled like a name: for suggestions only, never for a mapping."""

from __future__ import annotations

from collections.abc import Iterable

from polyroute.model_ids.normalize import folded

_SHOWN = 3
_REMEMBERED = 16_384
_WORD = 3
"""The minimum length of a word by which names are compared."""


class SimilarIds:
    """An index of the list by namespace and by word, since comparing a name with all IDs takes milliseconds."""

    def __init__(self, gateway_ids: Iterable[str]) -> None:
        self._within: dict[str, dict[str, str]] = {}
        self._by_word: dict[str, dict[str, str]] = {}
        self._known: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for gateway_id in gateway_ids:
            namespace, _, name = gateway_id.partition("/")
            if ":" not in name:
                self._add(namespace, folded(name), gateway_id)

    def closest(self, namespaces: tuple[str, ...], name: str) -> list[str]:
        """Return the closest IDs, likeliest first: in these namespaces or, without any, among IDs that share a word."""
        key = namespaces, folded(name)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._search(*key)
        return known

    def _add(self, namespace: str, name: str, gateway_id: str) -> None:
        self._within.setdefault(namespace, {})[name] = gateway_id
        for word in _words(name):
            self._by_word.setdefault(word, {})[name] = gateway_id

    def _search(self, namespaces: tuple[str, ...], wanted: str) -> list[str]:
        import difflib

        places = map(self._within.get, namespaces) if namespaces else map(self._by_word.get, _words(wanted))
        names = {name: gateway_id for place in places for name, gateway_id in (place or {}).items()}
        return [names[name] for name in difflib.get_close_matches(wanted, names, _SHOWN)]


def _words(name: str) -> list[str]:
    return [word for word in dict.fromkeys(name.split("-")) if len(word) >= _WORD and word.isalpha()]
