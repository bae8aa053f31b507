"""Groups of listings that are one model of its maker, over the lists of all providers.

A mapper has one word for each ID, and equal words are the same model. Working out the words of whole lists takes a
tenth of a second, so the words of lists that stay the same are kept between runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from polyroute.lazy import cached_property
from polyroute.model_ids.mapper import SchemeMapper
from polyroute.model_ids.normalize import endings, folded
from polyroute.named_tuples import NamedTuple
from polyroute.types import ModelRef

Word = Callable[[ModelRef], str | None]
"""Returns the word of a model: a mapper's `word` for what may replace each other in routes, or its `group`."""

Listed = Callable[[str], Iterable[str]]
"""Returns the IDs in a provider's list."""


class Kept(NamedTuple):
    """The words of whole lists, in a form that JSON can represent."""

    words: list[str]
    listings: dict[str, dict[str, int]]
    """By provider and ID, the index of its word. Models that are listed once are left out."""


def kept(word: Word, providers: Iterable[str], listed: Listed) -> Kept:
    """Return the words of these providers' lists."""
    found = {name: _words(word, name, listed) for name in providers}
    counted = Counter(word for words in found.values() for word in words.values())
    shared = {word: number for number, word in enumerate(each for each, count in counted.items() if count > 1)}
    listings = {
        name: known
        for name, words in found.items()
        if (known := {each: shared[word] for each, word in words.items() if word in shared})
    }
    return Kept(list(shared), listings)


def _words(word: Word, provider: str, listed: Listed) -> dict[str, str]:
    return {each: found for each in listed(provider) if (found := word(ModelRef(provider, each)))}


class Groups:
    """The groups. Nothing is read or computed before it is needed."""

    def __init__(
        self,
        mapper: SchemeMapper,
        load: Callable[[], Kept],
        others: Iterable[str],
        listed: Listed,
        word: Word | None = None,
    ) -> None:
        """`load` returns the kept words. The lists of the providers in `others` are read on first use.

        `word` is that of listed models, by default the mapper's; an unlisted one always has the mapper's.
        """
        self._mapper, self._load, self._listed = mapper, load, listed
        self._word = word or mapper.word
        self._others = frozenset(others)
        self._read: dict[str, Mapping[str, str]] = {}
        self._asked: set[str] = set()
        self._inverted: dict[str, Mapping[str, list[str]]] = {}
        self._natives: dict[str, ModelRef | None] = {}
        self._members: dict[str, tuple[ModelRef, ...]] = {}

    def word(self, model: ModelRef, /) -> str | None:
        """Return the word of a model, listed or not; None if its maker is unknown."""
        return self._listing(model.provider).get(model.id) or self._mapper.word(model)

    def has(self, provider: str, /) -> bool:
        """Return whether any model of a provider's list is known to be the same as another's."""
        return bool(self._listing(provider))

    def shared_word(self, model: ModelRef, /) -> str | None:
        """Return the word of a listed model, if there are several listings of it. This is faster than `word`."""
        return self._listing(model.provider).get(model.id)

    def at(self, provider: str, word: str, /) -> tuple[str, ...]:
        """Return the IDs by which one provider lists the model of a word, the plainest first."""
        known = self._inverted.get(provider)
        if known is None:
            listing = self._listing(provider)
            if provider not in self._asked:  # one model needs no index
                self._asked.add(provider)
                return tuple(_plainest_first([each for each, found in listing.items() if found == word], word))
            known = self._inverted[provider] = _inverted(listing)
        return tuple(known.get(word, ()))

    @cached_property
    def endings(self) -> frozenset[str]:
        """What follows any slash in a listed ID."""
        return endings(each for provider in self._providers for each in self._listing(provider))

    def members(self, model: ModelRef, /) -> tuple[ModelRef, ...]:
        """Return all listings of the same model, by provider and the plainest ID first; empty if it is unknown."""
        word = self.word(model)
        known = self._members.get(word) if word else ()
        if known is None:
            known = tuple(ModelRef(name, each) for name in self._providers for each in self.at(name, word or ""))
            if known:  # so that words of models that nobody lists don't add up
                self._members[word or ""] = known
        return known

    def native(self, provider: str, model_id: str, /) -> ModelRef | None:
        """Return the maker's own model that a provider lists under this ID; None unless exactly one is certain."""
        word = self._listing(provider).get(model_id)
        if word is None:
            return None
        if word not in self._natives:
            self._natives[word] = self._mapper.reverse(word) or self._only_native(word)
        return self._natives[word]

    def _only_native(self, word: str) -> ModelRef | None:
        found = [ModelRef(name, each) for name in sorted(self._mapper.makers) for each in self.at(name, word)]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _providers(self) -> list[str]:
        return sorted({*self._kept.listings, *self._others})

    @cached_property
    def _kept(self) -> Kept:
        return Kept(*self._load())

    def _listing(self, provider: str) -> Mapping[str, str]:
        """Return the words of a provider's list by ID."""
        known = self._read.get(provider)
        if known is None:
            known = self._read[provider] = self._words_of(provider)
        return known

    def _words_of(self, provider: str) -> Mapping[str, str]:
        if provider in self._others:
            return _words(self._word, provider, self._listed)
        words = self._kept.words
        return {each: words[number] for each, number in self._kept.listings.get(provider, {}).items()}


def _inverted(listing: Mapping[str, str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each, word in listing.items():
        found.setdefault(word, []).append(each)
    return {word: _plainest_first(ids, word) for word, ids in found.items()}


def _plainest_first(ids: list[str], word: str) -> list[str]:
    return sorted(ids, key=lambda each: _plainness(each, word)) if len(ids) > 1 else ids


def _plainness(model_id: str, word: str) -> tuple[Any, ...]:
    name = folded(word.rpartition("/")[2])
    return folded(model_id.rpartition("/")[2]) != name, "@" in model_id, len(model_id), model_id
