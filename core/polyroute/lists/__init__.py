"""Fetchable model lists: their declaration, their location, and helpers to read their JSON.

Plugins with their own lists import everything that they need for them from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute._internal.cache import derived, identity
from polyroute._internal.json_fields import Table, date_at, number_at, table_at, text_at, texts_at
from polyroute.lists.stored import FetchedList, age, fetched_at, is_fresh, package_file, path, read, sources
from polyroute.types.serialization import plain, restored

if TYPE_CHECKING:
    from polyroute.types.model_rows import packed, unpacked, unpacked_combinations

__all__ = [
    "FetchedList",
    "Table",
    "age",
    "date_at",
    "derived",
    "fetched_at",
    "identity",
    "is_fresh",
    "number_at",
    "package_file",
    "packed",
    "path",
    "plain",
    "read",
    "restored",
    "sources",
    "table_at",
    "text_at",
    "texts_at",
    "unpacked",
    "unpacked_combinations",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from polyroute.types import model_rows  # status reads no models

    return getattr(model_rows, name)
