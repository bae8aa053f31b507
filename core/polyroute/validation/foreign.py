"""Check the configurations of other programs, as the table of formats describes them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from polyroute._internal.terminal import some_of
from polyroute.lazy import cached_property
from polyroute.named_tuples import NamedTuple
from polyroute.types import ModelRef, Provider
from polyroute.validation import addresses, listing, variables
from polyroute.validation.formats import Format, Place, assigned, places, text_at
from polyroute.validation.references import is_field_of_key, is_placeholder, reference
from polyroute.validation.sections import ConfigFinding, Severity

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_SURE = 0.85
_PLACEHOLDER = "it stands for a key, and is none"


class Endpoint(NamedTuple):
    """A key and a base URL of a provider, with where they stand."""

    key: Place = Place("", "")
    variable: Place = Place("", "")
    """The name of the variable that holds the key, where the format has a field for it."""
    url: Place = Place("", "")
    is_own: bool = False
    """Whether only the file knows this provider."""
    models: frozenset[str] = frozenset()
    """The models that the file declares for it."""


class Target(NamedTuple):
    """A model that a file names."""

    at: Place
    provider: str
    """The provider's name as written; empty if the model's text contains it."""
    provider_at: str
    endpoint: Endpoint


class ForeignCheck:
    """The check of one file."""

    def __init__(self, content: Any, form: Format, catalog: Catalog, *, strict: bool) -> None:
        self._content, self._form, self._catalog = content, form, catalog
        self._facts: Mapping[str, Any] = form.facts
        self._by_strictness: Severity = "error" if strict else "warning"

    def findings(self) -> Iterator[ConfigFinding]:
        """Yield all findings except keys that are written out."""
        for target in self.targets():
            yield from self._target(target)
        for provider, endpoint in self._endpoints.items():
            yield from self._endpoint(self._known(provider), "", endpoint)
        if "variables" in self._facts:
            yield from self._variables()
            yield from variables.findings(self._content, self._catalog.plugins)

    def targets(self) -> Iterator[Target]:
        """Yield every model that the file names."""
        for section in self._facts.get("sections", ()):
            for place in places(self._content, section["at"]):
                if isinstance(place.value, Mapping):
                    yield from self._in_section(section, place)

    def _in_section(self, section: Mapping[str, Any], place: Place) -> Iterator[Target]:
        provider, where = self._provider_of(section, place)
        endpoint = self._own_endpoint(section, place)
        for path in section["models"]:
            for found in places(place.value, path):
                if isinstance(found.value, str) and found.value.strip():
                    at = Place(_under(place.path, found.path), found.value.strip())
                    yield Target(at, provider, where, endpoint)

    def _provider_of(self, section: Mapping[str, Any], place: Place) -> tuple[str, str]:
        field = section.get("provider", "")
        if field.startswith("="):
            return field[1:], place.path
        if field == "@":
            return place.path.rpartition(".")[2], place.path
        if own := text_at(place.value, field):
            return own, _under(place.path, field)
        inherited = self._facts.get("inherited", "")
        if inherited and (above := text_at(self._content, inherited)):
            return above, inherited
        return self._facts.get("default_provider", ""), place.path

    def _own_endpoint(self, section: Mapping[str, Any], place: Place) -> Endpoint:
        key, url = (_field(place, section.get(name, "")) for name in ("key", "base_url"))
        return Endpoint(key, url=url)

    @cached_property
    def _endpoints(self) -> dict[str, Endpoint]:
        """The endpoints that the file declares, by the name of the provider."""
        found = {}
        if table := self._facts.get("providers"):
            for place in places(self._content, table["at"]):
                found[place.path.removeprefix(table["at"].removesuffix("*"))] = _declared(table, place)
        root = Place("", self._content)
        for row in self._facts.get("settings", ()):
            key, url = _field(root, row.get("key", "")), _field(root, row.get("base_url", ""))
            if key.value or url.value:
                found[row["provider"]] = Endpoint(key, url=url)
        return found

    # --- One model ---

    def _target(self, target: Target) -> Iterator[ConfigFinding]:
        text = target.at.value
        if text in self._facts.get("aliases", ()):
            return
        if referred := reference(text):
            yield from self._unset(referred.variable, target.at.path, has_default=referred.has_default)
            return
        name, model_id = self._split(target)
        endpoint = self._endpoints.get(name, target.endpoint)
        known = self._known(name)
        by_address = addresses.owner_of(self._catalog, endpoint.url.value) if endpoint.url.value else None
        if not name:
            yield from self._bare(target)
        elif known is None and not (endpoint.is_own or endpoint.url.value):
            yield from self._unknown(name, target)
        else:
            if name not in self._endpoints:
                yield from self._endpoint(known or by_address, model_id, endpoint)
            yield from self._listed(known or by_address, by_address, model_id, endpoint, target)

    def _split(self, target: Target) -> tuple[str, str]:
        """Return the provider and the ID that a model's text means; the provider is empty if it names none."""
        text = target.at.value
        if target.provider:
            return target.provider, text
        name, _, model_id = text.partition("/")
        if not model_id or (self._known(name) is None and name not in self._endpoints and self._facts.get("bare")):
            return ("", text) if not model_id or "variables" in self._facts else (name, model_id)
        first, _, rest = model_id.partition("/")
        return name, rest if rest and first in self._facts.get("routes", ()) else model_id

    def _listed(
        self, known: Provider | None, owner: Provider | None, model_id: str, endpoint: Endpoint, target: Target
    ) -> Iterator[ConfigFinding]:
        if endpoint.is_own and endpoint.models and model_id not in endpoint.models and known is None:
            yield _undeclared(model_id, endpoint, target)
        has_own_address = bool(endpoint.url.value) and owner is None
        provider = owner or known
        if provider is None or has_own_address or model_id in endpoint.models or not model_id:
            return
        if owner and known and owner.id != known.id and model_id in self._catalog.plugins.models(known.id):
            return  # what is wrong is the address, and that is told
        ref = ModelRef(provider.id, model_id)
        if found := listing.unlisted(self._catalog, ref, self._by_strictness, is_split=bool(target.provider)):
            yield ConfigFinding(found.code, found.severity, target.at.path, found.message, found.remedy)

    def _bare(self, target: Target) -> Iterator[ConfigFinding]:
        where, text = target.at
        if not self._facts.get("bare"):
            fault = "the model lacks its provider"
            yield ConfigFinding("model_missing", "error", where, fault, "Write it as provider/model.")
            return
        same, close = listing.closest(self._catalog, text)
        if not same and close and "*" not in text:
            fault, meant = f"{text} is in no maker's list of models", " or ".join(close)
            yield ConfigFinding("model_not_listed", "warning", where, fault, f"Did you mean {meant}?")

    def _unknown(self, name: str, target: Target) -> Iterator[ConfigFinding]:
        if "variables" in self._facts or name in self._facts.get("generic", ()):
            return
        names = self._catalog.plugins.names
        close = difflib.get_close_matches(name.lower(), names, 1, _SURE)
        severity: Severity = "error" if close else "warning"
        remedy = f"Did you mean {close[0]}?" if close else "Keep it if the program knows this provider."
        fault = f"there is no provider {name!r}"
        yield ConfigFinding("unknown_provider", severity, target.provider_at or target.at.path, fault, remedy)

    # --- Keys and addresses ---

    def _endpoint(
        self, provider: Provider | None, model_id: str, endpoint: Endpoint, added: tuple[str, ...] = ()
    ) -> Iterator[ConfigFinding]:
        url = self._resolved(endpoint.url.value)
        yield from self._reference(endpoint.url)
        appends = (*self._facts.get("appends_version", ()), *self._facts.get("native_servers", ()), *added)
        if url and not reference(url) and not is_placeholder(url):
            for found in addresses.faults(self._catalog, provider, model_id, url, appends=appends):
                severity = self._by_strictness if found.severity == "error" else found.severity
                yield ConfigFinding(found.code, severity, endpoint.url.path, found.message, found.remedy)
        is_optional = bool(url) and addresses.is_local(url)
        yield from self._reference(endpoint.key, is_optional=is_optional)
        if name := endpoint.variable.value:
            yield from self._unset(name, endpoint.variable.path, is_optional=is_optional)

    def _reference(self, place: Place, *, is_optional: bool = False) -> Iterator[ConfigFinding]:
        referred = reference(place.value) if place.value else None
        if referred is None:
            if place.value and is_field_of_key(place.path) and is_placeholder(place.value) and not is_optional:
                remedy = "Write a reference to the key, or nothing."
                yield ConfigFinding("placeholder_secret", "warning", place.path, _PLACEHOLDER, remedy)
            return
        if not (referred.everywhere or referred.form in self._facts.get("references", ())):
            fault, remedy = f"{self._form.name} has no references of this form", self._references()
            yield ConfigFinding(
                "reference_not_understood", "warning", place.path, f"reference not understood: {fault}", remedy
            )
        yield from self._unset(referred.variable, place.path, has_default=referred.has_default, is_optional=is_optional)

    def _references(self) -> str:
        known = self._facts.get("references", ())
        return f"It reads references of these forms: {', '.join(known)}." if known else "Set the program's variable."

    def _unset(
        self, variable: str, where: str, *, has_default: bool = False, is_optional: bool = False
    ) -> Iterator[ConfigFinding]:
        own = self._content if "variables" in self._facts else assigned(self._content, self._form)
        if not variable or has_default or variable in own or self._catalog.environment.source(variable):
            return
        severity: Severity = "warning" if is_optional else self._by_strictness
        yield ConfigFinding("unresolved_variable", severity, where, f"{variable} is not set", f"Set {variable}.")

    def _resolved(self, text: str) -> str:
        referred = reference(text) if text else None
        if referred and referred.variable:
            return self._catalog.environment.setting(referred.variable) or ""
        return "" if referred else text

    def _known(self, name: str) -> Provider | None:
        plugins = self._catalog.plugins
        own = self._facts.get("own_names", {}).get(name, name)
        forms = (own, own.lower(), own.lower().replace("_", "-").replace(" ", "-"))
        found = next((plugins.names[form] for form in forms if form in plugins.names), None)
        return plugins.providers[found] if found else None

    # --- Variables ---

    def _variables(self) -> Iterator[ConfigFinding]:
        rules = self._facts["variables"]
        for name, value in self._content.items():
            place = Place(name, value.strip())
            if value.startswith(f"{name}="):
                remedy = f"Write {name} once."
                yield ConfigFinding("doubled_prefix", self._by_strictness, name, "its name stands in its value", remedy)
            elif is_field_of_key(name):
                yield from self._reference(place)
            elif place.value and (found := re.match(rules["model"], name)):
                yield from self._target(Target(place, self._prefix(found["prefix"]), name, Endpoint()))
            elif place.value and (found := re.match(rules["base_url"], name)) and self._known(found["prefix"]):
                provider = self._known(found["prefix"])
                yield from self._endpoint(provider, "", Endpoint(url=place), added=_added_by_sdk(provider))

    def _prefix(self, prefix: str | None) -> str:
        """Return the provider that a variable's prefix names, by `X_PROVIDER` or by itself; empty if none."""
        named = self._content.get(f"{prefix}_PROVIDER" if prefix else "PROVIDER", "")
        own = prefix if prefix and self._known(prefix) else ""
        return named or own or ""


