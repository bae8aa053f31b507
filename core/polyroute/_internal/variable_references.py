"""Find the variables that a path refers to: `${NAME}` and `${NAME:-default}`."""

import re
from functools import lru_cache

_REFERENCE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")

Split = tuple[str, tuple[tuple[str, str, str], ...]]


def split(text: str) -> Split:
    """Return what is before the first reference, and each variable with its default and what is after it."""
    return _split(text) if "$" in text else (text, ())


@lru_cache(maxsize=512)  # the same few paths of plugins are looked up for each user
def _split(text: str) -> Split:
    first, *rest = _REFERENCE.split(text)
    return first, tuple([(name, default or "", after) for name, default, after in zip(*[iter(rest)] * 3, strict=True)])
