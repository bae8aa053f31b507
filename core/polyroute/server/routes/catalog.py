"""Operations that ask: the catalog, status, one model."""

from __future__ import annotations

from polyroute import Model, ModelRef, suggestions
from polyroute.dexto_compat import GATEWAY
from polyroute.dexto_compat.http import AUTH_STATUS_PATH, LIST_GATEWAY, REFRESH_PATH, VALIDATE_PATH
from polyroute.documents import catalog as documents
from polyroute.documents import plugins
from polyroute.documents.http_types import (
    Capabilities,
    Flat,
    GatewayModel,
    GatewayStatus,
    Grouped,
    ListsRefreshed,
    LocalModels,
    ReasoningSupport,
    Validation,
)
from polyroute.documents.plugin_types import PluginsDocument
from polyroute.documents.types import Resolution, StatusDocument
from polyroute.list_refresh import refresh
from polyroute.routing.references import canonical
from polyroute.server import request_parsing
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import CapabilitiesQuery, CatalogQuery, ModelQuery, StatusQuery


def _catalog(call: OperationCall) -> Grouped | Flat:
    """Providers and models, with the route that each would take."""
    return call.listing.document(call.asked(CatalogQuery))


def _status(call: OperationCall) -> StatusDocument:
    """Which providers can be used, by which routes."""
    asked = [name.strip() for name in call.asked(StatusQuery).provider.split(",") if name.strip()]
    document = documents.status(call.listing.status)
    if asked:
        known = [name for name in asked if name in call.catalog.plugins.names]
        document["providers"] = {name: documents.provider(call.catalog.provider(name)) for name in known}
    return document


def _resolve(call: OperationCall) -> Resolution:
    """The route to take for a model, or why there is none."""
    asked = call.asked(ModelQuery).model
    provider, model_id = ModelRef.parse(asked)
    if not model_id or provider not in call.catalog.plugins.names:
        canonical(asked, call.catalog.plugins)  # which says what is wrong with it
    model = request_parsing.model(call.catalog, provider, model_id)
    return documents.resolution(model, request_parsing.routes(call.catalog, provider, model_id), call.catalog.problems)


def _capabilities(call: OperationCall) -> Capabilities:
    """What a model takes."""
    asked = call.asked(CapabilitiesQuery)
    return {
        "provider": asked.provider,
        "model": asked.model,
        "supportedFileTypes": request_parsing.file_types(call.catalog, asked.provider, asked.model),
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

_MODELS = (
    Operation("GET", "/llm/catalog", _catalog, CatalogQuery, prepared=True),
    Operation("GET", "/llm/status", _status, StatusQuery, prepared=True),
    Operation("GET", "/llm/resolve", _resolve, ModelQuery, prepared=True),
    Operation("GET", "/llm/capabilities", _capabilities, CapabilitiesQuery, prepared=True),
)


def _validated(call: OperationCall) -> Validation:
    """Whether the gateway has a model."""
    name = call.path["modelId"]
    found = call.catalog.plugins.models(LIST_GATEWAY).get(name)
    return _valid(name, found) if found else _missing(name, call)


def _valid(name: str, model: Model) -> Validation:
    info: GatewayModel = {"contextLength": model.context} if model.context else {}
    return {"valid": True, "modelId": name, "status": "valid", "info": info}


def _missing(name: str, call: OperationCall) -> Validation:
    """A model that is in no list: invalid where the list is fresh, else nobody knows."""
    alike = [ModelRef.parse(each).id for each in suggestions(call.catalog, ModelRef(LIST_GATEWAY, name))]
    plugins = call.catalog.plugins
    if plugins.list_of(LIST_GATEWAY) and not plugins.can_be_fresher(LIST_GATEWAY):
        told = f"{name} is not in the gateway's list."
        return {"valid": False, "modelId": name, "status": "invalid", "error": told, "suggestions": alike}
    told = f"{name} is not in the list that is there, which is not fresh; the gateway may have it all the same."
    return {"valid": False, "modelId": name, "status": "unknown", "error": told, "suggestions": alike}


def _refreshed(call: OperationCall) -> ListsRefreshed:
    """Fetch the lists of models anew."""
    plugins = call.catalog.plugins
    if not plugins.lists:
        raise ApiError("no_lists", "No plugin that is in use has a list to fetch.", "not_found")
    reports = refresh(plugins.lists, call.catalog.environment, force=True)
    told = [f"{each.name}: {each.error or each.state}" for each in reports]
    if not all(each.is_good for each in reports):
        recovery = "Try again later, or see `polyroute refresh`."
        raise ApiError("refresh_failed", "; ".join(told), "system", recovery=recovery, ok=False)
    return {"ok": True, "message": "; ".join(told)}


_GATEWAY = (
    Operation("GET", VALIDATE_PATH, _validated, prepared=True),
    Operation("POST", REFRESH_PATH, _refreshed, lane="network"),
)


def _plugins(call: OperationCall) -> PluginsDocument:
    """The plugins, what they provide, and what is amiss."""
    return plugins.plugins(call.catalog)


def _gateway_status(call: OperationCall) -> GatewayStatus:
    """Whether the gateway can be used."""
    gateway = call.listing.status.providers.get(GATEWAY)
    usable = gateway is not None and gateway.has_direct_key
    return {"enabled": gateway is not None, "authenticated": usable, "canUse": usable}


def _local_models(call: OperationCall) -> LocalModels:
    """Models installed on this machine; none are managed here."""
    return {"models": []}


_ABOUT = (
    Operation("GET", "/plugins", _plugins, prepared=True),
    Operation("GET", AUTH_STATUS_PATH, _gateway_status, prepared=True),
    Operation("GET", "/models/local", _local_models, prepared=True),
)


OPERATIONS: tuple[Operation, ...] = (*_MODELS, *_GATEWAY, *_ABOUT)
