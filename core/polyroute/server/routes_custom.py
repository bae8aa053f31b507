"""Operations about the person's own models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyroute import ModelRef, UnknownCustomModel
from polyroute.custom_models import KEY_FIELD, CustomModel
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.server import answers_person, meaning
from polyroute.server.faults import Fault
from polyroute.server.operations import Call, Document, Operation
from polyroute.server.removed import Bound
from polyroute.server.schemas import CustomModelBody, DeleteQuery


def _listed(call: Call) -> Document:
    """The person's own models, with the route that each would take."""
    return {"models": [_shown(model, call) for model in call.catalog.custom_models.listing().models]}


def _saved(call: Call) -> Document:
    """Add a model, or change the one of the same provider and name; fields that are left out stay."""
    entry = {"provider": DEFAULT_CUSTOM_PROVIDER} | call.body(CustomModelBody).model_dump(exclude_unset=True)
    before = _before(entry, call)
    if before is not None and entry.get(KEY_FIELD) == before.key:
        del entry[KEY_FIELD]  # shown to the client and sent back: it stays, a reference too
    recalled = "" if before else call.removed.recall(_bound(entry, call), entry.get(KEY_FIELD, ""))
    if recalled:
        entry[KEY_FIELD] = recalled
    outcome = call.catalog.custom_models.add(entry, upsert=True, references=bool(recalled))
    document: Document = {"ok": True, "model": outcome.model.document, "created": outcome.created}
    return document | ({"note": outcome.note} if outcome.note else {})


def _before(entry: Document, call: Call) -> CustomModel | None:
    try:
        return call.catalog.custom_models.get(ModelRef(entry["provider"], entry["name"]))
    except UnknownCustomModel:
        return None


def _bound(entry: Mapping[str, Any], call: Call) -> Bound:
    """Where the key of an entry belongs."""
    provider, url = entry["provider"], entry.get("baseURL", "").rstrip("/")
    return Bound(call.catalog.custom_models.path, call.catalog.plugins.names.get(provider, provider), url)


def _deleted(call: Call) -> Document:
    """Remove a model."""
    name, store = call.path["name"], call.catalog.custom_models
    provider = call.asked(DeleteQuery).provider
    candidates = [model.provider for model in store.named(name)]
    if not provider and len(candidates) > 1:
        raise _ambiguous(name, candidates)
    ref = ModelRef(provider or next(iter(candidates), ""), name)
    try:
        model = store.get(ref)
        key = store.secret(ref, model.base_url)
        store.remove(ref)
    except UnknownCustomModel:
        told = f"There is no custom model {name!r}{f' of {provider}' if provider else ''}."
        raise Fault("custom_model_not_found", told, "not_found", context={"modelName": name}) from None
    if key:
        call.removed.remember(_bound(model.document, call), key)
    return {"ok": True, "deleted": name}


def _ambiguous(name: str, candidates: Sequence[str]) -> Fault:
    told = f"Several providers have a model {name!r}: {', '.join(candidates)}. Say which, with ?provider=."
    context = {"modelName": name, "candidates": [{"provider": each, "name": name} for each in candidates]}
    return Fault("custom_model_ambiguous", told, "conflict", context=context)


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
