"""Make routes from evaluations, and from other routes."""

from __future__ import annotations

from operator import attrgetter

from polyroute.requirements.evaluation import Evaluation
from polyroute.results import Route
from polyroute.types import Evidence, Model, Provider

_ALL_BUT_THE_MODEL = attrgetter(*(name for name in Route._fields if name not in ("model_id", "mapping", "listing")))


def to_endpoint_of(via: str, provider: Provider, found: Evaluation) -> Route:
    """Return the route to a provider, from its credential or what it lacks."""
    credential = found.credential
    where = credential.endpoint if credential else "" if "$" in provider.base_url else provider.base_url
    return Route(
        None,
        None,
        via,
        credential is not None,
        where,
        found.protocol or provider.protocol,
        found.auth or provider.auth,
        found.headers if credential else provider.headers,
        credential,
        found.reason,
        found.remedy,
        found.allowed,
    )


def is_moved(route: Route) -> bool:
    """Return whether a route leads to an address of the user's own, about which the provider's list says nothing."""
    return route.credential is not None and bool(route.credential.address)


def spelled(route: Route, model_id: str | None, mapping: Evidence, listing: Model | None = None) -> Route:
    """Return the route to a model, derived from that to its provider. `_replace` would be too slow here."""
    return tuple.__new__(Route, (model_id, mapping, *_ALL_BUT_THE_MODEL(route), listing))
