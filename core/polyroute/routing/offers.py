"""All ways to run a model: by the routes to it, and as other providers list the same model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from polyroute.model_ids.normalize import is_free, region, variant
from polyroute.plugins.loaded import Plugins
from polyroute.results import Offer, Route
from polyroute.routing.prices import is_local, price
from polyroute.routing.router import Router
from polyroute.types import DIRECT, Model, ModelRef

_EVERYWHERE = "global"
_REGION_SLOT = "region"


class Offers:
    """The offers of one catalog."""

    def __init__(self, plugins: Plugins, router: Router, is_custom: Callable[[ModelRef], bool]) -> None:
        """`is_custom` returns whether the user added a model, which may have a key of its own."""
        self._plugins, self._router, self._is_custom = plugins, router, is_custom
        self._usable: dict[str, bool] = {}

    def of(self, ref: ModelRef, protocols: Collection[str] = ()) -> tuple[Offer, ...]:
        """Return one offer for each provider that can run a model, usable ones first.

        A provider that also lists it free, quantised or under another path has an offer for each: their terms differ.

        In each half, the routes to the model itself come first, in the order in which they are tried; then those to the
        same model at its maker; then the same model at other providers, the cheapest first.
        """
        maker = self._maker(ref)
        found: dict[tuple[str, tuple[str, str]], Offer] = {}
        for each in dict.fromkeys((ref, maker, *self._others(ref))):
            for route in self._routes(each, protocols, only_direct=each not in (ref, maker)):
                at = (_endpoint(each, route), variant(route.model_id or ""))
                if at not in found:
                    found[at] = self._offer(each, route)
        return tuple(sorted(found.values(), key=lambda offer: _rank(offer, is_own=offer.model in (ref, maker))))

    def elsewhere(self, ref: ModelRef, protocols: Collection[str] = ()) -> tuple[ModelRef, ...]:
        """Return the other references by which a model can be run now: at its maker, then the cheapest first.

        The user's own servers are left out, because whether they run is not known. Free variants come last: they have
        limits and terms of their own.
        """
        names = self._router.perhaps_usable() - {ref.provider}
        usable = {name for name in names if self._is_certain(name)}
        if not usable:
            return ()
        references = [each for each in dict.fromkeys((self._maker(ref), *self._others(ref))) if each.provider in usable]
        routes = ((each, route) for each in references for route in self._routes(each, protocols, only_direct=False))
        offers = [self._offer(each, route) for each, route in routes]
        offers.sort(key=lambda offer: _rank(offer, is_own=offer.model == references[0]))
        return tuple(dict.fromkeys(offer.model for offer in offers if offer.route.usable))

    def first(self, references: Iterable[ModelRef]) -> Offer | None:
        """Return the first usable offer by any of these references; None if there is none."""
        for ref in references:
            if self.may_run(ref.provider) or self._is_custom(ref):
                route = self._router.taken(self._plugins.providers[ref.provider], ref)
                if route is not None:
                    return self._offer(ref, route)
        return None

    def may_run(self, name: str) -> bool:
        """Return whether any of a provider's listed models may have a usable route."""
        known = self._usable.get(name)
        if known is None:
            provider = self._plugins.providers[name]
            routes = self._router.to_provider(provider)
            known = any(route.usable for route in routes) or self._router.may_go_to_makers(provider)
            self._usable[name] = known
        return known

    def _is_certain(self, name: str) -> bool:
        provider = self._plugins.providers[name]
        usable = [route for route in self._router.to_provider(provider) if route.usable]
        return provider.selectable and bool(usable) and not all(is_local(provider, each.credential) for each in usable)

    def _others(self, ref: ModelRef) -> Iterator[ModelRef]:
        """Yield the same model at each provider that lists it, as it is served there; gateways first."""
        groups, providers = self._plugins.groups, self._plugins.providers
        members = by_variant(groups.members(ref) if groups else ())
        for (name, _), ids in sorted(members.items(), key=lambda each: providers[each[0][0]].kind != "gateway"):
            if providers[name].selectable:
                yield ModelRef(name, self.nearest(name, ids))

    def _maker(self, ref: ModelRef) -> ModelRef:
        groups = self._plugins.groups
        native = groups.native(*ref) if groups else None
        return native if native and native.provider in self._plugins.providers else ref

    def _routes(self, ref: ModelRef, protocols: Collection[str], *, only_direct: bool) -> Iterator[Route]:
        """Yield each route to a model, except a gateway's route to the maker, which has its own reference.

        With `only_direct`, routes through gateways are left out; but a gateway's models may run through another one.
        """
        provider = self._plugins.providers[ref.provider]
        is_direct = only_direct and provider.kind != "gateway"
        seen: set[str] = set()
        for route in (self._router.to_endpoint if is_direct else self._router.to_model)(provider, ref, protocols):
            if route.via not in seen and route.model_id is not None:
                seen.add(route.via)
                yield route

    def _offer(self, ref: ModelRef, route: Route) -> Offer:
        at = _endpoint(ref, route)
        listing = self.listing(ref, route)
        cost = price(listing, self._plugins.providers[at], route.credential)
        return Offer(ref, at, route, listing, cost, self._other_ids(ref, at, route))

    def listing(self, ref: ModelRef, route: Route) -> Model | None:
        """Return the entry for a model in the list of the endpoint that a route leads to; None if there is none."""
        if route.listing is not None or (route.credential and route.credential.address):
            return route.listing
        if route.via == DIRECT:
            return self._plugins.models(ref.provider).get(route.model_id or ref.id)
        for name in self._listing_gateways(route.via):
            if found := self._plugins.models(name).get(route.model_id or ""):
                return found
        return None

    def _listing_gateways(self, gateway: str) -> Sequence[str]:
        """Return the gateway or, if it lists no models, those whose mapper it shares: they have the same IDs."""
        if self._plugins.models(gateway):
            return (gateway,)
        mappers = self._plugins.mappers
        return [name for name in mappers if mappers[name] is mappers.get(gateway)]

    def _other_ids(self, ref: ModelRef, provider: str, route: Route) -> tuple[str, ...]:
        groups = self._plugins.groups
        if groups is None:
            return ()
        is_listed = ref.id in self._plugins.models(ref.provider)
        word = groups.shared_word(ref) if is_listed else groups.word(ref)
        found = groups.at(provider, word) if word else ()
        sent = route.model_id or ""
        if found in ((), (sent,)):  # as of most
            return ()
        return tuple(each for each in found if each != sent and variant(each) == variant(sent))

    def nearest(self, provider: str, ids: Sequence[str]) -> str:
        """Return the ID to use of those by which a provider lists one model: in the user's region, or everywhere."""
        if len(ids) == 1:
            return ids[0]
        regions = {each: region(each) for each in ids}
        if not any(regions.values()):
            return ids[0]
        here = self._router.setting(provider, _REGION_SLOT)
        return min(ids, key=lambda each: (not _covers(regions[each], here), regions[each] != _EVERYWHERE))


def _endpoint(ref: ModelRef, route: Route) -> str:
    """Return the provider that a request by this route goes to."""
    return ref.provider if route.via == DIRECT else route.via


def by_variant(references: Iterable[ModelRef]) -> dict[tuple[str, tuple[str, str]], list[str]]:
    """Return the IDs of one model by provider and by how it is served there."""
    found: dict[tuple[str, tuple[str, str]], list[str]] = {}
    for provider, each in references:
        found.setdefault((provider, variant(each)), []).append(each)
    return found


def _covers(region_of_id: str, here: str) -> bool:
    """Return whether the region in an ID (`eu`, `apac`) is where the user is (`eu-west-1`, `ap-south-1`)."""
    place = here.rpartition("-")[0].rpartition("-")[0]
    return bool(region_of_id and place) and (region_of_id == place or (region_of_id == "apac" and place == "ap"))


def _rank(offer: Offer, *, is_own: bool) -> tuple[bool, bool, bool, float, str]:
    if is_own:
        return not offer.route.usable, False, False, 0, ""
    cost = float("inf") if offer.price.input is None else offer.price.input
    return not offer.route.usable, True, is_free(offer.model.id), cost, str(offer.model)
