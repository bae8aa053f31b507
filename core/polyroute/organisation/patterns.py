"""Patterns of names, in which `*` stands for any characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

ANY = "*"


def matches(pattern: str, name: str) -> bool:
    """Return whether the whole name matches the pattern; upper and lower case differ."""
    return _compiled(pattern).fullmatch(name) is not None


def any_matches(patterns: Iterable[str], *names: str) -> bool:
    """Return whether one of the names matches one of the patterns."""
    return any(matches(pattern, name) for pattern in patterns for name in names)


def with_id(pattern: str, names: Mapping[str, str]) -> str:
    """Return a pattern of `provider/model` with the provider's ID in place of an alias."""
    provider, slash, model = pattern.partition("/")
    return f"{names.get(provider, provider)}{slash}{model}"


@lru_cache(maxsize=10_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\*+", pattern)
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
