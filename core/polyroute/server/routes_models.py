"""Operations that ask: the catalog, status, one model."""

from __future__ import annotations

from polyroute import ModelRef
from polyroute.documents import catalog as documents
from polyroute.documents.http_types import Capabilities, Flat, Grouped, ReasoningSupport
from polyroute.documents.types import Resolution, Status
from polyroute.routing.references import canonical
from polyroute.server import meaning
from polyroute.server.operations import Call, Operation
from polyroute.server.schemas import CapabilitiesQuery, CatalogQuery, ModelQuery, StatusQuery


def _catalog(call: Call) -> Grouped | Flat:
    """Providers and models, with the route that each would take."""
    return call.listing.document(call.asked(CatalogQuery))


def _status(call: Call) -> Status:
    """Which providers can be used, by which routes."""
    asked = [name.strip() for name in call.asked(StatusQuery).provider.split(",") if name.strip()]
    document = documents.status(call.listing.status)
    if asked:
        known = [name for name in asked if name in call.catalog.plugins.names]
        document["providers"] = {name: documents.provider(call.catalog.provider(name)) for name in known}
    return document


def _resolve(call: Call) -> Resolution:
    """The route to take for a model, or why there is none."""
    asked = call.asked(ModelQuery).model
    provider, model_id = ModelRef.parse(asked)
    if not model_id or provider not in call.catalog.plugins.names:
        canonical(asked, call.catalog.plugins)  # which says what is wrong with it
    model = meaning.model(call.catalog, provider, model_id)
    return documents.resolution(model, meaning.routes(call.catalog, provider, model_id), call.catalog.problems)


def _capabilities(call: Call) -> Capabilities:
    """What a model takes."""
    asked = call.asked(CapabilitiesQuery)
    return {
        "provider": asked.provider,
        "model": asked.model,
        "supportedFileTypes": meaning.file_types(call.catalog, asked.provider, asked.model),
        "reasoning": _NO_REASONING,
    }


_NO_REASONING: ReasoningSupport = {
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
