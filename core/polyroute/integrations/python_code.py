"""Write Python code that calls a model: with a client library alone, or with Polyroute. Keys are referenced only."""

from __future__ import annotations

import json

from polyroute._internal.terminal import clean
from polyroute.errors import UnsupportedRoute
from polyroute.results import Route
from polyroute.types import AuthHeader, ModelRef

_CHAT = 'messages=[{"role": "user", "content": "Hello"}]'
_CALLS = {
    "openai-chat": f"client.chat.completions.create(model=MODEL, {_CHAT})",
    "openai-responses": 'client.responses.create(model=MODEL, input="Hello")',
    "anthropic-messages": f"client.messages.create(model=MODEL, max_tokens=1000, {_CHAT})",
    "google-generate-content": 'client.models.generate_content(model=MODEL, contents="Hello")',
}
_RESULTS = {
    "openai-chat": "response.choices[0].message.content",
    "openai-responses": "response.output_text",
    "anthropic-messages": "response.content[0].text",
    "google-generate-content": "response.text",
}
_INTEGRATIONS = {"openai-chat": "openai", "openai-responses": "openai", "anthropic-messages": "anthropic"}
_ADDRESS_WITH_VERSION = "/v1"


def with_library(route: Route, model_id: str, variable: str, command: str) -> str:
    """Return code for the client library of the route's protocol.

    The key is read from `variable`; without one, none is needed. If a shell has to set it first, `command` prints the
    key, and a comment says so. Raises UnsupportedRoute if no client library can send the key as the endpoint expects.
    """
    client = _client(route, f'os.environ["{variable}"]' if variable else '"none"')
    name = client.partition("(")[0].partition(".")[0]
    source = {"OpenAI": "from openai import OpenAI", "genai": "from google import genai"}.get(name, "import anthropic")
    lines = [*(["import os"] if variable else []), source, ""]
    if command:
        lines.append(f"# In the shell before: export {variable}={clean(command)}")
    lines += [f"client = {client}", *_called(route.protocol, _literal(model_id))]
    return "\n".join(lines) + "\n"


def with_polyroute(model: ModelRef, route: Route) -> str:
    """Return code that finds the route when it runs. Raises UnsupportedRoute if no integration speaks its protocol."""
    package = _INTEGRATIONS.get(route.protocol)
    if not package:
        raise UnsupportedRoute(route, f"no integration has a client for the API {route.protocol}")
    protocol = ', protocol="openai-responses"' if route.protocol == "openai-responses" else ""
    lines = [
        "import polyroute",
        f"from polyroute.integrations import {package}",
        "",
        f"client, model = {package}.client(polyroute.Catalog.load(), {_literal(str(model))}{protocol})",
        *_called(route.protocol, "model"),
    ]
    return "\n".join(lines) + "\n"


def _literal(text: str) -> str:
    """Return a text as Python writes it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _called(protocol: str, model: str) -> list[str]:
    return [f"response = {_CALLS[protocol].replace('MODEL', model, 1)}", f"print({_RESULTS[protocol]})"]


def _client(route: Route, key: str) -> str:
    headers = f", default_headers={json.dumps(dict(route.headers), ensure_ascii=False)}" if route.headers else ""
    match route.protocol:
        case "openai-chat" | "openai-responses" if route.auth == AuthHeader():
            return f"OpenAI(base_url={_literal(route.base_url)}, api_key={key}{headers})"
        case "anthropic-messages":
            name = "auth_token" if route.auth == AuthHeader() else "api_key"
            address = route.base_url.removesuffix(_ADDRESS_WITH_VERSION)
            return f"anthropic.Anthropic(base_url={_literal(address)}, {name}={key}{headers})"
        case "google-generate-content" if not route.headers:
            address, _, version = route.base_url.rpartition("/")
            options = f'{{"base_url": {_literal(address)}, "api_version": {_literal(version)}}}'
            return f"genai.Client(api_key={key}, http_options={options})"
    raise UnsupportedRoute(route, f"no client library can be told to send a key in the header {route.auth.name} there")
