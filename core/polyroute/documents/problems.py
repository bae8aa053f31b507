"""Create the JSON document of everything that is wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from polyroute._internal.terminal import quoted
from polyroute.documents.parts import SCHEMA

if TYPE_CHECKING:
    from polyroute.documents.list_types import Diagnosis, RepairedFileDocument, TroubleAction, TroubleDocument
    from polyroute.repairs import RepairOutcome
    from polyroute.results import Trouble


REPAIR = "polyroute doctor --repair"
DISABLE = "polyroute plugins disable"


def diagnosis(found: Sequence[Trouble], repairable: Collection[str] = ()) -> Diagnosis:
    """Return the document of `polyroute doctor --json` and of `GET /llm/problems`.

    `repairable` are the paths of files that can be repaired.
    """
    return {"schema": SCHEMA, "healthy": not found, "problems": [_trouble(each, repairable) for each in found]}


def repaired(done: RepairOutcome) -> RepairedFileDocument:
    """Return the document of a repair."""
    return {"file": done.path, "note": done.note, "original": done.original or None}


def _trouble(each: Trouble, repairable: Collection[str]) -> TroubleDocument:
    return {
        "id": _id(each),
        "code": each.code,
        "severity": each.severity,
        "title": _title(each),
        "subject": each.subject,
        "message": each.message,
        "file": each.path or None,
        "line": _line(each),
        "affects": list(each.affects),
        "remedy": each.remedy,
        "actions": _actions(each, repairable),
    }


def _title(each: Trouble) -> str:
    return _TITLES.get(each.code, "Plugin “{}” has a fault").format(each.subject)


_TITLES = {
    "config": "Your preferences can't all be read",
    "current-model": "The model in use can't be read",
    "custom-model": "One of your own models can't be used",
    "custom-models-unreadable": "Your own models can't be read",
    "custom-models-unshared": "Another tool can't read your own models",
    "dotenv-line": "Some of your variables can't be read",
    "file-mode": "Other users may change or read a file",
    "file-unreadable": "A file can't be read",
    "key-refused": "The key of {} is refused",
    "list-old": "The lists of models are old",
    "manifest-refused": "Plugin “{}” is left out",
    "network-variables": "The variables for the network can't be used",
    "no-plugins": "There are no plugins",
    "not-approved": "A plugin waits for your consent",
    "not-imported": "Plugin “{}” is left out",
    "picker-state": "Favourites and recent models can't be read",
    "policy": "The organisation's policy can't be read",
    "preference": "A preference can't be used",
    "server-not-running": "The server {} does not run",
    "setting-unusable": "A setting can't be used",
    "unsafe": "Plugin “{}” is left out",
    "unsupported": "Plugin “{}” is left out",
    "variable-unread": "A key has a name that nobody reads",
}
"""By code; other codes are of plugins."""


def _actions(each: Trouble, repairable: Collection[str]) -> list[TroubleAction]:
    if each.path and each.path in repairable:
        return [{"kind": "repair", "command": REPAIR}]
    found = [_action(command) for command in _commands(each.remedy)]
    if each.plugin:
        found.append({"kind": "disable", "command": f"{DISABLE} {quoted(each.plugin)}", "plugin": each.plugin})
    return found


def _id(each: Trouble) -> str:
    """Return a short text that stays the same as long as the trouble does."""
    said = "\0".join((each.code, each.subject, each.path, each.message))
    return f"{each.code}-{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:8]}"


def _line(each: Trouble) -> int | None:
    """Return the line of the file, if the message names one."""
    found = re.search(r"\bline (\d+)", each.message)
    return int(found[1]) if each.path and found else None


def _action(command: str) -> TroubleAction:
    """Return what a command of a remedy does, so that a page can do it too."""
    match command.split()[1:]:
        case ["refresh"]:
            return {"kind": "refresh", "command": command}
        case ["keys", "set", provider]:
            return {"kind": "setup", "command": command, "provider": provider}
        case _:
            return {"kind": "command", "command": command}


def _commands(remedy: str) -> Iterable[str]:
    """Return the commands that a remedy names, each once."""
    return dict.fromkeys(re.findall(r"`(polyroute [^`]+)`", remedy))
