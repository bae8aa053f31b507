"""Make messages of endpoints and programs safe to show to users."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import AnyStr

_KEY = r"\b(?:\w{2,8}-)*(?=\w*\d)\w{20,}"
"""Matches anything that looks like a key: a long run of letters and digits."""
_SHOWN = 300


def redacted(text: str) -> str:
    """Return `text` as one short line without control characters and with anything that looks like a key masked."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    line = re.sub(_KEY, "****", line)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


REDACTED = "[REDACTED]"
"""What is shown in place of a secret, here and in other tools."""
SHORTEST = 8
"""The minimum length of a secret that is masked within texts: shorter values are ordinary words, or parts of words."""


def without_secrets(text: AnyStr, secrets: Iterable[AnyStr]) -> AnyStr:
    """Return `text` with all `secrets` of at least `SHORTEST` characters masked, also where one contains another.

    Call this before anything that shortens the text: a part of a secret would not be found.
    """
    mask = REDACTED if isinstance(text, str) else REDACTED.encode()
    for secret in sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, mask)
    return text


_ENDS = 4
"""How many of a key's last characters endpoints show to name it."""


def without_ends(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with `secrets` of any length masked, and their last characters."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        text = text.replace(secret, REDACTED) if secret else text
        text = text.replace(secret[-_ENDS:], REDACTED) if len(secret) > _ENDS else text
    return text


_MASK = r"\S{0,8}(?:[*•.]{3,}|…)\S{0,4}"
_LAST = 4
_LONG_ENOUGH = 12


def masked(secret: str) -> str:
    """Return a mask with the last four characters of a secret of at least twelve characters, else without any."""
    return f"****{secret[-_LAST:]}" if len(secret) >= _LONG_ENOUGH else "****"


def is_masked(text: str) -> bool:
    """Return whether `text` is a mask, of Polyroute or another tool, which stands for the stored secret."""
    text = text.strip()
    return text.upper() == REDACTED or re.fullmatch(_MASK, text) is not None
