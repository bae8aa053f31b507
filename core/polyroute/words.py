"""Make messages of endpoints safe to show to users."""

from __future__ import annotations

import re

_KEY = r"\b(?:\w{2,8}-)*(?=\w*\d)\w{20,}"
"""Matches anything that looks like a key: a long run of letters and digits."""
_SHOWN = 300


def shown(text: str) -> str:
    """Return `text` as one short line without control characters and with anything that looks like a key masked."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    line = re.sub(_KEY, "****", line)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
