"""Run blocking work in daemon threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from polyroute.errors import Unavailable

START_SECONDS = 90.0
"""How long work waits for a free thread: as long as the most patient caller waits for a result. Without the limit, what
waits for plugins that hang for ever would pile up."""
MAX_WAITING = 1_000
"""How much work may wait for a free thread, unless stated otherwise: more than connections."""
_OCCUPIED = "Plugins or services that do not respond occupy all threads."

T = TypeVar("T")


class Workers:
    """Runs work in at most `limit` threads at once; further work waits for a free thread.

    The threads are daemons: a plugin that hangs blocks its thread forever, but does not keep the process from exiting
    as the threads of a pool would.
    """

    def __init__(self, limit: int, max_waiting: int = MAX_WAITING) -> None:
        self._free = asyncio.Semaphore(limit)
        self._waiting, self._max_waiting = 0, max_waiting

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises. Work is not cancelled when its caller stops waiting.

        Raises Unavailable if the work can't be started.
        """
        await self._wait()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def finish(settle: Callable[[Any], None], outcome: Any) -> None:
            self._free.release()
            if not done.done():
                settle(outcome)

        def carry_out() -> None:
            try:
                outcome, settle = work(), done.set_result
            except BaseException as error:
                outcome, settle = _carried(error), done.set_exception  # type: ignore[assignment]
            try:
                loop.call_soon_threadsafe(finish, settle, outcome)
            except RuntimeError:  # the loop was closed in the meantime: nothing awaits the result
                return

        try:
            threading.Thread(target=carry_out, daemon=True, name="polyroute").start()
        except RuntimeError:
            self._free.release()
            raise Unavailable("The system starts no more threads.", "Try again later.") from None
        return await done

    async def _wait(self) -> None:
        """Wait for a free thread."""
        if self._waiting >= self._max_waiting:
            raise Unavailable(_OCCUPIED, "Try again later.")
        self._waiting += 1
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(_OCCUPIED, "Try again later.") from None
        finally:
            self._waiting -= 1


def _carried(error: BaseException) -> Exception:
    """Return an exception that a future can raise: others would end the event loop or look like a cancellation."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return Unavailable(
        f"The work was ended by {type(error).__name__}.", "Find the plugin that raised it, and disable it."
    )
