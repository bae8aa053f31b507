"""Custom models in the files of other programs, as entries that `polyroute custom import` takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from polyroute.custom_models.editing import as_meant
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.errors import UsageError
from polyroute.plugins.loaded import Plugins
from polyroute.validation.files import ConfigFile, parsed
from polyroute.validation.formats import Format, Place, places, recognised, text_at
from polyroute.validation.references import is_placeholder, reference

_NUMBERS = {"context": "maxInputTokens", "output": "maxOutputTokens"}


def entries_in(data: bytes, name: str, plugins: Plugins) -> bytes:
    """Return the models in the file of another program as a JSON list of entries; other data unchanged.

    A model with a base URL becomes one of the provider for any server. References to variables are rewritten in
    Polyroute's form. Raises MissingExtra for YAML without PyYAML.
    """
    file = _read(data, name)
    form = recognised(file.content, file.syntax, name) if file else None
    if file is None or form is None or "importable" not in form.facts:
        return data
    found = [entry for place in _models(file.content, form) if (entry := _entry(file.content, form, place, plugins))]
    return json.dumps(found).encode()


def _read(data: bytes, name: str) -> ConfigFile | None:
    try:
        return parsed(data, name)
    except UsageError:
        return None


def _models(content: Any, form: Format) -> Iterator[Place]:
    return places(content, form.facts["importable"]["at"])


def _entry(content: Any, form: Format, place: Place, plugins: Plugins) -> dict[str, object] | None:
    """Return the entry of one model; None if it is a pattern or lacks an ID."""
    row = form.facts["importable"]
    owner = _above(content, place, row["at"])
    url = text_at(place.value, row.get("base_url", "")) or text_at(owner, row.get("base_url", ""))
    provider, model_id = _named(place, row, plugins)
    first, _, rest = model_id.partition("/")
    model_id = rest if rest and first in form.facts.get("routes", ()) else model_id
    if not model_id or "*" in model_id:
        return None
    entry: dict[str, object] = {"name": model_id} if url else {"provider": provider, "name": model_id}
    if not (url or provider):
        return None
    shown = text_at(owner, row["display"][3:]) if row.get("display", "").startswith("../") else ""
    entry |= _given(place.value, row)
    entry |= as_meant({"baseURL": url}, DEFAULT_CUSTOM_PROVIDER, plugins)[0] if url else {}
    entry |= {"displayName": shown} if shown else {}
    key = text_at(place.value, row.get("key", "")) or text_at(owner, row.get("key", ""))
    return entry | _key(key)


def _named(place: Place, row: Mapping[str, Any], plugins: Plugins) -> tuple[str, str]:
    """Return the provider and the ID of a model."""
    if "model" not in row:
        own = text_at(place.value, row.get("name", ""))
        parts = place.path.split(".models.", 1)
        provider = parts[0].rpartition(".")[2] if len(parts) > 1 else ""
        return plugins.names.get(provider, ""), own or (parts[1] if len(parts) > 1 else "")
    provider, separator, model_id = text_at(place.value, row["model"]).partition("/")
    known = plugins.names.get(provider, "") if separator else ""
    return known, model_id if separator else provider


def _above(content: Any, place: Place, at: str) -> Any:
    """Return what a model belongs to: the provider that lists it, or the element of the list that contains it."""
    outer = at.removesuffix(".models.*") if at.endswith(".models.*") else at.rpartition(".")[0]
    return next((each.value for each in places(content, outer) if place.path.startswith(f"{each.path}.")), {})


def _given(model: Any, row: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    if (name := row.get("display", "")) and not name.startswith("../") and (shown := text_at(model, name)):
        found["displayName"] = shown
    for field, own in _NUMBERS.items():
        number = next((each.value for each in places(model, row.get(field, "-"))), None)
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            found[own] = number
    return found


def _key(text: str) -> dict[str, object]:
    """Return the field of a key: a reference in Polyroute's form, or the key itself, which an import may leave out."""
    referred = reference(text) if text else None
    if referred:
        return {"apiKey": f"${referred.variable}"} if referred.variable else {}
    return {} if is_placeholder(text) else {"apiKey": text}
