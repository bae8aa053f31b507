"""Threads for what may take long, so that it delays nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """At most `limit` threads at once; who comes later waits for a free one.

    Daemons: a plugin that hangs keeps its thread for ever, but not the process from ending, as a pool's would.
    """

    def __init__(self, limit: int) -> None:
        self._free = asyncio.Semaphore(limit)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. It is not cut short: whoever waits no longer leaves it running."""
        await self._free.acquire()
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
                outcome, settle = error, done.set_exception  # type: ignore[assignment]
            try:
                loop.call_soon_threadsafe(finish, settle, outcome)
            except RuntimeError:  # the loop has ended meanwhile, and nobody waits any more
                return

        threading.Thread(target=carry_out, daemon=True, name="polyroute").start()
        return await done
