"""The route that an integration takes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from polyroute.answers import Route
from polyroute.catalog import Catalog
from polyroute.errors import UnsupportedRoute, UsageError
from polyroute.routing.speaking import spoken
from polyroute.types import ModelRef

Target = str | ModelRef | Route
"""A model, for the first usable route to it; or one route, as `catalog.run` hands it to its callback."""


class Chosen(NamedTuple):
    """A usable route to a model, in a protocol that the integration speaks."""

    route: Route
    model_id: str


def chosen(catalog: Catalog, target: Target, protocols: Collection[str]) -> Chosen:
    """The route to take for `target`, in one of `protocols`.

    Raises NoEffectiveRoute where no usable route to the model speaks one of them; UnsupportedRoute for a route that
    does not; UsageError for a route that is not usable or leads to no one model.
    """
    if not isinstance(target, Route):
        route = catalog.resolve(target, protocols=protocols)
    else:
        route = _checked(target, spoken(target, protocols, catalog.plugins), protocols)
    if route.model_id is None:
        raise UsageError(f"The route via {route.via} leads to a provider; routes to a model are in `catalog.routes`.")
    return Chosen(route, route.model_id)


def _checked(given: Route, route: Route | None, protocols: Collection[str]) -> Route:
    if not given.usable:
        raise UsageError(f"The route via {given.via} is not usable: {given.reason}. {given.remedy}".rstrip())
    if route is None:
        raise UnsupportedRoute(given, f"what was asked for is {' or '.join(protocols)}")
    return route
