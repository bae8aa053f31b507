"""Asking one question through each client library; those that are slow to import are imported when they are asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import httpx as real_httpx
import httpx2
from openai import AsyncOpenAI, OpenAI

from polyroute import Catalog
from polyroute.integrations import anthropic, httpx, openai
from polyroute.integrations.route_choice import Target
from tests.support.fake_endpoint import ANSWER

Ask = Callable[[Catalog, Target], str]
QUESTION: Any = [{"role": "user", "content": "Hello?"}]


def openai_chat(catalog: Catalog, target: Target) -> str:
    client, model_id = openai.client(catalog, target, max_retries=0)
    with client:
        answer = client.chat.completions.create(model=model_id, messages=QUESTION)
    return answer.choices[0].message.content or ""


def openai_chat_async(catalog: Catalog, target: Target) -> str:
    async def ask() -> str:
        client, model_id = openai.async_client(catalog, target, max_retries=0)
        async with client:
            answer = await client.chat.completions.create(model=model_id, messages=QUESTION)
        return answer.choices[0].message.content or ""

    return asyncio.run(ask())


def openai_stream(catalog: Catalog, target: Target) -> str:
    client, model_id = openai.client(catalog, target, max_retries=0)
    with client:
        parts: Any = client.chat.completions.create(model=model_id, messages=QUESTION, stream=True)
        return "".join(part.choices[0].delta.content or "" for part in parts).strip()


def openai_responses(catalog: Catalog, target: Target) -> str:
    client, model_id = openai.client(catalog, target, protocol=openai.RESPONSES, max_retries=0)
    with client:
        return client.responses.create(model=model_id, input="Hello?").output_text


def anthropic_messages(catalog: Catalog, target: Target) -> str:
    client, model_id = anthropic.client(catalog, target, max_retries=0)
    with client:
        answer = client.messages.create(model=model_id, max_tokens=9, messages=QUESTION)
    return getattr(answer.content[0], "text", "")


def anthropic_messages_async(catalog: Catalog, target: Target) -> str:
    async def ask() -> str:
        client, model_id = anthropic.async_client(catalog, target, max_retries=0)
        async with client, client.messages.stream(model=model_id, max_tokens=9, messages=QUESTION) as stream:
            return (await stream.get_final_text()).strip()

    return asyncio.run(ask())


def import_litellm() -> tuple[Any, Any]:
    """Return LiteLLM, and our integration of it."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # otherwise its import makes a network request
    import litellm as real_litellm

    from polyroute.integrations import litellm

    return real_litellm, litellm


@contextlib.contextmanager
def own_event_loop() -> Iterator[None]:
    """Provide an event loop and close it: where there is none, LiteLLM makes one and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def litellm_completion(catalog: Catalog, target: Target) -> str:
    real_litellm, litellm = import_litellm()
    arguments = litellm.completion_arguments(catalog, target)
    try:
        with own_event_loop():
            answer = real_litellm.completion(messages=QUESTION, num_retries=0, **arguments)
    finally:
        client = arguments["client"]
        (client if isinstance(client, OpenAI) else client.client).close()
    return str(answer.choices[0].message.content)


def litellm_acompletion(catalog: Catalog, target: Target) -> str:
    real_litellm, litellm = import_litellm()

    async def ask() -> str:
        arguments = litellm.acompletion_arguments(catalog, target)
        try:
            answer = await real_litellm.acompletion(messages=QUESTION, num_retries=0, **arguments)
        finally:
            client = arguments["client"]
            await (client.close() if isinstance(client, AsyncOpenAI) else client.client.aclose())
        return str(answer.choices[0].message.content)

    return asyncio.run(ask())


def pydantic_agent(catalog: Catalog, target: Target) -> str:
    import pydantic_ai as real_pydantic_ai

    from polyroute.integrations import pydantic_ai

    async def ask() -> str:
        model = pydantic_ai.model(catalog, target, max_retries=0)
        async with getattr(model, "client"):  # noqa: B009 - models of this library may lack it
            return (await real_pydantic_ai.Agent(model).run("Hello?")).output

    return asyncio.run(ask())


def langchain_chat(catalog: Catalog, target: Target) -> str:
    from polyroute.integrations import langchain

    chat = langchain.chat_model(catalog, target, max_retries=0)
    with chat.root_client:
        return str(chat.invoke("Hello?").text)


def plain_http(catalog: Catalog, target: Target) -> str:
    return _asked(*httpx.client(catalog, target, client_class=real_httpx.Client))


def plain_http2(catalog: Catalog, target: Target) -> str:
    return _asked(*httpx.client(catalog, target, client_class=httpx2.Client))


def plain_http_async(catalog: Catalog, target: Target) -> str:
    return asyncio.run(_asked_async(*httpx.async_client(catalog, target, client_class=real_httpx.AsyncClient)))


def plain_http2_async(catalog: Catalog, target: Target) -> str:
    return asyncio.run(_asked_async(*httpx.async_client(catalog, target, client_class=httpx2.AsyncClient)))


def _asked(client: real_httpx.Client | httpx2.Client, path: str, model_id: str) -> str:
    with client:
        answer = client.post(path, json={"model": model_id, "messages": QUESTION})
    return ANSWER.format(model=model_id) if model_id in answer.raise_for_status().text else ""


async def _asked_async(client: real_httpx.AsyncClient | httpx2.AsyncClient, path: str, model_id: str) -> str:
    async with client:
        answer = await client.post(path, json={"model": model_id, "messages": QUESTION})
    return ANSWER.format(model=model_id) if model_id in answer.raise_for_status().text else ""


OPENAI_CHAT: list[Ask] = [
    openai_chat,
    openai_chat_async,
    openai_stream,
    litellm_completion,
    litellm_acompletion,
    pydantic_agent,
    langchain_chat,
    plain_http,
    plain_http_async,
    plain_http2,
    plain_http2_async,
]
ANTHROPIC: list[Ask] = [
    anthropic_messages,
    anthropic_messages_async,
    litellm_completion,
    litellm_acompletion,
    pydantic_agent,
    plain_http,
]
RESPONSES: list[Ask] = [openai_responses, pydantic_agent, langchain_chat, plain_http]
EVERY_WAY = [
    *(("openai-chat", ask) for ask in OPENAI_CHAT),
    *(("openai-responses", ask) for ask in RESPONSES),
    *(("anthropic-messages", ask) for ask in ANTHROPIC),
]
