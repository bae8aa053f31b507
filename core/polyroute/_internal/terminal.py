"""Make text safe for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

_CONTROL = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


def clean(text: str) -> str:
    """Return `text` as one line without control and bidirectional characters, which plugins and files may contain."""
    return text if text.isprintable() else re.sub(_CONTROL, "", re.sub("[\t\n]", " ", text))


def some_of(names: Iterable[str], most: int = 10) -> str:
    """Return the first of some names as text: a message does not grow with the number of providers."""
    first = list(islice(names, most + 1))
    return ", ".join(first) if len(first) <= most else f"{', '.join(first[:most])} and others"


def quoted(word: str) -> str:
    """Quote a word of a command that a user may copy, so that the name of a folder can't inject commands."""
    import shlex

    return shlex.quote(clean(word))
