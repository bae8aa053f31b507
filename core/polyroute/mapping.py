"""From a provider's model ID to a gateway's and back: the engine that reads a scheme.

A gateway describes how it spells vendors, how other providers spell theirs, and what no rule can know; the
engine finds an ID in the gateway's list or abstains. It never guesses: likeness serves suggestions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from polyroute.likeness import Likeness
from polyroute.schemes import Alias, Naming, Scheme
from polyroute.spelling import RULES, Date, dated, first_word, folded, squeezed
from polyroute.types import Evidence, IdMapping, ModelRef

_REMEMBERED = 16_384
"""Answers kept per mapper, which several gateways may share: a few megabytes."""

_SPELT, _DATED, _NAMED, _FLOATING, _NONE = range(5)
"""How close a native ID is to the gateway's, for the way back."""


_Found = tuple[IdMapping, int]
"""What an ID maps to, and how close it is."""


class SchemeMapper:
    """The mapper that a scheme describes. Indexes are built at the first question; the rest is look-ups."""

    def __init__(self, load: Callable[[], Scheme]) -> None:
        """`load` is called once, when first needed."""
        self._load = load
        self._recent: dict[ModelRef, IdMapping] = {}

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
    def _index(self) -> _Index:
        return _Index(self._scheme)

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
            return IdMapping(native_id, "verbatim", why), _SPELT
        readings = self._index.readings(provider, native_id)
        for namespace, model in readings:
            if found := self._index.find(provider, namespace, model):
                return self._listed(*found, native_id) if found[0] else self._none("not_offered", found[1], native_id)
        return self._missing(provider, native_id, readings)

    def _listed(self, gateway_id: str, how: str, closeness: int, native_id: str) -> _Found:
        why = f"{gateway_id} is in its list{how}"
        is_floating = closeness == _NAMED and "latest" in native_id
        return IdMapping(gateway_id, "listed", why), _FLOATING if is_floating else closeness

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
        return IdMapping(None, evidence, f"{native_id}: {why}"), _NONE

    def _alike(self, model: ModelRef) -> Iterable[str]:
        readings = self._index.readings(self._scheme.same.get(model.provider, model.provider), model.id)
        within = dict.fromkeys(namespace for namespace, _ in readings if namespace in self._index.namespaces)
        return self._likeness.closest(tuple(within), readings[0][1] if readings else model.id.rpartition("/")[2])


