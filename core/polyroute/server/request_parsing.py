"""Reading requests: bounded, and strictly."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from polyroute import Catalog, ModelRef, Route
from polyroute.dexto_compat.http import LIST_GATEWAY, assumed_file_types
from polyroute.dexto_compat.http import file_types as among
from polyroute.dexto_compat.types import FileType
from polyroute.documents.http_types import Verdict
from polyroute.routing.references import canonical
from polyroute.server.errors import ApiError, invalid
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
        raise ApiError("unsupported_media_type", told, scope="http", status=415)
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
    raise ApiError("body_too_large", told, scope="http", status=413)


def _parsed(data: bytes) -> Any:
    if not data.strip():
        raise ApiError("invalid_json", "The body is empty; JSON is wanted.", scope="http")
    try:
        text = data.decode()
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
        deep = _depth(document) > MAX_DEPTH
    except RecursionError:
        deep = True
    except (ValueError, UnicodeError):  # the parser's own words quote the body, which may hold a key
        raise ApiError("invalid_json", "The body is not valid JSON.", scope="http") from None
    if deep:
        raise ApiError("invalid_json", f"The body is nested deeper than {MAX_DEPTH} levels.", scope="http")
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


def model(catalog: Catalog, provider: str, model_id: str) -> ModelRef:
    """The model that a client names. Of a gateway that is none to select it is the model in the list behind it."""
    found = catalog.plugins.find(provider)
    return canonical(ModelRef(found.id if found.selectable else LIST_GATEWAY, model_id), catalog.plugins)


def routes(catalog: Catalog, provider: str, model_id: str) -> tuple[Route, ...]:
    """The routes that it may take; of a gateway that is none to select, those through it."""
    found = catalog.plugins.find(provider)
    all_routes = catalog.routes(model(catalog, provider, model_id))
    return all_routes if found.selectable else tuple(route for route in all_routes if route.via == found.id)


def file_types(catalog: Catalog, provider: str, model_id: str) -> list[FileType]:
    """The file types that a model takes; of a person's own that no list has, those that it may take."""
    ref = model(catalog, provider, model_id)
    models = catalog.plugins.models
    found = models(ref.provider).get(ref.id)
    if found is None and (maker := catalog.maker(ref)):
        found = models(maker.provider).get(maker.id)
    if found is not None:
        return among(found.input_modalities)
    return assumed_file_types(ref.provider) if catalog.plugins.find(ref.provider).custom_models else []


def verdict(routes: tuple[Route, ...]) -> Verdict:
    """Which route would be taken; where there is none, why not."""
    taken = next((route for route in routes if route.usable), None)
    if taken is not None:
        return {"usable": True, "via": taken.via}
    return {"usable": False, "via": None, "why": "; ".join(f"{route.via}: {route.reason}" for route in routes)}
