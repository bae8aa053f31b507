"""Logins and keys that other tools keep in their files, from `logins.toml`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from polyroute import Detection, Environment, Source

Row = dict[str, Any]


def detections(rows: Iterable[Row], environment: Environment) -> Iterator[Detection]:
    """Yield what these rows, whose files exist, say of each provider: a login that may be used, else why none can."""
    seen: dict[str, list[str]] = {}
    usable: dict[str, Detection] = {}
    for row in rows:
        path, provider = environment.path(row.get("file", "")), row["provider"]
        if provider in usable or not _holds(row, path, environment):
            continue
        if row.get("usable"):
            remedy = f"Log in with {row['tool']} again."
            usable[provider] = Detection(
                provider, source=Source("file", path=path, field=row.get("field", "")), remedy=remedy
            )
        else:
            seen.setdefault(provider, []).append(_said(row, path, environment))
    yield from usable.values()
    for provider, found in seen.items():
        if provider not in usable:
            yield Detection(provider, reason="; ".join(found))


def _holds(row: Row, path: str, environment: Environment) -> bool:
    if "field" in row:
        found = _at(environment.read(path) or "", row["field"])
        return isinstance(found, str) and bool(found.strip())
    wanted = row.get("contains", "")
    return not wanted or wanted in (environment.read(path) or "")


def _said(row: Row, path: str, environment: Environment) -> str:
    if "settings" in row:
        names = [name for name in row["settings"] if environment.source(name)]
        return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} set, but not used: {row['why']}"
    until = _expiry(row, path, environment)
    when = f", which expired on {_day(until)}," if until is not None and until <= time.time() else ""
    where = path or ", ".join(row["variables"])
    return f"a login of {row['tool']}{when} is in {where}, but can't be used for calls: {row['why']}"


def _expiry(row: Row, path: str, environment: Environment) -> float | None:
    """Return when a login ends, in seconds since 1970; None if the file does not say so."""
    if "expires" not in row:
        return None
    text = environment.read(path) or ""
    if path.endswith(".json"):
        found = _at(text, row["expires"])
        return found / 1000 if type(found) in (int, float) else None
    times = re.findall(rf"^\s*{row['expires']}:\s*(\d{{1,15}})", text, re.MULTILINE)
    return max(map(int, times)) / 1000 if times else None


def _at(text: str, field: str) -> Any:
    """Return the value at a dotted path of a JSON text; None if there is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for step in field.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _day(moment: float) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "an unknown day"
