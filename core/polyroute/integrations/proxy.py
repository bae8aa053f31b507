"""Configuration for the LiteLLM proxy. LiteLLM does not have to be installed.

>>> print(polyroute.integrations.proxy.config(catalog, ["PROVIDER/MODEL"]))

Keys are referenced, never written: the proxy reads them from the variables of its own process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from polyroute.catalog import Catalog
from polyroute.errors import UnsupportedRoute
from polyroute.integrations.route_choice import choose_route
from polyroute.results import Route
from polyroute.routing.credentials import variable_of
from polyroute.types import AuthHeader, ModelRef

_VERSION = "/v1"


class Prefix(NamedTuple):
    """LiteLLM's name for a protocol, and what LiteLLM appends to a base URL."""

    prefix: str
    adds: str = ""
    auth: AuthHeader = AuthHeader()

    def base_url(self, route: Route) -> str:
        """Return the base URL as LiteLLM expects it. Raises UnsupportedRoute if it can't call the route."""
        if not route.base_url.endswith(self.adds):
            raise UnsupportedRoute(route, f"LiteLLM supports only base URLs that end with {self.adds}")
        return route.base_url.removesuffix(self.adds)


PREFIXES = {
    "openai-chat": Prefix("openai/"),
    "anthropic-messages": Prefix("anthropic/", _VERSION, AuthHeader("x-api-key", "")),
}
"""The supported protocols. LiteLLM selects other protocols by provider, each with its own rules."""


def model_list(catalog: Catalog, models: Iterable[str | ModelRef]) -> list[dict[str, Any]]:
    """Return an entry of `model_list` for each of `models`, with its first usable route and a reference to the key.

    Raises NoEffectiveRoute, and UnsupportedRoute if the key is not in a variable or needs a header that LiteLLM can't
    send.
    """
    return [_entry(catalog, model) for model in models]


def config(catalog: Catalog, models: Iterable[str | ModelRef]) -> str:
    """Return a `config.yaml` for the proxy with these models. Raises as `model_list` does."""
    lines = ["model_list:"]
    for entry in model_list(catalog, models):
        lines += [f"  - model_name: {json.dumps(entry['model_name'])}", "    litellm_params:"]
        lines += [f"      {name}: {json.dumps(value)}" for name, value in entry["litellm_params"].items()]
    return "\n".join(lines) + "\n"


def _entry(catalog: Catalog, model: str | ModelRef) -> dict[str, Any]:
    route, model_id = choose_route(catalog, model, PREFIXES)
    prefix = PREFIXES[route.protocol]
    parameters: dict[str, Any] = {"model": prefix.prefix + model_id, "api_base": prefix.base_url(route)}
    parameters["api_key"] = _key(route, prefix)
    if route.headers:
        parameters["extra_headers"] = dict(route.headers)
    return {"model_name": str(model), "litellm_params": parameters}


def _key(route: Route, prefix: Prefix) -> str:
    credential = route.credential
    if credential is None or credential.kind == "none":
        return "none"
    if route.auth != prefix.auth:
        raise UnsupportedRoute(route, f"the LiteLLM proxy can't send its key in the header {route.auth.name}")
    variable = variable_of(credential)
    if not variable:
        raise UnsupportedRoute(route, f"its key ({credential}) is not in a variable that the LiteLLM proxy could read")
    return f"os.environ/{variable}"
