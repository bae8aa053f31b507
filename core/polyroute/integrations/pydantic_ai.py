"""pydantic-ai: `pip install 'polyroute[pydantic-ai]'`.

>>> agent = Agent(polyroute.integrations.pydantic_ai.model(catalog, "PROVIDER/MODEL"))
"""

from __future__ import annotations

from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations import anthropic, openai
from polyroute.integrations.route_choice import Target, choose_route

try:
    from pydantic_ai.models import Model
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider
except ImportError:
    raise MissingExtra("polyroute.integrations.pydantic_ai", "pydantic-ai") from None

PROTOCOLS = (openai.CHAT, openai.RESPONSES, anthropic.MESSAGES)


def model(catalog: Catalog, target: Target, **options: Any) -> Model:
    """Return a model that uses the route. `options` are additional arguments of the SDK's client.

    Raises NoEffectiveRoute if no usable route speaks one of `PROTOCOLS`, UnsupportedRoute if the given route does not,
    and UsageError if it is not usable.
    """
    route, model_id = choose_route(catalog, target, PROTOCOLS)
    if route.protocol == anthropic.MESSAGES:
        claude, _ = anthropic.async_client(catalog, route, **options)
        return AnthropicModel(model_id, provider=AnthropicProvider(anthropic_client=claude))
    client, _ = openai.async_client(catalog, route, protocol=route.protocol, **options)
    made = OpenAIResponsesModel if route.protocol == openai.RESPONSES else OpenAIChatModel
    return made(model_id, provider=OpenAIProvider(openai_client=client))
