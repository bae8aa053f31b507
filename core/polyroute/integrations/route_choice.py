"""Choose the route that an integration uses."""

from __future__ import annotations

from collections.abc import Collection

from polyroute.catalog import Catalog
from polyroute.errors import UnsupportedRoute, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.results import Route
from polyroute.routing.protocols import spoken
from polyroute.types import ModelRef

Target = str | ModelRef | Route
"""A model, for the first usable route to it; or a route, such as `catalog.run` passes to its callback."""


class Chosen(NamedTuple):
    """A usable route to a model, in a protocol that the integration supports."""

    route: Route
    model_id: str


def choose_route(catalog: Catalog, target: Target, protocols: Collection[str]) -> Chosen:
    """Return the route to use for `target`, in one of `protocols`.

    Raises NoEffectiveRoute if no usable route to the model speaks one of them, UnsupportedRoute if the given route does
    not, and UsageError if the given route is not usable or has no model ID.
    """
    if not isinstance(target, Route):
        route = catalog.resolve(target, protocols=protocols)
    else:
        route = _checked(target, spoken(target, protocols, catalog.plugins), protocols)
    if route.model_id is None:
        raise UsageError(f"The route via {route.via} has no model.", "Use a route from `catalog.routes(model)`.")
    return Chosen(route, route.model_id)


def _checked(given: Route, route: Route | None, protocols: Collection[str]) -> Route:
    if not given.usable:
        raise UsageError(f"The route via {given.via} is not usable: {given.reason}.", given.remedy)
    if route is None:
        raise UnsupportedRoute(given, f"the client supports {' or '.join(protocols)}")
    return route
