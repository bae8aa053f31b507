"""Contain what plugins raise, whatever it is, but not the user's Ctrl+C.

The command takes over signals and late errors of its process (`take_over`, `end`); in a host they are the host's.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typing import Protocol

    class _Late(Protocol):
        @property
        def exc_type(self) -> type[BaseException]: ...


_THREADS_SECONDS = 1.0
"""How long the command waits at its end for threads that plugins have left running."""

_MOST_TOLD = 500
"""The most characters of an exception's message that are shown: it may quote a whole document."""
_debugged: list[bool] = []
"""Whether late errors are shown in full, once the command has taken over."""
_expected: list[bool] = []
"""Not empty once the command expects plugins, whose KeyboardInterrupt is not the user's."""


class Interrupted(KeyboardInterrupt):
    """The user pressed Ctrl+C, or another process sent SIGINT."""


def take_over(*, debug: bool) -> None:
    """Unless `debug`, print errors that nothing can catch without a traceback."""
    if not debug:
        sys.unraisablehook = _tell
    _debugged.append(debug)


def expect_plugins() -> None:
    """Prepare the command for code of others: raise Interrupted for SIGINT, and print errors of threads in one line.

    Only the main thread takes over the signal, since Python delivers it to no other one.
    """
    if not _debugged or _expected:
        return
    import signal
    import threading

    if not any(_debugged):
        threading.excepthook = _tell
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is not ignored
        signal.signal(signal.SIGINT, _interrupt)
    _expected.append(True)


def end(status: int) -> NoReturn:
    """End the process of the command. The interpreter's own end would take all modules apart, which is slow."""
    _wait_for_threads()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # it is missing, full or closed
            stream.flush()
    os._exit(status)


def _wait_for_threads() -> None:
    """Give threads that plugins have left running a moment to end."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    others = [each for each in threading.enumerate() if not each.daemon and each is not threading.main_thread()]
    until = time.monotonic() + _THREADS_SECONDS
    for each in others:
        each.join(max(0.0, until - time.monotonic()))


def pass_on(error: BaseException) -> None:
    """Raise an error that left a plugin's code again if it is the user's Ctrl+C; a plugin may raise the same type.

    In the main thread of a host, every KeyboardInterrupt passes: only the host can tell. Signals reach no other thread.
    """
    if isinstance(error, Interrupted) or (isinstance(error, KeyboardInterrupt) and not _is_plugins_own()):
        raise error


def describe(error: BaseException) -> str:
    """Return an exception as one line for users."""
    try:
        text = " ".join(str(error).split())
    except BaseException as wordless:
        pass_on(wordless)
        text = "an error whose message can't be read"
    shown = text if len(text) <= _MOST_TOLD else f"{text[:_MOST_TOLD]}…"
    return f"{type(error).__name__}: {shown}" if text else type(error).__name__


def _is_plugins_own() -> bool:
    threading = sys.modules.get("threading")  # without it, there is only the main thread
    in_main_thread = threading is None or threading.current_thread() is threading.main_thread()
    return bool(_expected) or not in_main_thread


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise Interrupted


def _tell(late: _Late) -> None:
    if sys.stderr:
        print(f"polyroute: a plugin left something behind that failed: {late.exc_type.__name__}", file=sys.stderr)
