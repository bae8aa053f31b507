"""Read values from INI and JSON texts."""

from __future__ import annotations

from typing import Any

from polyroute.types.constraints import MILLISECONDS_FROM

_NEVER = float("inf")
Sections = dict[str, dict[str, str]]


def ini_sections(text: str) -> Sections | None:
    """Return the settings of each section of an INI text, or None if it is invalid."""
    import configparser

    parser = configparser.RawConfigParser(strict=False, default_section="", allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError):  # AttributeError: a line continues a key without a value
        return None
    return {name: {key: value or "" for key, value in parser[name].items()} for name in parser.sections()}


def json_text(text: str, field: str) -> str | None:
    """Return the string at `field` of a JSON text, or None if there is none.

    `field` is a dotted path (`a.b`) or a JSON pointer (`/a.b/c`).
    """
    value = _json_value(text, field)
    return value.strip() or None if isinstance(value, str) else None


def json_moment(text: str, field: str) -> float | None:
    """Return the time at `field` of a JSON text in seconds since 1970, or None if there is none.

    It may be in ISO 8601 (UTC if no time zone is given), in seconds or in milliseconds.
    """
    value = _json_value(text, field)
    if isinstance(value, str) and not value.strip().isdecimal():
        return _iso_moment(value)
    return _in_seconds(float(value)) if type(value) in (str, int, float) else None


def _in_seconds(number: float) -> float | None:
    seconds = number / 1000 if number >= MILLISECONDS_FROM else number
    return seconds if 0 <= seconds < _NEVER else None


def _iso_moment(text: str) -> float | None:
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _json_value(text: str, field: str) -> Any:
    if not text:  # most files of logins do not exist
        return None
    import json

    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for step in _steps(field):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _steps(field: str) -> list[str]:
    if not field.startswith("/"):
        return field.split(".")
    return [step.replace("~1", "/").replace("~0", "~") for step in field[1:].split("/")]
