"""What Dexto's clients expect of the HTTP API where it names a provider: paths, fields, words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polyroute.dexto_compat.types import FileType

LIST_GATEWAY = "openrouter"
"""The gateway whose list a person's own model IDs are checked against."""
VALIDATE_PATH = "/openrouter/validate/{modelId}"
REFRESH_PATH = "/openrouter/refresh-cache"
AUTH_STATUS_PATH = "/dexto-auth/status"

VIA_FIELD: Final = "viaDexto"
PREFER_CREDITS_FIELD = "preferDextoCredits"
MISSING_KEY = "llm_api_key_missing"

FILE_TYPES: tuple[FileType, ...] = ("pdf", "image", "audio", "video", "document")
_IMAGES_ALONE = ("local", "ollama")
CURATED = ("anthropic", "openai", "google", "groq", "xai", "cohere", "minimax", "glm", "openrouter")
"""The providers of the small catalog, by the names that clients know; the first to be offered first."""
GATEWAY_NAME = "dexto-nova"
"""Clients look for the gateway under this name, for its key and whether it takes a base URL; models it lists none."""
UNKNOWN_CONTEXT = 128_000
"""Stands where no limit is known: clients want a number."""


def file_types(modalities: Iterable[str]) -> list[FileType]:
    """The file types among a model's input modalities."""
    return [name for name in FILE_TYPES if name in tuple(modalities)]


def assumed_file_types(provider: str) -> list[FileType]:
    """What a person's own model is assumed to take: clients refuse to send what is not among its file types."""
    return ["image"] if provider in _IMAGES_ALONE else list(FILE_TYPES)


def examples() -> dict[str, dict[str, Any]]:
    """By method and path of an operation, an example of its parameters, body and answer for the OpenAPI document."""
    text = files("polyroute.dexto_compat").joinpath("examples.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found
