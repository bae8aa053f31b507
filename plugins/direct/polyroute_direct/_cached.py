"""The results of the plugin's hooks, built from plain data that is cached between runs.

If the data is cached, a run reads one file and imports nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from polyroute import FetchedList, Model, Provider
from polyroute.lists import derived, identity, restored, table_at
from polyroute_direct._sources import LIST, all_sources

# To be raised whenever `_providers` or `_models` makes anything else of the same files.
_VERSION = 27

Table = dict[str, Any]


def providers() -> list[Provider]:
    """Return all providers, sorted by ID."""
    return [restored(Provider, row) for row in _facts()["rows"]]


def models(provider_ids: Iterable[str]) -> list[Model]:
    """Return the models of these providers."""
    from polyroute.lists import unpacked

    texts, combinations = _rows_of(tuple(map(identity, all_sources())))
    wanted = [name for name in provider_ids if name in texts]
    return [model for name in wanted for model in unpacked(name, json.loads(texts[name]), combinations)]


@lru_cache(maxsize=1)  # no list changes it, and it is asked for by each user
def logins() -> list[Table]:
    """Return where other tools keep logins."""
    found: list[Table] = _facts()["logins"]
    return found


def fetched_list() -> FetchedList:
    """Return the list of models.dev, with the changes in how providers and models are called."""
    facts = _facts()
    return FetchedList(
        LIST,
        "https://models.dev/api.json",
        check,
        facts["day"],
        facts["count"],
        tuple([row["id"] for row in facts["rows"] if row.get("kind") == "gateway"]),
        providers=tuple([restored(Provider, row) for row in facts["providers"]]),
        moved=tuple([restored(Model, row) for row in facts["moved"]]),
    )


def check(document: Any) -> int:
    """Return how many models the list has. Raises ValueError if it is invalid."""
    if not isinstance(document, dict):
        raise ValueError("it is not an object of providers")
    models = [table_at(table_at(document, name), "models") for name in document]
    count = sum(isinstance(model, dict) for each in models for model in each.values())
    if not count:
        raise ValueError("it has no models")
    return count


def _facts() -> Table:
    return _facts_of(tuple(map(identity, all_sources())))


@lru_cache(maxsize=1)
def _facts_of(_identities: object) -> Table:
    """Return the facts, which two hooks need one after the other."""
    facts: Table = derived("direct-providers", _VERSION, all_sources(), _read_facts)
    return facts


def _read_facts() -> Table:
    from polyroute_direct import _files, _models, _providers

    files = _files.read()
    return {
        "rows": [{**row, **_models.makers(row["id"], files)} for row in _providers.rows(files)],
        "providers": [{**row, **_models.makers(row["id"], files)} for row in _providers.changed_rows(files)],
        "moved": _models.moved(files),
        "logins": [row for login in files.logins["login"] for row in _of_each_provider(login)],
        "day": files.day,
        "count": _models.count(files),
    }


def _of_each_provider(row: Table) -> list[Table]:
    """Return a row for each provider of a file with the keys of several, under the names that the tool gives them."""
    shared = {key: each for key, each in row.items() if key != "providers"}
    named = row.get("providers", {}).items()
    own = [key for key in ("field", "contains") if key in row]
    filled = [(ours, {key: row[key].replace("*", name) for key in own}) for ours, name in named]
    return [{**shared, "provider": ours, **values} for ours, values in filled] or [row]


@lru_cache(maxsize=1)
def _rows_of(_identities: object) -> tuple[dict[str, str], Mapping[int, tuple[Any, ...]]]:
    """Return the rows as text, and what they refer to; several providers are asked for one after the other."""
    from polyroute.lists import unpacked_combinations

    stored = derived("direct-models", _VERSION, all_sources(), _model_rows)
    return stored["providers"], unpacked_combinations(stored["combinations"])


def _model_rows() -> object:
    from polyroute_direct import _files, _models

    return _models.rows(_files.read())
