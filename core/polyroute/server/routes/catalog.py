"""Operations that read the catalog, the status and single models, and that refresh lists."""

from __future__ import annotations

from polyroute import Model, ModelRef, Provider, Verification, repairs, suggestions
from polyroute.dexto_compat import GATEWAY, LIST_GATEWAY
from polyroute.dexto_compat.http import AUTH_STATUS_PATH, NO_REASONING, REFRESH_PATH, VALIDATE_PATH, reasoning_choices
from polyroute.diagnosis import diagnose
from polyroute.documents import catalog as documents
from polyroute.documents import models
from polyroute.documents.http_types import (
    Capabilities,
    Flat,
    GatewayModel,
    GatewayStatus,
    Grouped,
    ListsRefreshed,
    ReasoningSupport,
    Validation,
)
from polyroute.documents.http_user_types import FileRepaired
from polyroute.documents.list_types import Diagnosis
from polyroute.documents.problems import diagnosis
from polyroute.documents.types import Resolution, StatusDocument
from polyroute.list_refresh import refresh
from polyroute.model_reference import reference
from polyroute.results import Trouble
from polyroute.server import model_lookup
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import CapabilitiesQuery, CatalogQuery, ModelQuery, RepairBody, StatusQuery


def _catalog(call: OperationCall) -> Grouped | Flat:
    """List providers and models, with the route that each would take."""
    return call.listing.document(call.parameters(CatalogQuery))


def _status(call: OperationCall) -> StatusDocument:
    """Return which providers can be used, and by which routes."""
    names = [name.strip() for name in call.parameters(StatusQuery).provider.split(",") if name.strip()]
    document = documents.status(call.listing.status)
    if names:
        available = [name for name in names if name in call.catalog.plugins.names]
        document["providers"] = {name: documents.provider(call.catalog.provider(name)) for name in available}
    return document


def _resolve(call: OperationCall) -> Resolution:
    """Return the routes to a model in order, with the reason and the remedy of each."""
    text = call.parameters(ModelQuery).model
    provider, model_id = ModelRef.parse(text)
    if not model_id or provider not in call.catalog.plugins.names:
        reference(call.catalog, text)  # raises the error that explains what is wrong
    model = model_lookup.model(call.catalog, provider, model_id)
    routes = model_lookup.routes(call.catalog, provider, model_id)
    elsewhere = () if any(route.usable for route in routes) else call.catalog.elsewhere(model)
    return documents.resolution(model, routes, elsewhere, call.catalog.problems)


def _capabilities(call: OperationCall) -> Capabilities:
    """Return what a model can, and which file types it accepts."""
    query = call.parameters(CapabilitiesQuery)
    ref = model_lookup.model(call.catalog, query.provider, query.model)
    known = model_lookup.listed(call.catalog, ref) or Model(*ref)
    return {
        "provider": query.provider,
        "model": query.model,
        "supportedFileTypes": model_lookup.file_types(call.catalog, query.provider, query.model),
        "reasoning": _reasoning(known, call.catalog.provider(known.provider).provider),
        "can": models.abilities(known),
    }


def _reasoning(model: Model, provider: Provider) -> ReasoningSupport:
    """Return the reasoning settings that the model's wire protocol has; none if it is not known to reason.

    Clients take a boolean: a model that is not known to lack reasoning may have it.
    """
    paradigm, variants = reasoning_choices(model.protocol or provider.protocol) if model.reasoning else NO_REASONING
    document: ReasoningSupport = {
        "capable": model.reasoning is not False,
        "paradigm": paradigm,
        "variants": [{"id": each, "label": each} for each in variants],
        "supportedVariants": list(variants),
        "supportsBudgetTokens": paradigm == "budget",
    }
    if variants:
        document["defaultVariant"] = "medium" if "medium" in variants else variants[-1]
    return document


def _validated(call: OperationCall) -> Validation:
    """Return whether the gateway offers a model."""
    name = call.path["modelId"]
    found = call.catalog.plugins.models(LIST_GATEWAY).get(name)
    return _valid(name, found) if found else _missing(name, call)


