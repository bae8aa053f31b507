"""Map a provider's model ID to a gateway's and back: the engine that applies a scheme.

A scheme describes how a gateway spells vendors, how other providers spell theirs, and the exceptions. The engine finds
an ID in the gateway's list or returns none. It never guesses: similarity is used for suggestions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from polyroute.lazy import cached_property
from polyroute.model_ids.fuzzy import SimilarIds
from polyroute.model_ids.normalize import dated, endings, service
from polyroute.model_ids.scheme import Scheme
from polyroute.model_ids.scheme_index import FLOATING, NAMED, NONE, REFUSED, SPELT, SchemeIndex
from polyroute.types import Evidence, IdMapping, ModelRef

_REMEMBERED = 16_384
"""The most results cached by a mapper, which several gateways may share: a few megabytes."""

_NOTHING: Mapping[str, tuple[str, str]] = MappingProxyType({})

_Found = tuple[IdMapping, int]
"""What an ID maps to, and how close the match is."""


class SchemeMapper:
    """The mapper of a scheme. Indexes are built on first use; after that, results are look-ups."""

    def __init__(self, load: Callable[[], Scheme], sources: Iterable[str] = ()) -> None:
        """`load` is called once, on first use. `sources` are the files that the scheme and its lists are made from."""
        self._load = load
        self.sources = tuple(sources)
        self._recent: dict[ModelRef, _Found] = {}
        self._lacked: ModelRef | None = None
        self._worded: tuple[ModelRef | None, str | None] = None, None

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the gateway's ID for `model`, with the evidence."""
        return self._found(model)[0]

    def _found(self, model: ModelRef) -> _Found:
        known = self._own.get(model) or self._recent.get(model)
        if known is None:
            if len(self._recent) >= _REMEMBERED:
                self._recent.clear()
            known = self._recent[model] = self._find(*model)
        return known

    def lacks(self, model: ModelRef, /) -> bool:
        """Return whether there is certainly no ID for `model`.

        This is faster than `lookup`, which also says why; False means only that `lookup` has to be asked.
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
        """Return the vendor's own model for a gateway's ID, if exactly one comes closest to it."""
        return self._native.get(gateway_id)

    def word(self, model: ModelRef, /) -> str | None:
        """Return one word for the model that an ID names; models with equal words are the same, whoever lists them.

        It is the gateway's ID if the gateway lists the model, else the maker and the folded name. A name that follows
        the newest model (`-latest`) is a word of its own. None if the maker is unknown, or if the ID is known to mean
        another model than it says.
        """
        last, word = self._worded  # all gateways are asked for one model after the other
        if last is not model:
            word = self._word(model)
            self._worded = model, word
        return word

    def _word(self, model: ModelRef) -> str | None:
        provider = self._scheme.same.get(model.provider, model.provider)
        if provider == self._scheme.provider:
            return model.id
        found, closeness = self._found(model)
        if found.id is not None and "latest" not in model.id.lower():
            return found.id
        return None if closeness == REFUSED else self._index.word(provider, model.id)

    def group(self, model: ModelRef, /) -> str | None:
        """Return one word for the model that a listing is of, however it is served.

        Free and quantised variants have the word of the model, as have listings of providers whose IDs the scheme does
        not map: hosts that nobody reviewed, and deployments, whose listed names are the model's. Routes go by `word`.
        """
        provider = self._scheme.same.get(model.provider, model.provider)
        plain = model.id[: len(model.id) - len(service(model.id))]
        if provider == self._scheme.provider:
            return self._index.group(provider, plain)
        if plain == model.id and not self._index.reads_otherwise(provider):
            return self.word(model)
        for each in dict.fromkeys((model, ModelRef(model.provider, plain))):
            found, closeness = self._found(each)
            if closeness == REFUSED:
                return None
            if found.id is not None and not service(found.id) and "latest" not in plain.lower():
                return found.id
        return self._index.group(provider, plain)

    @cached_property
    def endings(self) -> frozenset[str]:
        """What follows each slash in the IDs of the gateway's list, which `lookup` returns for others' models."""
        return endings(self._scheme.models)

    @cached_property
    def makers(self) -> frozenset[str]:
        """The vendors to whose own models the gateway's IDs are mapped back."""
        return frozenset(self._index.makers())

    def reading(self, more: Scheme) -> SchemeMapper:
        """Return a mapper that also reads the IDs of the providers in `more`, by its names, organisations and aliases.

        What this scheme itself says comes first.
        """

        def load() -> Scheme:
            own = self._scheme
            return own._replace(
                namings={**more.namings, **own.namings},
                organisations={**more.organisations, **own.organisations},
                families={**more.families, **own.families},
                aliases_at={**more.aliases_at, **own.aliases_at},
            )

        return SchemeMapper(load, self.sources)

    def suggest(self, model: ModelRef, /) -> tuple[str, ...]:
        """Return references to models of the gateway: the one that `model` maps to, else similarly spelled ones."""
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
    def _likeness(self) -> SimilarIds:
        return SimilarIds(self._scheme.models)

    @cached_property
    def _native(self) -> dict[str, ModelRef]:
        return dict(_certain(self._ways_back()))

    @cached_property
    def _own(self) -> dict[ModelRef, _Found]:
        """The mappings of all models in the vendors' own lists."""
        refs = (ModelRef(maker, each) for maker in self._index.makers() for each in self._scheme.native[maker])
        return {ref: self._find(*ref) for ref in refs}

    def _ways_back(self) -> Iterator[tuple[str, int, ModelRef]]:
        for native, (mapping, closeness) in self._own.items():
            if mapping.id is not None and not _loosens(mapping.id, native.id, closeness):
                yield mapping.id, closeness, native

    def _find(self, name: str, native_id: str) -> _Found:
        provider = self._scheme.same.get(name, name)
        if provider == self._scheme.provider:
            why = f"{native_id} is one of {provider}'s own IDs and is used unchanged"
            return IdMapping(native_id, "verbatim", why), SPELT
        readings = self._index.readings(provider, native_id)
        if stated := self._scheme.stated.get(provider, _NOTHING).get(native_id.lower()):
            meant, why = stated
            return self._listed(meant, f": {why}", NAMED, native_id) if meant else self._refused(why, native_id)
        for namespace, model in readings:
            if found := self._index.find(provider, namespace, model):
                return self._listed(*found, native_id) if found[0] else self._refused(found[1], native_id)
        return self._missing(provider, native_id, readings)

    def _listed(self, gateway_id: str, how: str, closeness: int, native_id: str) -> _Found:
        why = f"{gateway_id} is in its list{how}"
        is_floating = closeness == NAMED and "latest" in native_id
        return IdMapping(gateway_id, "listed", why), FLOATING if is_floating else closeness

    def _missing(self, provider: str, native_id: str, readings: list[tuple[str, str]]) -> _Found:
        if not readings:
            return self._none("unknown", f"the ID does not say whose model it is at {provider}", native_id)
        namespace, name = readings[0]
        if namespace not in self._index.namespaces:
            return self._none("unknown", f"its list has no model of {namespace}", native_id)
        if others := self._index.snapshots(namespace, name):
            return self._none("not_offered", f"its list has other snapshots: {', '.join(others)}", native_id)
        return self._none("not_offered", f"its list has models of {namespace}, but not this one", native_id)

    def _none(self, evidence: Evidence, why: str, native_id: str) -> _Found:
        return IdMapping(None, evidence, f"{native_id}: {why}"), NONE

    def _refused(self, why: str, native_id: str) -> _Found:
        return self._none("not_offered", why, native_id)[0], REFUSED

    def _alike(self, model: ModelRef) -> Iterable[str]:
        readings = self._index.readings(self._scheme.same.get(model.provider, model.provider), model.id)
        within = dict.fromkeys(namespace for namespace, _ in readings if namespace in self._index.namespaces)
        return self._likeness.closest(tuple(within), readings[0][1] if readings else model.id.rpartition("/")[2])


def _loosens(gateway_id: str, native_id: str, closeness: int) -> bool:
    """Return whether mapping back would lead from a dated snapshot to a name whose meaning changes over time."""
    return closeness >= NAMED and dated(gateway_id) is not None and dated(native_id.removesuffix("-preview")) is None


def _certain(ways: Iterable[tuple[str, int, ModelRef]]) -> Iterator[tuple[str, ModelRef]]:
    """Yield, for each gateway ID, the native model that comes closest, if it is the only one that close."""
    by_id: dict[str, dict[int, list[ModelRef]]] = {}
    for gateway_id, closeness, native in ways:
        by_id.setdefault(gateway_id, {}).setdefault(closeness, []).append(native)
    for gateway_id, ranked in by_id.items():
        closest = ranked[min(ranked)]
        if len(closest) == 1:
            yield gateway_id, closest[0]
