"""Which model is the current one: a host may keep that itself, else it is in a file of the person's state."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from polyroute import Environment
from polyroute._internal import files

_KEPT_SESSIONS = 200
_VERSION = 1


class Selection(NamedTuple):
    """A model that somebody chose, as entered."""

    provider: str
    model: str
    base_url: str = ""
    settings: Mapping[str, Any] = {}
    """Further settings, by their wire names."""
    api_key: str = ""
    """A key given with the choice: for this base URL alone, never stored by us and in no answer."""

    def __repr__(self) -> str:
        return f"<Selection of {self.provider}/{self.model}>"


class CurrentModels(Protocol):
    """Keeps the current model, of each session or of all; of the person whom the environment belongs to.

    Both methods are called in a thread, and may take their time.
    """

    def get(self, environment: Environment, session: str, /) -> Selection | None:
        """The model of a session, else that of all; None where nobody chose any."""

    def set(self, environment: Environment, session: str, selection: Selection, /) -> None:
        """Make a model current; for all where `session` is empty."""


class RememberedModels:
    """Current models in a file. Keys given with a choice are kept in memory, for as long as the process lasts."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], Selection] = {}

    def get(self, environment: Environment, session: str, /) -> Selection | None:
        """As in CurrentModels."""
        path = _path(environment)
        sessions = _read(path)
        name = session if session in sessions else ""
        found = sessions.get(name)
        if found is None:
            return None
        with_key = self._keys.get((path, name))
        return with_key if with_key and with_key._replace(api_key="") == found else found

    def set(self, environment: Environment, session: str, selection: Selection, /) -> None:
        """As in CurrentModels. Raises Unavailable where the file can't be written."""
        path = _path(environment)
        bare = selection._replace(api_key="")
        with files.readable_errors(path), files.locked(path):
            sessions = _read(path)
            sessions.pop(session, None)
            sessions[session] = bare
            _write(path, sessions)
        self._keys.pop((path, session), None)
        if selection.api_key:
            self._keys[path, session] = selection


def _path(environment: Environment) -> str:
    return os.path.join(environment.state_directory, "current-models.json")


def _read(path: str) -> dict[str, Selection]:
    """By session; the empty name is for all. What can't be read counts as never chosen: it is one click to choose."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        return {name: Selection(**chosen) for name, chosen in document["sessions"].items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return {}


def _write(path: str, sessions: dict[str, Selection]) -> None:
    for name in [name for name in sessions if name][:-_KEPT_SESSIONS]:
        del sessions[name]
    chosen = {
        name: {key: value for key, value in each._asdict().items() if key != "api_key"}
        for name, each in sessions.items()
    }
    files.replace(path, json.dumps({"version": _VERSION, "sessions": chosen}).encode(), mode=0o600)
