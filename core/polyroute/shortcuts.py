"""The user's own names for models, kept in `config.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polyroute.catalog import Catalog
from polyroute.errors import UsageError
from polyroute.preferences import change_shortcuts
from polyroute.routing import references

_NAME = re.compile(r"[!-~]{1,200}")


def checked(name: str, model: str, catalog: Catalog) -> tuple[str, str]:
    """Return a shortcut with the reference in its canonical form.

    Raises UsageError if the name is not one word of visible ASCII characters; InvalidModelReference; UnknownProvider.
    """
    if not _NAME.fullmatch(name):
        raise UsageError("A shortcut's name is one word of at most 200 visible ASCII characters.")
    return name, str(references.canonical(model, catalog.plugins))


def put(catalog: Catalog, name: str, model: str) -> str:
    """Store one shortcut, and return the path of the file. Raises as `checked` does, and Unavailable."""
    name, model = checked(name, model, catalog)
    return change_shortcuts(catalog.environment, lambda own: own.update({name: model}))


def remove(catalog: Catalog, name: str) -> str:
    """Remove one shortcut, and return the path of the file. Raises UsageError if there is none; Unavailable."""
    if name not in catalog.preferences.shortcuts:
        raise UsageError(f"There is no shortcut {name}.", "See `polyroute shortcut list`.")
    return change_shortcuts(catalog.environment, lambda own: own.pop(name, None))


def replace(catalog: Catalog, shortcuts: Mapping[str, str]) -> str:
    """Replace all shortcuts, and return the path of the file. Raises as `checked` does, and Unavailable."""
    wanted = dict(checked(name, model, catalog) for name, model in shortcuts.items())

    def replaced(own: dict[str, str]) -> None:
        own.clear()
        own.update(wanted)

    return change_shortcuts(catalog.environment, replaced)
