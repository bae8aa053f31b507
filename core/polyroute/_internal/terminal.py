"""Make text safe for a terminal."""

from __future__ import annotations

import re

_CONTROL = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


def clean(text: str) -> str:
    """Return `text` as one line without control and bidirectional characters, which plugins and files may contain."""
    return re.sub(_CONTROL, "", re.sub("[\t\n]", " ", text))


def quoted(word: str) -> str:
    """Quote a word of a command that a user may copy, so that the name of a folder can't inject commands."""
    import shlex

    return shlex.quote(clean(word))
