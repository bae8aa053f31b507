"""Look up the models that clients name, in the terms of the clients."""

from __future__ import annotations

from polyroute import Catalog, Model, ModelRef, Route
from polyroute.dexto_compat import LIST_GATEWAY
from polyroute.dexto_compat.http import assumed_file_types
from polyroute.dexto_compat.http import file_types as among
from polyroute.dexto_compat.types import FileType
from polyroute.documents.http_types import Verdict
from polyroute.results import named
from polyroute.routing.references import canonical


def model(catalog: Catalog, provider: str, model_id: str) -> ModelRef:
    """Return the model that a client names. For a gateway that can't be selected, look it up in the list behind it."""
    found = catalog.plugins.find(provider)
    return canonical(ModelRef(found.id if found.selectable else LIST_GATEWAY, model_id), catalog.plugins)


def routes(catalog: Catalog, provider: str, model_id: str) -> tuple[Route, ...]:
    """Return the routes of a model. For a gateway that can't be selected, only those through the gateway."""
    found = catalog.plugins.find(provider)
    all_routes = catalog.routes(model(catalog, provider, model_id))
    return all_routes if found.selectable else tuple(route for route in all_routes if route.via == found.id)


def listed(catalog: Catalog, ref: ModelRef) -> Model | None:
    """Return a model as its provider or its maker lists it; None if neither does."""
    models = catalog.plugins.models
    found = models(ref.provider).get(ref.id)
    if found is None and (maker := catalog.maker(ref)):
        found = models(maker.provider).get(maker.id)
    return found


def file_types(catalog: Catalog, provider: str, model_id: str) -> list[FileType]:
    """Return the file types that a model accepts. For a custom model that is in no list, those that it may accept."""
    ref = model(catalog, provider, model_id)
    if found := listed(catalog, ref):
        return among(found.input_modalities)
    return assumed_file_types(ref.provider) if catalog.plugins.find(ref.provider).custom_models else []


def verdict(routes: tuple[Route, ...]) -> Verdict:
    """Return which route would be taken, or why none is usable."""
    taken = next((route for route in routes if route.usable), None)
    if taken is not None:
        return {"usable": True, "via": taken.via}
    if not any(route.allowed for route in routes) and len({route.reason for route in routes}) == 1:
        return {"usable": False, "via": None, "why": f"{routes[0].reason}. {routes[0].remedy}"}
    shown, rest, forbidden = named(routes)
    why = [f"{route.via}: {route.reason}" for route in shown]
    if rest:
        why.append(f"{len(rest)} more gateways have no key")
    if forbidden:
        why.append(f"the organisation's policy does not allow {len(forbidden)} more gateways")
    return {"usable": False, "via": None, "why": "; ".join(why)}