def _valid(name: str, model: Model) -> Validation:
    info: GatewayModel = {"contextLength": model.context} if model.context else {}
    return {"valid": True, "modelId": name, "status": "valid", "info": info}


def _missing(name: str, call: OperationCall) -> Validation:
    """Return the result for a model that is in no list: invalid if the list is fresh, else unknown."""
    alike = [ModelRef.parse(each).id for each in suggestions(call.catalog, ModelRef(LIST_GATEWAY, name))]
    plugins = call.catalog.plugins
    if plugins.list_of(LIST_GATEWAY) and not plugins.can_be_fresher(LIST_GATEWAY):
        message = f"{name} is not in the gateway's list."
        return {"valid": False, "modelId": name, "status": "invalid", "error": message, "suggestions": alike}
    message = f"{name} is not in the gateway's list, but the list is outdated: the gateway may offer the model anyway."
    return {"valid": False, "modelId": name, "status": "unknown", "error": message, "suggestions": alike}


def _refreshed(call: OperationCall) -> ListsRefreshed:
    """Fetch the lists of models again."""
    call.require_this_machine("Whoever runs the server has its lists fetched.", "Ask them to run `polyroute refresh`.")
    plugins = call.catalog.plugins
    if not plugins.lists:
        raise ApiError("no_lists", "No active plugin has a list to fetch.", "not_found")
    reports = refresh(plugins.lists, call.catalog.environment, force=True)
    results = [f"{each.name}: {each.error or each.state}" for each in reports]
    if not all(each.is_good for each in reports):
        recovery = "Try again later, or run `polyroute refresh` for details."
        raise ApiError("refresh_failed", "; ".join(results), "system", recovery=recovery, ok=False)
    return {"ok": True, "message": "; ".join(results)}


def _problems(call: OperationCall) -> Diagnosis:
    """Return everything that is wrong, with what it affects and what helps."""
    known = call.snapshot.known.keys.current(call.catalog)
    refused = (each.verification for each in known.values() if each.verification.state == "invalid")
    found = (*map(_refused, refused), *diagnose(call.catalog))
    return diagnosis(found, repairs.repairable(found, call.catalog))


def _repaired(call: OperationCall) -> FileRepaired:
    """Repair a damaged file of the user. What can't be read stays in comments, or in a copy beside it."""
    path = call.body(RepairBody).file
    found = repairs.repairs(call.catalog).get(path)
    if found is None:
        raise ApiError("file_not_repairable", f"{path} is no file that can be repaired.", "not_found")
    done = found.run()
    return {"ok": True, "file": done.path, "note": done.note, "original": done.original or None}


def _refused(key: Verification) -> Trouble:
    remedy = f"Replace it: `polyroute keys set {key.provider}`."
    message = f"its endpoint refuses the key: {key.message}" if key.message else "its endpoint refuses the key"
    return Trouble("key-refused", "error", key.provider, message, remedy, "", (key.provider,))


def _gateway_status(call: OperationCall) -> GatewayStatus:
    """Return whether the default gateway can be used."""
    gateway = call.listing.status.providers.get(GATEWAY)
    usable = gateway is not None and gateway.has_direct_key
    return {"enabled": gateway is not None, "authenticated": usable, "canUse": usable}


OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/llm/catalog", _catalog, CatalogQuery, cached_for="content"),
    Operation("GET", "/llm/status", _status, StatusQuery, cached_for="content"),
    Operation("GET", "/llm/resolve", _resolve, ModelQuery, cached_for="user"),
    Operation("GET", "/llm/capabilities", _capabilities, CapabilitiesQuery, cached_for="user"),
    Operation("GET", VALIDATE_PATH, _validated, cached_for="user"),
    Operation("POST", REFRESH_PATH, _refreshed, lane="network"),
    Operation("GET", "/llm/problems", _problems),
    Operation("POST", "/llm/repair", _repaired, body=RepairBody, lane="writing"),
    Operation("GET", AUTH_STATUS_PATH, _gateway_status, cached_for="content"),
)
