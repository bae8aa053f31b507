"""What clients mean by a provider and a model."""

from __future__ import annotations

from polyroute import Catalog, ModelRef, Route
from polyroute.dexto_compat.http import LIST_GATEWAY
from polyroute.routing.references import canonical


def model(catalog: Catalog, provider: str, model_id: str) -> ModelRef:
    """The model that a client names. Of a gateway that is none to select it is the model in the list behind it."""
    found = catalog.plugins.find(provider)
    return canonical(ModelRef(found.id if found.selectable else LIST_GATEWAY, model_id), catalog.plugins)


def routes(catalog: Catalog, provider: str, model_id: str) -> tuple[Route, ...]:
    """The routes that it may take; of a gateway that is none to select, those through it."""
    found = catalog.plugins.find(provider)
    all_routes = catalog.routes(model(catalog, provider, model_id))
    return all_routes if found.selectable else tuple(route for route in all_routes if route.via == found.id)


def verdict(routes: tuple[Route, ...]) -> dict[str, object]:
    """Which route would be taken; where there is none, why not."""
    taken = next((route for route in routes if route.usable), None)
    if taken is not None:
        return {"usable": True, "via": taken.via}
    return {"usable": False, "via": None, "why": "; ".join(f"{route.via}: {route.reason}" for route in routes)}
