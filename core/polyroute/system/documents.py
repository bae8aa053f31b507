"""Values inside INI and JSON texts."""

from __future__ import annotations

from typing import Any

Sections = dict[str, dict[str, str]]


def ini_sections(text: str) -> Sections | None:
    """The settings of each section of an INI text; None where it is none."""
    import configparser

    parser = configparser.RawConfigParser(strict=False, default_section="", allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError):  # the latter for a line that continues a key without value
        return None
    return {name: {key: value or "" for key, value in parser[name].items()} for name in parser.sections()}


def json_text(text: str, field: str) -> str | None:
    """The text at the dotted path `field` of a JSON document, or None where there is none."""
    import json

    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for step in field.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value.strip() or None if isinstance(value, str) else None
