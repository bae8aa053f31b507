"""LiteLLM: `pip install 'polyroute[litellm]'`.

>>> litellm.completion(messages=[...], **polyroute.integrations.litellm.completion_arguments(catalog, "PROVIDER/MODEL"))

For the LiteLLM proxy, which reads keys itself, see `polyroute.integrations.proxy`.
"""

from __future__ import annotations

from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations import openai
from polyroute.integrations.guard import UNUSED, Guard
from polyroute.integrations.proxy import PREFIXES
from polyroute.integrations.route_choice import Target, choose_route

try:
    import httpx
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, HTTPHandler
except ImportError:
    raise MissingExtra("polyroute.integrations.litellm", "litellm") from None

_TIMEOUT = 600
"""Seconds; LiteLLM's own default."""


def completion_arguments(catalog: Catalog, target: Target) -> dict[str, Any]:
    """Return arguments of `litellm.completion` that make it use the route to a model.

    Raises NoEffectiveRoute if no usable route speaks one of `proxy.PREFIXES`, UnsupportedRoute if the given route does
    not, and UsageError if it is not usable.
    """
    arguments, guard = _arguments(catalog, target)
    if guard is None:
        client, _ = openai.client(catalog, target)
        return {**arguments, "client": client}
    client_of_route = httpx.Client(timeout=_TIMEOUT, **guard.options(httpx.Client))
    return {**arguments, "client": HTTPHandler(client=client_of_route)}


def acompletion_arguments(catalog: Catalog, target: Target) -> dict[str, Any]:
    """Return arguments of `litellm.acompletion`, as `completion_arguments` does."""
    arguments, guard = _arguments(catalog, target)
    if guard is None:
        client, _ = openai.async_client(catalog, target)
        return {**arguments, "client": client}
    handler = AsyncHTTPHandler()
    handler.client = httpx.AsyncClient(timeout=_TIMEOUT, **guard.async_options(httpx.AsyncClient))
    return {**arguments, "client": handler}


def _arguments(catalog: Catalog, target: Target) -> tuple[dict[str, Any], Guard | None]:
    """Return the common arguments, and the guard for LiteLLM's own client unless LiteLLM uses OpenAI's SDK."""
    route, model_id = choose_route(catalog, target, PREFIXES)
    prefix = PREFIXES[route.protocol]
    guard = Guard(route, catalog.environment)
    arguments = {"model": prefix.prefix + model_id, "api_base": prefix.base_url(guard.route), "api_key": UNUSED}
    return arguments, None if route.protocol == openai.CHAT else guard
