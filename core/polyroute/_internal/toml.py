"""Parse untrusted TOML."""

from __future__ import annotations

import re
from typing import Any

MOST_PARTS = 32
"""The maximum number of parts of a key. With many more, parsing the key or the tables below it would take too long."""

_KEY = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{MOST_PARTS}}}")


class LongKey(ValueError):
    """A key has too many parts."""


def parsed(text: str) -> dict[str, Any]:
    """Parse a TOML text. Raises LongKey, another ValueError if it is invalid, or RecursionError."""
    import tomllib

    if _LONG_KEY.search(text):
        raise LongKey(f"it contains a key with more than {MOST_PARTS} parts")
    return tomllib.loads(text)
