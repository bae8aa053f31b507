"""A line on the terminal that shows that a command is working, and for how long."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

from polyroute._internal.terminal import clean
from polyroute.cli import screen

_EVERY_SECONDS = 1.0
_CLEAR = "\r\x1b[2K"


class Activity:
    """Shows what a command is doing, from the beginning until the block ends; nothing if stderr is no terminal."""

    def __init__(self, text: str) -> None:
        """`text` says what is being done: `asking 3 endpoints`."""
        self._text, self._start = text, time.monotonic()
        self._ended = threading.Event()
        self._is_shown = sys.stderr is not None and sys.stderr.isatty()
        self._is_line = self._is_shown and not screen.is_dumb()

    def __enter__(self) -> Self:
        """Show the line, and then each second that it took."""
        if self._is_line:
            threading.Thread(target=self._run, daemon=True).start()
        elif self._is_shown:
            print(f"{self._text} …", file=sys.stderr)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        self._ended.set()
        if self._is_line:
            self._write(_CLEAR)

    def say(self, text: str) -> None:
        """Change what is shown."""
        self._text = text
        if self._is_line:
            self._show()

    def _run(self) -> None:
        self._show()
        while not self._ended.wait(_EVERY_SECONDS):
            self._show()

    def _show(self) -> None:
        seconds = int(time.monotonic() - self._start)
        took = f" {seconds} s" if seconds else ""
        if not self._ended.is_set():
            self._write(f"{_CLEAR}{clean(self._text)[: screen.width() - 8]} …{took}")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
