"""Operations on the user's keys, preferences, favourites and recent models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polyroute import preferences, shortcuts, verify
from polyroute.choices import picker_state
from polyroute.credentials import keys, settings
from polyroute.custom_models.models import CustomModel
from polyroute.dexto_compat import GATEWAY
from polyroute.dexto_compat.types import FileType
from polyroute.documents import catalog as documents
from polyroute.documents.custom_model_types import ShortcutsDocument
from polyroute.documents.http_types import Done, Verdict
from polyroute.documents.http_user_types import (
    Counted,
    KeyRemoved,
    KeySaved,
    KeyStatus,
    PickedDocument,
    PickerStateDocument,
    PreferencesDocument,
    Toggled,
)
from polyroute.documents.list_types import Verifications
from polyroute.errors import UsageError
from polyroute.routing.order import checked
from polyroute.server import model_lookup
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import FavoritesBody, KeyBody, PickedBody, PreferencesBody, ShortcutsBody, VerifyBody
from polyroute.types import DIRECT

_PREFERENCES_PATH = "/llm/preferences"
_FIELDS = {"disable_providers": "disabled"}
"""Preferences by their names in files, where those in documents differ."""
_SHORTCUTS_PATH = "/llm/shortcuts"
_PICKER_PATH = "/llm/model-picker-state"

VERIFY_PATH = "/llm/verify"


def _key(call: OperationCall) -> KeyStatus:
    """Return whether a provider's own key is set or not needed, with the key masked."""
    name = call.path["provider"]
    key = keys.find(call.catalog, name)
    status = call.catalog.provider(name)
    document: KeyStatus = {
        "provider": name,
        "envVar": key.variable,
        "hasKey": status.has_direct_key,
        "hasEffectiveCredentials": status.has_effective_credentials,
    }
    if key.mask:
        document["keyValue"] = key.mask
    if key.mask or (key.credential and key.credential.is_organisations):
        document["source"] = str(key.credential)
    return document


def _stored(call: OperationCall) -> KeySaved:
    """Store a provider's key, or several settings; the mask of the stored key leaves it unchanged."""
    body = call.body(KeyBody)
    if body.apiKey is None:
        stored = settings.store(call.catalog, body.provider, body.values, shared=True)
    else:
        stored = keys.store(call.catalog, body.provider, body.apiKey.strip(), shared=True)
    if not stored.kept:
        call.snapshot.known.keys.forget(call.catalog.environment, stored.provider)
    elif body.apiKey:
        call.removed.expect(call.catalog.environment.owner, stored.provider, body.apiKey.strip())
    return {
        "ok": True,
        "provider": body.provider,
        "envVar": stored.variable,
        "source": str(stored.source) if stored.source else None,
        "pinned": bool(stored.pinned),
        "notes": list(stored.notes),
    }


def _key_removed(call: OperationCall) -> KeyRemoved:
    """Remove a provider's stored key; one in the environment or in another file stays."""
    provider = call.catalog.plugins.find(call.path["provider"])
    try:
        found = keys.remove(call.catalog, provider.id)
    except UsageError as error:  # it has no single key
        raise ApiError("llm_key_none", str(error), "not_found") from None
    call.snapshot.known.keys.forget(call.catalog.environment, found.provider)
    return {
        "ok": True,
        "provider": found.provider,
        "envVar": found.variable,
        "removed": bool(found.removed),
        "left": str(found.left) if found.left else None,
        "notes": list(found.notes),
    }


def _verified(call: OperationCall) -> Verifications:
    """Ask endpoints whether the keys of these providers, or all keys, work now."""
    body = call.body(VerifyBody)
    found = verify(call.catalog, body.providers, paid=body.paid)
    call.snapshot.known.keys.remember(call.catalog, found)
    return documents.verifications(found, call.catalog.problems)


def _preferences(call: OperationCall) -> PreferencesDocument:
    """Return the preferred route, pins and disabled providers."""
    own, policy = call.catalog.preferences, call.catalog.environment.policy
    return {
        "prefer": own.prefer or None,
        "first": call.catalog.preferred,
        "order": list(own.order),
        "pins": dict(own.pins),
        "disabled": sorted(own.disabled_providers),
        "routes": [DIRECT, *call.catalog.plugins.gateways],
        "locked": [_FIELDS.get(name, name) for name in policy.preferences.names] if policy else [],
        "contact": policy.contact if policy else None,
        "auth": call.listing.auth,
    }


def _changed(call: OperationCall) -> Done:
    """Change several preferences in one write; fields that are left out stay, and null removes a value."""
    body = call.body(PreferencesBody)
    plugins = call.catalog.plugins
    values: dict[str, str | list[str] | None] = {}
    if "preferCredits" in body.model_fields_set:
        values["prefer"] = GATEWAY if body.preferCredits else DIRECT
    if "prefer" in body.model_fields_set:
        values["prefer"] = checked(body.prefer, "", plugins)[0] if body.prefer else None
    if "order" in body.model_fields_set:
        values["order"] = [checked(via, "", plugins)[0] for via in body.order] or None
    if "disabled" in body.model_fields_set:
        values["disable_providers"] = sorted({plugins.find(name).id for name in body.disabled}) or None
    preferences.change(call.catalog.environment, values, _pins(body.pins, call), plugins.names)
    return {"ok": True}


