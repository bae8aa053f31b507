"""What Dexto reads of the file of custom models that both share.

If one entry is invalid, Dexto reads none, and its next save drops all; it also drops fields that it does not know, and
replaces the entry that has the name of the model that it saves.

Source: CustomModelSchema in packages/agent-management/src/models/custom-models.ts, at d5b28d7de and at ea2b18633.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.named_tuples import NamedTuple

_MAX_COUNT = 2**53 - 1
_NEEDS_URL = ("openai-compatible", "litellm")
_FILE_PROVIDER, _FILE_SUFFIX = "local", ".gguf"
_PROVIDERS = frozenset(("openai-compatible", "openrouter", "litellm", "glama", "bedrock", "ollama", "local", "vertex"))
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: Any) -> bool:
    return type(value) in (int, float) and 1 <= value <= _MAX_COUNT and value == int(value)


def _is_url(value: Any) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and bool(parts.scheme and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _is_effort(value: Any) -> bool:
    return value in _EFFORTS


def _is_reasoning(value: Any) -> bool:
    if not (isinstance(value, dict) and value.keys() <= {"variant", "budgetTokens"}):
        return False
    variant = value.get("variant")
    return isinstance(variant, str) and variant.strip() != "" and _is_count(value.get("budgetTokens", 1))


_Check = Callable[[Any], bool]
_FIELDS: Mapping[str, _Check] = {
    "name": _is_name,
    "provider": _is_text,
    "baseURL": _is_url,
    "displayName": _is_text,
    "maxInputTokens": _is_count,
    "maxOutputTokens": _is_count,
    "apiKey": _is_text,
    "filePath": _is_text,
}


class _Version(NamedTuple):
    """What one version of Dexto reads."""

    providers: frozenset[str]
    fields: Mapping[str, _Check]

    def dropped(self, entry: Mapping[str, Any]) -> frozenset[str] | None:
        """Return the fields that it would drop from an entry; None if the entry makes it read no entry at all."""
        provider = entry.get("provider", DEFAULT_CUSTOM_PROVIDER)
        sound = all(check(entry[name]) for name, check in self.fields.items() if name in entry)
        if not sound or "name" not in entry or provider not in self.providers:
            return None
        if provider in _NEEDS_URL and "baseURL" not in entry:
            return None
        if provider == _FILE_PROVIDER and not entry.get("filePath", "").endswith(_FILE_SUFFIX):
            return None
        return frozenset(entry.keys() - self.fields.keys())


_VERSIONS = (
    _Version(_PROVIDERS, {**_FIELDS, "reasoningEffort": _is_effort}),
    _Version(_PROVIDERS | {"dexto-nova"}, {**_FIELDS, "reasoning": _is_reasoning}),
)


def keeps_all(entry: Mapping[str, Any]) -> bool:
    """Return whether every version of Dexto reads an entry, and keeps all its fields when it saves."""
    return all(version.dropped(entry) == frozenset() for version in _VERSIONS)


def is_read(entry: Any) -> bool:
    """Return whether a version of Dexto reads an entry."""
    return isinstance(entry, dict) and any(version.dropped(entry) is not None for version in _VERSIONS)


def may_replace(entry: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Return whether each version of Dexto that reads the entry `before` also reads `entry`, and drops nothing more."""
    if not is_read(entry):
        return False
    pairs = ((version.dropped(before), version.dropped(entry)) for version in _VERSIONS)
    return all(old is None or (new is not None and new <= old) for old, new in pairs)
