"""What a model is for: whether it answers in a conversation."""

from __future__ import annotations

import re

from polyroute.types import Model

_OTHER_TASKS = r"embed|rerank|retriever|whisper|transcri|moderation|tts|speech|(?:^|[/-])(?:bge|e5|gte|asr|stt|voyage)-"
"""Matches the IDs of models for search, speech and moderation, which most lists describe like any other."""
_NARROW = (
    r"preview|beta|latest|exp|lite|nano|-it$|translat|guard|safety|ocr|search|research|instruct|turbo|free"
    r"|(?:^|[-/\d.])v(?:$|-)|vision|audio|image|code[xr]?(?:$|-)|router"
)
"""Matches the IDs of models for one purpose, or that are not finished."""


def converses(model: Model) -> bool:
    """Return whether a model takes and gives text in a conversation, as far as is known."""
    takes, gives = model.input_modalities, model.output_modalities
    if (takes and "text" not in takes) or (gives and "text" not in gives):
        return False
    return re.search(_OTHER_TASKS, model.id.lower()) is None


def is_general(model: Model) -> bool:
    """Return whether a model is fit to be chosen for a user who has not chosen: it converses, about anything."""
    is_text_only = "text" in model.input_modalities and model.output_modalities == ("text",)
    return is_text_only and model.status == "" and converses(model) and not re.search(_NARROW, model.id.lower())
