"""What a declaration says beyond a Python type."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12, and depends on it

__all__ = ["BaseUrl", "Facts", "Filled", "Id", "Moment", "TypedDict"]


class Facts:
    """Keywords of JSON Schema for a value, as metadata within `Annotated`."""

    def __init__(self, **keywords: Any) -> None:
        self._keywords = keywords

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """The schema of the type with these keywords, as pydantic asks for it."""
        return {**handler(schema), **self._keywords}


Filled = Annotated[str, Facts(minLength=1)]
Id = Annotated[str, Facts(pattern="^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$")]
"""A provider's ID: a lower-case slug. Also `direct`, for a route."""
BaseUrl = Annotated[str, Facts(pattern="^https?://[^\\s$@?#]+$")]
"""What stands before the path of the wire protocol."""
Moment = Annotated[str, Facts(format="date-time")]
"""ISO 8601, in UTC."""
