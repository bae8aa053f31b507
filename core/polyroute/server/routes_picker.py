"""Operations about what the person's model picker remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polyroute import picker_state
from polyroute.custom.models import CustomModel
from polyroute.dexto_compat.types import FileType
from polyroute.documents.http_own_types import Counted, Picked, PickerState, Toggled
from polyroute.documents.http_types import Done, Verdict
from polyroute.server import meaning
from polyroute.server.operations import Call, Operation
from polyroute.server.schemas import FavoritesBody, PickedBody


def _sections(call: Call) -> PickerState:
    """What to offer first: featured models, recent ones, favourites, and the person's own."""
    state = picker_state.PickerState(call.catalog.environment)
    models = call.catalog.custom_models.listing().models
    own = {(each.provider, each.name): each for each in models}
    return {
        "featured": [_entry(picker_state.Picked(*each), own, call) for each in call.listing.well_known()],
        "recents": [_entry(each, own, call) for each in state.recents()],
        "favorites": [_entry(each, own, call) for each in state.favourites()],
        "custom": [_entry(each, own, call) for each in _custom(models)],
    }


def _used(call: Call) -> Done:
    """Remember that a model was chosen."""
    picker_state.PickerState(call.catalog.environment).push_recent(_picked(call.body(PickedBody), call))
    return {"ok": True}


def _toggled(call: Call) -> Toggled:
    """Make a model a favourite, or no longer one."""
    state = picker_state.PickerState(call.catalog.environment)
    return {"ok": True, "isFavorite": state.toggle_favourite(_picked(call.body(PickedBody), call))}


def _replaced(call: Call) -> Counted:
    """Replace all favourites."""
    chosen = [_picked(each, call) for each in call.body(FavoritesBody).favorites]
    return {"ok": True, "count": picker_state.PickerState(call.catalog.environment).set_favourites(chosen)}


def _picked(body: PickedBody, call: Call) -> picker_state.Picked:
    call.catalog.plugins.find(body.provider)
    return picker_state.Picked(body.provider, body.model, body.baseURL or "")


def _custom(models: Iterable[CustomModel]) -> Iterable[picker_state.Picked]:
    return (picker_state.Picked(each.provider, each.name, each.base_url) for each in models)


def _entry(picked: picker_state.Picked, own: Mapping[tuple[str, str], CustomModel], call: Call) -> Picked:
    listed = call.listing.find(picked.provider, picked.model)
    custom = own.get((picked.provider, picked.model))
    found = _verdict(picked, call)
    document: Picked = {
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


def _file_types(picked: picker_state.Picked, call: Call) -> list[FileType]:
    """What it takes."""
    if picked.provider not in call.catalog.plugins.names:
        return []
    return meaning.file_types(call.catalog, picked.provider, picked.model)


def _verdict(picked: picker_state.Picked, call: Call) -> Verdict:
    """Whether it can be run."""
    if picked.provider not in call.catalog.plugins.names:
        return {"usable": False, "via": None, "why": f"no plugin provides {picked.provider}"}
    return meaning.verdict(meaning.routes(call.catalog, picked.provider, picked.model))


_PATH = "/llm/model-picker-state"
OPERATIONS = (
    Operation("GET", _PATH, _sections, prepared=True),
    Operation("POST", f"{_PATH}/recents", _used, body=PickedBody, lane="writing"),
    Operation("POST", f"{_PATH}/favorites/toggle", _toggled, body=PickedBody, lane="writing"),
    Operation("PUT", f"{_PATH}/favorites", _replaced, body=FavoritesBody, lane="writing"),
)
