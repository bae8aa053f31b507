"""Clients of plain httpx or httpx2. Install `polyroute[httpx]` or `polyroute[http]`.

>>> client, path, model_id = polyroute.integrations.httpx.client(catalog, "PROVIDER/MODEL", protocols=["openai-chat"])
>>> client.post(path, json={"model": model_id, "messages": [...]})

To get a client of httpx2, pass its class: `client(…, client_class=httpx2.Client)`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar, overload

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations.guard import Guard
from polyroute.integrations.request_paths import HTTP, request_path
from polyroute.integrations.route_choice import Target, choose_route

if TYPE_CHECKING or find_spec("httpx"):
    import httpx
elif find_spec("httpx2"):
    import httpx2 as httpx
else:
    raise MissingExtra("polyroute.integrations.httpx", "httpx")

T = TypeVar("T")


@overload
def client(
    catalog: Catalog,
    target: Target,
    *,
    protocols: Collection[str] = HTTP,
    stream: bool = False,
    client_class: Callable[..., T],
    **options: Any,
) -> tuple[T, str, str]: ...
@overload
def client(
    catalog: Catalog, target: Target, *, protocols: Collection[str] = HTTP, stream: bool = False, **options: Any
) -> tuple[httpx.Client, str, str]: ...
def client(
    catalog: Catalog,
    target: Target,
    *,
    protocols: Collection[str] = HTTP,
    stream: bool = False,
    client_class: Callable[..., Any] = httpx.Client,
    **options: Any,
) -> tuple[Any, str, str]:
    """Return a client for the route to a model, the path to request, and the model ID to send.

    `client_class` is `httpx.Client` or `httpx2.Client`; by default that of httpx, or of httpx2 if only that is
    installed. `options` are passed to it. `protocols` are those that the caller can speak; `stream` selects the path
    for streamed responses. Raises the same errors as `route_choice.chosen`.
    """
    route, model_id = choose_route(catalog, target, protocols)
    guard = Guard(route, catalog.environment)
    instance = client_class(base_url=guard.route.base_url, **{**guard.options(client_class, options), **options})
    return instance, request_path(route.protocol, model_id, stream=stream), model_id


@overload
def async_client(
    catalog: Catalog,
    target: Target,
    *,
    protocols: Collection[str] = HTTP,
    stream: bool = False,
    client_class: Callable[..., T],
    **options: Any,
) -> tuple[T, str, str]: ...
@overload
def async_client(
    catalog: Catalog, target: Target, *, protocols: Collection[str] = HTTP, stream: bool = False, **options: Any
) -> tuple[httpx.AsyncClient, str, str]: ...
def async_client(
    catalog: Catalog,
    target: Target,
    *,
    protocols: Collection[str] = HTTP,
    stream: bool = False,
    client_class: Callable[..., Any] = httpx.AsyncClient,
    **options: Any,
) -> tuple[Any, str, str]:
    """Return the same as `client`, with an `httpx.AsyncClient` or `httpx2.AsyncClient`."""
    route, model_id = choose_route(catalog, target, protocols)
    guard = Guard(route, catalog.environment)
    instance = client_class(base_url=guard.route.base_url, **{**guard.async_options(client_class, options), **options})
    return instance, request_path(route.protocol, model_id, stream=stream), model_id
