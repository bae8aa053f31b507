"""Operations about what the person's model picker remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polyroute.custom.models import CustomModel
from polyroute.picker_state import Picked, PickerState
from polyroute.server import answers_person, meaning
from polyroute.server.operations import Call, Document, Operation
from polyroute.server.schemas import FavoritesBody, PickedBody


def _sections(call: Call) -> Document:
    """What to offer first: featured models, recent ones, favourites, and the person's own."""
    state = PickerState(call.catalog.environment)
    models = call.catalog.custom_models.listing().models
    own = {(each.provider, each.name): each for each in models}
    return {
        "featured": [_entry(Picked(*each), own, call) for each in call.listing.well_known()],
        "recents": [_entry(each, own, call) for each in state.recents()],
        "favorites": [_entry(each, own, call) for each in state.favourites()],
        "custom": [_entry(each, own, call) for each in _custom(models)],
    }


def _used(call: Call) -> Document:
    """Remember that a model was chosen."""
    PickerState(call.catalog.environment).push_recent(_picked(call.body(PickedBody), call))
    return {"ok": True}


def _toggled(call: Call) -> Document:
    """Make a model a favourite, or no longer one."""
    state = PickerState(call.catalog.environment)
    return {"ok": True, "isFavorite": state.toggle_favourite(_picked(call.body(PickedBody), call))}


def _replaced(call: Call) -> Document:
    """Replace all favourites."""
    chosen = [_picked(each, call) for each in call.body(FavoritesBody).favorites]
    return {"ok": True, "count": PickerState(call.catalog.environment).set_favourites(chosen)}


def _picked(body: PickedBody, call: Call) -> Picked:
    call.catalog.plugins.find(body.provider)
    return Picked(body.provider, body.model, body.baseURL or "")


def _custom(models: Iterable[CustomModel]) -> Iterable[Picked]:
    return (Picked(each.provider, each.name, each.base_url) for each in models)


def _entry(picked: Picked, own: Mapping[tuple[str, str], CustomModel], call: Call) -> Document:
    listed = call.listing.find(picked.provider, picked.model)
    custom = own.get((picked.provider, picked.model))
    document: Document = {"provider": picked.provider, "model": picked.model}
    if picked.base_url:
        document["baseURL"] = picked.base_url
    if name := (custom and custom.display_name) or listed.get("displayName"):
        document["displayName"] = name
    return document | {"source": "custom" if custom else "catalog"} | _facts(picked, call)


def _facts(picked: Picked, call: Call) -> Document:
    """What it takes, and whether it can be run."""
    catalog, provider, model = call.catalog, picked.provider, picked.model
    if provider not in catalog.plugins.names:
        return {"supportedFileTypes": [], "usable": False, "via": None, "why": f"no plugin provides {provider}"}
    types = meaning.file_types(catalog, provider, model)
    return {"supportedFileTypes": types, **meaning.verdict(meaning.routes(catalog, provider, model))}


_PATH = "/llm/model-picker-state"
OPERATIONS = (
    Operation("GET", _PATH, _sections, (answers_person.PickerState,), prepared=True),
    Operation("POST", f"{_PATH}/recents", _used, (answers_person.Done,), body=PickedBody, lane="writing"),
    Operation(
        "POST", f"{_PATH}/favorites/toggle", _toggled, (answers_person.Toggled,), body=PickedBody, lane="writing"
    ),
    Operation("PUT", f"{_PATH}/favorites", _replaced, (answers_person.Counted,), body=FavoritesBody, lane="writing"),
)
