"""Read fields of unvalidated JSON: a value of an unexpected type counts as missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, cast

Table = Mapping[str, Any]


def table_at(source: Table, name: str) -> Table:
    """Return the object at `name`; an empty one if there is none."""
    value: Any = source.get(name)
    return cast("Table", value) if isinstance(value, dict) else {}


def text_at(source: Table, name: str) -> str:
    """Return the string at `name`; empty if there is none."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def texts_at(source: Table, name: str) -> list[str]:
    """Return the strings in the list at `name`; items of other types are skipped."""
    value = source.get(name)
    return [each for each in cast("list[object]", value) if isinstance(each, str)] if isinstance(value, list) else []


def date_at(source: Table, name: str) -> str:
    """Return the ISO 8601 date at `name`, perhaps without day and month; empty if there is none."""
    import re

    text = text_at(source, name)
    return text if re.fullmatch(r"\d{4}(-\d\d){0,2}", text, re.ASCII) else ""


def number_at(source: Table, name: str) -> int | float | None:
    """Return the number at `name`, or None if there is none or it is not finite."""
    value: Any = source.get(name)
    return value if type(value) in (int, float) and abs(value) <= sys.float_info.max else None
