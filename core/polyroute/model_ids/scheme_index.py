"""Index a scheme: find whose model a provider's ID names, and which of the gateway's IDs a name means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from polyroute.lazy import cached_property
from polyroute.model_ids.normalize import RULES, ReleaseDate, dated, first_word, folded, without_separators
from polyroute.model_ids.scheme import Alias, Naming, Scheme

SPELT, DATED, NAMED, FLOATING, NONE, REFUSED = range(6)
"""How closely a native ID matches the gateway's, for mapping back; lower is closer."""

_UNREAD = Naming(rules=("precision", "path", "bare"))
"""How listings are read at providers whose IDs name models in no reviewed way."""


class SchemeIndex:
    """The index of a scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.namespaces = frozenset(each.partition("/")[0] for each in scheme.models)
        self._dated: dict[str, list[tuple[ReleaseDate, str]]] = {}
        self._by_name = self._names()
        self._at = {provider: _by_folded(aliases) for provider, aliases in scheme.aliases_at.items()}
        names = (*scheme.models, *self._by_name, *(name for each in self._at.values() for name in each))
        self._squeezed = {without_separators(name.partition("/")[2]) for name in names}
        self._plain = {name: name for name in self.namespaces if name not in scheme.namings} | {
            name: naming.namespace for name, naming in scheme.namings.items() if naming.is_plain and naming.namespace
        }

    def namespace(self, provider: str) -> str:
        """Return the gateway's namespace for a vendor: from the scheme, else the vendor's ID if the list has it."""
        naming = self._scheme.namings.get(provider)
        if naming is not None:
            return naming.namespace
        return provider if provider in self.namespaces else ""

    def makers(self) -> Iterator[str]:
        """Yield one vendor with a known list for each namespace: the one of that name, else the first.

        The gateway itself is never among them.
        """
        seen = set()
        candidates = (*self._scheme.namings, *self._scheme.native)
        for provider in sorted(candidates, key=lambda each: self.namespace(each) != each):
            namespace = self.namespace(provider)
            is_own = self._scheme.same.get(provider, provider) == self._scheme.provider
            if namespace and provider in self._scheme.native and namespace not in seen and not is_own:
                seen.add(namespace)
                yield provider

    def readings(self, provider: str, native_id: str) -> list[tuple[str, str]]:
        """Return the namespaces and names that an ID may mean, likeliest first; empty if the maker is unknown."""
        if namespace := self._plain.get(provider):
            return [(namespace, each) for each in self._own_names(provider, namespace, native_id)]
        naming = self._scheme.namings.get(provider)
        names = _names(naming, native_id) if naming else ()
        return [made for each in names if naming for made in self._makers(provider, naming, each)]

    def find(self, provider: str, namespace: str, name: str) -> tuple[str, str, int] | None:
        """Return the gateway's ID, how it was found and how close it is; None if there is none.

        The ID is empty if an alias says that the gateway has no such model.
        """
        known = self._by_spelling(provider, namespace, name) if without_separators(name) in self._squeezed else None
        return known or self._by_date(namespace, name)

    def lacks(self, provider: str, native_id: str) -> bool:
        """Return whether `find` certainly finds nothing: no listed name is spelled like the ID, and it has no date."""
        for _, name in self.readings(provider, native_id):
            if without_separators(name) in self._squeezed or _dated(name):
                return False
        return True

    def word(self, provider: str, native_id: str) -> str | None:
        """Return maker and folded name as an ID itself gives them, whether or not the list has a model of the maker.

        None if the maker is unknown.
        """
        naming = self._scheme.namings.get(provider)
        if naming is None:
            namespace = self.namespace(provider) or provider
            return self._spelt(namespace, [*self._own_names(provider, namespace, native_id)][-1])
        for name in _names(naming, native_id):
            for namespace, rest in self._makers(provider, naming, name):
                return self._spelt(namespace, rest)
            organisation, slash, rest = name.partition("/")
            if "path" in naming.rules and slash and rest and "/" not in rest:
                return self._spelt(organisation, rest)
        return None

    def group(self, provider: str, native_id: str) -> str | None:
        """Return a word for the model of a listing, also of providers whose IDs are read for no other purpose.

        It is the gateway's ID, if the list has it, else maker and folded name. None if the maker is unknown.
        """
        read = self._group_readings(provider, native_id)
        if not read:
            return self.word(provider, native_id)
        found = (self.find(provider, *each) for each in read if "latest" not in native_id.lower())
        return next((each[0] for each in found if each and each[0]), None) or self._spelt(*read[0])

    def _group_readings(self, provider: str, native_id: str) -> list[tuple[str, str]]:
        if provider == self._scheme.provider:
            namespace, _, name = native_id.partition("/")
            return [(namespace, name)]
        naming = self._scheme.listings.get(provider) or (_UNREAD if self._is_unread(provider) else None)
        names = _names(naming, native_id) if naming else ()
        return [made for each in names if naming for made in self._makers(provider, naming, each)]

    def reads_otherwise(self, provider: str) -> bool:
        """Return whether a provider's listings are grouped by other rules than its IDs are mapped."""
        return provider in self._scheme.listings or self._is_unread(provider)

    def _is_unread(self, provider: str) -> bool:
        naming = self._scheme.namings.get(provider)
        return not self.namespace(provider) if naming is None else "deployments" in naming.rules

    def _spelt(self, namespace: str, name: str) -> str:
        """Return the word of a name: folded, without the maker repeated before it, and with its date in one form."""
        split = _dated(name)
        plain = folded(split[0] if split else name)
        for maker in self._forms.get(namespace, ()):
            plain = plain.removeprefix(f"{maker}-")
        return f"{namespace}/{plain}" + ("".join(f"-{part}" for part in split[1]) if split else "")

    def snapshots(self, namespace: str, name: str) -> list[str]:
        """Return the dated IDs that the list has for a model whose name ends with a date."""
        split = _dated(name)
        return [each for _, each in self._dated.get(f"{namespace}/{folded(split[0])}", ())] if split else []

    def _makers(self, provider: str, naming: Naming, name: str) -> Iterator[tuple[str, str]]:
        if naming.namespace:
            yield from ((naming.namespace, each) for each in self._own_names(provider, naming.namespace, name))
        for mark, rule in (("/", "path"), (".", "dotted")):
            if rule in naming.rules and mark in name:
                organisation, _, rest = name.partition(mark)
                if rest and "/" not in rest:
                    yield from self._of_organisation(organisation, rest)
                return
        if "bare" in naming.rules and "/" not in name and (namespace := self._family(name)):
            yield namespace, name

    def _of_organisation(self, organisation: str, name: str) -> Iterator[tuple[str, str]]:
        """Yield what `organisation/name` may mean: as it is, if it is listed; else by the table and by the family.

        An organisation may have a second namespace, for a family of its own (`umbrella` and `umbrella-labs`).
        """
        if f"{organisation}/{name}" in self._scheme.models:
            yield organisation, name
        namespace = self._namespace_of(organisation)
        if namespace:
            yield namespace, name
        family = self._family(name)
        if family not in ("", namespace) and {organisation, namespace} & {family, family.partition("-")[0]}:
            yield family, name

    def _family(self, name: str) -> str:
        """Return the namespace that the beginning of a name stands for: a maker's name, or the family's."""
        word = first_word(name)
        found = self._scheme.families.get(word) or self._namespace_of(word) or self.families.get(word)
        return found or next((self._prefixes[each] for each in _beginnings(name) if each in self._prefixes), "")

    @cached_property
    def families(self) -> Mapping[str, str]:
        """From each first word that the list has in one namespace only to that namespace."""
        seen: dict[str, set[str]] = {}
        for gateway_id in self._scheme.models:
            namespace, _, name = gateway_id.partition("/")
            word = first_word(name)
            if len(word) > 1 and namespace.isascii() and not namespace.startswith("~"):
                seen.setdefault(word, set()).add(namespace)
        return {word: next(iter(each)) for word, each in seen.items() if len(each) == 1}

    @cached_property
    def _prefixes(self) -> Mapping[str, str]:
        """From the names of makers, folded, to namespaces, for IDs that begin with them (`init-ech-t-5`)."""
        own = {folded(namespace): namespace for namespace in self.namespaces if not namespace.startswith("~")}
        return {**{folded(name): namespace for name, namespace in self._scheme.organisations.items()}, **own}

    def _own_names(self, provider: str, namespace: str, native_id: str) -> Iterator[str]:
        """Yield a vendor's own ID, and the ID without the vendor's name before it (`acme/model-1` of acme)."""
        yield native_id
        head, slash, rest = native_id.partition("/")
        head = head.lower()
        if slash and rest and (head in (provider, namespace) or self._namespace_of(head) == namespace):
            yield rest

    def _namespace_of(self, organisation: str) -> str:
        return self._scheme.organisations.get(organisation, organisation if organisation in self.namespaces else "")

    def _by_spelling(self, provider: str, namespace: str, name: str) -> tuple[str, str, int] | None:
        at, exact, key = self._at.get(provider), f"{namespace}/{name}", f"{namespace}/{folded(name)}"
        if at and (alias := at.get(key)):
            return self._meant(alias)
        if exact in self._scheme.models and ":" not in name:
            return exact, "", SPELT
        return self._by_name.get(key)

    def _by_date(self, namespace: str, name: str) -> tuple[str, str, int] | None:
        """Find the model that `name` is a snapshot of: with the same date, or the only one and released about then."""
        split = _dated(name)
        if split is None:
            return None
        key, date = f"{namespace}/{folded(split[0])}", split[1]
        if siblings := self._dated.get(key):
            same = [gateway_id for other, gateway_id in siblings if date.agrees(other)]
            return (same[0], ", with the same date in another format", SPELT) if len(same) == 1 else None
        found = self._by_name.get(key)
        if not found or not found[0] or key in self._often_dated:
            return None
        released = self._scheme.models[found[0]]
        if released and not any(date.near(each) for each in released):
            return None
        return found[0], ", the only snapshot of this model there, and of about this date", DATED

    @cached_property
    def _often_dated(self) -> set[str]:
        """Models with several snapshots at their maker; which one the bare name means changes over time."""
        dates: dict[str, set[ReleaseDate]] = {}
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
            if names.setdefault(key, (gateway_id, ", spelled differently", SPELT))[0] != gateway_id:
                ambiguous.add(key)
        for key in ambiguous:
            del names[key]
        for key, alias in _by_folded(self._scheme.aliases).items():
            if not alias.id or alias.id in self._scheme.models:
                names.setdefault(key, self._meant(alias))
        return self._with_makers(names)

    def _meant(self, alias: Alias) -> tuple[str, str, int]:
        if alias.id in self._scheme.models:
            return alias.id, f": {alias.why}", NAMED
        return "", alias.why, NONE

    def _with_makers(self, names: dict[str, tuple[str, str, int]]) -> dict[str, tuple[str, str, int]]:
        """Return `names` with the forms in which hosts repeat the maker before the name (`maker/maker-model-1`)."""
        for key, found in list(names.items()):
            namespace, _, name = key.partition("/")
            for maker in self._forms.get(namespace, ()):
                names.setdefault(f"{namespace}/{maker}-{name}", found)
        return names

    @cached_property
    def _forms(self) -> Mapping[str, list[str]]:
        """By namespace, the names of its maker, folded."""
        makers: dict[str, list[str]] = {namespace: [folded(namespace)] for namespace in self.namespaces}
        for organisation, namespace in self._scheme.organisations.items():
            makers.setdefault(namespace, []).append(folded(organisation))
        return makers


def _beginnings(name: str) -> Iterator[str]:
    """Yield the first two and the first three words of a name, folded, if more follow."""
    words = folded(name).split("-")
    yield from ("-".join(words[:number]) for number in (3, 2) if len(words) > number)


def _dated(name: str) -> tuple[str, ReleaseDate] | None:
    """Like `dated`, for a name in any case, with a fast exit for names that don't end with a digit."""
    return dated(name.lower()) if name[-1:].isdigit() else None


def _names(naming: Naming, native_id: str) -> Iterable[str]:
    """Return an ID in lower case without the parts that say how it is served; candidates, likeliest first."""
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
