"""Paths, fields and values of the HTTP API that name a provider, as Dexto's clients expect them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polyroute.dexto_compat.types import FileType

LIST_GATEWAY = "openrouter"
"""The gateway whose list the IDs of custom models are checked against."""
VALIDATE_PATH = "/openrouter/validate/{modelId}"
REFRESH_PATH = "/openrouter/refresh-cache"
AUTH_STATUS_PATH = "/dexto-auth/status"

VIA_FIELD: Final = "viaDexto"
PREFER_CREDITS_FIELD = "preferDextoCredits"
MISSING_KEY = "llm_api_key_missing"

FILE_TYPES: tuple[FileType, ...] = ("pdf", "image", "audio", "video", "document")
_IMAGES_ONLY = ("local", "ollama")
CURATED = ("anthropic", "openai", "google", "groq", "xai", "cohere", "minimax", "glm", "openrouter")
"""The providers of the small catalog in the order in which to offer them, by the names that clients use."""
GATEWAY_NAME = "dexto-nova"
"""The name under which clients look up the gateway's key and base URL rules. It lists no models."""
UNKNOWN_CONTEXT = 128_000
"""The limit, in tokens, reported for a model without a known one, since clients require a number."""


def file_types(modalities: Iterable[str]) -> list[FileType]:
    """Return the file types among a model's input modalities."""
    return [name for name in FILE_TYPES if name in tuple(modalities)]


def assumed_file_types(provider: str) -> list[FileType]:
    """Return the file types a custom model is assumed to accept, since clients refuse to send any other."""
    return ["image"] if provider in _IMAGES_ONLY else list(FILE_TYPES)


def examples() -> dict[str, dict[str, Any]]:
    """Return, by method and path, example parameters, bodies and responses for the OpenAPI document."""
    text = files("polyroute.dexto_compat").joinpath("examples.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found
