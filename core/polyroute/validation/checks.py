"""Check whether a host's configuration names models that can be run, and report what to correct where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute._internal.redact import is_masked
from polyroute.base_url import is_base_url
from polyroute.custom_models.models import KEY_FIELD, CustomModel, KeyReference, key_reference
from polyroute.custom_models.routes import RoutedModel, adapted
from polyroute.errors import InvalidModelReference, UnknownProvider
from polyroute.explanation import suggestions
from polyroute.routing.references import canonical
from polyroute.types import DIRECT, ModelRef, Provider
from polyroute.validation.sections import ConfigFinding, Section, Severity, sections

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.results import Route

_URL_FIELD = "baseURL"
_NAMING = ("provider", "model")
_STORED = "Store it with `polyroute keys set`, and write $VARIABLE or nothing here."
_WRITTEN = "Write an http or https address without user name, query, # and $, or a $VARIABLE that holds one."


def validate(catalog: Catalog, config: object, *, strict: bool = True) -> tuple[ConfigFinding, ...]:
    """Return the findings for a host's configuration: a mapping with `llm`, with `agents` that have it, or a section.

    With `strict`, missing keys, variables and models are errors, else warnings. Raises UsageError if `config` is not a
    configuration.
    """
    return tuple(found for path, content in sections(config) for found in _section(path, content, catalog, strict))


def _section(path: str, content: object, catalog: Catalog, strict: bool) -> Iterable[ConfigFinding]:
    if isinstance(content, Mapping):
        return _Check(Section(path, content), catalog, strict).findings()
    return [ConfigFinding("wrong_type", "error", path, "it is not a mapping", "Write `provider` and `model` in it.")]


class _Check:
    """The check of one section."""

    def __init__(self, section: Section, catalog: Catalog, strict: bool) -> None:
        self._section = section
        self._catalog = catalog
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
            if is_masked(key):
                yield self._error("masked_secret", field, "it is a mask in place of a key", _STORED)
            elif key and key_reference(key) is None:
                yield self._strict("plaintext_secret", field, "the file contains a key", _STORED)

    def _model(self) -> Iterable[ConfigFinding]:
        named_by = _NAMING[not self._section.text("provider")]
        try:
            ref = self._reference()
        except UnknownProvider as error:
            others = " or ".join(error.suggestions)
            remedy = f"Did you mean {others}?" if others else str(error).partition(". ")[2]
            return [self._error("unknown_provider", named_by, f"there is no provider {error.name!r}", remedy)]
        except InvalidModelReference as error:
            message, _, remedy = str(error).partition(". ")
            return [self._error("provider_not_selectable", named_by, message, remedy)]
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
        return canonical(ModelRef(provider, model) if provider else model, self._catalog.plugins)

    def _placed(self, ref: ModelRef, provider: Provider) -> Iterable[ConfigFinding]:
        misplaced = list(self._base_url(ref, provider))
        yield from misplaced
        yield from self._routing(provider)
        yield from self._offered(ref, provider)
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
        elif url and not is_base_url(self._filled(url)):
            yield self._error("base_url_invalid", _URL_FIELD, "it is not a base URL", _WRITTEN)
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

    def _offered(self, ref: ModelRef, provider: Provider) -> Iterable[ConfigFinding]:
        """Yield a finding if the model is in no list: it is probably misspelled, or a model of another provider."""
        models = self._catalog.plugins.models(ref.provider)
        takes_any = not models or provider.kind in ("gateway", "own-server")
        if takes_any or ref.id in models or self._catalog.custom_model(ref) or self._is_known_by_a_gateway(ref):
            return
        if provider.kind == "vendor" and (makers := self._makers(ref.id)):
            fault = f"{ref.id} is not a model of {provider.id}"
            yield self._error("model_incompatible", "model", fault, f"Did you mean {' or '.join(makers)}?")
            return
        close = " or ".join(suggestions(self._catalog, ref))
        remedy = f"Did you mean {close}?" if close else f"See `polyroute models --provider {provider.id}`."
        yield self._strict("model_not_offered", "model", f"{ref.id} is in no list of {provider.id}'s models", remedy)

    def _is_known_by_a_gateway(self, ref: ModelRef) -> bool:
        carriers = self._catalog.plugins.carriers(ref.provider)
        return any(self._catalog.mapping(via, ref).id is not None for via in carriers)

    def _makers(self, model_id: str) -> list[str]:
        """Return references to the models of vendors with this ID."""
        plugins = self._catalog.plugins
        same = [model for model in plugins.all_models() if model.id == model_id]
        return [str(model.ref) for model in same if plugins.providers[model.provider].kind == "vendor"]

    def _runs(self, ref: ModelRef, provider: Provider) -> Iterable[ConfigFinding]:
        routes = self._routes(ref, provider)
        route = next((each for each in routes if each.usable), None)
        unset = list(self._unset(KEY_FIELD))
        if route is None:
            yield from unset or [self._no_route(ref, routes)]
        else:
            runs = f"The model still runs {DIRECT if route.via == DIRECT else f'via {route.via}'}."
            yield from (each._replace(severity="warning", remedy=f"{each.remedy} {runs}") for each in unset)

    def _routes(self, ref: ModelRef, provider: Provider) -> tuple[Route, ...]:
        """Return the routes to the model with the section's own key and base URL."""
        routes = self._catalog.routes(ref)
        key, url = self._section.text(KEY_FIELD), self._filled(self._section.text(_URL_FIELD))
        if not (key or url):
            return routes
        model = CustomModel(ref.provider, ref.id, MappingProxyType({_URL_FIELD: url} if url else {}), key)
        own = RoutedModel(model, provider, self._catalog.environment, "")
        return adapted(routes, own, keep_order=bool(self._catalog.preferences.order))

    def _no_route(self, ref: ModelRef, routes: Iterable[Route]) -> ConfigFinding:
        reasons = "; ".join(f"{route.via}: {route.reason}" for route in routes)
        remedy = " Or: ".join(dict.fromkeys(route.remedy for route in routes if route.remedy))
        if all(route.credential for route in routes):
            return self._strict("no_route", "model", f"{ref} can't be run ({reasons})", remedy)
        return self._strict("llm_api_key_missing", KEY_FIELD, f"no credential runs {ref} ({reasons})", remedy)

    def _filled(self, url: str) -> str:
        """Return a base URL, or the value of the variable that it refers to."""
        reference = key_reference(url)
        return (self._catalog.environment.setting(reference.variable) or "") if reference else url

    def _direct(self, ref: ModelRef) -> Route:
        return next(route for route in self._catalog.routes(ref) if route.via == DIRECT)

    def _error(self, code: str, field: str, message: str, remedy: str) -> ConfigFinding:
        return ConfigFinding(code, "error", self._section.at(field), message, remedy)

    def _strict(self, code: str, field: str, message: str, remedy: str) -> ConfigFinding:
        return ConfigFinding(code, self._by_strictness, self._section.at(field), message, remedy)
