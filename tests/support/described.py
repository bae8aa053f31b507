"""Whether answers of the HTTP API are what is declared: no field is missing, of another type, or undeclared."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Union
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, TypeAdapter

from polyroute.documents.http_types import ErrorAnswer, Health
from polyroute.server.openapi import response_types
from polyroute.server.table import OPERATIONS

PROBES = ("/health", "/ready")
_OPEN = "/llm/custom-models"
"""The operations whose responses include entries of the user's file, with fields of later versions."""


def check(method: str, path: str, status: int, body: bytes) -> None:
    """Raise ValidationError if the JSON in `body` is not what the API declares for this request."""
    if (declared := _declared(method, unquote(urlsplit(path).path), status)) is not None:
        declared.validate_json(b"[%b]" % body)


def _declared(method: str, path: str, status: int) -> TypeAdapter[Any] | None:
    if path in PROBES and status == 200:
        return _adapter((Health,), is_open=False)
    if not path.startswith("/api/") and path not in PROBES:
        return None
    if status >= 400:
        return _adapter((ErrorAnswer,), is_open=False)
    for operation in OPERATIONS if status == 200 else ():
        if operation.method == method and _pattern(operation.path).fullmatch(path):
            return _adapter(response_types(operation), is_open=operation.path.startswith(_OPEN))
    return None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/api" + re.sub(r"\\\{\w+\\\}", r"[\\s\\S]+", re.escape(path)))


@cache
def _adapter(kinds: tuple[Any, ...], *, is_open: bool) -> TypeAdapter[Any]:
    # A list, since pydantic refuses a configuration for a TypedDict itself.
    config = ConfigDict(extra="allow" if is_open else "forbid", strict=True)
    return TypeAdapter(list[Union[kinds]], config=config)  # type: ignore[valid-type]  # noqa: UP007 - known when it runs
