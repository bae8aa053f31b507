"""TOML that may be anybody's."""

from __future__ import annotations

import re
from typing import Any

MOST_PARTS = 32
"""Parts of a key. With many more of them, reading it, or what stands below it, would take for ever."""

_KEY = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{MOST_PARTS}}}")


class LongKey(ValueError):
    """A key has too many parts."""


def parsed(text: str) -> dict[str, Any]:
    """The document. Raises LongKey, another ValueError where it is no TOML, or RecursionError."""
    import tomllib

    if _LONG_KEY.search(text):
        raise LongKey(f"it holds a key of more than {MOST_PARTS} parts")
    return tomllib.loads(text)
