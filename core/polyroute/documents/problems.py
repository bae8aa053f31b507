"""Create the JSON document of everything that is amiss."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from polyroute.documents.parts import SCHEMA

if TYPE_CHECKING:
    from polyroute.documents.list_types import Diagnosis, TroubleAction, TroubleDocument
    from polyroute.results import Trouble


def diagnosis(found: Sequence[Trouble]) -> Diagnosis:
    """Return the document of `polyroute doctor --json` and of `GET /llm/problems`."""
    return {"schema": SCHEMA, "healthy": not found, "problems": [_trouble(each) for each in found]}


def _trouble(each: Trouble) -> TroubleDocument:
    return {
        "id": _id(each),
        "code": each.code,
        "severity": each.severity,
        "subject": each.subject,
        "message": each.message,
        "file": each.path or None,
        "line": _line(each),
        "affects": list(each.affects),
        "remedy": each.remedy,
        "actions": [_action(command) for command in _commands(each.remedy)],
    }


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
