"""LangChain: `pip install 'polyroute[langchain]'`.

>>> chat = polyroute.integrations.langchain.chat_model(catalog, "PROVIDER/MODEL")
>>> chat.invoke("Hello")
"""

from __future__ import annotations

from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations import openai
from polyroute.integrations.route_choice import Target, choose_route

try:
    from langchain_openai import ChatOpenAI
except ImportError:
    raise MissingExtra("polyroute.integrations.langchain", "langchain") from None

PROTOCOLS = (openai.CHAT, openai.RESPONSES)
_OF_CLIENTS = ("max_retries", "timeout")
"""Options of `ChatOpenAI` that belong to the clients, which it normally creates itself."""


def chat_model(catalog: Catalog, target: Target, **options: Any) -> ChatOpenAI:
    """Return a chat model that uses the route. `options` are additional arguments of `ChatOpenAI`.

    Raises NoEffectiveRoute if no usable route speaks one of `PROTOCOLS`, UnsupportedRoute if the given route does not,
    and UsageError if it is not usable.
    """
    route, model_id = choose_route(catalog, target, PROTOCOLS)
    for_clients = {name: options[name] for name in _OF_CLIENTS if name in options}
    client, _ = openai.client(catalog, route, protocol=route.protocol, **for_clients)
    async_client, _ = openai.async_client(catalog, route, protocol=route.protocol, **for_clients)
    return ChatOpenAI(
        model=model_id,
        root_client=client,
        root_async_client=async_client,
        client=client.chat.completions,
        async_client=async_client.chat.completions,
        use_responses_api=route.protocol == openai.RESPONSES,
        **options,
    )
