"""Where a server sends requests of users on other machines: to endpoints that plugins declare.

An address of a user's own could be any in the server's network. Such a route is the user's, and usable from the user's
own machine; only the server does not take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from polyroute import base_url
from polyroute.environment import Environment
from polyroute.plugins.loaded import Plugins
from polyroute.results import Route
from polyroute.routing.protocols import by_protocol
from polyroute.types import Provider

REASON = "this server sends nothing to an address that a user has set"
_REMEDY = "Call it from your own machine, or ask whoever runs the server for a plugin that declares the address."
_PART = "[a-z0-9_-]+"


def taken(ranked: Sequence[Sequence[Route]], environment: Environment, plugins: Plugins) -> tuple[Route, ...]:
    """Return the routes of `by_protocol`, with those that this process does not take for the user as not usable."""
    if environment.documents.is_local:
        return by_protocol(ranked)
    kept = [[each if may_take(each, environment, plugins) else _off(each) for each in routes] for routes in ranked]
    return by_protocol(kept)


def may_take(route: Route, environment: Environment, plugins: Plugins) -> bool:
    """Return whether this process may send requests along a usable route.

    Under a policy, a route is usable only if the policy allows its address.
    """
    is_decided = environment.documents.is_local or environment.policy is not None or not route.usable
    return is_decided or _is_declared(route, plugins)


def _is_declared(route: Route, plugins: Plugins) -> bool:
    """Return whether a plugin declares the host of a route's endpoint, other than this machine as a user's own."""
    provider = plugins.providers.get(route.credential.provider) if route.credential else None
    if provider is None or (provider.kind == "own-server" and base_url.is_loopback(_host(route.base_url))):
        return False
    return any(_is_from(each, route.base_url) for each in _templates(provider, route))


def _templates(provider: Provider, route: Route) -> Iterable[str]:
    yield provider.base_url
    yield from (case.base_url for case in provider.base_url_cases)
    if route.listing is not None:
        yield route.listing.base_url


def _is_from(template: str, url: str) -> bool:
    """Return whether the host of a URL is that of a template, whose own domain no setting decides."""
    declared = base_url.origin_template(template).lower()
    if "$" in declared and not re.search(r"\}[^$]*\.[a-z0-9-]+\.[a-z]+(?::\d+)?$", declared):
        return False
    pattern = _PART.join(map(re.escape, re.split(r"\$\{\w+\}", declared)))
    return re.fullmatch(pattern, base_url.origin_template(url).lower()) is not None


def _host(url: str) -> str:
    return base_url.origin_of(url)[1]


def _off(route: Route) -> Route:
    return route._replace(usable=False, reason=REASON, remedy=_REMEDY)
