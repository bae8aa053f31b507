"""Call LiteLLM's function for the API that a request is written in."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from polyroute.integrations.translation.cleaning import clean
from polyroute.integrations.translation.google import generate_content
from polyroute.integrations.translation.library import know_model, litellm
from polyroute.named_tuples import NamedTuple

UNUSED_KEY = "set-by-polyroute"
_TRANSLATOR_SECONDS = 3600.0
"""The pass-through's own limits end a request earlier."""
_CHAT_PREFIXES = {"own": "openai/", "cache": "openrouter/", "": "hosted_vllm/"}
"""LiteLLM's name for an endpoint of OpenAI Chat, by dialect: that of its designer, one that takes `cache_control`, and
any other."""
_PREFIXES = {
    "anthropic-messages": "anthropic/",
    "google-generate-content": "gemini/",
    "openai-responses": "openai/",
}


class Translation(NamedTuple):
    """A request to translate."""

    source: str
    """The API in which the request is written, and its response is expected."""
    target: str
    """The API of the endpoint."""
    dialect: str
    """For OpenAI Chat, a key of `_CHAT_PREFIXES`."""
    model_id: str
    base_url: str
    """Where the request in the endpoint's API is sent."""
    stream: bool
    is_array: bool
    """Whether the events of a stream are the items of a JSON array, instead of server-sent events."""
    reasons: bool
    """Whether the model can reason, which matters only if LiteLLM does not know it."""


def call(translation: Translation, body: dict[str, Any]) -> Awaitable[Any]:
    """Return the response when awaited: a document, or an asynchronous iterator of events."""
    clean(translation.source, translation.target, body, keep_cache_control=translation.dialect == "cache")
    know_model(_prefix(translation), translation.model_id, reasons=translation.reasons)
    given = {name: value for name, value in body.items() if name not in ("model", "stream")}
    common = {
        "api_base": translation.base_url,
        "api_key": UNUSED_KEY,
        "num_retries": 0,
        "max_retries": 0,
        "timeout": _TRANSLATOR_SECONDS,
    }
    return _CALLS[translation.source](translation, given, common)


def _model(translation: Translation, *, by_chat: bool = False) -> str:
    """Return LiteLLM's name for the model. `by_chat`: the function that gets it calls the chat API unless told."""
    bridge = "responses/" if translation.target == "openai-responses" and by_chat else ""
    return _prefix(translation) + bridge + translation.model_id


def _prefix(translation: Translation) -> str:
    return _PREFIXES.get(translation.target) or _CHAT_PREFIXES[translation.dialect]


def _messages(translation: Translation, given: dict[str, Any], common: dict[str, Any]) -> Awaitable[Any]:
    model = _model(translation, by_chat=True)
    answer: Awaitable[Any] = litellm().anthropic.messages.acreate(
        model=model, stream=translation.stream, **common, **given
    )
    return answer


def _responses(translation: Translation, given: dict[str, Any], common: dict[str, Any]) -> Awaitable[Any]:
    more = {"use_chat_completions_api": True} if translation.target == "openai-chat" else {}
    answer: Awaitable[Any] = litellm().aresponses(
        model=_model(translation), stream=translation.stream, **more, **common, **given
    )
    return answer


def _chat(translation: Translation, given: dict[str, Any], common: dict[str, Any]) -> Awaitable[Any]:
    if not translation.stream:
        given.pop("stream_options", None)
    model = _model(translation, by_chat=True)
    answer: Awaitable[Any] = litellm().acompletion(model=model, stream=translation.stream, **common, **given)
    return answer


def _google(translation: Translation, given: dict[str, Any], common: dict[str, Any]) -> Awaitable[Any]:
    model = _model(translation, by_chat=True)
    return generate_content(model, stream=translation.stream, given=given, common=common)


_CALLS = {
    "anthropic-messages": _messages,
    "openai-responses": _responses,
    "openai-chat": _chat,
    "google-generate-content": _google,
}
