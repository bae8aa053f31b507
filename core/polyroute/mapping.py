"""From a provider's model ID to a gateway's and back: the engine that reads a scheme.

A gateway describes how it spells vendors, how other providers spell theirs, and what no rule can know; the
engine finds an ID in the gateway's list or abstains. It never guesses: likeness serves suggestions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from polyroute.likeness import Likeness
from polyroute.scheme_index import FLOATING, NAMED, NONE, SPELT, SchemeIndex
from polyroute.schemes import Scheme
from polyroute.spelling import dated
from polyroute.types import Evidence, IdMapping, ModelRef

_REMEMBERED = 16_384
"""Answers kept per mapper, which several gateways may share: a few megabytes."""

_Found = tuple[IdMapping, int]
"""What an ID maps to, and how close it is."""


class SchemeMapper:
    """The mapper that a scheme describes. Indexes are built at the first question; the rest is look-ups."""

    def __init__(self, load: Callable[[], Scheme]) -> None:
        """`load` is called once, when first needed."""
        self._load = load
        self._recent: dict[ModelRef, IdMapping] = {}
        self._lacked: ModelRef | None = None

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """The gateway's ID for `model`."""
        if own := self._own.get(model):
            return own[0]
        known = self._recent.get(model)
        if known is None:
            if len(self._recent) >= _REMEMBERED:
                self._recent.clear()
            known = self._recent[model] = self._find(*model)[0]
        return known

    def lacks(self, model: ModelRef, /) -> bool:
        """Whether there is certainly no ID for `model`. It is sooner had than why, and not all that there are none for
        are found.
        """
        if model is self._lacked:
            return True
        if model in self._own:
            return False
        provider = self._scheme.same.get(model.provider, model.provider)
        if provider == self._scheme.provider or not self._index.lacks(provider, model.id):
            return False
        self._lacked = model
        return True

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """The vendor's own model for one of the gateway's IDs, where exactly one comes closest to it."""
        return self._native.get(gateway_id)

    def suggest(self, model: ModelRef, /) -> tuple[str, ...]:
        """References to models of the gateway that may be meant: the one it maps to, else those spelled alike."""
        found = self.lookup(model).id
        ids = [found] if found is not None else self._alike(model)
        return tuple(f"{self._scheme.provider}/{each}" for each in ids)

    @cached_property
    def _scheme(self) -> Scheme:
        return self._load()

    @cached_property
    def _index(self) -> SchemeIndex:
        return SchemeIndex(self._scheme)

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self._scheme.models)

    @cached_property
    def _native(self) -> dict[str, ModelRef]:
        return dict(_certain(self._ways_back()))

    @cached_property
    def _own(self) -> dict[ModelRef, _Found]:
        """What the vendors' own lists map to: an index, so that asking for a listed model is a look-up."""
        refs = (ModelRef(maker, each) for maker in self._index.makers() for each in self._scheme.native[maker])
        return {ref: self._find(*ref) for ref in refs}

    def _ways_back(self) -> Iterator[tuple[str, int, ModelRef]]:
        for native, (mapping, closeness) in self._own.items():
            if mapping.id is not None and not _loosens(mapping.id, native.id, closeness):
                yield mapping.id, closeness, native

    def _find(self, name: str, native_id: str) -> _Found:
        provider = self._scheme.same.get(name, name)
        if provider == self._scheme.provider:
            why = f"{native_id} is an ID of {provider}'s own, kept to the letter"
            return IdMapping(native_id, "verbatim", why), SPELT
        readings = self._index.readings(provider, native_id)
        for namespace, model in readings:
            if found := self._index.find(provider, namespace, model):
                return self._listed(*found, native_id) if found[0] else self._none("not_offered", found[1], native_id)
        return self._missing(provider, native_id, readings)

    def _listed(self, gateway_id: str, how: str, closeness: int, native_id: str) -> _Found:
        why = f"{gateway_id} is in its list{how}"
        is_floating = closeness == NAMED and "latest" in native_id
        return IdMapping(gateway_id, "listed", why), FLOATING if is_floating else closeness

    def _missing(self, provider: str, native_id: str, readings: list[tuple[str, str]]) -> _Found:
        if not readings:
            return self._none("unknown", f"it can't be told whose model it is at {provider}", native_id)
        namespace, name = readings[0]
        if namespace not in self._index.namespaces:
            return self._none("unknown", f"its list has no model of {namespace}", native_id)
        if others := self._index.snapshots(namespace, name):
            return self._none("not_offered", f"its list has other snapshots: {', '.join(others)}", native_id)
        return self._none("not_offered", f"its list has models of {namespace}, but not this one", native_id)

    def _none(self, evidence: Evidence, why: str, native_id: str) -> _Found:
        return IdMapping(None, evidence, f"{native_id}: {why}"), NONE

    def _alike(self, model: ModelRef) -> Iterable[str]:
        readings = self._index.readings(self._scheme.same.get(model.provider, model.provider), model.id)
        within = dict.fromkeys(namespace for namespace, _ in readings if namespace in self._index.namespaces)
        return self._likeness.closest(tuple(within), readings[0][1] if readings else model.id.rpartition("/")[2])


def _loosens(gateway_id: str, native_id: str, closeness: int) -> bool:
    """Whether the way back would lead from one snapshot to whatever its maker calls so today."""
    return closeness >= NAMED and dated(gateway_id) is not None and dated(native_id.removesuffix("-preview")) is None


def _certain(ways: Iterable[tuple[str, int, ModelRef]]) -> Iterator[tuple[str, ModelRef]]:
    """Of all ways back, those that alone come closest."""
    by_id: dict[str, dict[int, list[ModelRef]]] = {}
    for gateway_id, closeness, native in ways:
        by_id.setdefault(gateway_id, {}).setdefault(closeness, []).append(native)
    for gateway_id, ranked in by_id.items():
        closest = ranked[min(ranked)]
        if len(closest) == 1:
            yield gateway_id, closest[0]
