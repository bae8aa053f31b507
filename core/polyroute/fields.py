"""Fields of JSON that nobody has checked: a value of another type than the one wanted counts as missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

Table = Mapping[str, Any]


def table_at(source: Table, name: str) -> Table:
    """The table at `name`; an empty one where there is none."""
    value: Any = source.get(name)
    return cast("Table", value) if isinstance(value, dict) else {}


def text_at(source: Table, name: str) -> str:
    """The text at `name`; empty where there is none."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def texts_at(source: Table, name: str) -> list[str]:
    """The texts in the list at `name`, without anything else that it may hold."""
    value = source.get(name)
    return [each for each in cast("list[object]", value) if isinstance(each, str)] if isinstance(value, list) else []


def number_at(source: Table, name: str) -> int | float | None:
    """The number at `name`, if it is a finite one."""
    value: Any = source.get(name)
    return value if type(value) in (int, float) and math.isfinite(value) else None
