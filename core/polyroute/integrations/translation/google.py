"""Requests of Google's generateContent, which LiteLLM answers by way of OpenAI Chat."""

from __future__ import annotations

import importlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from typing import Any

from polyroute.integrations.translation.library import litellm

_ADAPTER = "litellm.google_genai.adapters.transformation"


async def generate_content(model: str, *, stream: bool, given: dict[str, Any], common: dict[str, Any]) -> Any:
    """Return the response: a document, or an asynchronous iterator of events."""
    adapter = importlib.import_module(_ADAPTER).GoogleGenAIAdapter()
    instruction = given.get("systemInstruction") or given.get("system_instruction")
    chat: dict[str, Any] = adapter.translate_generate_content_to_completion(
        model=model,
        contents=given.get("contents", []),
        config=given.get("generationConfig") or given.get("generation_config") or {},
        tools=given.get("tools"),
        toolConfig=given.get("toolConfig") or given.get("tool_config"),
        systemInstruction=_joined(instruction),
    )
    chat["messages"] = paired(chat["messages"])
    more = {"stream_options": {"include_usage": True}} if stream else {}
    answer = await litellm().acompletion(**chat, **more, **common, stream=stream)
    if not stream:
        return adapter.translate_completion_to_generate_content(answer)
    events: AsyncIterator[bytes] = adapter.translate_completion_output_params_streaming(answer)
    return events


def paired(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return chat messages in which each call of a tool has an ID of its own, and its result follows the calls.

    Google's API pairs calls and results by name and order, and LiteLLM makes IDs of the names, so that two calls of
    one tool would have the same.
    """
    found: list[dict[str, Any]] = []
    open_calls: dict[str, deque[str]] = defaultdict(deque)
    results_go, count = 0, 0
    for message in messages:
        calls = message.get("tool_calls") or ()
        for call in calls:
            count += 1
            new = f"call_{count}"
            open_calls[call["id"]].append(new)
            call["id"] = new
        if message["role"] == "tool":
            waiting = open_calls[message["tool_call_id"]]
            message["tool_call_id"] = waiting.popleft() if waiting else message["tool_call_id"]
            found.insert(results_go, message)
            results_go += 1
        else:
            found.append(message)
        if calls:
            results_go = len(found)
    return found


def _joined(instruction: Any) -> Any:
    """Return a system instruction with one part: LiteLLM reads the first one only."""
    parts = instruction.get("parts", ()) if isinstance(instruction, dict) else ()
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return {"parts": [{"text": "\n\n".join(texts)}]} if texts else instruction
