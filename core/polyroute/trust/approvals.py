"""What a person has decided about plugins: which are approved, as they were then, and which are switched off.

It stands in one file on the person's side, never in a plugin's folder or a project's.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from polyroute.environment import Environment
from polyroute.errors import Unavailable
from polyroute.manifests.manifests import Manifest
from polyroute.system import files
from polyroute.trust import trust
from polyroute.types import Problem

State = Literal["approved", "changed", "unknown"]

_SCHEMA = 1
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Approvals(NamedTuple):
    """The decisions, as they were when the file was read."""

    path: str
    fingerprints: Mapping[str, str] = _EMPTY
    """By the folder of a plugin, its fingerprint when it was approved."""
    disabled: frozenset[str] = frozenset()
    """Names of plugins that are switched off."""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def load(cls, environment: Environment) -> "Approvals":
        """Read the file; where it can't be read nothing is approved, and that is a problem."""
        path = os.path.join(environment.state_directory, "plugins.json")
        try:
            document = _document(path)
        except Unavailable as error:
            remedy = "Mend it, or remove it and approve the plugins again: `polyroute plugins trust NAME`."
            return cls(path, problems=(Problem(str(error), remedy),))
        return cls(path, document["approved"], frozenset(document["disabled"]))

    def state(self, manifest: Manifest) -> State:
        """Whether the plugin is approved as it is now. Raises Unsafe where its folder is not."""
        known = self.fingerprints and self.fingerprints.get(os.path.realpath(manifest.folder))
        if not known:
            return "unknown"
        return "approved" if known == trust.fingerprint(manifest) else "changed"

    def approve(self, manifest: Manifest, seen: str = "") -> None:
        """Remember that the plugin is approved as it was `seen`, by its fingerprint, or else as it is now. Raises
        Unsafe where its folder is not; Unavailable; MissingExtra.
        """
        approved = {os.path.realpath(manifest.folder): seen or trust.fingerprint(manifest)}
        self._change(lambda document: document["approved"].update(approved))

    def revoke(self, folder: str) -> None:
        """Forget that the plugin in this folder was approved. Raises as `approve` does."""
        self._change(lambda document: document["approved"].pop(os.path.realpath(folder), None))

    def switch(self, name: str, *, on: bool) -> None:
        """Remember whether the plugin of this name is to be in use. Raises as `approve` does."""
        self._change(lambda document: document.update(disabled=_switched(document["disabled"], name, on=on)))

    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        with files.told(self.path), files.locked(self.path):
            document = _document(self.path)
            change(document)
            files.replace(self.path, json.dumps(document, indent=2).encode(), mode=0o600)


def _switched(disabled: Iterable[str], name: str, *, on: bool) -> list[str]:
    others = {each for each in disabled if each != name}
    return sorted(others if on else {*others, name})


def _document(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except FileNotFoundError:
        return {"schema": _SCHEMA, "approved": {}, "disabled": []}
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not valid JSON"
        raise Unavailable(f"{path} can't be read: {why}.") from None
    if not _is_sound(document):
        raise Unavailable(f"{path} can't be read: it is not of schema {_SCHEMA}.")
    found: dict[str, Any] = document
    return found


def _is_sound(document: Any) -> bool:
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        return False
    approved, disabled = document.get("approved"), document.get("disabled")
    texts = [*approved.values(), *disabled] if isinstance(approved, dict) and isinstance(disabled, list) else [None]
    return all(isinstance(each, str) for each in texts)
