"""Format a route for shells and configuration files. Keys are referenced, never written.

`env` sets `POLYROUTE_` variables, `openai` sets the variables that OpenAI's SDKs read in every language, `curl` is a
complete command, `python` and `polyroute` are programs, and `litellm` is a configuration of the LiteLLM proxy.
"""

from __future__ import annotations

import json
import shlex

from polyroute.base_url import joined
from polyroute.catalog import Catalog
from polyroute.environment import HOST, PLUGIN, PROCESS, PROJECT, Environment
from polyroute.errors import UnsupportedRoute
from polyroute.integrations.proxy import config
from polyroute.integrations.python_code import with_library, with_polyroute
from polyroute.integrations.request_paths import HTTP, request_path
from polyroute.integrations.route_choice import Chosen, choose_route
from polyroute.results import Route
from polyroute.routing.credentials import variable_of
from polyroute.routing.order import checked
from polyroute.types import AuthHeader, ModelRef

FORMATS = {
    "python": "Python",
    "curl": "curl",
    "env": "env",
    "openai": "OpenAI",
    "litellm": "LiteLLM",
    "polyroute": "Polyroute",
}
"""What each format is called."""
_PREFIX = "POLYROUTE"
_OPENAI = ("openai-chat", "openai-responses")
_HELLO = [{"role": "user", "content": "Hello"}]
_BODIES: dict[str, dict[str, object]] = {
    "openai-chat": {"messages": _HELLO},
    "openai-responses": {"input": "Hello"},
    "anthropic-messages": {"max_tokens": 1000, "messages": _HELLO},
    "google-generate-content": {"contents": [{"parts": [{"text": "Hello"}]}]},
}


def formatted(catalog: Catalog, model: ModelRef, form: str, *, via: str = "") -> str:
    """Return the route to `model` in one of `FORMATS`: the one that would be taken, or the one by `via`.

    The secret of a login that a plugin owns is read, since only that may determine its base URL. Raises
    NoEffectiveRoute, UnsupportedRoute if the route can't be expressed in this format, and SecretUnavailable.
    """
    if via:
        preferences = catalog.preferences
        pinned = preferences._replace(
            pins={**preferences.pins, str(model): checked(via, str(model), catalog.plugins)[0]}
        )
        catalog = Catalog(catalog.plugins, catalog.environment, pinned)
    if form == "litellm":
        return config(catalog, [model])
    route, model_id = _called(catalog, _chosen(catalog, model, form))
    if form == "polyroute":
        return with_polyroute(model, route)
    if form == "python":
        return with_library(route, model_id, *_variable_and_command(catalog.environment, model, route))
    write = {"env": _env, "curl": _curl, "openai": _for_openai}[form]
    return write(route, model_id, _key(catalog.environment, model, route))


def _chosen(catalog: Catalog, model: ModelRef, form: str) -> Chosen:
    if form == "env":
        route = catalog.resolve(model)
        return choose_route(catalog, route, (route.protocol,))
    return choose_route(catalog, model, _OPENAI if form == "openai" else HTTP)


def _called(catalog: Catalog, found: Chosen) -> Chosen:
    """Return the route with the base URL that its secret is for."""
    route = found.route
    if not (route.credential and route.credential.source and route.credential.source.layer == PLUGIN):
        return found
    call = catalog.environment.call(route)
    if len(call.headers) > len(route.headers) + 1:
        raise UnsupportedRoute(route, "its login has additional headers, which may be secret: use a client library")
    return found._replace(route=route._replace(base_url=call.base_url))


def _env(route: Route, model_id: str, key: str) -> str:
    facts = {"VIA": route.via, "PROTOCOL": route.protocol, "BASE_URL": route.base_url, "MODEL_ID": model_id}
    facts |= {"AUTH_HEADER": route.auth.name, "AUTH_PREFIX": route.auth.prefix}
    return _exports(_PREFIX, facts, key)


def _for_openai(route: Route, model_id: str, key: str) -> str:
    if route.auth != AuthHeader():
        raise UnsupportedRoute(route, f"variables can't make OpenAI's SDK send a key in the header {route.auth.name}")
    return _exports("OPENAI", {"BASE_URL": route.base_url, "MODEL": model_id}, key)


def _exports(prefix: str, facts: dict[str, str], key: str) -> str:
    lines = [f"export {prefix}_{name}={shlex.quote(value)}" for name, value in facts.items()]
    return "\n".join([*lines, f"export {prefix}_API_KEY={key or 'none'}"]) + "\n"


def _curl(route: Route, model_id: str, key: str) -> str:
    """Return a curl command that reads the key from a pipe: all users of a machine can see command lines."""
    address = shlex.quote(joined(route.base_url, request_path(route.protocol, model_id)))
    named = {} if route.protocol == "google-generate-content" else {"model": model_id}
    headers = [("content-type", "application/json"), *route.headers]
    lines = [f"curl {address}", *(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers)]
    lines.append(f"-d {shlex.quote(json.dumps({**named, **_BODIES[route.protocol]}))}")
    if key:
        header = shlex.quote(f"{route.auth.name}: {route.auth.prefix}")
        lines[0] = f"printf '%s\\n' {header}{key} | {lines[0]} -H @-"
    return " \\\n  ".join(lines) + "\n"


def _variable_and_command(environment: Environment, model: ModelRef, route: Route) -> tuple[str, str]:
    """Return the variable for the key, and a command that prints it unless the process has the variable."""
    key = _key(environment, model, route)
    if key.startswith('"$('):
        return f"{_PREFIX}_API_KEY", key
    return key.strip('"$'), ""


def _key(environment: Environment, model: ModelRef, route: Route) -> str:
    """Return a shell expression for the key: the variable if the process has it, else a command that prints it."""
    credential = route.credential
    if credential is None or credential.kind == "none":
        return ""
    if credential.kind == "cloud-identity":
        raise UnsupportedRoute(route, "a cloud identity is not a single key that a shell could pass on")
    layer = credential.source.layer if credential.source else ""
    if credential.is_organisations:
        raise UnsupportedRoute(route, "its key is the organisation's, which no shell gets: use a server's pass-through")
    if layer in (HOST, PROJECT):
        raise UnsupportedRoute(route, f"its key is known to this program only ({credential}), and not to a shell")
    variable = variable_of(credential)
    if variable and layer == PROCESS and environment.is_exact(variable):
        return f'"${variable}"'
    return f'"$(polyroute credential {shlex.quote(str(model))} --via {shlex.quote(route.via)} --reveal --raw)"'
