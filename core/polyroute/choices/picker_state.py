"""The favourites and recents of a user's model picker, stored in a file.

Those that the other tool has stored since in its own file count too: that file is read and never written.

An entry is `{"provider", "model", "baseURL"?, "updatedAt"}`; one model at several base URLs has several variants.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from polyroute._internal import files
from polyroute.dexto_compat import picker_state_path
from polyroute.environment import Environment
from polyroute.errors import NotUnderstood
from polyroute.named_tuples import NamedTuple
from polyroute.types import Problem

FAVOURITES_LIMIT, RECENTS_LIMIT = 100, 10
_VERSION = 1
_SEEN = "sharedSeen"
"""The field that has, by list, the time of the last change of ours."""
_LIMITS = {"favorites": FAVOURITES_LIMIT, "recents": RECENTS_LIMIT}
_TEXTS = {"provider", "model", "baseURL", "updatedAt"}

Clock = Callable[[], datetime]


class Picked(NamedTuple):
    """One variant of a model that a user has picked."""

    provider: str
    model: str
    base_url: str = ""
    updated_at: str = ""
    """When it was picked, in ISO 8601."""

    @property
    def variant(self) -> tuple[str, str, str]:
        """The fields that identify it."""
        return self.provider, self.model, self.base_url

    @property
    def document(self) -> dict[str, str]:
        """Its fields as stored in the file."""
        named = zip(("provider", "model", "baseURL", "updatedAt"), self, strict=True)
        return {name: value for name, value in named if value}


class PickerState:
    """The favourites and recents of one user, the latest first. Every method reads the current file."""

    def __init__(self, environment: Environment, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.path = os.path.join(environment.state_directory, "model-picker.json")
        self.shared_path = picker_state_path(environment.shared_home)
        self._clock, self._documents = clock, environment.documents

    def favourites(self) -> tuple[Picked, ...]:
        """Return the user's favourites; none if the file can't be read (see `problems`)."""
        return self._listed("favorites")

    def recents(self) -> tuple[Picked, ...]:
        """Return the models that were used last; none if the file can't be read (see `problems`)."""
        return self._listed("recents")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """A problem if the file can't be read."""
        try:
            self._read()
        except (OSError, ValueError) as error:
            fault = f"favourites and recents can't be read ({_why(error)})"
            return (Problem(fault, "Fix the file, or move it away.", path=self.path, code="picker-state"),)
        return ()

    @property
    def is_damaged(self) -> bool:
        """Whether the content of the file is not understood."""
        try:
            self._read()
        except ValueError:
            return True
        except OSError:
            pass
        return False

    def toggle_favourite(self, model: Picked) -> bool:
        """Add a model to the favourites or remove it; return whether it is a favourite now."""

        def toggled(favourites: list[Picked]) -> list[Picked]:
            others = [each for each in favourites if each.variant != model.variant]
            return others if len(others) < len(favourites) else [self._now(model), *others]

        return any(each.variant == model.variant for each in self._change("favorites", toggled))

    def set_favourites(self, models: Iterable[Picked]) -> int:
        """Replace all favourites; return their number."""
        chosen = [self._now(model) for model in models]
        return len(self._change("favorites", lambda _: chosen))

    def push_recent(self, model: Picked) -> None:
        """Record that a model was used now."""
        self._change("recents", lambda recents: [self._now(model), *recents])

    def _now(self, model: Picked) -> Picked:
        moment = self._clock().astimezone(UTC).isoformat(timespec="milliseconds")
        return model._replace(updated_at=moment.replace("+00:00", "Z"))

    def _listed(self, field: str) -> tuple[Picked, ...]:
        try:
            return tuple(self._merged(self._read(), field))
        except (OSError, ValueError):
            return ()

    def _change(self, field: str, change: Callable[[list[Picked]], Sequence[Picked]]) -> list[Picked]:
        with files.readable_errors(self.path), self._documents.locked(self.path):
            try:
                document = self._read()
            except ValueError as error:
                raise NotUnderstood(
                    f"{self.path} was not changed: {_why(error)}.", "Fix it, or move it away."
                ) from None
            chosen = _distinct(change(self._merged(document, field)), _LIMITS[field])
            seen = {**document.get(_SEEN, {}), field: self._now(Picked("", "")).updated_at}
            kept = _rewritten(document.get(field, []), chosen)
            document = {**document, "version": _VERSION, field: kept, _SEEN: seen}
            self._documents.replace(self.path, json.dumps(document, indent=2).encode(), mode=0o600)
        return chosen

    def _merged(self, document: dict[str, Any], field: str) -> list[Picked]:
        """Return the entries of a list, with those of the other tool that are later than the last change of ours."""
        own, seen = _entries(document, field), document.get(_SEEN, {}).get(field, "")
        try:
            theirs = [each for each in _entries(self._document(self.shared_path), field) if each.updated_at > seen]
        except (OSError, ValueError):  # it is the other tool's own affair
            theirs = []
        if not theirs:
            return own
        latest = sorted([*own, *theirs], key=lambda each: each.updated_at, reverse=True)
        return _distinct(latest, _LIMITS[field])

    def _read(self) -> dict[str, Any]:
        return self._document(self.path)

    def _document(self, path: str) -> dict[str, Any]:
        data = self._documents.read(path)
        return {} if data is None else _parsed(data)


def _parsed(data: bytes) -> dict[str, Any]:
    """Return the content of a file. Raises ValueError if its format is not supported."""
    try:
        document = json.loads(data)
    except RecursionError:
        raise ValueError from None
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError
    if not all(isinstance(document.get(field, []), list) for field in _LIMITS):
        raise ValueError
    if not isinstance(document.get(_SEEN, {}), dict):
        raise ValueError
    return document


def _entries(document: dict[str, Any], field: str) -> list[Picked]:
    """Return the valid entries of a list in the file."""
    return [_picked(each) for each in document.get(field, []) if _is_sound(each)]


def _rewritten(before: list[Any], chosen: Iterable[Picked]) -> list[Any]:
    """Return the list to write: the chosen models with their unknown fields preserved, then all invalid entries."""
    stored = {_picked(each).variant: each for each in before if _is_sound(each)}
    entries = [{**stored.get(each.variant, {}), **each.document} for each in chosen]
    return [*entries, *(each for each in before if not _is_sound(each))]


def _is_sound(entry: Any) -> bool:
    if not (isinstance(entry, dict) and entry.get("provider") and entry.get("model")):
        return False
    return all(isinstance(entry[name], str) for name in _TEXTS & entry.keys())


def _picked(entry: dict[str, str]) -> Picked:
    return Picked(entry["provider"], entry["model"], entry.get("baseURL", ""), entry.get("updatedAt", ""))


def _distinct(models: Iterable[Picked], limit: int) -> list[Picked]:
    """Return the first entry of each variant, at most `limit`."""
    first: dict[tuple[str, str, str], Picked] = {}
    for model in models:
        first.setdefault(model.variant, model)
    return list(first.values())[:limit]


def _why(error: Exception) -> str:
    return error.strerror or "it failed" if isinstance(error, OSError) else "it is not in version 1 of its format"
