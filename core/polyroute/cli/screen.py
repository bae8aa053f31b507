"""What the user's terminal shows: its width, colors, and long output in a pager."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from functools import cache
from typing import TextIO

from polyroute._internal.terminal import clean

_USUAL_WIDTH, _USUAL_HEIGHT = 80, 24
_MOST_FOR_HELP = 100
_NO_PAGER = ("", "cat")


class _Page(io.StringIO):
    """Output that waits until it is known whether it fits."""

    def isatty(self) -> bool:
        """Return True, because it is shown on a terminal."""
        return True


def width() -> int:
    """Return the number of columns of the terminal."""
    return _size()[0]


def help_width() -> int:
    """Return the number of columns for `--help`."""
    return min(width(), _MOST_FOR_HELP) if _is_terminal(sys.stdout) else _MOST_FOR_HELP


@cache
def _size() -> tuple[int, int]:
    """Return columns and lines: of the variables, else of the terminal, else the usual ones."""
    given = [os.environ.get(name, "") for name in ("COLUMNS", "LINES")]
    found = [int(each) if each.isdigit() else 0 for each in given]
    for descriptor in (1, 2, 0):
        with contextlib.suppress(OSError):
            found = [each or there for each, there in zip(found, os.get_terminal_size(descriptor), strict=True)]
            break
    return found[0] or _USUAL_WIDTH, found[1] or _USUAL_HEIGHT


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def has_colors() -> bool:
    """Return whether stdout is a terminal with colors, and the user wants them (https://no-color.org)."""
    return _is_terminal(sys.stdout) and not os.environ.get("NO_COLOR") and not is_dumb()


def is_dumb() -> bool:
    """Return whether the terminal knows no control sequences."""
    return os.environ.get("TERM", "dumb") == "dumb"


def fitted(text: str, stream: TextIO) -> str:
    """Return a line without control characters and, on a terminal, broken between words."""
    line = clean(text)
    if not _is_terminal(stream) or len(line) <= width():
        return line
    import textwrap

    indent = " " * (len(line) - len(line.lstrip()) + (4 if line.startswith(" ") else 0))
    return "\n".join(
        textwrap.wrap(line, width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    )


@cache
def pager() -> tuple[str, ...]:
    """Return the command that pages long output; empty if there is none, or output goes elsewhere."""
    import shlex
    import shutil

    if not _is_terminal(sys.stdin) or is_dumb():
        return ()
    wanted = os.environ.get("PAGER")
    if wanted is not None and wanted.strip() in _NO_PAGER:
        return ()
    command = tuple(shlex.split(wanted or "less"))
    return command if shutil.which(command[0]) else ()


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """Show what is printed in the user's pager if it is longer than the terminal."""
    if not _is_terminal(sys.stdout) or not pager():
        yield
        return
    page = _Page()
    with contextlib.redirect_stdout(page):
        yield
    text = page.getvalue()
    if text.count("\n") < _size()[1] or not _page(text):
        print(text, end="")


def _page(text: str) -> bool:
    """Show a text in the pager; return whether it could be started."""
    import subprocess

    environment = {"LESS": "FRX", **os.environ}
    try:
        shown = subprocess.Popen(pager(), stdin=subprocess.PIPE, text=True, env=environment, errors="replace")  # noqa: S603  the user's own
    except OSError:
        return False
    with contextlib.suppress(BrokenPipeError):  # the user has left it
        shown.communicate(text)
    while shown.poll() is None:
        with contextlib.suppress(KeyboardInterrupt):  # it is the pager's
            shown.wait()
    return True
