"""The current model, stored by the host application or else in a file in the user's state folder."""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

from polyroute._internal import files
from polyroute._internal.user_documents import Documents
from polyroute.dexto_compat import preferences_path
from polyroute.environment import Environment
from polyroute.errors import NotUnderstood, Unavailable
from polyroute.named_tuples import NamedTuple
from polyroute.types import Problem

_KEPT_SESSIONS = 200
_MAX_USERS = 10_000
"""Of how many users the keys given with a choice are kept."""
_VERSION = 1


class Selection(NamedTuple):
    """A chosen model, as the user or client entered it."""

    provider: str
    model: str
    base_url: str = ""
    settings: Mapping[str, Any] = {}
    """Further settings, by their wire names."""
    api_key: str = ""
    """A key given with the choice. It is used for this base URL only, and never stored or sent to a client."""

    def __repr__(self) -> str:
        return f"<Selection of {self.provider}/{self.model}>"


class CurrentModels(Protocol):
    """The interface of a store for the current models of users, one for each session and one for all other sessions.

    Both methods are called in a worker thread, so they may block.
    """

    def get(self, environment: Environment, session: str, /) -> Selection | None:
        """Return the model of a session, or else the one for all sessions; None if none was chosen."""

    def set(self, environment: Environment, session: str, selection: Selection, /) -> None:
        """Make a model current in a session, or in all sessions without their own if `session` is empty."""


class RememberedModels:
    """Current models stored in a file. Keys given with a choice are kept in memory until the process ends."""

    def __init__(self) -> None:
        self._keys: dict[Hashable, dict[str, Selection]] = {}

    def get(self, environment: Environment, session: str, /) -> Selection | None:
        """See `CurrentModels.get`."""
        path = current_models_path(environment)
        try:
            sessions = _read(path, environment.documents)
        except (OSError, Unavailable):  # nothing is chosen
            return None
        name = session if session in sessions else ""
        found = sessions.get(name)
        if found is None:
            return None
        with_key = self._keys.get(environment.owner, {}).get(name)
        return with_key if with_key and with_key._replace(api_key="") == found else found

    def set(self, environment: Environment, session: str, selection: Selection, /) -> None:
        """See `CurrentModels.set`. Raises Unavailable if the file can't be written."""
        path = current_models_path(environment)
        bare = selection._replace(api_key="")
        with files.readable_errors(path), environment.documents.locked(path):
            sessions = _read(path, environment.documents)
            sessions.pop(session, None)
            sessions[session] = bare
            environment.documents.replace(path, _written(sessions), mode=0o600)
        self._remember(environment.owner, session, selection)

    def _remember(self, owner: Hashable, session: str, selection: Selection) -> None:
        """Keep the key that was given with a choice, of as many sessions of one user as the file has."""
        keys = {name: each for name, each in self._keys.pop(owner, {}).items() if name != session}
        if selection.api_key:
            keys[session] = selection
        if keys:
            self._keys[owner] = dict(list(keys.items())[-_KEPT_SESSIONS:])
        for longest_ago in list(self._keys)[:-_MAX_USERS]:
            self._keys.pop(longest_ago, None)


def damaged(environment: Environment) -> Problem | None:
    """Return the problem of the file of current models, if its content is not understood."""
    path = current_models_path(environment)
    try:
        _read(path, environment.documents)
    except NotUnderstood:
        remedy = "Fix the file, or move it away."
        return Problem("the model in use can't be read, so none is in use.", remedy, path=path, code="current-model")
    except (OSError, Unavailable):  # said when it is written
        pass
    return None


def preferred_model(environment: Environment) -> Selection | None:
    """Return the default model in the preferences of the other tool; None without one, or without a reader of YAML."""
    try:
        import yaml

        document = yaml.safe_load(environment.read(preferences_path(environment.shared_home)) or "")
        chosen = document["llm"]
        provider, model, url = chosen["provider"], chosen["model"], chosen.get("baseURL") or ""
    except Exception:  # whatever a reader of YAML raises for a file that is not ours
        return None
    is_sound = all(isinstance(each, str) for each in (provider, model, url)) and provider and model
    return Selection(provider, model, url) if is_sound else None


def current_models_path(environment: Environment) -> str:
    """Return the path of the file of a user's current models."""
    return os.path.join(environment.state_directory, "current-models.json")


def _read(path: str, documents: Documents) -> dict[str, Selection]:
    """Return the choices by session, with the empty name for all sessions.

    Raises OSError, and NotUnderstood if the file has another content.
    """
    try:
        if (data := documents.read(path)) is None:
            return {}
        document = json.loads(data)
        if document["version"] != _VERSION:
            raise ValueError
        return {name: _selection(chosen) for name, chosen in document["sessions"].items()}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        fault = f"{path} was not changed: it does not hold choices in version {_VERSION} of their format."
        raise NotUnderstood(fault, "Fix it, or move it away.") from None


def _selection(fields: Mapping[str, Any]) -> Selection:
    """Return one choice. Raises TypeError if its fields are not those that are stored."""
    found = Selection(**fields)
    texts = (found.provider, found.model, found.base_url)
    if not (isinstance(found.settings, dict) and all(isinstance(each, str) for each in texts)):
        raise TypeError
    return found


def _written(sessions: dict[str, Selection]) -> bytes:
    """Return the file of these choices, without those of the oldest sessions."""
    for name in [name for name in sessions if name][:-_KEPT_SESSIONS]:
        del sessions[name]
    chosen = {
        name: {key: value for key, value in each._asdict().items() if key != "api_key"}
        for name, each in sessions.items()
    }
    return json.dumps({"version": _VERSION, "sessions": chosen}).encode()
