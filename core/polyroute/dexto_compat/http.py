"""Paths, fields and values of the HTTP API that name a provider, as Dexto's clients expect them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polyroute.dexto_compat.types import FileType, Paradigm

VALIDATE_PATH = "/openrouter/validate/{modelId}"
REFRESH_PATH = "/openrouter/refresh-cache"
FILE_SUFFIX = ".gguf"
SERVED_PATH = "/models/ollama"
SERVED_URL = "http://127.0.0.1:11434"
AUTH_STATUS_PATH = "/dexto-auth/status"

KEYS_QUERY = {"mode", "includeModels"}
"""The parameters by which the page of keys asks for providers, without models. No picker asks so."""
VIA_FIELD: Final = "viaDexto"
PREFER_CREDITS_FIELD = "preferDextoCredits"
MISSING_KEY = "llm_api_key_missing"
NOT_OFFERED = "llm_model_incompatible"
SWITCH_INPUT_MISSING = "llm_switch_input_missing"

FILE_TYPES: tuple[FileType, ...] = ("pdf", "image", "audio", "video", "document")
_IMAGES_ONLY = ("local", "ollama")
CURATED = ("anthropic", "openai", "google", "groq", "xai", "cohere", "minimax", "glm", "openrouter")
"""The providers of the small catalog in the order in which to offer them, by the names that clients use."""
UNKNOWN_CONTEXT = 128_000
"""The limit, in tokens, reported for a model without a known one, since clients require a number."""


NO_REASONING: tuple[Paradigm, tuple[str, ...]] = ("none", ())
_EFFORT: tuple[Paradigm, tuple[str, ...]] = ("effort", ("low", "medium", "high"))
_BUDGET: tuple[Paradigm, tuple[str, ...]] = ("budget", ("disabled", "enabled"))
_REASONING = {
    "anthropic-messages": _BUDGET,
    "bedrock-converse": _BUDGET,
    "vertex-anthropic": _BUDGET,
    "google-generate-content": _BUDGET,
    "vertex-generate-content": _BUDGET,
}
"""How a request says how much to reason, by wire protocol; all others name an effort."""


def reasoning_choices(protocol: str) -> tuple[Paradigm, tuple[str, ...]]:
    """Return how a request of a wire protocol says how much to reason, and the choices."""
    return _REASONING.get(protocol, _EFFORT)


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