def _pins(pins: Mapping[str, str | None], call: OperationCall) -> dict[str, str | None]:
    """Return the pins by provider ID. A pin to remove need not be valid."""
    plugins = call.catalog.plugins
    return dict((target, None) if via is None else checked(via, target, plugins)[::-1] for target, via in pins.items())


def _shortcuts(call: OperationCall) -> ShortcutsDocument:
    """Return the user's own names for models."""
    return documents.shortcuts(call.catalog)


def _new_shortcuts(call: OperationCall) -> Done:
    """Replace all shortcuts."""
    shortcuts.replace(call.catalog, call.body(ShortcutsBody).shortcuts)
    return {"ok": True}


def _sections(call: OperationCall) -> PickerStateDocument:
    """List the models to offer first: featured, recent, favourite and custom models."""
    state = picker_state.PickerState(call.catalog.environment)
    models = call.catalog.custom_models.listing().models
    own = {(each.provider, each.name): each for each in models}
    return {
        "featured": [_entry(picker_state.Picked(*each), own, call) for each in call.listing.well_known()],
        "recents": [_entry(each, own, call) for each in state.recents()],
        "favorites": [_entry(each, own, call) for each in state.favourites()],
        "custom": [_entry(each, own, call) for each in _custom(models)],
    }


def _used(call: OperationCall) -> Done:
    """Record that a model was used."""
    picker_state.PickerState(call.catalog.environment).push_recent(_picked(call.body(PickedBody), call))
    return {"ok": True}


def _toggled(call: OperationCall) -> Toggled:
    """Add a model to the favourites, or remove it."""
    state = picker_state.PickerState(call.catalog.environment)
    return {"ok": True, "isFavorite": state.toggle_favourite(_picked(call.body(PickedBody), call))}


def _replaced(call: OperationCall) -> Counted:
    """Replace all favourites."""
    chosen = [_picked(each, call) for each in call.body(FavoritesBody).favorites]
    return {"ok": True, "count": picker_state.PickerState(call.catalog.environment).set_favourites(chosen)}


def _picked(body: PickedBody, call: OperationCall) -> picker_state.Picked:
    call.catalog.plugins.find(body.provider)
    return picker_state.Picked(body.provider, body.model, body.baseURL or "")


def _custom(models: Iterable[CustomModel]) -> Iterable[picker_state.Picked]:
    return (picker_state.Picked(each.provider, each.name, each.base_url) for each in models)


def _entry(
    picked: picker_state.Picked, own: Mapping[tuple[str, str], CustomModel], call: OperationCall
) -> PickedDocument:
    listed = call.listing.find(picked.provider, picked.model)
    custom = own.get((picked.provider, picked.model))
    found = _verdict(picked, call)
    document: PickedDocument = {
        "provider": picked.provider,
        "model": picked.model,
        "source": "custom" if custom else "catalog",
        "supportedFileTypes": _file_types(picked, call),
        "usable": found["usable"],
        "via": found["via"],
    }
    if "why" in found:
        document["why"] = found["why"]
    if picked.base_url:
        document["baseURL"] = picked.base_url
    if name := (custom and custom.display_name) or (listed and listed.get("displayName")):
        document["displayName"] = name
    return document


def _file_types(picked: picker_state.Picked, call: OperationCall) -> list[FileType]:
    """Return the file types that a picked model accepts."""
    if picked.provider not in call.catalog.plugins.names:
        return []
    return model_lookup.file_types(call.catalog, picked.provider, picked.model)


def _verdict(picked: picker_state.Picked, call: OperationCall) -> Verdict:
    """Return whether a picked model can be run."""
    if picked.provider not in call.catalog.plugins.names:
        return {"usable": False, "via": None, "why": f"no plugin provides {picked.provider}"}
    return model_lookup.verdict(model_lookup.routes(call.catalog, picked.provider, picked.model))


OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/llm/key/{provider}", _key, cached_for="user"),
    Operation("POST", "/llm/key", _stored, body=KeyBody, lane="writing"),
    Operation("DELETE", "/llm/key/{provider}", _key_removed, lane="writing"),
    Operation("POST", VERIFY_PATH, _verified, body=VerifyBody, lane="network"),
    Operation("GET", _PREFERENCES_PATH, _preferences, cached_for="content"),
    Operation("PUT", _PREFERENCES_PATH, _changed, body=PreferencesBody, lane="writing"),
    Operation("GET", _SHORTCUTS_PATH, _shortcuts, cached_for="user"),
    Operation("PUT", _SHORTCUTS_PATH, _new_shortcuts, body=ShortcutsBody, lane="writing"),
    Operation("GET", _PICKER_PATH, _sections, cached_for="user"),
    Operation("POST", f"{_PICKER_PATH}/recents", _used, body=PickedBody, lane="writing"),
    Operation("POST", f"{_PICKER_PATH}/favorites/toggle", _toggled, body=PickedBody, lane="writing"),
    Operation("PUT", f"{_PICKER_PATH}/favorites", _replaced, body=FavoritesBody, lane="writing"),
)
