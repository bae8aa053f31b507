"""Operations on the user's custom models."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from polyroute import ModelRef, UnknownCustomModel
from polyroute.base_url import normalized
from polyroute.custom_models.editing import EditResult, as_meant
from polyroute.custom_models.models import KEY_FIELD, CustomModel
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER, GATEWAY
from polyroute.documents import custom_models as documents
from polyroute.documents.http_types import Verdict
from polyroute.documents.http_user_types import Advice, CustomModels, Deleted, SavedCustomModel, ShownCustomModel
from polyroute.routing.references import canonical
from polyroute.server import model_lookup
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.removed_keys import Bound
from polyroute.server.schemas import AdviceQuery, CustomModelBody, CustomModelChanges, CustomModelQuery

_PATH = "/llm/custom-models"


def _listed(call: OperationCall) -> CustomModels:
    """List the user's custom models, with the route that each would take."""
    return {"models": [_document(model, call) for model in call.catalog.custom_models.listing().models]}


def _saved(call: OperationCall) -> SavedCustomModel:
    """Add a custom model, or change the one with the same provider and name; fields that are left out stay."""
    _refuse_file(call.body(CustomModelBody).filePath, call)
    given = {"provider": DEFAULT_CUSTOM_PROVIDER} | call.body(CustomModelBody).model_dump(exclude_unset=True)
    entry, note = as_meant(given, given["provider"], call.catalog.plugins)
    entry = dict(entry)
    if entry["provider"] == GATEWAY:
        canonical(ModelRef(GATEWAY, entry["name"]), call.catalog.plugins)  # raises the error that the command shows
    before = _existing(entry, call)
    if before is not None and entry.get(KEY_FIELD) == before.key:
        del entry[KEY_FIELD]  # the client sent back what it received: keep it, even if it is a reference
    recalled = "" if before else call.removed.recall(_bound(entry, call), entry.get(KEY_FIELD, ""))
    if recalled:
        entry[KEY_FIELD] = recalled
    outcome = call.catalog.custom_models.add(entry, upsert=True, references=bool(recalled))
    return _done(outcome, note)


def _refuse_file(path: str | None, call: OperationCall) -> None:
    """Raise ApiError for a path of a user on another machine: it would say which files the server has."""
    if path:
        call.require_this_machine("The files of the server's machine are not for its users.")


def _done(outcome: EditResult, note: str = "") -> SavedCustomModel:
    document: SavedCustomModel = {"ok": True, "model": documents.entry(outcome.model), "created": outcome.created}
    if note := f"{note} {outcome.note}".strip():
        document["note"] = note
    return document


def _existing(entry: Mapping[str, Any], call: OperationCall) -> CustomModel | None:
    try:
        return call.catalog.custom_models.get(ModelRef(entry["provider"], entry["name"]))
    except UnknownCustomModel:
        return None


def _bound(entry: Mapping[str, Any], call: OperationCall) -> Bound:
    """Return what the key of an entry may be used for."""
    provider, url = entry["provider"], normalized(entry.get("baseURL", ""))
    return Bound(call.catalog.environment.owner, call.catalog.plugins.names.get(provider, provider), url)


def _changed(call: OperationCall) -> SavedCustomModel:
    """Change fields of a custom model, including its name, in one write; fields that are left out stay."""
    _refuse_file(call.body(CustomModelChanges).filePath, call)
    changes = call.body(CustomModelChanges).model_dump(exclude_unset=True)
    outcome = call.catalog.custom_models.edit(_named(call), changes, references=False)
    return _done(outcome)


def _deleted(call: OperationCall) -> Deleted:
    """Remove a custom model."""
    ref, store = _named(call), call.catalog.custom_models
    with contextlib.suppress(UnknownCustomModel):  # an invalid entry can be removed too
        model = store.get(ref)
        if key := store.secret(ref, model.base_url):
            call.removed.remember(_bound(model.document, call), key)
    store.remove(ref)
    return {"ok": True, "deleted": ref.id}


def _named(call: OperationCall) -> ModelRef:
    """Return the custom model named in the path, and by provider in the query if several have the name."""
    name, provider = call.path["name"], call.parameters(CustomModelQuery).provider
    found = call.catalog.custom_models.providers_of(name)
    names = call.catalog.plugins.names
    matching = [each for each in found if not provider or names.get(each, each) == names.get(provider, provider)]
    if len(matching) == 1:
        return ModelRef(matching[0], name)
    if not matching:
        message = f"There is no custom model {name!r}{f' of {provider}' if provider else ''}."
        raise ApiError("custom_model_not_found", message, "not_found", context={"modelName": name})
    message = f"Several providers have a model {name!r}: {', '.join(matching)}. Choose one with ?provider=."
    context = {"modelName": name, "candidates": [{"provider": each, "name": name} for each in matching]}
    raise ApiError("custom_model_ambiguous", message, "conflict", context=context)


def _advised(call: OperationCall) -> Advice:
    """Return advice on a custom model before it is added."""
    query = call.parameters(AdviceQuery)
    call.catalog.plugins.find(query.provider)
    model = CustomModel(query.provider, _stored_name(query.provider, query.name, call))
    existing = next((each for each in call.catalog.custom_models.named(model.name) if each.ref == model.ref), None)
    entry = existing or model
    return {
        "provider": entry.provider,
        "name": entry.name,
        **_verdict(entry, call),
        "exists": existing is not None,
        "notes": documents.remarks(model, call.catalog),
        "suggestions": documents.alike(model, call.catalog),
    }


def _stored_name(provider: str, name: str, call: OperationCall) -> str:
    """Return the ID to store: users may enter a whole reference, with the provider in front."""
    rest = name.removeprefix(f"{provider}/")
    return rest if "/" in rest and not call.listing.find(provider, name) else name


def _document(model: CustomModel, call: OperationCall) -> ShownCustomModel:
    return {**documents.entry(model), **_verdict(model, call)}


def _verdict(model: CustomModel, call: OperationCall) -> Verdict:
    if model.provider not in call.catalog.plugins.names:
        return {"usable": False, "via": None, "why": f"no plugin provides {model.provider}"}
    return model_lookup.verdict(model_lookup.routes(call.catalog, model.provider, model.name))


OPERATIONS = (
    Operation("GET", _PATH, _listed, cached_for="user"),
    Operation("POST", _PATH, _saved, body=CustomModelBody, lane="writing"),
    Operation(
        *("PATCH", f"{_PATH}/{{name}}", _changed, CustomModelQuery),
        body=CustomModelChanges,
        lane="writing",
    ),
    Operation("GET", "/llm/custom-model-advice", _advised, AdviceQuery),
    Operation("DELETE", f"{_PATH}/{{name}}", _deleted, CustomModelQuery, lane="writing"),
)
