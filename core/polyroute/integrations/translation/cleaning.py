"""What a request loses before it is translated, because the other API has nothing like it.

Hosted tools run at the endpoint that offers them; translated, they would be something else, billed by someone else.
"""

from __future__ import annotations

from typing import Any

_MAX_USER = 64
"""The most characters of OpenAI's `user`."""
_MESSAGES_ONLY = ("context_management", "betas", "container", "mcp_servers", "speed", "diagnostics", "service_tier")
_RESPONSES_ONLY = (
    "background",
    "client_metadata",
    "include",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "stream_options",
)
_CHAT_ONLY = ("prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "store")
_GOOGLE_ONLY = ("cachedContent", "cached_content", "labels", "safetySettings", "safety_settings", "store")
_MOST_SHARE = 2
"""Thinking gets at most the part of `max_tokens` that this divides."""


def clean(source: str, target: str, body: dict[str, Any], *, keep_cache_control: bool) -> None:
    """Remove from `body`, a request of the API `source`, what can't be said in the API `target`."""
    _CLEANERS[source](body)
    if target == "google-generate-content":
        _join_system(source, body)
    if not keep_cache_control:
        _remove(body, "cache_control")
    _limit_thinking(body)


def _clean_messages(body: dict[str, Any]) -> None:
    _drop(body, _MESSAGES_ONLY)
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and len(str(metadata.get("user_id", ""))) > _MAX_USER:
        del body["metadata"]
    _keep_tools(body, [tool for tool in _tools(body) if "input_schema" in tool])


def _clean_responses(body: dict[str, Any]) -> None:
    _drop(body, _RESPONSES_ONLY)
    _keep_tools(body, [tool for tool in _tools(body) if tool.get("type") in ("function", "custom", "namespace")])


def _clean_chat(body: dict[str, Any]) -> None:
    _drop(body, (*_CHAT_ONLY, "web_search_options"))
    _keep_tools(body, [tool for tool in _tools(body) if tool.get("type", "function") in ("function", "custom")])


def _clean_google(body: dict[str, Any]) -> None:
    _drop(body, _GOOGLE_ONLY)
    own = ("functionDeclarations", "function_declarations")
    tools = [{name: tool[name] for name in own if name in tool} for tool in _tools(body)]
    _keep_tools(body, [tool for tool in tools if tool])


_CLEANERS = {
    "anthropic-messages": _clean_messages,
    "openai-responses": _clean_responses,
    "openai-chat": _clean_chat,
    "google-generate-content": _clean_google,
}


def _join_system(source: str, body: dict[str, Any]) -> None:
    """Make one text of the system's: LiteLLM would join them without a space."""
    if source == "anthropic-messages" and isinstance(body.get("system"), list):
        body["system"] = _text(body["system"])
    messages = body.get("messages")
    if source == "openai-chat" and isinstance(messages, list):
        roles = ("system", "developer")
        own = [each for each in messages if isinstance(each, dict) and each.get("role") in roles]
        joined = "\n\n".join(_text(each.get("content")) for each in own)
        head = [{"role": "system", "content": joined}] if own else []
        body["messages"] = [*head, *(each for each in messages if each not in own)]


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n\n".join(part["text"] for part in content if isinstance(part, dict) and part.get("text"))
    return content if isinstance(content, str) else ""


def _tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    tools = body.get("tools")
    return [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []


def _keep_tools(body: dict[str, Any], tools: list[dict[str, Any]]) -> None:
    if "tools" not in body:
        return
    body["tools"] = tools
    if not tools:
        _drop(body, ("tools", "tool_choice", "toolConfig", "tool_config", "parallel_tool_calls"))


def _limit_thinking(body: dict[str, Any]) -> None:
    """Leave room for an answer: endpoints refuse a thinking budget that is not below `max_tokens`."""
    thinking, most = body.get("thinking"), body.get("max_tokens")
    if not isinstance(thinking, dict) or not isinstance(most, int):
        return
    budget = thinking.get("budget_tokens")
    if isinstance(budget, int) and budget >= most:
        body["thinking"] = {**thinking, "budget_tokens": max(1, most // _MOST_SHARE)}


def _drop(body: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        body.pop(name, None)


def _remove(value: Any, name: str) -> None:
    """Remove a field at every depth."""
    if isinstance(value, dict):
        value.pop(name, None)
        for each in value.values():
            _remove(each, name)
    elif isinstance(value, list):
        for each in value:
            _remove(each, name)
