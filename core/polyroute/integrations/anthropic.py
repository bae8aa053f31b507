"""The Anthropic SDK: `pip install 'polyroute[anthropic]'`.

>>> client, model_id = polyroute.integrations.anthropic.client(catalog, "PROVIDER/MODEL")
>>> client.messages.create(model=model_id, max_tokens=500, messages=[...])

Custom headers in the variables of the process are not sent, since they may be meant for another endpoint: pass them as
an option.
"""

from __future__ import annotations

from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra, UnsupportedRoute
from polyroute.integrations.guard import UNUSED, Guard
from polyroute.integrations.route_choice import Target, choose_route
from polyroute.results import Route

try:
    import anthropic
except ImportError:
    raise MissingExtra("polyroute.integrations.anthropic", "anthropic") from None

MESSAGES = "anthropic-messages"
_VERSION = "/v1"


def client(catalog: Catalog, target: Target, **options: Any) -> tuple[anthropic.Anthropic, str]:
    """Return a client for the route to a model, and the model's ID at its endpoint.

    `options` are additional arguments of `anthropic.Anthropic`. Raises NoEffectiveRoute if no usable route speaks
    `anthropic-messages`, UnsupportedRoute if the given route does not, and UsageError if it is not usable.
    """
    route, model_id = choose_route(catalog, target, (MESSAGES,))
    guard = Guard(route, catalog.environment)
    http = anthropic.DefaultHttpxClient(**guard.options(anthropic.DefaultHttpxClient))
    made = anthropic.Anthropic(base_url=base_url(guard.route), api_key=UNUSED, http_client=http, **options)
    guard.remove_defaults(made.default_headers, options.get("default_headers", ()))
    return made, model_id


def async_client(catalog: Catalog, target: Target, **options: Any) -> tuple[anthropic.AsyncAnthropic, str]:
    """Return an `anthropic.AsyncAnthropic` and the model's ID, as `client` does."""
    route, model_id = choose_route(catalog, target, (MESSAGES,))
    guard = Guard(route, catalog.environment)
    http = anthropic.DefaultAsyncHttpxClient(**guard.async_options(anthropic.DefaultAsyncHttpxClient))
    made = anthropic.AsyncAnthropic(base_url=base_url(guard.route), api_key=UNUSED, http_client=http, **options)
    guard.remove_defaults(made.default_headers, options.get("default_headers", ()))
    return made, model_id


def base_url(route: Route) -> str:
    """Return the base URL without the version, which the SDK appends. Raises UnsupportedRoute if it has none."""
    if not route.base_url.endswith(_VERSION):
        raise UnsupportedRoute(route, f"Anthropic's SDK supports only base URLs that end with {_VERSION}")
    return route.base_url.removesuffix(_VERSION)
