"""Parts of several APIs."""

from __future__ import annotations

import json
from typing import Any


def event(document: dict[str, Any], kind: str = "") -> str:
    """Return one event of a stream."""
    return (f"event: {kind}\n" if kind else "") + f"data: {json.dumps(document)}\n\n"


def text_of(content: Any) -> str:
    """Return the text of content: a text, or parts of which some have one."""
    if isinstance(content, list):
        return "\n\n".join(part["text"] for part in content if part.get("text"))
    return content or ""