def _added_by_sdk(provider: Provider | None) -> tuple[str, ...]:
    """Return the protocol of a provider in whose variable for a base URL the version is left out."""
    if provider is None:
        return ()
    is_left_out = provider.kind == "own-server" or bool(provider.address and provider.address.ending)
    return (provider.protocol,) if is_left_out else ()


def _undeclared(model_id: str, endpoint: Endpoint, target: Target) -> ConfigFinding:
    close = difflib.get_close_matches(model_id, endpoint.models, 1)
    remedy = f"Did you mean {close[0]}?" if close else f"Declared are {some_of(sorted(endpoint.models))}."
    fault = f"{model_id} is not among the models that the file declares for {target.provider or 'its provider'}"
    return ConfigFinding("model_not_listed", "warning", target.at.path, fault, remedy)


def _field(place: Place, path: str) -> Place:
    return Place(_under(place.path, path), text_at(place.value, path)) if path else Place("", "")


def _declared(table: Mapping[str, Any], place: Place) -> Endpoint:
    key, variable, url = (_field(place, table.get(name, "")) for name in ("key", "key_variable", "base_url"))
    declared = [found for path in [table.get("models", "")] if path for found in places(place.value, path)]
    names = {
        name for found in declared for name in (found.value if isinstance(found.value, Mapping) else [found.value])
    }
    is_own = bool(url.value) or bool(text_at(place.value, table.get("own", "")))
    return Endpoint(key, variable, url, is_own, frozenset(name for name in names if isinstance(name, str)))


def _under(path: str, field: str) -> str:
    return f"{path}.{field}".strip(".") if not field.startswith("[") else f"{path}{field}"
