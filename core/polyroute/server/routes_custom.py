"""Operations about the person's own models."""

from __future__ import annotations

from polyroute import ModelRef, UnknownCustomModel
from polyroute.custom_models import CustomModel
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.server import answers_person, meaning
from polyroute.server.faults import Fault
from polyroute.server.operations import Call, Document, Operation
from polyroute.server.schemas import CustomModelBody, DeleteQuery


def _listed(call: Call) -> Document:
    """The person's own models, with the route that each would take."""
    return {"models": [_shown(model, call) for model in call.catalog.custom_models.listing().models]}


def _saved(call: Call) -> Document:
    """Add a model, or change the one of the same provider and name; fields that are left out stay."""
    entry = {"provider": DEFAULT_CUSTOM_PROVIDER} | call.body(CustomModelBody).model_dump(exclude_none=True)
    outcome = call.catalog.custom_models.add(entry, upsert=True, references=False)
    document: Document = {"ok": True, "model": outcome.model.document, "created": outcome.created}
    return document | ({"note": outcome.note} if outcome.note else {})


def _deleted(call: Call) -> Document:
    """Remove a model."""
    name, store = call.path["name"], call.catalog.custom_models
    provider = call.asked(DeleteQuery).provider
    candidates = [model.provider for model in store.named(name)]
    if not provider and len(candidates) > 1:
        told = f"Several providers have a model {name!r}: {', '.join(candidates)}. Say which, with ?provider=."
        context = {"modelName": name, "candidates": [{"provider": each, "name": name} for each in candidates]}
        raise Fault("custom_model_ambiguous", told, "conflict", context=context)
    try:
        store.remove(ModelRef(provider or next(iter(candidates), ""), name))
    except UnknownCustomModel:
        told = f"There is no custom model {name!r}{f' of {provider}' if provider else ''}."
        raise Fault("custom_model_not_found", told, "not_found", context={"modelName": name}) from None
    return {"ok": True, "deleted": name}


def _shown(model: CustomModel, call: Call) -> Document:
    document: Document = {**model.document}
    if model.provider not in call.catalog.plugins.names:
        return document | {"usable": False, "via": None, "why": f"no plugin provides {model.provider}"}
    return document | meaning.verdict(meaning.routes(call.catalog, model.provider, model.name))


OPERATIONS = (
    Operation("GET", "/llm/custom-models", _listed, (answers_person.CustomModels,), prepared=True),
    Operation(
        "POST", "/llm/custom-models", _saved, (answers_person.SavedCustomModel,), body=CustomModelBody, lane="writing"
    ),
    Operation("DELETE", "/llm/custom-models/{name}", _deleted, (answers_person.Deleted,), DeleteQuery, lane="writing"),
)
