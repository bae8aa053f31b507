"""Whether a model is for the settings of its provider, as far as its ID says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from polyroute._internal.terminal import some_of
from polyroute.types import Provider


def fault(provider: Provider, model_id: str, values: Mapping[str, str]) -> str:
    """Return what contradicts the ID of a model in its provider's settings; empty if nothing does."""
    for scope in provider.scopes:
        value = values.get(scope.slot, "")
        if value and _matches(model_id, scope.models) and not _matches(value, scope.values):
            return f"{model_id} is for {some_of(scope.values)}, but the {scope.slot} is {value}"
    return ""


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), text) for each in patterns)
