"""Patterns of names, in which `*` stands for any characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

ANY = "*"


def matches(pattern: str, name: str) -> bool:
    """Return whether the whole name matches the pattern; upper and lower case differ."""
    return _compiled(pattern).fullmatch(name) is not None


def any_matches(patterns: Iterable[str], name: str) -> bool:
    """Return whether the whole name matches one of the patterns."""
    return any(matches(each, name) for each in patterns)


@lru_cache(maxsize=10_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\*+", pattern)
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
