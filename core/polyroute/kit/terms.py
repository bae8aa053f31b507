"""What an author of each kind of plugin calls a place in it, and how a field is written there."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from polyroute.logins import Probe
from polyroute.manifests.description import ModelList, Spelling
from polyroute.plugin import Kind
from polyroute.types import Model, Routeability, Slot

CANARY = "canary-5f1d0c7a9e"
"""Stands where the values of variables would, so that one that is told is found."""

_TABLES: dict[type, str] = {
    Slot: ".slots.{}",
    Model: ".models[{}]",
    Routeability: ".routeability",
    Spelling: ".mapping",
    Probe: ".verify",
    ModelList: ".list",
}
"""Where a record stands in the table of its provider."""


class Terms(NamedTuple):
    """The terms of one kind of plugin: TOML keys, `Provider(...)` in Python, or the JSON that `describe` answers."""

    kind: Kind
    extended: frozenset[str] = frozenset()
    """The providers of other plugins that it extends."""

    def place(self, item: Any, field: str, provider: str) -> str:
        """What a field of a record of this provider is called."""
        own = item.name if isinstance(item, Slot) else item.id if isinstance(item, Model) else ""
        if self.kind == "python":
            names = (own,) if isinstance(item, Slot) else dict.fromkeys((provider, *([own] if own else [])))
            made = f"{type(item).__name__}({', '.join(map(repr, names))}).{field}"
            return f"{made} of {provider}" if isinstance(item, Slot) else made
        table = "extends" if provider in self.extended else "providers"
        return f"{table}.{provider}{_TABLES.get(type(item), '').format(own)}.{field}"

    def said(self, field: str, value: Any) -> str:
        """How a field with this value is written."""
        if self.kind == "python":
            return f"{field}={value!r}"
        text = json.dumps(value, ensure_ascii=False)
        return f'"{field}": {text}' if self.kind == "executable" else f"{field} = {text}"

    def words(self, manifest: str, python: str, executable: str = "") -> str:
        """The words of three that are for this kind; for an executable, by default those of a manifest."""
        return {"manifest": manifest, "python": python, "executable": executable or manifest}[self.kind]


MANIFEST, PYTHON, EXECUTABLE = Terms("manifest"), Terms("python"), Terms("executable")


def near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The question whether the nearest of the known names is meant; `otherwise` where none is near."""
    close = difflib.get_close_matches(name.lower(), [*known], 1)
    return f"Did you mean {close[0]}?" if close else otherwise
