"""The terms of each kind of plugin: how its authors name a place in it and write a field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any

from polyroute.named_tuples import NamedTuple
from polyroute.plugins.manifests.description import ModelList, Spelling
from polyroute.results import Kind
from polyroute.types import Model, Probe, Routeability, Slot

CANARY = "canary-5f1d0c7a9e"
"""The value of all variables in a check, so that a leaked value is found."""

_TABLES: dict[type, str] = {
    Slot: ".slots.{}",
    Model: ".models[{}]",
    Routeability: ".routeability",
    Spelling: ".mapping",
    Probe: ".verify",
    ModelList: ".list",
}
"""The place of a record in the table of its provider."""


class Terms(NamedTuple):
    """The terms of one kind of plugin: TOML keys, `Provider(...)` in Python, or the JSON that `describe` returns."""

    kind: Kind
    extended: frozenset[str] = frozenset()
    """The other plugins' providers that it extends."""

    def place(self, item: Any, field: str, provider: str) -> str:
        """Return the name of a field in a record of this provider."""
        own = item.name if isinstance(item, Slot) else item.id if isinstance(item, Model) else ""
        if self.kind == "python":
            names = (own,) if isinstance(item, Slot) else dict.fromkeys((provider, *([own] if own else [])))
            made = f"{type(item).__name__}({', '.join(map(repr, names))}).{field}"
            return f"{made} of {provider}" if isinstance(item, Slot) else made
        table = "extends" if provider in self.extended else "providers"
        return f"{table}.{provider}{_TABLES.get(type(item), '').format(own)}.{field}"

    def said(self, field: str, value: Any) -> str:
        """Return how a field with this value is written."""
        if self.kind == "python":
            return f"{field}={value!r}"
        text = json.dumps(value, ensure_ascii=False)
        return f'"{field}": {text}' if self.kind == "executable" else f"{field} = {text}"

    def words(self, manifest: str, python: str, executable: str = "") -> str:
        """Return the text for this kind; an executable gets the manifest's by default."""
        return {"manifest": manifest, "python": python, "executable": executable or manifest}[self.kind]


MANIFEST, PYTHON, EXECUTABLE = Terms("manifest"), Terms("python"), Terms("executable")


def near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a question that suggests the nearest known name; `otherwise` if none is near."""
    close = difflib.get_close_matches(name.lower(), [*known], 1)
    return f"Did you mean {close[0]}?" if close else otherwise
