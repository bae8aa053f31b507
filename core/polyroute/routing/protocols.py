"""The wire protocols that a route speaks, and whose errors it may answer with."""

from __future__ import annotations

from collections.abc import Collection

from polyroute.plugins.loaded import Plugins
from polyroute.results import Route
from polyroute.types import DIRECT, FailureRule


def spoken(route: Route, protocols: Collection[str], plugins: Plugins) -> Route | None:
    """A usable route, in the first of its protocols that is among `protocols`; None where it speaks none of them."""
    for protocol in protocols_of(route, plugins) if route.usable else ():
        if protocol in protocols:
            return route if protocol == route.protocol else route._replace(protocol=protocol)
    return None


def protocols_of(route: Route, plugins: Plugins) -> tuple[str, ...]:
    """What a route speaks at its base URL, its own protocol first."""
    provider = plugins.providers.get(route.credential.provider) if route.credential else None
    known = (provider.protocol, *provider.also_speaks) if provider else ()
    return tuple(dict.fromkeys((route.protocol, *known))) if route.protocol in known else (route.protocol,)


def failure_rules(route: Route, provider: str, plugins: Plugins) -> tuple[FailureRule, ...]:
    """The rules for a route's errors: of the endpoint's own provider, of who designed its protocol, and of `provider`,
    whose model it is, since a gateway may hand on what that one said.
    """
    endpoint = provider if route.via == DIRECT else route.via
    designers = [name for name, each in plugins.providers.items() if route.protocol in each.own_protocols]
    known = (plugins.providers.get(name) for name in dict.fromkeys((endpoint, *designers, provider)))
    return tuple(rule for each in known if each for rule in each.failures)


def unless_foreign(route: Route, protocols: Collection[str], plugins: Plugins) -> Route:
    """The route in one of `protocols`, or the same route as one that is not usable for them."""
    found = spoken(route, protocols, plugins)
    if found is not None or not route.usable:
        return found or route
    reason = f"it speaks {route.protocol}, and what was asked for is {' or '.join(protocols)}"
    return route._replace(usable=False, reason=reason, remedy="Use a client that speaks it, or another route.")
