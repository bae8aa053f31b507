"""Showing a person which secret is stored, without showing it."""

from __future__ import annotations

import re

REDACTED = "[REDACTED]"
"""What other tools show in a secret's place."""

_MASK = r"\S{0,8}(?:[*•.]{3,}|…)\S{0,4}"
_SHOWN = 4
_LONG_ENOUGH = 12


def masked(secret: str) -> str:
    """A mask with the last four characters of a secret of twelve or more, and none of a shorter one."""
    return f"****{secret[-_SHOWN:]}" if len(secret) >= _LONG_ENOUGH else "****"


def is_masked(text: str) -> bool:
    """Whether a text that comes back is a mask, ours or another tool's: it stands for what is stored."""
    text = text.strip()
    return text.upper() == REDACTED or re.fullmatch(_MASK, text) is not None
