"""The OpenAI SDK: `pip install 'polyroute[openai]'`.

>>> client, model_id = polyroute.integrations.openai.client(catalog, "PROVIDER/MODEL")
>>> client.chat.completions.create(model=model_id, messages=[...])

What the SDK would read from the variables of the process (organization, project, custom headers, base URL) is not used,
since it may be meant for another endpoint: pass it as an option.
"""

from __future__ import annotations

from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations.guard import UNUSED, Guard
from polyroute.integrations.route_choice import Target, choose_route

try:
    import openai
except ImportError:
    raise MissingExtra("polyroute.integrations.openai", "openai") from None

CHAT, RESPONSES = "openai-chat", "openai-responses"


def client(catalog: Catalog, target: Target, *, protocol: str = CHAT, **options: Any) -> tuple[openai.OpenAI, str]:
    """Return a client for the route to a model, and the model's ID at its endpoint.

    To call `client.responses`, pass `protocol=RESPONSES`. `options` are additional arguments of `openai.OpenAI`. Raises
    NoEffectiveRoute if no usable route speaks `protocol`, UnsupportedRoute if the given route does not, and UsageError
    if it is not usable.
    """
    route, model_id = choose_route(catalog, target, (protocol,))
    guard = Guard(route, catalog.environment)
    made = openai.OpenAI(
        base_url=guard.route.base_url,
        api_key=UNUSED,
        http_client=openai.DefaultHttpxClient(**guard.options(openai.DefaultHttpxClient)),
        **options,
    )
    guard.remove_defaults(made.default_headers, _wanted(options))
    return made, model_id


def async_client(
    catalog: Catalog, target: Target, *, protocol: str = CHAT, **options: Any
) -> tuple[openai.AsyncOpenAI, str]:
    """Return an `openai.AsyncOpenAI` and the model's ID, as `client` does."""
    route, model_id = choose_route(catalog, target, (protocol,))
    guard = Guard(route, catalog.environment)
    made = openai.AsyncOpenAI(
        base_url=guard.route.base_url,
        api_key=UNUSED,
        http_client=openai.DefaultAsyncHttpxClient(**guard.async_options(openai.DefaultAsyncHttpxClient)),
        **options,
    )
    guard.remove_defaults(made.default_headers, _wanted(options))
    return made, model_id


def _wanted(options: dict[str, Any]) -> list[str]:
    named = {"organization": "openai-organization", "project": "openai-project"}
    return [*options.get("default_headers", ()), *(header for name, header in named.items() if options.get(name))]
