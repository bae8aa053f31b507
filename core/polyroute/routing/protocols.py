"""The wire protocols that a route speaks, and the rules for its errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from polyroute.plugins.loaded import Plugins
from polyroute.results import Route
from polyroute.types import DIRECT, FailureRule, Provider


def spoken(route: Route, protocols: Collection[str], plugins: Plugins) -> Route | None:
    """Return a usable route with the first of its protocols that is in `protocols`; None if it speaks none of them."""
    for protocol in protocols_of(route, plugins) if route.usable else ():
        if protocol in protocols:
            return route if protocol == route.protocol else route._replace(protocol=protocol)
    return None


def protocols_of(route: Route, plugins: Plugins) -> tuple[str, ...]:
    """Return the protocols that a route speaks at its base URL, its main protocol first."""
    provider = plugins.providers.get(route.credential.provider) if route.credential else None
    known = (provider.protocol, *provider.also_speaks) if provider else ()
    further = _further(route, provider, plugins) if provider else None
    if further is not None:
        return tuple(dict.fromkeys((route.protocol, *further)))
    return tuple(dict.fromkeys((route.protocol, *known))) if route.protocol in known else (route.protocol,)


def _further(route: Route, provider: Provider, plugins: Plugins) -> tuple[str, ...] | None:
    """Return the further protocols of a route's model if they are not those of the endpoint's provider."""
    if route.credential and route.credential.address:
        return None
    listed = plugins.models(provider.id).get(route.model_id) if route.model_id else None
    if listed or not (route.model_id and provider.unlisted):
        return listed.also_speaks if listed else None
    from polyroute.routing.unlisted import rule

    found = rule(provider, route.model_id)
    return found.also_speaks if found else None


def failure_rules(route: Route, provider: str, plugins: Plugins) -> tuple[FailureRule, ...]:
    """Return the rules for a route's errors, in order of precedence.

    They are those of the endpoint's provider, of the designers of its protocol, and of `provider`, the provider of the
    model, because a gateway may forward that provider's errors.
    """
    endpoint = provider if route.via == DIRECT else route.via
    designers = [name for name, each in plugins.providers.items() if route.protocol in each.own_protocols]
    return tuple(
        rule for name in dict.fromkeys((endpoint, *designers, provider)) for rule in plugins.failures.get(name, ())
    )


def failure_remedy(route: Route, means: str, provider: str, plugins: Plugins) -> str:
    """Return what the user can do about a failure on a page of the endpoint's provider; empty if none is known.

    `means` is the meaning of the failure, `provider` the provider of the model.
    """
    endpoint = plugins.providers.get(provider if route.via == DIRECT else route.via)
    if endpoint and means == "no_credit" and endpoint.billing_page:
        return f"Add credits or raise the limit at {endpoint.billing_page}."
    if endpoint and means == "invalid" and endpoint.keys_page:
        return f"Check the key or make another at {endpoint.keys_page}."
    return ""


def failure_knowledge(
    provider: str, plugins: Plugins
) -> tuple[Callable[[Route], tuple[FailureRule, ...]], Callable[[Route, str], str]]:
    """Return `failure_rules` and `failure_remedy` for the models of one provider."""
    return (
        lambda route: failure_rules(route, provider, plugins),
        lambda route, means: failure_remedy(route, means, provider, plugins),
    )


def unless_foreign(route: Route, protocols: Collection[str], plugins: Plugins) -> Route:
    """Return the route with one of `protocols`, or marked as not usable if it speaks none of them."""
    found = spoken(route, protocols, plugins)
    if found is not None or not route.usable:
        return found or route
    reason = f"it speaks {route.protocol}, not {' or '.join(protocols)}"
    remedy = f"Use a client that speaks {route.protocol}, or another route."
    return route._replace(usable=False, reason=reason, remedy=remedy)


def by_protocol(ranked: Sequence[Sequence[Route]]) -> tuple[Route, ...]:
    """Return the usable routes of the first group, then those of the next one that lead elsewhere; then the others.

    Each group contains all routes to one model, adapted to the protocols of its rank.
    """
    usable = {_place(route): route for group in reversed(ranked) for route in group if route.usable}
    order = dict.fromkeys(_place(route) for group in ranked for route in group if route.usable)
    return (*(usable[place] for place in order), *(route for route in ranked[-1] if _place(route) not in usable))


def _place(route: Route) -> tuple[object, ...]:
    return route.via, route.base_url, route.model_id, route.credential
