"""Find the variables that a path refers to: `${NAME}` and `${NAME:-default}`, whose default may refer to another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_REFERENCE = re.compile(r"\$\{(\w+)(?::-((?:[^${}]|\$\{\w+(?::-[^${}]*)?\})*))?\}")

Split = tuple[str, tuple[tuple[str, str, str], ...]]


def split(text: str) -> Split:
    """Return what is before the first reference, and each variable with its default and what is after it."""
    return _split(text) if "$" in text else (text, ())


def referred(text: str) -> Iterator[str]:
    """Yield the variables that a text refers to, each before those of its default."""
    for name, default, _ in split(text)[1]:
        yield name
        yield from referred(default)


def with_defaults(text: str) -> str:
    """Return a text with the default of each variable that has one."""
    first, references = split(text)
    return first + "".join([(with_defaults(other) or f"${{{name}}}") + after for name, other, after in references])


@lru_cache(maxsize=512)  # the same few paths of plugins are looked up for each user
def _split(text: str) -> Split:
    first, *rest = _REFERENCE.split(text)
    return first, tuple([(name, default or "", after) for name, default, after in zip(*[iter(rest)] * 3, strict=True)])
