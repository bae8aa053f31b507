"""A secret from a person or a pipe: never from the command line, which everybody on the machine can read."""

from __future__ import annotations

import sys

from polyroute.errors import UsageError

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
