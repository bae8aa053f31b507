"""pydantic-ai: `pip install 'polyroute[pydantic-ai]'`.

>>> agent = Agent(polyroute.integrations.pydantic_ai.model(catalog, "PROVIDER/MODEL"))
"""

from __future__ import annotations

from typing import Any

from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra
from polyroute.integrations import anthropic, openai
from polyroute.integrations.choosing import Target, chosen

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
    """A model that runs along the route. `options` are further arguments of the client of its SDK.

    Raises as `choosing.chosen` does.
    """
    route, model_id = chosen(catalog, target, PROTOCOLS)
    if route.protocol == anthropic.MESSAGES:
        claude, _ = anthropic.async_client(catalog, route, **options)
        return AnthropicModel(model_id, provider=AnthropicProvider(anthropic_client=claude))
    client, _ = openai.async_client(catalog, route, protocol=route.protocol, **options)
    made = OpenAIResponsesModel if route.protocol == openai.RESPONSES else OpenAIChatModel
    return made(model_id, provider=OpenAIProvider(openai_client=client))
