"""Fetchable model lists: their declaration, their location, and helpers to read their JSON.

Plugins with their own lists import everything that they need for them from here.
"""

from polyroute._internal.cache import derived, identity
from polyroute._internal.json_fields import Table, number_at, table_at, text_at, texts_at
from polyroute.lists.stored import FetchedList, age, fetched_at, is_fresh, path, read, sources
from polyroute.types.serialization import plain, restored

__all__ = [
    "FetchedList",
    "Table",
    "age",
    "derived",
    "fetched_at",
    "identity",
    "is_fresh",
    "number_at",
    "path",
    "plain",
    "read",
    "restored",
    "sources",
    "table_at",
    "text_at",
    "texts_at",
]
