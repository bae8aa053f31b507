"""Repair damaged files of the user. Nothing is lost: what can't be read stays in a comment, or in a copy beside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from polyroute import preferences
from polyroute._internal import dotenv, files
from polyroute._internal.line_repair import LineFormat
from polyroute._internal.user_documents import keep_beside
from polyroute.catalog import Catalog
from polyroute.choices.current_model import current_models_path, damaged
from polyroute.choices.picker_state import PickerState
from polyroute.errors import NotUnderstood, Unavailable
from polyroute.named_tuples import NamedTuple
from polyroute.results import Trouble

_SOUND = "It is not damaged."
_MOST_NAMED = 5


class RepairOutcome(NamedTuple):
    """What was done with a damaged file."""

    path: str
    note: str
    """What was done, in a sentence."""
    original: str = ""
    """The path of the copy of the damaged file; empty if the file itself has all of it."""


class Repair(NamedTuple):
    """How one file is repaired."""

    is_needed: Callable[[], bool]
    run: Callable[[], RepairOutcome]
    """Raises Unavailable if the file can't be repaired."""


def repairs(catalog: Catalog) -> Mapping[str, Repair]:
    """Return how the user's files are repaired, by path."""
    environment = catalog.environment
    path = current_models_path(environment)
    picker, store = PickerState(environment), catalog.custom_models
    of_models = Repair(lambda: store.is_damaged, lambda: _models(catalog))
    return {
        environment.config_path: _by_line(environment.config_path, preferences.line_format(), catalog, with_copy=True),
        environment.dotenv_path: _by_line(environment.dotenv_path, dotenv.line_format(), catalog, with_copy=False),
        store.path: of_models,
        store.own_path: of_models,
        picker.path: _anew(picker.path, lambda: picker.is_damaged, catalog),
        path: _anew(path, lambda: damaged(environment) is not None, catalog),
    }


def repairable(found: Iterable[Trouble], catalog: Catalog) -> frozenset[str]:
    """Return the files among those that the troubles are about that can be repaired."""
    known = repairs(catalog)
    return frozenset(path for path in {each.path for each in found} & known.keys() if known[path].is_needed())


def _by_line(path: str, form: LineFormat, catalog: Catalog, *, with_copy: bool) -> Repair:
    """Return the repair of a text that the user writes. A copy of keys would keep one that is removed later."""
    documents = catalog.environment.documents

    def is_needed() -> bool:
        try:
            return form.is_damaged(documents.read(path) or b"")
        except (OSError, Unavailable):  # it is another fault that is to be fixed
            return False

    def run() -> RepairOutcome:
        with files.readable_errors(path), documents.locked(path, links=True):
            before = documents.read(path) or b""
            if not form.is_damaged(before):
                return RepairOutcome(path, _SOUND)
            if files.is_link(path):
                raise NotUnderstood(f"{path} was not changed: it is a link to a damaged file.", "Fix that file.")
            try:
                after = form.commented(before)
            except ValueError:
                raise NotUnderstood(f"{path} was not changed: it is too long to be repaired.", "Fix it.") from None
            original = keep_beside(documents, path, before) if with_copy else ""
            documents.replace(path, after.text.encode())
        return RepairOutcome(path, _commented(after.lines), original)

    return Repair(is_needed, run)


def _commented(lines: tuple[int, ...]) -> str:
    if not lines:
        return "It is UTF-8 text now."
    if len(lines) > _MOST_NAMED:
        return f"Now in comments: {len(lines)} lines."
    return f"Now in comments: line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}."


def _anew(path: str, is_damaged: Callable[[], bool], catalog: Catalog) -> Repair:
    """Return the repair of a file of ours: it is moved beside."""
    documents = catalog.environment.documents

    def run() -> RepairOutcome:
        with files.readable_errors(path), documents.locked(path):
            if not is_damaged():
                return RepairOutcome(path, _SOUND)
            original = keep_beside(documents, path, documents.read(path) or b"")
            documents.remove(path)
        return RepairOutcome(path, "It begins anew.", original)

    return Repair(is_damaged, run)


def _models(catalog: Catalog) -> RepairOutcome:
    store = catalog.custom_models
    repaired, moved = store.repair(), store.separate()
    if repaired:
        return RepairOutcome(repaired.path, f"Could be read: {repaired.saved}.", repaired.original)
    return RepairOutcome(store.path, f"Moved to {os.path.basename(store.own_path)}: {moved}.")
