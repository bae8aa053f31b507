"""Operations that ask: the catalog, status, one model."""

from __future__ import annotations

from polyroute import ModelRef, wire
from polyroute.routing.references import canonical
from polyroute.server import answers, meaning
from polyroute.server.operations import Call, Document, Operation
from polyroute.server.schemas import CapabilitiesQuery, CatalogQuery, ModelQuery, StatusQuery


def _catalog(call: Call) -> Document:
    """Providers and models, with the route that each would take."""
    return call.listing.document(call.asked(CatalogQuery))


def _status(call: Call) -> Document:
    """Which providers can be used, by which routes."""
    asked = [name.strip() for name in call.asked(StatusQuery).provider.split(",") if name.strip()]
    document = wire.status(call.listing.status)
    if asked:
        known = [name for name in asked if name in call.catalog.plugins.names]
        document["providers"] = {name: wire.provider(call.catalog.provider(name)) for name in known}
    return document


def _resolve(call: Call) -> Document:
    """The route to take for a model, or why there is none."""
    asked = call.asked(ModelQuery).model
    provider, model_id = ModelRef.parse(asked)
    if not model_id or provider not in call.catalog.plugins.names:
        canonical(asked, call.catalog.plugins)  # which says what is wrong with it
    model = meaning.model(call.catalog, provider, model_id)
    return wire.resolution(model, meaning.routes(call.catalog, provider, model_id), call.catalog.problems)


def _capabilities(call: Call) -> Document:
    """What a model takes."""
    asked = call.asked(CapabilitiesQuery)
    return {
        "provider": asked.provider,
        "model": asked.model,
        "supportedFileTypes": meaning.file_types(call.catalog, asked.provider, asked.model),
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
    Operation("GET", "/llm/catalog", _catalog, (answers.Grouped, answers.Flat), CatalogQuery, prepared=True),
    Operation("GET", "/llm/status", _status, (answers.Status,), StatusQuery, prepared=True),
    Operation("GET", "/llm/resolve", _resolve, (answers.Resolution,), ModelQuery, prepared=True),
    Operation("GET", "/llm/capabilities", _capabilities, (answers.Capabilities,), CapabilitiesQuery, prepared=True),
)
