"""Configuration for the LiteLLM proxy. LiteLLM does not have to be installed.

>>> print(polyroute.integrations.proxy.config(catalog, ["PROVIDER/MODEL"]))

Keys are referenced, never written: the proxy reads them from the variables of its own process. So is its master key,
without which the proxy lets anybody in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from polyroute.catalog import Catalog
from polyroute.environment import KEYRING, PLUGIN, Environment
from polyroute.errors import UnsupportedRoute
from polyroute.integrations.route_choice import choose_route
from polyroute.named_tuples import NamedTuple
from polyroute.results import Route
from polyroute.routing.credentials import variable_of
from polyroute.types import AuthHeader, Credential, ModelRef

_VERSION = "/v1"
MASTER_KEY = "LITELLM_MASTER_KEY"
"""The variable with the key that clients of the proxy send."""
_GENERAL = f"""\
general_settings:
  master_key: os.environ/{MASTER_KEY}
"""


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

    Raises NoEffectiveRoute, and UnsupportedRoute if the proxy can't have the key, or would need another header for it.
    It can have keys in variables: of a single user, or of an organisation.
    """
    return [_entry(catalog, model) for model in models]


def config(catalog: Catalog, models: Iterable[str | ModelRef]) -> str:
    """Return a whole `config.yaml` for the proxy with these models. Raises as `model_list` does.

    The proxy has to be started with the variables that it names, among them `LITELLM_MASTER_KEY`.
    """
    lines = ["model_list:"]
    for entry in model_list(catalog, models):
        lines += [f"  - model_name: {json.dumps(entry['model_name'])}", "    litellm_params:"]
        lines += [f"      {name}: {json.dumps(value)}" for name, value in entry["litellm_params"].items()]
    return "\n".join(lines) + "\n" + _GENERAL


def _entry(catalog: Catalog, model: str | ModelRef) -> dict[str, Any]:
    route, model_id = choose_route(catalog, model, PREFIXES)
    prefix = PREFIXES[route.protocol]
    parameters: dict[str, Any] = {"model": prefix.prefix + model_id, "api_base": prefix.base_url(route)}
    parameters["api_key"] = _key(route, prefix, catalog.environment)
    if route.headers:
        parameters["extra_headers"] = dict(route.headers)
    return {"model_name": str(model), "litellm_params": parameters}


def _key(route: Route, prefix: Prefix, environment: Environment) -> str:
    credential = route.credential
    if credential is None or credential.kind == "none":
        return "none"
    if route.auth != prefix.auth:
        raise UnsupportedRoute(route, f"the LiteLLM proxy can't send its key in the header {route.auth.name}")
    variable = _organisations(credential, environment) if credential.is_organisations else variable_of(credential)
    if why := _kept_from_proxies(credential, variable, environment):
        raise UnsupportedRoute(route, f"the LiteLLM proxy can't have its key ({credential}): {why}")
    return f"os.environ/{variable}"


def _organisations(credential: Credential, environment: Environment) -> str:
    """Return the variable of the server's process that holds an organisation's key; empty if it is in a file."""
    place = environment.policy.keys.get(credential.source.name) if environment.policy and credential.source else None
    return place.variable if place else ""


def _kept_from_proxies(credential: Credential, variable: str, environment: Environment) -> str:
    """Return why a proxy can't have a key; empty if it can read the variable."""
    layer = credential.source.layer if credential.source else ""
    if credential.is_organisations:
        return "" if variable else "it is in a file. Give the proxy a variable with it, and name that in the policy"
    if environment.policy or environment.documents.owner:
        return "it is a user's own. Name a key of the organisation under [keys] in the policy"
    if layer == KEYRING:
        return "it is in a keyring, which the proxy can't open"
    if layer == PLUGIN or credential.kind == "cloud-identity":
        return "it is a login, which is renewed for its user only"
    return "" if variable else "it is not in a variable that the proxy could read"
