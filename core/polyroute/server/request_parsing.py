"""Parse requests strictly and within limits of size and time."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from polyroute.server.errors import ApiError, invalid, name_of
from polyroute.server.schemas import Body, Query

MAX_BODY_BYTES = 256_000
"""Ten times the size of a hundred favourites with long IDs."""
MAX_DEPTH = 16
BODY_SECONDS = 10.0
"""How long a client may take to send a body, besides the time that its bytes take at `BODY_RATE`."""
BODY_RATE = 10_000
"""The slowest pace, in bytes per second: an old mobile connection. Local clients are a thousand times as fast."""
MAX_BODY_SECONDS = 300.0
"""The limit for a body of any size."""

Q = TypeVar("Q", bound=Query)


def query(kind: type[Q], request: Request) -> Q:
    """Return the query parameters, with repeated ones joined by commas. Raises ApiError if they are invalid."""
    values = {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise invalid(error, "query") from None


async def body(kind: type[Body] | None, request: Request) -> tuple[Body | None, list[str]]:
    """Return the JSON body and notes on it; None for an operation without one, for which a body is read and dropped.

    Raises ApiError if the body is invalid or too large.
    """
    if kind is None:
        await read_body(request)
        return None, []
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        message = "The body is not declared as JSON. Send JSON with `Content-Type: application/json`."
        raise ApiError("unsupported_media_type", message, scope="http", status=415)
    document = _parsed(await read_body(request))
    try:
        return kind.model_validate(document), _ignored(kind, document)
    except ValidationError as error:
        raise invalid(error, "body") from None


def _ignored(kind: type[Body], document: Any) -> list[str]:
    """Return a note that names the fields of a body that mean nothing."""
    known = {field.validation_alias or name for name, field in kind.model_fields.items()}
    names = [name_of(each) for each in document if each not in known]
    return [f"These fields are unknown and were ignored: {', '.join(names)}."] if names else []


async def read_body(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """Return the raw body.

    Raises ApiError, without reading to the end, if it is larger than `most` bytes, or if it arrives too slowly.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most:
        _refuse_large(most)
    try:
        return await _received(request, most)
    except TimeoutError:
        raise ApiError("timeout", "The body did not arrive in time.", "timeout", scope="http") from None


async def _received(request: Request, most: int) -> bytes:
    found, loop = bytearray(), asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.timeout(BODY_SECONDS) as limit:
        async for part in request.stream():
            found += part
            if len(found) > most:
                _refuse_large(most)
            limit.reschedule(begun + min(BODY_SECONDS + len(found) / BODY_RATE, MAX_BODY_SECONDS))
    return bytes(found)


def _refuse_large(most: int) -> NoReturn:
    message = f"The body is larger than {most} bytes."
    raise ApiError("body_too_large", message, scope="http", status=413)


def _parsed(data: bytes) -> Any:
    if not data.strip():
        raise ApiError("invalid_json", "The body is empty. Send JSON.", scope="http")
    try:
        text = data.decode()
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()  # fails for unpaired surrogates
        deep = _depth(document) > MAX_DEPTH
    except RecursionError:
        deep = True
    except (ValueError, UnicodeError):  # the parser's message quotes the body, which may hold a key
        raise ApiError("invalid_json", "The body is not valid JSON.", scope="http") from None
    if deep:
        raise ApiError("invalid_json", f"The body is nested deeper than {MAX_DEPTH} levels.", scope="http")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same name twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _depth(document: Any) -> int:
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
