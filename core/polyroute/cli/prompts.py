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


_LONGEST = 65_536
"""Characters read as a key. None is as long; the input may have no end."""


def secret(prompt: str) -> str:
    """What is typed unseen on a terminal, or what a pipe brings, to the letter; perhaps nothing."""
    if sys.stdin is None:
        raise UsageError("A key comes from a prompt or from stdin, and there is neither.")
    if sys.stdin.isatty():
        return _typed(prompt)
    try:
        return sys.stdin.read(_LONGEST)
    except UnicodeDecodeError:
        raise UsageError("What came from stdin is not text: nothing was stored.") from None


def _typed(prompt: str) -> str:
    import getpass

    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except EOFError:  # Ctrl-D: the line of the prompt has no end yet
        print(file=sys.stderr)
        return ""
