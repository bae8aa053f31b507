"""The catalog: all plugins' answers about one environment, added up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from polyroute import credentials, references
from polyroute.answers import ProviderStatus, Route, Status
from polyroute.environment import Environment
from polyroute.errors import NoEffectiveRoute
from polyroute.explaining import Explanation, explain_model, explain_provider
from polyroute.mappers import Mappers
from polyroute.plugins import Plugins
from polyroute.preferences import Preferences
from polyroute.requirements import Evaluation, base_url
from polyroute.routing import Order
from polyroute.types import (
    DIRECT,
    IdMapping,
    Model,
    ModelRef,
    Problem,
    Provider,
)

_ANY_ID = ("gateway", "own-server")
"""Kinds of provider whose lists, if any, say nothing about what they can run."""


class Catalog:
    """What can be run with what is there, by which routes, and if not, why not.

    Its answers never change (`problems` grows as more is asked), and it is cheap: make another one whenever keys,
    files or preferences have changed.
    """

    def __init__(self, plugins: Plugins, environment: Environment, preferences: Preferences | None = None) -> None:
        """Ask `plugins` about `environment`. Never raises for a plugin or a file: see `problems`."""
        self.plugins = plugins
        self._own_problems: list[Problem] = []
        self.environment = environment.with_secret_reader(partial(plugins.secret, problems=self._own_problems))
        self.preferences = Preferences() if preferences is None else preferences
        self._found = credentials.find(plugins, self.environment, self._own_problems)
        self._mappers = Mappers(plugins, self._own_problems)
        self._order = Order(plugins, self.preferences)
        self._disabled = self._disabled_ids()
        self._through = {gateway: self._gateway_route(gateway) for gateway in plugins.gateways}
        self._directs: dict[str, Route] = {}
        self._reads_preferences = False

    @classmethod
    def load(
        cls,
        add: Iterable[object] = (),
        *,
        only: Iterable[str] | None = None,
        environment: Environment | None = None,
        preferences: Preferences | None = None,
    ) -> Catalog:
        """Everything at once: the objects in `add` and the installed plugins (or those named in `only`), the
        environment of this process, and the person's preferences, unless others are given.
        """
        environment = Environment.load() if environment is None else environment
        plugins = Plugins.load(add, only=only, environment=environment)
        catalog = cls(plugins, environment, Preferences.load(environment) if preferences is None else preferences)
        catalog._reads_preferences = preferences is None
        return catalog

    def reload(self) -> Catalog:
        """A new catalog with the same plugins, after another look at variables, files and preferences."""
        environment = self.environment.again()
        preferences = Preferences.load(environment) if self._reads_preferences else self.preferences
        catalog = Catalog(self.plugins, environment, preferences)
        catalog._reads_preferences = self._reads_preferences
        return catalog

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong so far, in plugins, files and preferences."""
        own = (*self._own_problems, *self._order.problems)
        return (*self.plugins.problems, *self.environment.problems, *self.preferences.problems, *own)

    def status(self) -> Status:
        """Every provider with its routes."""
        providers = {name: self._status(provider) for name, provider in self.plugins.providers.items()}
        return Status(providers, self._preferred, self.problems)

    def provider(self, name: str) -> ProviderStatus:
        """One provider, by ID or alias. Raises UnknownProvider."""
        return self._status(self.plugins.find(name))

    def routes(self, model: str | ModelRef) -> tuple[Route, ...]:
        """All routes to a model, in the order in which to try them: for a gateway's model, last the one to its maker.

        Raises InvalidModelReference or UnknownProvider.
        """
        provider, model_id = references.parse(model, self.plugins)
        ref = ModelRef(provider.id, model_id)
        vias = self._order.vias(provider, model_id)
        mappings = {via: self.mapping(via, ref) for via in vias if via != DIRECT}
        routes = tuple(
            [
                self._direct_to(provider, ref, mappings) if via == DIRECT else self._through_to(via, ref, mappings[via])
                for via in vias
            ]
        )
        if provider.kind == "gateway":
            routes = (*routes, *self._to_maker(provider, ref))
        return tuple(map(_switched_off, routes)) if provider.id in self._disabled else routes

    def resolve(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> Route:
        """The route to take for a model: the first usable one, perhaps only of those that speak one of `protocols`.

        Raises NoEffectiveRoute, which says of every route why not and what to do; InvalidModelReference;
        UnknownProvider.
        """
        routes = self.routes(model)
        if protocols:
            routes = tuple(_unless_foreign(route, protocols) for route in routes)
        for route in routes:
            if route.usable:
                return route
        raise NoEffectiveRoute(references.canonical(model, self.plugins), routes)

    def explain(self, subject: str | ModelRef) -> Explanation:
        """In words, why a provider or a model can be run or not. Raises as `routes` and `provider` do."""
        if isinstance(subject, str) and (subject in self.plugins.names or not self._is_model(subject)):
            return explain_provider(self.provider(subject))
        return explain_model(references.canonical(subject, self.plugins), self)

    def models(self, query: str = "", *, provider: str = "", available: bool = False) -> list[Model]:
        """The models on offer that match all words of `query`, perhaps of one provider, perhaps only those
        that can be run now. Raises UnknownProvider.
        """
        plugins = self.plugins
        models = plugins.models(plugins.find(provider).id).values() if provider else plugins.all_models()
        words = query.lower().split()
        found = [model for model in models if all(word in f"{model.ref} {model.name}".lower() for word in words)]
        return [model for model in found if self._is_available(model)] if available else found

    def mapping(self, gateway: str, ref: ModelRef) -> IdMapping:
        """The ID by which `gateway` knows a model, with evidence; or none, and why."""
        return self._mappers.lookup(gateway, ref)

    def suggestions(self, model: str | ModelRef) -> tuple[str, ...]:
        """References that may be meant: models of the same provider that are spelled alike, else gateways' models,
        the same or spelled alike. It takes its time: ask when it is to be shown. Raises as `routes` does.
        """
        ref = references.canonical(model, self.plugins)
        own = self.plugins.models(ref.provider)
        return (() if ref.id in own else references.alike(ref, own)) or self._mappers.suggest(ref)

    def _is_model(self, text: str) -> bool:
        """Whether a text reads as a model, with or without its provider."""
        return "/" in text or any(model.id == text for model in self.plugins.all_models())

    @property
    def _preferred(self) -> str:
        preferred = self._order.order[0] if self._order.order else self._order.preferred
        return DIRECT if preferred in self._disabled else preferred

    def _evaluation(self, provider_id: str) -> Evaluation:
        return self._found.get(provider_id) or self.plugins.unmet(provider_id, self.environment)

    def _disabled_ids(self) -> frozenset[str]:
        names = self.plugins.names
        for name in sorted(self.preferences.disabled_providers - names.keys()):
            fault = f"preference 'disable_providers': there is no provider {name!r}; it was left out."
            self._own_problems.append(Problem(fault, "See `polyroute status --all`."))
        return frozenset(names[name] for name in self.preferences.disabled_providers if name in names)

    def _status(self, provider: Provider) -> ProviderStatus:
        return ProviderStatus(provider, self._provider_routes(provider), self.plugins.gateways)

    def _provider_routes(self, provider: Provider) -> tuple[Route, ...]:
        routes = tuple(
            self._direct(provider) if via == DIRECT else self._through[via] for via in self._order.vias(provider)
        )
        return tuple(map(_switched_off, routes)) if provider.id in self._disabled else routes

    def _direct(self, provider: Provider) -> Route:
        route = self._directs.get(provider.id)
        if route is None:
            route = self._directs[provider.id] = _route(DIRECT, provider, self._evaluation(provider.id))
        return route

    def _gateway_route(self, gateway: str) -> Route:
        provider = self.plugins.providers[gateway]
        route = _route(gateway, provider, self._evaluation(gateway))
        return _switched_off(route) if gateway in self._disabled else route

    # Routes to models are made of those to providers by position: `_replace` takes a microsecond, an eighth of
    # what a whole answer may take.
    def _through_to(self, gateway: str, ref: ModelRef, mapping: IdMapping) -> Route:
        route = self._through[gateway]
        if mapping.id is not None:
            return Route(mapping.id, mapping.evidence, *route[2:])
        verdict = "not offered by" if mapping.evidence == "not_offered" else "unknown to"
        remedy = f"Take another route, or another model: `polyroute models --provider {ref.provider}`."
        return Route(
            None, mapping.evidence, gateway, False, *route[4:-2], f"{verdict} {gateway}: {mapping.why}", remedy
        )

    def _direct_to(self, provider: Provider, ref: ModelRef, mappings: Mapping[str, IdMapping]) -> Route:
        route = self._direct(provider)
        models = self.plugins.models(provider.id)
        takes_any = not models or provider.kind in _ANY_ID
        model = models.get(ref.id)
        if model is None and not takes_any:
            model = models.get(self._native(ref, mappings))
        if model is not None and (model.base_url or model.protocol):
            route = self._overridden(route, model)
        if takes_any:
            return Route(ref.id, "verbatim", *route[2:])
        if model is not None:
            return Route(model.id, "listed", *route[2:])
        reason = f"{route.reason}; {ref.id} is not in the list of {provider.id}'s models"
        return Route(ref.id, "unlisted", *route[2:-2], reason, route.remedy)

    def _to_maker(self, gateway: Provider, ref: ModelRef) -> tuple[Route, ...]:
        """The direct route to the maker of a gateway's model, where it is certain which model that is."""
        native = self._mappers.reverse(gateway.id, ref.id)
        if native is None or native.provider not in self.plugins.providers:
            return ()
        route = self._direct_to(self.plugins.providers[native.provider], native, {})
        if native.provider in self._disabled:
            route = _switched_off(route)
        return (route._replace(reason=f"{route.reason}; it goes to {native}, which is the same model"),)

    def _native(self, ref: ModelRef, mappings: Mapping[str, IdMapping]) -> str:
        """The provider's own ID where `ref` is spelled as a gateway spells it, and the way back is certain."""
        for gateway, found in mappings.items():
            if found.id is not None and found.id.endswith(f"/{ref.id}"):
                back = self._mappers.reverse(gateway, found.id)
                return back.id if back and back.provider == ref.provider else ""
        return ""

    def _overridden(self, route: Route, model: Model) -> Route:
        """The route to a model that has a base URL or a protocol of its own."""
        route = route._replace(
            protocol=model.protocol or route.protocol,
            auth=model.auth or route.auth,
            headers=model.headers or route.headers,
        )
        if not model.base_url:
            return route
        provider = self.plugins.providers[model.provider]
        url = base_url(provider, model.base_url, self._evaluation(provider.id).values)
        if url or not route.usable:
            credential = route.credential and route.credential._replace(endpoint=url)
            return route._replace(base_url=url, credential=credential)
        return route._replace(usable=False, reason=f"the base URL of {model.ref} needs a setting that is missing")

    def _is_available(self, model: Model) -> bool:
        if not self.plugins.providers[model.provider].selectable:
            return False
        return any(route.usable for route in self.routes(model.ref))


def _route(via: str, provider: Provider, found: Evaluation) -> Route:
    credential = found.credential
    where = credential.endpoint if credential else "" if "$" in provider.base_url else provider.base_url
    return Route(
        None,
        None,
        via,
        credential is not None,
        where,
        provider.protocol,
        provider.auth,
        provider.headers,
        credential,
        found.reason,
        found.remedy,
    )


def _unless_foreign(route: Route, protocols: Collection[str]) -> Route:
    if not route.usable or route.protocol in protocols:
        return route
    reason = f"it speaks {route.protocol}, and what was asked for is {' or '.join(protocols)}"
    return route._replace(usable=False, reason=reason, remedy="Use a client that speaks it, or another route.")


def _switched_off(route: Route) -> Route:
    remedy = "Take it out of `disable_providers` in config.toml or POLYROUTE_DISABLE_PROVIDERS."
    return route._replace(usable=False, reason="disabled by preference", remedy=remedy)
