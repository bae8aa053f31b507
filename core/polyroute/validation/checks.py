"""Check whether a configuration names models that can be run, and report what to correct where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute._internal.redact import is_masked
from polyroute.custom_models.models import KEY_FIELD, CustomModel, KeyReference, key_reference
from polyroute.custom_models.routes import RoutedModel, adapted
from polyroute.errors import InvalidModelReference, UnknownProvider, UsageError
from polyroute.routing.references import canonical
from polyroute.types import DIRECT, ModelRef, Provider
from polyroute.validation import addresses, assignments, listing
from polyroute.validation.foreign import ForeignCheck
from polyroute.validation.formats import Format, known_names, recognised
from polyroute.validation.references import Reference, is_placeholder, reference, written_keys
from polyroute.validation.sections import ConfigFinding, Section, Severity, sections

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.results import Route

_URL_FIELD = "baseURL"
_NAMING = ("provider", "model")
_STORED = "Store it with `polyroute keys set`, and write $VARIABLE or nothing here."


def validate(catalog: Catalog, config: object, *, strict: bool = True) -> tuple[ConfigFinding, ...]:
    """Return the findings for a configuration: of a host with `llm`, or of another program whose format is known.

    With `strict`, missing keys, variables and models are errors, else warnings. Raises UsageError if `config` is not a
    configuration that is known.
    """
    return validate_as(catalog, config, "value", strict=strict)


def validate_as(
    catalog: Catalog, config: object, syntax: str, name: str = "", *, strict: bool
) -> tuple[ConfigFinding, ...]:
    """Return the findings for the content of a file with this syntax and name. Raises UsageError as `validate` does."""
    form = recognised(config, syntax, name)
    if form is None:
        raise UsageError(f"It is not a configuration that is known. Known are {known_names()}.")
    if form.is_native:
        found = [each for path, content in sections(config) for each in _section(path, content, catalog, strict)]
    else:
        found = list(ForeignCheck(config, form, catalog, strict=strict).findings())
        found += assignments.findings(config, form, catalog, strict=strict)
    return tuple(dict.fromkeys([*found, *_written_keys(config, form, found, strict=strict)]))


def _written_keys(
    config: object, form: Format, found: Iterable[ConfigFinding], *, strict: bool
) -> Iterable[ConfigFinding]:
    told = {each.path for each in found if each.code in ("plaintext_secret", "base_url_invalid")}
    in_place = "literal_keys" in form.facts
    remedy = "Keep the file out of version control." if in_place else form.facts.get("store", _STORED)
    severity: Severity = "error" if strict and not in_place else "warning"
    for path in written_keys(config):
        if path not in told:
            yield ConfigFinding("plaintext_secret", severity, path, "the file contains a key", remedy)


def _section(path: str, content: object, catalog: Catalog, strict: bool) -> Iterable[ConfigFinding]:
    if isinstance(content, Mapping):
        return _Check(Section(path, content), catalog, strict).findings()
    return [ConfigFinding("wrong_type", "error", path, "it is not a mapping", "Write `provider` and `model` in it.")]


class _Check:
    """The check of one section."""

    def __init__(self, section: Section, catalog: Catalog, strict: bool) -> None:
        self._section = section
        self._catalog = catalog
        self._given = ModelRef("", "")
        self._by_strictness: Severity = "error" if strict else "warning"

    def findings(self) -> Iterable[ConfigFinding]:
        """Yield all findings. If it is not clear which model is meant, the model is not checked."""
        misfits = list(self._section.misfits())
        yield from misfits
        yield from self._secrets()
        if not {each.path for each in misfits} & {self._section.at(field) for field in _NAMING}:
            yield from self._model()

    def _secrets(self) -> Iterable[ConfigFinding]:
        for field in self._section.spelled(KEY_FIELD):
            key = self._section.text(field)
            referred = reference(key)
            if is_masked(key):
                yield self._error("masked_secret", field, "it is a mask in place of a key", _STORED)
            elif not key or key_reference(key) is not None:
                continue
            elif referred is not None:
                yield from self._foreign_reference(field, referred)
            elif is_placeholder(key):
                yield self._warning("placeholder_secret", field, "it stands for a key, and is none", _STORED)
            else:
                yield self._strict("plaintext_secret", field, "the file contains a key", _STORED)

    def _foreign_reference(self, field: str, referred: Reference) -> Iterable[ConfigFinding]:
        if referred.everywhere:
            return
        fault = "reference not understood: it is of another program's form"
        yield self._warning("reference_not_understood", field, fault, "Write $VARIABLE.")
        if referred.variable and not referred.has_default and not self._catalog.environment.source(referred.variable):
            fault, remedy = f"{referred.variable} is not set", f"Set {referred.variable}."
            yield self._strict("unresolved_variable", field, fault, remedy)

    def _model(self) -> Iterable[ConfigFinding]:
        named_by = _NAMING[not self._section.text("provider")]
        try:
            ref = self._reference()
        except UnknownProvider as error:
            others = " or ".join(error.suggestions)
            remedy = f"Did you mean {others}?" if others else error.remedy
            return [self._error("unknown_provider", named_by, f"there is no provider {error.name!r}", remedy)]
        except InvalidModelReference as error:
            return [self._error("provider_not_selectable", named_by, error.fault, error.remedy)]
        if ref is None:
            remedy = "See `polyroute models`. Write `provider` and `model`, or the model as provider/model."
            return [self._error("model_missing", "model", "the model is missing", remedy)]
        return self._placed(ref, self._catalog.plugins.providers[ref.provider])

    def _reference(self) -> ModelRef | None:
        """Return the model that the section names; None if a part of it is missing."""
        provider, model = map(self._section.text, _NAMING)
        if provider and not model:
            self._catalog.plugins.find(provider)
        if not model or not (provider or all(ModelRef.parse(model))):
            return None
        self._given = ModelRef(provider, model) if provider else ModelRef.parse(model)
        return canonical(self._given, self._catalog.plugins)

    def _placed(self, ref: ModelRef, provider: Provider) -> Iterable[ConfigFinding]:
        faults = list(self._base_url(ref, provider))
        misplaced = [each for each in faults if each.severity == "error" or each.code != "base_url_wrong"]
        yield from faults
        yield from self._routing(provider)
        yield from self._offered(ref)
        if not misplaced:
            yield from self._runs(ref, provider)

    def _base_url(self, ref: ModelRef, provider: Provider) -> Iterable[ConfigFinding]:
        url, rules = self._section.text(_URL_FIELD), provider.custom_models
        rule = rules.base_url if rules else "no"
        if url and rule == "no":
            remedy = "Remove it or, for another server, write a provider that accepts one."
            yield self._error("base_url_not_allowed", _URL_FIELD, f"{provider.id} accepts no base URL", remedy)
        elif url and (unset := list(self._unset(_URL_FIELD))):
            yield from unset
        elif url:
            for found in addresses.faults(self._catalog, provider, ref.id, self._filled(url)):
                yield self._found(found.code, found.severity, _URL_FIELD, found.message, found.remedy)
        elif not url and rule == "required" and not (direct := self._direct(ref)).base_url:
            remedy = f"Write it. Or: {direct.remedy}"
            yield self._strict("base_url_missing", _URL_FIELD, f"{provider.id} needs one", remedy)

    def _unset(self, field: str) -> Iterable[ConfigFinding]:
        """Yield a finding if a field refers to a variable that is not set or a keyring entry that does not exist."""
        reference, environment = key_reference(self._section.text(field)) or KeyReference(), self._catalog.environment
        if reference.variable and environment.source(reference.variable) is None:
            fault, remedy = f"{reference.variable} is not set", f"Set {reference.variable}."
            yield self._strict("unresolved_variable", field, fault, remedy)
        if reference.keyring and not environment.in_keyring(reference.keyring):
            fault = f"the keyring has no {reference.keyring}"
            yield self._strict("unresolved_variable", field, fault, "Store it with `polyroute keys set`.")

    def _routing(self, provider: Provider) -> Iterable[ConfigFinding]:
        plugins, wanted = self._catalog.plugins, self._section.content.get("routing")
        known = (DIRECT, *plugins.gateways)
        listed = enumerate(wanted) if isinstance(wanted, list) else ()
        named = [("routing", wanted)] if isinstance(wanted, str) else [(f"routing[{i}]", each) for i, each in listed]
        for field, name in named:
            via = plugins.names.get(name, name) if isinstance(name, str) else ""
            if via not in known:
                remedy = f"Routes are: {', '.join(known)}."
                yield self._error("unknown_route", field, "there is no such route", remedy)
            elif via not in (DIRECT, *plugins.carriers(provider.id)):
                fault = f"{via} does not carry {provider.id}'s models"
                yield self._error("route_not_possible", field, fault, f"See `polyroute explain {provider.id}`.")

    def _offered(self, ref: ModelRef) -> Iterable[ConfigFinding]:
        """Yield a finding if the model is in no list: it is probably misspelled, or a model of another provider."""
        rules = self._catalog.plugins.providers[ref.provider].custom_models
        if self._section.text(_URL_FIELD) and rules and rules.base_url != "no":
            return
        gateway = next((each for each in self._catalog.routes(ref) if each.usable and each.via != DIRECT), None)
        spelled = gateway.model_id or "" if gateway and gateway.mapping == "listed" else ""
        if spelled == ref.id or spelled.endswith(f"/{ref.id}"):
            return
        is_split = bool(self._section.text("provider"))
        found = listing.unlisted(self._catalog, ref, self._by_strictness, runs=bool(spelled), is_split=is_split)
        if found:
            yield self._found(found.code, found.severity, "model", found.message, found.remedy)

    def _runs(self, ref: ModelRef, provider: Provider) -> Iterable[ConfigFinding]:
        routes = self._routes(ref, provider)
        route = next((each for each in routes if each.usable), None)
        unset = list(self._unset(KEY_FIELD))
        if route is None and unset and self._is_local():
            yield from (each._replace(severity="warning") for each in unset)
        elif route is None:
            yield from unset or [self._no_route(ref, routes)]
        else:
            runs = f"The model still runs {DIRECT if route.via == DIRECT else f'via {route.via}'}."
            yield from (each._replace(severity="warning", remedy=f"{each.remedy} {runs}") for each in unset)

    def _routes(self, ref: ModelRef, provider: Provider) -> tuple[Route, ...]:
        """Return the routes to the model with the section's own key and base URL."""
        routes = self._catalog.routes(self._given)
        key, url = self._section.text(KEY_FIELD), self._filled(self._section.text(_URL_FIELD))
        if not (key or url):
            return routes
        model = CustomModel(ref.provider, ref.id, MappingProxyType({_URL_FIELD: url} if url else {}), key)
        own = RoutedModel(model, provider, self._catalog.environment)
        return adapted(routes, own, keep_order=bool(self._catalog.preferences.order))

    def _no_route(self, ref: ModelRef, routes: Iterable[Route]) -> ConfigFinding:
        reasons = "; ".join(f"{route.via}: {route.reason}" for route in routes)
        remedy = " Or: ".join(dict.fromkeys(route.remedy for route in routes if route.remedy))
        if all(route.credential for route in routes):
            return self._strict("no_route", "model", f"{ref} can't be run ({reasons})", remedy)
        return self._strict("llm_api_key_missing", KEY_FIELD, f"no credential runs {ref} ({reasons})", remedy)

    def _is_local(self) -> bool:
        url = self._filled(self._section.text(_URL_FIELD))
        return bool(url) and addresses.is_local(url)

    def _filled(self, url: str) -> str:
        """Return a base URL, or the value of the variable that it refers to."""
        reference = key_reference(url)
        return (self._catalog.environment.setting(reference.variable) or "") if reference else url

    def _direct(self, ref: ModelRef) -> Route:
        return next(route for route in self._catalog.routes(ref) if route.via == DIRECT)

    def _found(self, code: str, severity: Severity, field: str, message: str, remedy: str) -> ConfigFinding:
        return ConfigFinding(code, severity, self._section.at(field), message, remedy)

    def _warning(self, code: str, field: str, message: str, remedy: str) -> ConfigFinding:
        return ConfigFinding(code, "warning", self._section.at(field), message, remedy)

    def _error(self, code: str, field: str, message: str, remedy: str) -> ConfigFinding:
        return ConfigFinding(code, "error", self._section.at(field), message, remedy)

    def _strict(self, code: str, field: str, message: str, remedy: str) -> ConfigFinding:
        return ConfigFinding(code, self._by_strictness, self._section.at(field), message, remedy)
