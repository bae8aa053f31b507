"""Working out the routes to providers and models, from credentials found and IDs mapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from polyroute import base_url
from polyroute.answers import Route
from polyroute.custom.known import OwnModels
from polyroute.environment import Environment
from polyroute.plugins import Plugins
from polyroute.requirements import Evaluation, filled_headers
from polyroute.routing.credentials import unasked
from polyroute.routing.mappers import Mappers
from polyroute.routing.order import Order
from polyroute.types import DIRECT, IdMapping, Model, ModelRef, Provider

if TYPE_CHECKING:
    from polyroute.custom.models import CustomModel

_ANY_ID = ("gateway", "own-server")
"""Kinds of provider whose lists, if any, say nothing about what they can run."""

# Routes to models are made of those to providers by position: `_replace` takes a microsecond, an eighth of what a whole
# answer may take, and `Route` itself half of that.
_new = tuple.__new__


class Router:
    """The routes of one catalog. Those to providers are worked out once, those to models made of them."""

    def __init__(
        self,
        plugins: Plugins,
        environment: Environment,
        found: Mapping[str, Evaluation],
        mappers: Mappers,
        order: Order,
        own_models: OwnModels,
    ) -> None:
        self._plugins = plugins
        self._environment = environment
        self._found = found
        self._mappers = mappers
        self._order = order
        self._own_models = own_models
        self._through = {gateway: self._gateway_route(gateway) for gateway in plugins.gateways}
        self._directs: dict[str, Route] = {}
        self._remedies: dict[tuple[str, str], str] = {}

    def to_provider(self, provider: Provider) -> tuple[Route, ...]:
        """The routes that a provider's models may take, in order."""
        routes = tuple(
            [self._direct(provider) if via == DIRECT else self._through[via] for via in self._order.vias(provider)]
        )
        return tuple(self._unless_disabled(provider.id, routes))

    def to_model(self, provider: Provider, model_id: str, *, all_routes: bool = True) -> Iterable[Route]:
        """The routes to one model, in order, made as they are asked for; for a gateway's model, last the one to its
        maker. Not `all_routes`: those through gateways that do not have it are left out.
        """
        ref = ModelRef(provider.id, model_id)
        own = self._own_models.all.get(ref)
        vias = self._order.vias(provider, model_id)
        wanted = vias if all_routes else [via for via in vias if via == DIRECT or not self._mappers.lacks(via, ref)]
        mappings = {via: self._mappers.lookup(via, ref) for via in wanted if via != DIRECT}
        routes: Iterable[Route] = (
            self._direct_to(provider, ref, mappings, own is not None)
            if via == DIRECT
            else self._through_to(via, ref, mappings[via])
            for via in wanted
            if all_routes or via == DIRECT or mappings[via].id is not None
        )
        if own is not None:
            routes = self._to_own(own, provider, tuple(routes))
        if provider.kind == "gateway":
            routes = (*routes, *self._to_maker(provider, ref))
        return self._unless_disabled(provider.id, routes)

    def _unless_disabled(self, provider_id: str, routes: Iterable[Route]) -> Iterable[Route]:
        return map(_switched_off, routes) if provider_id in self._order.disabled else routes

    def _evaluation(self, provider_id: str) -> Evaluation:
        return self._found.get(provider_id) or self._plugins.unmet(provider_id, self._environment)

    def _direct(self, provider: Provider) -> Route:
        route = self._directs.get(provider.id)
        if route is None:
            route = self._directs[provider.id] = _route(DIRECT, provider, self._evaluation(provider.id))
        return route

    def _gateway_route(self, gateway: str) -> Route:
        provider = self._plugins.providers[gateway]
        route = _route(gateway, provider, self._evaluation(gateway))
        return _switched_off(route) if gateway in self._order.disabled else route

    def _through_to(self, gateway: str, ref: ModelRef, mapping: IdMapping) -> Route:
        route = self._through[gateway]
        if mapping.id is not None:
            return _new(Route, (mapping.id, mapping.evidence, *route[2:]))
        verdict = "not offered by" if mapping.evidence == "not_offered" else "unknown to"
        reason, remedy = f"{verdict} {gateway}: {mapping.why}", self._remedy(gateway, ref.provider)
        return _new(Route, (None, mapping.evidence, gateway, False, *route[4:-2], reason, remedy))

    def _remedy(self, gateway: str, provider: str) -> str:
        known = self._remedies.get((gateway, provider))
        if known is None:
            known = f"Take another route, or another model: `polyroute models --provider {provider}`."
            if self._plugins.can_be_fresher(gateway):
                known = f"Fetch its newest list: `polyroute refresh`. {known}"
            self._remedies[gateway, provider] = known
        return known

    def _to_own(self, model: CustomModel, provider: Provider, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        from polyroute.custom.routes import Own, adapted

        withheld = self._plugins.withheld.get(provider.id) or unasked(provider.id, self._plugins)
        own = Own(model, provider, self._environment, self._own_models.path, withheld)
        return adapted(routes, own, keep_order=self._order.is_settled(own.ref))

    def _direct_to(
        self, provider: Provider, ref: ModelRef, mappings: Mapping[str, IdMapping], is_own: bool = False
    ) -> Route:
        route = self._direct(provider)
        models = self._plugins.models(provider.id)
        takes_any = is_own or not models or provider.kind in _ANY_ID
        model = models.get(ref.id)
        if model is None and not takes_any and (native := self._native(ref, mappings)):
            model = models.get(native)
        if model is not None and (model.base_url or model.protocol):
            route = self._overridden(route, model)
        if takes_any:
            return _new(Route, (ref.id, "verbatim", *route[2:]))
        if model is not None:
            return _new(Route, (model.id, "listed", *route[2:]))
        reason = f"{route.reason}; {ref.id} is not in the list of {provider.id}'s models"
        return _new(Route, (ref.id, "unlisted", *route[2:-2], reason, route.remedy))

    def _to_maker(self, gateway: Provider, ref: ModelRef) -> tuple[Route, ...]:
        """The direct route to the maker of a gateway's model, where it is certain which model that is."""
        native = self._mappers.reverse(gateway.id, ref.id)
        if native is None or native.provider not in self._plugins.providers:
            return ()
        route = self._direct_to(self._plugins.providers[native.provider], native, {})
        if native.provider in self._order.disabled:
            route = _switched_off(route)
        return (route._replace(reason=f"{route.reason}; it goes to {native}, which is the same model"),)

    def _native(self, ref: ModelRef, mappings: Mapping[str, IdMapping]) -> str:
        """The provider's own ID where `ref` is spelled as a gateway spells it, and the way back is certain."""
        for gateway, found in mappings.items():
            if found.id is not None and found.id.endswith(f"/{ref.id}"):
                back = self._mappers.reverse(gateway, found.id)
                return back.id if back and back.provider == ref.provider else ""
        return ""

    def _headers(self, model: Model) -> tuple[tuple[str, str], ...]:
        found = filled_headers(model.headers, self._evaluation(model.provider).values)
        return model.headers if found is None else found

    def _overridden(self, route: Route, model: Model) -> Route:
        """The route to a model that has a base URL or a protocol of its own."""
        route = route._replace(
            protocol=model.protocol or route.protocol,
            auth=model.auth or route.auth,
            headers=self._headers(model) or route.headers,
        )
        if not model.base_url:
            return route
        provider = self._plugins.providers[model.provider]
        url = base_url.of_provider(provider, model.base_url, self._evaluation(provider.id).values)
        if url or not route.usable:
            credential = route.credential and route.credential._replace(endpoint=url)
            return route._replace(base_url=url, credential=credential)
        return route._replace(usable=False, reason=f"the base URL of {model.ref} needs a setting that is missing")


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
        found.headers if credential else provider.headers,
        credential,
        found.reason,
        found.remedy,
    )


def _switched_off(route: Route) -> Route:
    remedy = "Take it out of `disable_providers` in config.toml or POLYROUTE_DISABLE_PROVIDERS."
    return route._replace(usable=False, reason="disabled by preference", remedy=remedy)
