"""Reading requests: bounded, and strictly."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from polyroute.server.faults import Fault, invalid
from polyroute.server.schemas import Body, Query

MAX_BODY_BYTES = 256_000
"""A hundred favourites with long IDs are a tenth of it."""
MAX_DEPTH = 16

Q = TypeVar("Q", bound=Query)


def query(kind: type[Q], request: Request) -> Q:
    """The query parameters. Of one that is repeated all values count, as if separated by commas."""
    values = {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise invalid(error, "query") from None


async def body(kind: type[Body] | None, request: Request) -> Body | None:
    """The JSON body, or None for an operation that takes none: then what was sent is read as far as it is short."""
    if kind is None:
        await bounded(request)
        return None
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        told = "Send JSON, with `Content-Type: application/json`."
        raise Fault("unsupported_media_type", told, scope="http", status=415)
    document = _parsed(await bounded(request))
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise invalid(error, "body") from None


async def bounded(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """The body as it was sent; one that is larger is not read to its end."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most:
        _refuse_large(most)
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > most:
            _refuse_large(most)
    return bytes(found)


def _refuse_large(most: int) -> NoReturn:
    told = f"The body is larger than {most} bytes."
    raise Fault("body_too_large", told, scope="http", status=413)


def _parsed(data: bytes) -> Any:
    if not data.strip():
        raise Fault("invalid_json", "The body is empty; JSON is wanted.", scope="http")
    try:
        text = data.decode()
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
        deep = _depth(document) > MAX_DEPTH
    except RecursionError:
        deep = True
    except (ValueError, UnicodeError):  # the parser's own words quote the body, which may hold a key
        raise Fault("invalid_json", "The body is not valid JSON.", scope="http") from None
    if deep:
        raise Fault("invalid_json", f"The body is nested deeper than {MAX_DEPTH} levels.", scope="http")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _depth(document: Any) -> int:
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
