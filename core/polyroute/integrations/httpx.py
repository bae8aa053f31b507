"""Plain httpx: `pip install 'polyroute[httpx]'`.

>>> client, path, model_id = polyroute.integrations.httpx.client(catalog, "PROVIDER/MODEL", protocols=["openai-chat"])
>>> client.post(path, json={"model": model_id, "messages": [...]})
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations.choosing import Target, chosen
from polyroute.integrations.guard import Guard
from polyroute.integrations.paths import HTTP, request_path

try:
    import httpx
except ImportError:
    raise MissingExtra("polyroute.integrations.httpx", "httpx") from None


def client(
    catalog: Catalog, target: Target, *, protocols: Collection[str] = HTTP, stream: bool = False, **options: Any
) -> tuple[httpx.Client, str, str]:
    """A client for the route to a model, the path to request there, and the model's ID.

    `options` are further arguments of `httpx.Client`. Raises as `choosing.chosen` does.
    """
    route, model_id = chosen(catalog, target, protocols)
    guard = Guard(route, catalog.environment)
    made = httpx.Client(base_url=guard.route.base_url, **{**guard.options, **options})
    return made, request_path(route.protocol, model_id, stream=stream), model_id


def async_client(
    catalog: Catalog, target: Target, *, protocols: Collection[str] = HTTP, stream: bool = False, **options: Any
) -> tuple[httpx.AsyncClient, str, str]:
    """The same with `httpx.AsyncClient`."""
    route, model_id = chosen(catalog, target, protocols)
    guard = Guard(route, catalog.environment)
    made = httpx.AsyncClient(base_url=guard.route.base_url, **{**guard.async_options, **options})
    return made, request_path(route.protocol, model_id, stream=stream), model_id
