"""Operations about the gateway whose list a person's own models are looked up in, and about that list."""

from __future__ import annotations

from polyroute import Model, ModelRef, suggestions
from polyroute.dexto_compat.http import LIST_GATEWAY, REFRESH_PATH, VALIDATE_PATH
from polyroute.documents.http_types import GatewayModel, ListsRefreshed, Validation
from polyroute.refreshing import refresh
from polyroute.server.faults import Fault
from polyroute.server.operations import Call, Operation


def _validated(call: Call) -> Validation:
    """Whether the gateway has a model."""
    name = call.path["modelId"]
    found = call.catalog.plugins.models(LIST_GATEWAY).get(name)
    return _valid(name, found) if found else _missing(name, call)


def _valid(name: str, model: Model) -> Validation:
    info: GatewayModel = {"contextLength": model.context} if model.context else {}
    return {"valid": True, "modelId": name, "status": "valid", "info": info}


def _missing(name: str, call: Call) -> Validation:
    """A model that is in no list: invalid where the list is fresh, else nobody knows."""
    alike = [ModelRef.parse(each).id for each in suggestions(call.catalog, ModelRef(LIST_GATEWAY, name))]
    plugins = call.catalog.plugins
    if plugins.list_of(LIST_GATEWAY) and not plugins.can_be_fresher(LIST_GATEWAY):
        told = f"{name} is not in the gateway's list."
        return {"valid": False, "modelId": name, "status": "invalid", "error": told, "suggestions": alike}
    told = f"{name} is not in the list that is there, which is not fresh; the gateway may have it all the same."
    return {"valid": False, "modelId": name, "status": "unknown", "error": told, "suggestions": alike}


def _refreshed(call: Call) -> ListsRefreshed:
    """Fetch the lists of models anew."""
    plugins = call.catalog.plugins
    if not plugins.lists:
        raise Fault("no_lists", "No plugin that is in use has a list to fetch.", "not_found")
    reports = refresh(plugins.lists, call.catalog.environment, force=True)
    told = [f"{each.name}: {each.error or each.state}" for each in reports]
    if not all(each.is_good for each in reports):
        recovery = "Try again later, or see `polyroute refresh`."
        raise Fault("refresh_failed", "; ".join(told), "system", recovery=recovery, ok=False)
    return {"ok": True, "message": "; ".join(told)}


OPERATIONS = (
    Operation("GET", VALIDATE_PATH, _validated, prepared=True),
    Operation("POST", REFRESH_PATH, _refreshed, lane="network"),
)