class _Index:
    """A scheme, indexed: by whose name a provider's ID is read, and which of the gateway's IDs a name means."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.namespaces = frozenset(each.partition("/")[0] for each in scheme.models)
        self._dated: dict[str, list[tuple[Date, str]]] = {}
        self._by_name = self._names()
        self._at = {provider: _by_folded(aliases) for provider, aliases in scheme.aliases_at.items()}
        names = (*scheme.models, *self._by_name, *(name for each in self._at.values() for name in each))
        self._squeezed = {squeezed(name.partition("/")[2]) for name in names}
        self._plain = {name: name for name in self.namespaces if name not in scheme.namings} | {
            name: naming.namespace for name, naming in scheme.namings.items() if naming.is_plain and naming.namespace
        }

    def namespace(self, provider: str) -> str:
        """The gateway's namespace for a vendor: what the scheme says, else its own ID where the list has that."""
        naming = self._scheme.namings.get(provider)
        if naming is not None:
            return naming.namespace
        return provider if provider in self.namespaces else ""

    def makers(self) -> Iterator[str]:
        """For each namespace, the vendor of that name, else the first, whose own list is known; never the gateway."""
        seen = set()
        candidates = (*self._scheme.namings, *self._scheme.native)
        for provider in sorted(candidates, key=lambda each: self.namespace(each) != each):
            namespace = self.namespace(provider)
            is_own = self._scheme.same.get(provider, provider) == self._scheme.provider
            if namespace and provider in self._scheme.native and namespace not in seen and not is_own:
                seen.add(namespace)
                yield provider

    def readings(self, provider: str, native_id: str) -> list[tuple[str, str]]:
        """What an ID may say: namespace and name, likeliest first; nothing where the maker can't be told."""
        if namespace := self._plain.get(provider):
            return [(namespace, native_id)]
        naming = self._scheme.namings.get(provider)
        names = _names(naming, native_id) if naming else ()
        return [made for each in names if naming and (made := self._maker(naming, each))]

    def find(self, provider: str, namespace: str, name: str) -> tuple[str, str, int] | None:
        """The gateway's ID, how it is known and how close it is; an empty ID where an alias says that there is none."""
        known = self._by_spelling(provider, namespace, name) if squeezed(name) in self._squeezed else None
        return known or self._by_date(namespace, name)

    def snapshots(self, namespace: str, name: str) -> list[str]:
        """The dated IDs that the list has of a model whose name ends with a date."""
        split = dated(name.lower())
        return [each for _, each in self._dated.get(f"{namespace}/{folded(split[0])}", ())] if split else []

    def _maker(self, naming: Naming, name: str) -> tuple[str, str] | None:
        if naming.namespace:
            return naming.namespace, name
        if "path" in naming.rules and "/" in name:
            organisation, _, rest = name.partition("/")
        elif "dotted" in naming.rules and "." in name:
            organisation, _, rest = name.partition(".")
        else:
            return self._family(name) if "bare" in naming.rules and "/" not in name else None
        namespace = self._namespace_of(organisation)
        return (namespace, rest) if namespace and rest and "/" not in rest else None

    def _family(self, name: str) -> tuple[str, str] | None:
        word = first_word(name)
        namespace = self._scheme.families.get(word) or self._namespace_of(word)
        return (namespace, name) if namespace else None

    def _namespace_of(self, organisation: str) -> str:
        return self._scheme.organisations.get(organisation, organisation if organisation in self.namespaces else "")

    def _by_spelling(self, provider: str, namespace: str, name: str) -> tuple[str, str, int] | None:
        at, exact, key = self._at.get(provider), f"{namespace}/{name}", f"{namespace}/{folded(name)}"
        if at and (alias := at.get(key)):
            return self._meant(alias)
        if exact in self._scheme.models and ":" not in name:
            return exact, "", _SPELT
        return self._by_name.get(key)

    def _by_date(self, namespace: str, name: str) -> tuple[str, str, int] | None:
        """The model of which `name` is a snapshot: of the same date, or the only one and of about that date."""
        split = dated(name.lower())
        if split is None:
            return None
        key, date = f"{namespace}/{folded(split[0])}", split[1]
        if siblings := self._dated.get(key):
            same = [gateway_id for other, gateway_id in siblings if date.agrees(other)]
            return (same[0], ", with the same date written otherwise", _SPELT) if len(same) == 1 else None
        found = self._by_name.get(key)
        if not found or not found[0] or key in self._often_dated:
            return None
        released = self._scheme.models[found[0]]
        if released and not any(date.near(each) for each in released):
            return None
        return found[0], ", the only snapshot of this model there, and of about this date", _DATED

    @cached_property
    def _often_dated(self) -> set[str]:
        """What has several snapshots at its maker: which one its bare name means changes with time."""
        dates: dict[str, set[Date]] = {}
        for provider in self.makers():
            for split in filter(None, map(dated, self._scheme.native[provider])):
                dates.setdefault(f"{self.namespace(provider)}/{folded(split[0])}", set()).add(split[1])
        return {key for key, each in dates.items() if len(each) > 1}

    def _names(self) -> dict[str, tuple[str, str, int]]:
        names: dict[str, tuple[str, str, int]] = {}
        ambiguous = set()
        for gateway_id in self._scheme.models:
            namespace, _, name = gateway_id.partition("/")
            if ":" in name or not name:
                continue
            if split := dated(name):
                self._dated.setdefault(f"{namespace}/{folded(split[0])}", []).append((split[1], gateway_id))
            key = f"{namespace}/{folded(name)}"
            if names.setdefault(key, (gateway_id, ", only spelled otherwise", _SPELT))[0] != gateway_id:
                ambiguous.add(key)
        for key in ambiguous:
            del names[key]
        for key, alias in _by_folded(self._scheme.aliases).items():
            if not alias.id or alias.id in self._scheme.models:
                names.setdefault(key, self._meant(alias))
        return self._with_makers(names)

    def _meant(self, alias: Alias) -> tuple[str, str, int]:
        if alias.id in self._scheme.models:
            return alias.id, f": {alias.why}", _NAMED
        return "", alias.why, _NONE

    def _with_makers(self, names: dict[str, tuple[str, str, int]]) -> dict[str, tuple[str, str, int]]:
        """The same, where hosts write the maker before the name once more (`maker/maker-model-1`)."""
        makers: dict[str, list[str]] = {namespace: [folded(namespace)] for namespace in self.namespaces}
        for organisation, namespace in self._scheme.organisations.items():
            makers.setdefault(namespace, []).append(folded(organisation))
        for key, found in list(names.items()):
            namespace, _, name = key.partition("/")
            for maker in makers.get(namespace, ()):
                names.setdefault(f"{namespace}/{maker}-{name}", found)
        return names


def _names(naming: Naming, native_id: str) -> Iterable[str]:
    """What remains of an ID, in lower case, without what says how it is served, likeliest first."""
    name = native_id.lower()
    if name.startswith(naming.prefixes):
        name = name.removeprefix(next(filter(name.startswith, naming.prefixes)))
    if name.endswith(naming.suffixes):
        name = name.removesuffix(next(filter(name.endswith, naming.suffixes)))
    names = [name]
    for rule in naming.rules:
        if change := RULES.get(rule):
            names = [each for name in names for each in change(name)]
    return names if len(names) == 1 else dict.fromkeys(names)


def _by_folded(aliases: Mapping[str, Alias]) -> dict[str, Alias]:
    parts = ((name.partition("/"), alias) for name, alias in aliases.items())
    return {f"{namespace}/{folded(name)}": alias for (namespace, _, name), alias in parts}


def _loosens(gateway_id: str, native_id: str, closeness: int) -> bool:
    """Whether the way back would lead from one snapshot to whatever its maker calls so today."""
    return closeness >= _NAMED and dated(gateway_id) is not None and dated(native_id.removesuffix("-preview")) is None


def _certain(ways: Iterable[tuple[str, int, ModelRef]]) -> Iterator[tuple[str, ModelRef]]:
    """Of all ways back, those that alone come closest."""
    by_id: dict[str, dict[int, list[ModelRef]]] = {}
    for gateway_id, closeness, native in ways:
        by_id.setdefault(gateway_id, {}).setdefault(closeness, []).append(native)
    for gateway_id, ranked in by_id.items():
        closest = ranked[min(ranked)]
        if len(closest) == 1:
            yield gateway_id, closest[0]
