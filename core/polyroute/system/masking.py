"""Show which secret is stored without revealing it."""

from __future__ import annotations

import re

REDACTED = "[REDACTED]"
"""What other tools show in place of a secret."""

_MASK = r"\S{0,8}(?:[*•.]{3,}|…)\S{0,4}"
_SHOWN = 4
_LONG_ENOUGH = 12


def masked(secret: str) -> str:
    """Return a mask with the last four characters of a secret of at least twelve characters, else without any."""
    return f"****{secret[-_SHOWN:]}" if len(secret) >= _LONG_ENOUGH else "****"


def is_masked(text: str) -> bool:
    """Return whether `text` is a mask, of Polyroute or another tool, which stands for the stored secret."""
    text = text.strip()
    return text.upper() == REDACTED or re.fullmatch(_MASK, text) is not None
