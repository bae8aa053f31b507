"""Ask the user for consent, settings and secrets."""

from __future__ import annotations

import sys

from polyroute.errors import UsageError

_LONGEST = 65_536
"""The maximum number of characters read as a key, because the input may be endless."""


def agreed(question: str, *, yes: bool) -> bool:
    """Return whether the user agrees; with `yes`, without asking. Raises UsageError if there is no terminal."""
    if yes:
        return True
    if not has_user():
        raise UsageError("This needs your consent, and there is no terminal to ask on.", "If you agree, add --yes.")
    return plain(f"{question} [y/N] ").lower() in ("y", "yes")


def has_user() -> bool:
    """Return whether someone can be asked, as stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def plain(prompt: str) -> str:
    """Return a line typed on a terminal, which may be empty."""
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:  # Ctrl-D: end the line of the prompt
        print(file=sys.stderr)
    return line.strip()


def secret(prompt: str) -> str:
    """Return the text typed without echo on a terminal, or the unchanged input of a pipe; it may be empty."""
    if sys.stdin is None:
        raise UsageError("A key is read from a prompt or from stdin, and there is neither.")
    if sys.stdin.isatty():
        return _typed(prompt)
    try:
        return sys.stdin.read(_LONGEST)
    except UnicodeDecodeError:
        raise UsageError("The input from stdin is not text: nothing was stored.") from None


def _typed(prompt: str) -> str:
    import getpass

    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except EOFError:  # Ctrl-D: end the line of the prompt
        print(file=sys.stderr)
        return ""
