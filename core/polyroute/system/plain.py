"""Text as it may reach a terminal."""

from __future__ import annotations

import re

_CONTROL = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


def clean(text: str) -> str:
    """One line, without control and bidirectional characters: plugins and files may have brought them."""
    return re.sub(_CONTROL, "", re.sub("[\t\n]", " ", text))


def quoted(word: str) -> str:
    """A word of a command that a person may copy: whoever names a folder must not write commands."""
    import shlex

    return shlex.quote(clean(word))
