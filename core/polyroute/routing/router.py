"""Determine the routes to providers and models from credentials and mapped model IDs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from polyroute import base_url
from polyroute.custom_models.loaded import OwnModels
from polyroute.environment import Environment
from polyroute.lazy import cached_property
from polyroute.plugins.loaded import Plugins
from polyroute.requirements.evaluation import Evaluation, filled_headers
from polyroute.results import ProviderStatus, Route
from polyroute.routing.credentials import unasked
from polyroute.routing.derived import is_moved, spelled, to_endpoint_of
from polyroute.routing.mappers import Mappers
from polyroute.routing.order import Order
from polyroute.routing.protocols import unless_foreign
from polyroute.types import DIRECT, IdMapping, Model, ModelRef, Provider

if TYPE_CHECKING:
    from polyroute.custom_models.models import CustomModel
    from polyroute.organisation.allowance import Allowance

_ANY_ID = ("gateway", "own-server")
"""Kinds of providers that may run models that their lists don't contain."""


class Router:
    """The routes of one catalog. Routes to providers are determined once; routes to models are derived from them."""

    def __init__(
        self,
        plugins: Plugins,
        environment: Environment,
        found: Mapping[str, Evaluation],
        mappers: Mappers,
        order: Order,
        own_models: OwnModels,
        allowance: Allowance | None = None,
    ) -> None:
        """With `allowance`, routes that an organisation's policy does not allow are not usable."""
        self._allowance = allowance
        self._plugins = plugins
        self._environment = environment
        self._found = found
        self._mappers = mappers
        self._order = order
        self._own_models = own_models
        self._through = {gateway: self._gateway_route(gateway) for gateway in plugins.gateways}
        self._directs: dict[str, Route] = {}

    def status(self, provider: Provider) -> ProviderStatus:
        """Return the routes of a provider's models, and what is there that they don't use."""
        found = self._found.get(provider.id)
        unused = found.unused if found else ""
        return ProviderStatus(provider, self.to_provider(provider), self._plugins.gateways, unused)

    def to_provider(self, provider: Provider) -> tuple[Route, ...]:
        """Return the routes of a provider's models, in order."""
        routes = [self._direct(provider) if via == DIRECT else self._through[via] for via in self._order.vias(provider)]
        return tuple(self._adapted(routes, provider, None, ()))

    def to_model(self, provider: Provider, ref: ModelRef, protocols: Collection[str] = ()) -> tuple[Route, ...]:
        """Return the routes to one model, in order; for a gateway's model, the last one leads to its maker.

        With `protocols`, a route that speaks none of them is not usable.
        """
        own = self._own_models.all.get(ref)
        vias = self._order.vias(provider, ref.id)
        routes = tuple(
            [
                self._direct_to(provider, ref, vias, own is not None)
                if via == DIRECT
                else self._through_to(via, ref, self._mappers.lookup(via, ref))
                for via in vias
            ]
        )
        if own is not None:
            routes = self._to_own(own, provider, routes)
        found = self._adapted((*routes, *self._to_maker(provider, ref)), provider, ref, protocols)
        return tuple(sorted(found, key=_expense) if self._order.is_cheapest(provider, ref.id) else found)

    def to_endpoint(self, provider: Provider, ref: ModelRef, protocols: Collection[str] = ()) -> tuple[Route, ...]:
        """Return those routes to a model that lead to its provider's own endpoint, as `to_model` returns them."""
        if ref in self._own_models.all:
            return tuple([route for route in self.to_model(provider, ref, protocols) if route.via == DIRECT])
        route = self._direct_to(provider, ref, self._order.vias(provider, ref.id))
        return tuple(self._adapted((route,), provider, ref, protocols))

    def taken(self, provider: Provider, ref: ModelRef, protocols: Collection[str] = ()) -> Route | None:
        """Return the first usable route to a model, or None, without finding out why the others are not usable."""
        if ref in self._own_models.all or self._order.is_cheapest(provider, ref.id):
            routes: Iterable[Route] = self.to_model(provider, ref, protocols)
        else:
            routes = self._adapted(self._usable(provider, ref), provider, ref, protocols)
        return next((route for route in routes if route.usable), None)

    def may_run(self, model: Model) -> bool:
        """Return whether a listed model may be selected, and has a usable route."""
        provider = self._plugins.providers[model.provider]
        return provider.selectable and self.taken(provider, model.ref) is not None

    def _usable(self, provider: Provider, ref: ModelRef) -> Iterator[Route]:
        """Yield the routes to a model, without those of gateways that can't be used or lack it."""
        vias = self._order.vias(provider, ref.id)
        for via in vias:
            if via == DIRECT:
                if self._direct(provider).usable:
                    yield self._direct_to(provider, ref, vias)
            elif not self._through[via].usable or self._mappers.lacks(via, ref):
                continue
            elif (mapping := self._mappers.lookup(via, ref)).id is not None:
                yield self._through_to(via, ref, mapping)
        if self.may_go_to_makers(provider):
            yield from self._to_maker(provider, ref)

    def may_go_to_makers(self, provider: Provider) -> bool:
        """Return whether a provider is a gateway some of whose models may run at the endpoints of their makers."""
        return provider.kind == "gateway" and self._runs_a_vendor

    @cached_property
    def _runs_a_vendor(self) -> bool:
        """Whether any vendor's own endpoint can be used."""
        vendors = (each for each in self._plugins.providers.values() if each.kind == "vendor")
        return any(self._direct(each).usable for each in vendors)

    def _adapted(
        self, routes: Iterable[Route], provider: Provider, ref: ModelRef | None, protocols: Collection[str]
    ) -> Iterable[Route]:
        """Yield the routes, marked as not usable if the provider is disabled or they speak none of `protocols`.

        Those to a model, or to a provider's models, that the policy does not allow are not usable either.
        """
        if provider.id in self._order.disabled:
            routes = map(self._switched_off, routes)
        if self._allowance:
            routes = self._allowance.on_routes(routes, provider, ref)
        return (unless_foreign(each, protocols, self._plugins) for each in routes) if protocols else routes

    def perhaps_usable(self) -> set[str]:
        """Return the providers that may have a usable route: no other has one."""
        direct = {name for name, found in self._found.items() if found.credential}
        gateways = {name for name, route in self._through.items() if route.usable}
        carriers = self._plugins.carriers
        return direct | {name for name in self._plugins.providers if gateways and gateways.intersection(carriers(name))}

    def setting(self, provider_id: str, slot: str) -> str:
        """Return the value of one of a provider's settings in this environment; empty if it has none."""
        return self.evaluation(provider_id).values.get(slot, "")

    def evaluation(self, provider_id: str) -> Evaluation:
        """Return the credential of a provider, or what is missing."""
        return self._found.get(provider_id) or self._plugins.unmet(provider_id)

    def _direct(self, provider: Provider) -> Route:
        route = self._directs.get(provider.id)
        if route is None:
            route = self._directs[provider.id] = self._to_endpoint(DIRECT, provider)
        return route

    def _gateway_route(self, gateway: str) -> Route:
        route = self._to_endpoint(gateway, self._plugins.providers[gateway])
        return self._switched_off(route) if gateway in self._order.disabled else route

    def _to_endpoint(self, via: str, provider: Provider) -> Route:
        """Return the route to a provider; all catalogs share that to a provider of which nothing is there."""

        def make() -> Route:
            return to_endpoint_of(via, provider, self.evaluation(provider.id))

        return make() if provider.id in self._found else self._plugins.shared.get(("route", via, provider.id), make)

    def _switched_off(self, route: Route) -> Route:
        """Return a route that the user's preferences, or locked ones, turn off."""
        if self._allowance and self._allowance.locks_disabled:
            return self._allowance.switched_off(route)
        remedy = "Remove it from `disable_providers` in config.toml or from POLYROUTE_DISABLE_PROVIDERS."
        return route._replace(usable=False, reason="disabled by preference", remedy=remedy)

    def _through_to(self, gateway: str, ref: ModelRef, mapping: IdMapping) -> Route:
        route = self._through[gateway]
        if mapping.id is not None or not route.allowed:
            return self._listed_at(gateway, spelled(route, mapping.id, mapping.evidence))
        verdict = "not offered by" if mapping.evidence == "not_offered" else "unknown to"
        reason, remedy = f"{verdict} {gateway}: {mapping.why}", self._remedy(gateway, ref.provider)
        return spelled(route._replace(usable=False, reason=reason, remedy=remedy), None, mapping.evidence)

    def _listed_at(self, gateway: str, route: Route) -> Route:
        """Return the route with the gateway's own entry for its model, which may have its own base URL and protocol.

        A gateway without a list has the prices of the one whose spelling it shares.
        """
        if not route.usable or is_moved(route):
            return route
        lender = self._mappers.lending(gateway)
        listing = self._plugins.models(lender).get(route.model_id or "")
        if listing is not None and lender == gateway and (listing.base_url or listing.protocol):
            route = self._overridden(route, listing)
        return route._replace(listing=listing) if listing else route

    def _remedy(self, gateway: str, provider: str) -> str:
        return self._plugins.shared.get(("remedy", gateway, provider), lambda: self._advice(gateway, provider))

    def _advice(self, gateway: str, provider: str) -> str:
        first = "Fetch its newest list: `polyroute refresh`. " if self._plugins.can_be_fresher(gateway) else ""
        return f"{first}Use another route or another model: `polyroute models --provider {provider}`."

    def _to_own(self, model: CustomModel, provider: Provider, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        from polyroute.custom_models.routes import RoutedModel, adapted

        withheld = self._plugins.withheld.get(provider.id) or unasked(provider.id, self._plugins)
        own = RoutedModel(model, provider, self._environment, withheld)
        found = adapted(routes, own, keep_order=self._order.is_settled(own.ref))
        return self._allowance.on_own(found, provider, model.base_url) if self._allowance else found

    def _direct_to(self, provider: Provider, ref: ModelRef, vias: Iterable[str], is_own: bool = False) -> Route:
        route = self._to_endpoint_of(provider, ref, vias, is_own)
        if not (provider.scopes and route.usable) or is_moved(route):
            return route
        from polyroute.routing import scopes

        fault = scopes.fault(provider, ref.id, self.evaluation(provider.id).values)
        return route._replace(reason=f"{route.reason}; {fault}") if fault else route

    def _to_endpoint_of(self, provider: Provider, ref: ModelRef, vias: Iterable[str], is_own: bool) -> Route:
        route = self._direct(provider)
        models = self._plugins.models(provider.id)
        takes_any = is_own or not models or provider.kind in _ANY_ID
        model = models.get(ref.id)
        if model is None and not takes_any and (native := self._native(ref, vias)):
            model = models.get(native)
        if is_moved(route):
            if provider.kind == "own-cloud":
                from polyroute.routing import unlisted

                route = unlisted.at_own_address(route, provider, ref.id, model)
            return spelled(route, ref.id, "verbatim")
        if model is not None and (model.base_url or model.protocol):
            route = self._overridden(route, model)
        if model is None and provider.unlisted:
            from polyroute.routing import unlisted

            route = unlisted.called(route, provider, ref.id, self.evaluation(provider.id).values)
        if takes_any:
            return spelled(route, ref.id, "verbatim", model)
        if model is not None:
            return spelled(route, model.id, "listed", model)
        reason = f"{route.reason}; {ref.id} is not in the list of {provider.id}'s models"
        return route._replace(model_id=route.model_id or ref.id, mapping="unlisted", reason=reason)

    def _to_maker(self, gateway: Provider, ref: ModelRef) -> tuple[Route, ...]:
        """Return the direct route to the maker of a gateway's model, if the maker's model is certain."""
        native = self._mappers.reverse(gateway.id, ref.id) if gateway.kind == "gateway" else None
        if native is None or native.provider not in self._plugins.providers:
            return ()
        route = self._direct_to(self._plugins.providers[native.provider], native, ())
        if is_moved(route):
            return ()
        if native.provider in self._order.disabled:
            route = self._switched_off(route)
        return (route._replace(reason=f"{route.reason}; it goes to {native}, which is the same model"),)

    def _native(self, ref: ModelRef, vias: Iterable[str]) -> str:
        """Return the provider's own ID if `ref` has a gateway's spelling of it and the reverse mapping is certain."""
        for gateway in self._mappers.ending_with(ref.id, vias):
            if gateway == DIRECT or self._mappers.lacks(gateway, ref):
                continue
            found = self._mappers.lookup(gateway, ref).id
            if found is not None and found.endswith(f"/{ref.id}"):
                back = self._mappers.reverse(gateway, found)
                return back.id if back and back.provider == ref.provider else ""
        return ""

    def _headers(self, model: Model) -> tuple[tuple[str, str], ...]:
        found = filled_headers(model.headers, self.evaluation(model.provider).values)
        return model.headers if found is None else found

    def _overridden(self, route: Route, model: Model) -> Route:
        """Return the route to a model that has its own base URL or protocol."""
        route = route._replace(
            protocol=model.protocol or route.protocol,
            auth=model.auth or route.auth,
            headers=self._headers(model) or route.headers,
        )
        if not model.base_url:
            return route
        provider = self._plugins.providers[model.provider]
        url = base_url.of_provider(provider, model.base_url, self.evaluation(provider.id).values)
        if url or not route.usable:
            credential = route.credential and route.credential._replace(endpoint=url)
            return route._replace(base_url=url, credential=credential)
        return route._replace(usable=False, reason=f"the base URL of {model.ref} needs a setting that is missing")


def _expense(route: Route) -> tuple[bool, bool, float]:
    """Return the key by which routes are sorted by price: usable ones first, unknown prices last."""
    cost = route.cost
    return not route.usable, cost is None, cost or 0.0
