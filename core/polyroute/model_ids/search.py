"""Find models by what a user types: in any case, with any separators, with words left out or misspelled."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from polyroute.lazy import cached_property
from polyroute.named_tuples import NamedTuple
from polyroute.types import Model

# Between single digits a dash is a dot (`4-5` is `4.5`), but not before a size (`3-8b`).
_DASHED_VERSION = re.compile(r"(?<![0-9.])([0-9])-([0-9])(?![0-9a-z])")
_PARTS = re.compile(r"[^\W\d_]+|[0-9]+(?:\.[0-9]+)*")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_SEPARATORS = {ord(each): None for each in " \t-_./:@+,()[]'\"|"}

WHOLE, FIRST_PARTS, BEGINNING, WORDS, INSIDE = range(5)
"""How well a query matches a text, best first."""
_NAMES = 2
"""How many of an entry's texts are its own name and ID; all others are aliases."""
_ENOUGH = 3
"""If a query finds fewer entries than this, it may be misspelled."""
_ALIKE = 0.75
"""The minimum similarity of a word to a misspelled one, from 0 to 1."""
_SHORTEST_ENDING = 3
_CORRECTIONS = 2


class Closeness(NamedTuple):
    """How well a query matches a text; the lowest is the best."""

    tier: int
    """`WHOLE`, `FIRST_PARTS`, `BEGINNING`, `WORDS` or `INSIDE`."""
    begins_words: bool = False
    """Whether a word of the query is only the beginning of a word in the text."""
    starts_later: bool = False
    """Whether the text begins with something else than the query does."""
    is_scattered: bool = False
    """Whether the words of the query are not next to each other."""
    is_alias: bool = False
    """Whether the text is not the entry's own name or ID."""
    left: int = 0
    """How many words and numbers the text has besides a query that is a later part of it."""


class Hit(NamedTuple):
    """One entry that a query finds."""

    closeness: Closeness
    entry: int
    """The index of the entry."""


def parts(text: str) -> list[str]:
    """Return the words and numbers of a text, in lower case and without accents."""
    return _PARTS.findall(_DASHED_VERSION.sub(r"\1.\2", _plain(text)))


def squeezed(text: str) -> str:
    """Return a text in lower case without accents and separators."""
    return _plain(text).translate(_SEPARATORS)


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_DASHES))
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


def matching(models: Sequence[Model], typed: str) -> list[Model]:
    """Return the models that `typed` finds by name or reference, in their order."""
    texts = ((each.name, str(each.ref), each.id, each.id.rpartition("/")[2]) for each in models)
    return [models[index] for index in sorted(Search(texts).find(typed, lambda _: 0))]


class _Texts:
    """The texts of one entry: its names and IDs."""

    def __init__(self, texts: Iterable[str]) -> None:
        name, own_id, *aliases = texts
        self._texts = (name, own_id, *dict.fromkeys(aliases))
        self.squeezed = squeezed("\n".join(self._texts))

    @cached_property
    def forms(self) -> list[tuple[list[str], str]]:
        """The parts of each text, and each text without separators."""
        return [(found, "".join(found).replace(".", "")) for found in map(parts, self._texts)]


class _Typed:
    """What a user typed, as parts."""

    def __init__(self, words: Sequence[str]) -> None:
        self.parts = list(words)
        self.squeezed = "".join(words).replace(".", "")
        self._needed = [each.replace(".", "") for each in words]

    def closeness(self, entry: _Texts) -> Closeness | None:
        """Return how well the query matches the best of an entry's texts; None if it matches none."""
        if not all(each in entry.squeezed for each in self._needed):
            return None
        best: Closeness | None = None
        for index, (found, text) in enumerate(entry.forms):
            closeness = self._of(found, text, is_alias=index >= _NAMES)
            if closeness is not None and (best is None or closeness < best):
                best = closeness
        return best

    def _of(self, found: list[str], text: str, *, is_alias: bool) -> Closeness | None:
        if found[: len(self.parts)] == self.parts:
            is_whole = len(found) == len(self.parts)
            return Closeness(WHOLE, is_alias=is_alias) if is_whole else Closeness(FIRST_PARTS)
        is_inside = self.squeezed in text
        if is_inside and text.startswith(self.squeezed):
            return Closeness(BEGINNING)
        if all(any(map(matches, found)) for matches in self._matchers):
            begins_words = not self._words.issubset(found)
            starts_later = found[0] != self.parts[0]
            left = len(found) - len(self.parts) if is_inside and starts_later else 0
            return Closeness(WORDS, begins_words, starts_later, not is_inside, is_alias, left)
        return Closeness(INSIDE) if is_inside else None

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self.parts)

    @cached_property
    def _matchers(self) -> list[Callable[[str], bool]]:
        """A word may begin a longer one. A number must match whole, except for the last part."""
        last = len(self.parts) - 1
        return [
            each.__eq__ if each[0].isdigit() and index < last else _beginning(each)
            for index, each in enumerate(self.parts)
        ]


def _beginning(start: str) -> Callable[[str], bool]:
    return lambda part: part.startswith(start)


class Search:
    """A search in the texts of many entries. What it derives from the texts is kept for the next query."""

    def __init__(self, texts: Iterable[Iterable[str]]) -> None:
        """`texts`: of each entry its name, its ID, and aliases."""
        self._entries = [_Texts(each) for each in texts]

    def find(self, typed: str, rank: Callable[[int], Any]) -> list[int]:
        """Return the indexes of the entries that `typed` finds, best first; all of them if it is empty.

        Entries that match equally well are in the order of `rank`, which is called for these only.
        """
        words = parts(typed)
        if not words:
            return sorted(range(len(self._entries)), key=rank)
        found = list(self._hits(words))
        good = [hit for hit in found if hit.closeness.tier < INSIDE]
        others = [hit for hit in found if hit.closeness.tier == INSIDE]
        other_words = self._corrections(words) if len(good) < _ENOUGH else ()
        corrected = [hit for other in other_words for hit in self._hits(other)]
        ordered = (sorted(hits, key=lambda hit: (hit.closeness, rank(hit.entry))) for hits in (good, corrected, others))
        return list(dict.fromkeys(hit.entry for hits in ordered for hit in hits))

    def _hits(self, words: Sequence[str]) -> Iterator[Hit]:
        query = _Typed(words)
        for index, entry in enumerate(self._entries):
            if (closeness := query.closeness(entry)) is not None:
                yield Hit(closeness, index)

    def _corrections(self, words: Sequence[str]) -> Iterator[list[str]]:
        """Yield the query with one of its words replaced by a known one that is spelled alike."""
        for index, word in enumerate(words):
            for other in self._alike(word):
                yield [*words[:index], other, *words[index + 1 :]]

    def _alike(self, word: str) -> list[str]:
        import difflib

        if word[0].isdigit():
            return []
        ends = [each for each in self._vocabulary if each != word and word.endswith(each)]
        longest = max((each for each in ends if len(each) >= _SHORTEST_ENDING), key=len, default="")
        alike = difflib.get_close_matches(word, self._vocabulary, _CORRECTIONS + 1, _ALIKE)
        return [each for each in dict.fromkeys((*filter(None, [longest]), *alike)) if each != word][:_CORRECTIONS]

    @cached_property
    def _vocabulary(self) -> list[str]:
        """All words of the entries, the most frequent first."""
        counted: dict[str, int] = {}
        for entry in self._entries:
            for word in {each for found, _ in entry.forms for each in found if not each[0].isdigit()}:
                counted[word] = counted.get(word, 0) + 1
        return sorted(counted, key=lambda word: -counted[word])
