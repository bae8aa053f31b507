"""Questions that only a person can answer."""

from __future__ import annotations

import sys

from polyroute.errors import UsageError


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees; `yes` is an answer given beforehand. Raises UsageError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("This needs your answer, and there is no terminal to ask on. If you agree, add --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
