"""Lists of models: which can be fetched, where they are kept, and how their JSON is read.

Plugins that read lists of their own take everything for it from here.
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
