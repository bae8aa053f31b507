"""Encode LiteLLM's responses as the APIs send them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

_DATA = b"data:"


def document(answer: Any) -> bytes:
    """Return a whole response as JSON."""
    return json.dumps(_plain(answer), ensure_ascii=False).encode()


async def events(source: str, answer: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """Yield the events of a stream as bytes, and the last one that the API `source` requires."""
    async for event in answer:
        yield _encoded(event)
    if source == "openai-chat":
        yield b"data: [DONE]\n\n"


async def as_array(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the same events as one JSON array, which Google's API sends unless `alt=sse` is requested."""
    before = b"["
    async for part in parts:
        for line in part.splitlines():
            if line.startswith(_DATA):
                yield before + line.removeprefix(_DATA).strip()
                before = b",\r\n"
    yield b"]" if before != b"[" else b"[]"


def _encoded(event: Any) -> bytes:
    if isinstance(event, bytes):
        return event
    if isinstance(event, str):
        return event.encode()
    found = _plain(event)
    kind = found.get("type") if isinstance(found, dict) else None
    head = f"event: {kind}\n" if isinstance(kind, str) else ""
    return f"{head}data: {json.dumps(found, ensure_ascii=False)}\n\n".encode()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_unset=True) if hasattr(value, "model_dump") else value
