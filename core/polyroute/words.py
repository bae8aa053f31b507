"""What an endpoint said, as it may be shown to a user."""

from __future__ import annotations

import re

_KEY = r"\b(?:\w{2,8}-)*(?=\w*\d)\w{20,}"
"""What looks like a key: a long run of letters and digits."""
_SHOWN = 300


def shown(text: str) -> str:
    """One short line, without control characters, and without anything that looks like a key."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    line = re.sub(_KEY, "****", line)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
