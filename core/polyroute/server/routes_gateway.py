"""Operations about the gateway whose list a person's own models are looked up in."""

from __future__ import annotations

from polyroute import Model
from polyroute.dexto_compat.http import LIST_GATEWAY, VALIDATE_PATH
from polyroute.server import answers
from polyroute.server.operations import Call, Document, Operation


def _validated(call: Call) -> Document:
    """Whether the gateway has a model."""
    name = call.path["modelId"]
    found = call.catalog.plugins.models(LIST_GATEWAY).get(name)
    document: Document = {"valid": found is not None, "modelId": name}
    return document | (_valid(found) if found else _unknown(name, call))


def _valid(model: Model) -> Document:
    return {"status": "valid", "info": {"contextLength": model.context} if model.context else {}}


def _unknown(name: str, call: Call) -> Document:
    told = f"{name} is not in the list that is there; the gateway may have it all the same."
    alike = [each.partition("/")[2] for each in call.catalog.suggestions(f"{LIST_GATEWAY}/{name}")]
    return {"status": "unknown", "error": told, "suggestions": alike}


OPERATIONS = (Operation("GET", VALIDATE_PATH, _validated, (answers.Validation,), prepared=True),)
