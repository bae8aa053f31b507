"""What Dexto's clients expect of the HTTP API where it names a provider: paths, fields, words."""

from __future__ import annotations

from collections.abc import Iterable

LIST_GATEWAY = "openrouter"
"""The gateway whose list a person's own model IDs are checked against."""
VALIDATE_PATH = "/openrouter/validate/{modelId}"
REFRESH_PATH = "/openrouter/refresh-cache"
AUTH_STATUS_PATH = "/dexto-auth/status"

VIA_FIELD = "viaDexto"
MISSING_KEY = "llm_api_key_missing"

FILE_TYPES = ("pdf", "image", "audio", "video", "document")
CURATED = ("anthropic", "openai", "google", "groq", "xai", "cohere", "minimax", "glm", "openrouter")
"""The providers of the small catalog, by the names that clients know; the first to be offered first."""
UNKNOWN_CONTEXT = 128_000
"""Stands where no limit is known: clients want a number."""


def file_types(modalities: Iterable[str]) -> list[str]:
    """The file types among a model's input modalities."""
    return [name for name in FILE_TYPES if name in tuple(modalities)]
