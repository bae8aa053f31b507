"""JSON Schema keywords and types for the declarations of documents."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict  # pydantic accepts no other before Python 3.12, and depends on it

__all__ = ["BaseUrl", "Facts", "Filled", "Id", "Moment", "TypedDict"]


class Facts:
    """JSON Schema keywords for a value, as metadata in `Annotated`."""

    def __init__(self, **keywords: Any) -> None:
        self._keywords = keywords

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Return the schema of the type with these keywords. Called by pydantic."""
        return {**handler(schema), **self._keywords}


Filled = Annotated[str, Facts(minLength=1)]
Id = Annotated[str, Facts(pattern="^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$")]
"""A provider's ID, which is a lower-case slug; for a route, also `direct`."""
BaseUrl = Annotated[str, Facts(pattern="^https?://[^\\s$@?#]+$")]
"""The URL before the path of the wire protocol."""
Moment = Annotated[str, Facts(format="date-time")]
"""ISO 8601, in UTC."""
