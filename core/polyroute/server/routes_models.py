"""Operations that ask: the catalog, status, one model."""

from __future__ import annotations

from polyroute import ModelRef, wire
from polyroute.dexto_compat.http import file_types
from polyroute.references import canonical
from polyroute.server.operations import Call, Document, Operation
from polyroute.server.schemas import CapabilitiesQuery, CatalogQuery, ModelQuery, StatusQuery


def _catalog(call: Call) -> Document:
    """Providers and models, with the route that each would take."""
    return call.listing.document(call.asked(CatalogQuery))


def _status(call: Call) -> Document:
    """Which providers can be used, by which routes."""
    names = [name.strip() for name in call.asked(StatusQuery).provider.split(",") if name.strip()]
    document = wire.status(call.listing.status)
    if names:
        document["providers"] = {name: wire.provider(call.catalog.provider(name)) for name in names}
    return document


def _resolve(call: Call) -> Document:
    """The route to take for a model, or why there is none."""
    model = canonical(call.asked(ModelQuery).model, call.catalog.plugins)
    return wire.resolution(model, call.catalog.routes(model), call.catalog.problems)


def _capabilities(call: Call) -> Document:
    """What a model takes."""
    asked = call.asked(CapabilitiesQuery)
    provider = call.catalog.plugins.find(asked.provider)
    ref = ModelRef(provider.id, asked.model)
    models = call.catalog.plugins.models
    model = models(provider.id).get(asked.model)
    if model is None and (maker := call.catalog.maker(ref)):
        model = models(maker.provider).get(maker.id)
    return {
        "provider": asked.provider,
        "model": asked.model,
        "supportedFileTypes": file_types(model.input_modalities) if model else [],
        "reasoning": _NO_REASONING,
    }


_NO_REASONING = {
    "capable": False,
    "paradigm": "none",
    "variants": [],
    "supportedVariants": [],
    "supportsBudgetTokens": False,
}
"""Which variants a model has is not known here, so none is offered."""

OPERATIONS = (
    Operation("GET", "/llm/catalog", _catalog, CatalogQuery, prepared=True),
    Operation("GET", "/llm/status", _status, StatusQuery, prepared=True),
    Operation("GET", "/llm/resolve", _resolve, ModelQuery, prepared=True),
    Operation("GET", "/llm/capabilities", _capabilities, CapabilitiesQuery, prepared=True),
)
