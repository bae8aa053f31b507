"""From a provider's model ID to OpenRouter's and back, by look-up alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

from polyroute import IdMapping, ModelRef
from polyroute_openrouter._lists import model_ids, table

T = TypeVar("T")


class OpenRouterMapper:
    """Knows an ID where OpenRouter's list has it, or has it with the vendor's prefix; never guesses.

    Dots and dashes between words count as the same (`claude-sonnet-4-5`, `claude-sonnet-4.5`) where that
    leaves one model only.
    """

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """OpenRouter's ID for `model`."""
        provider, native_id = model
        if provider == "openrouter":
            return IdMapping(native_id, "verbatim", f"{native_id} is OpenRouter's own ID, kept to the letter")
        spelled = f"{self._namespaces.get(provider, provider)}/{native_id}"
        for candidate in (native_id, spelled):
            if candidate in self._own:
                return IdMapping(candidate, "listed", f"{candidate} is in the list of {self._gateway}")
        found = self._by_dashes.get(_dashed(spelled))
        if found:
            return IdMapping(found, "listed", f"{found} is in the list of {self._gateway}")
        return IdMapping(None, "unknown", f"unknown to {self._gateway}: its list has no {spelled}")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """The vendor's own model for an OpenRouter ID, where exactly one vendor's list has it."""
        return self._native_by_dashes.get(_dashed(gateway_id)) if gateway_id in self._own else None

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(model_ids()[0])

    @cached_property
    def _namespaces(self) -> dict[str, str]:
        namespaces: dict[str, str] = table()["namespaces"]
        return namespaces

    @cached_property
    def _by_dashes(self) -> dict[str, str]:
        return _unique((_dashed(model), model) for model in model_ids()[0])

    @cached_property
    def _native_by_dashes(self) -> dict[str, ModelRef]:
        return _unique(
            (_dashed(f"{self._namespaces.get(provider, provider)}/{native_id}"), ModelRef(provider, native_id))
            for provider, native_ids in model_ids()[1].items()
            for native_id in native_ids
        )


def _dashed(model_id: str) -> str:
    return model_id.replace(".", "-")


def _unique(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Without the keys that stand for more than one value."""
    found: dict[str, T] = {}
    ambiguous = set()
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            ambiguous.add(key)
    return {key: value for key, value in found.items() if key not in ambiguous}
