"""Keep cached responses and what they are made from, within one limit for all users together."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from polyroute._internal.threads import Workers
from polyroute.server.cached_response import CachedResponse, encode
from polyroute.server.errors import ApiError

PATIENCE_SECONDS = 5.0
"""How long requests wait for a new state before they are answered from the old one. Loading a state takes milliseconds,
unless a plugin hangs."""
_MAX_BYTES = 64_000_000
"""The limit for everything that is kept for all users: six complete lists of 5,000 models with their responses."""
_RESPONSE_BYTES = 16_000_000
"""The limit for the cached responses of one state, with their paths and queries. Beyond it they are dropped."""
_ENTRY_BYTES = 2_000
"""About what a cached response takes besides its body and its key."""
ResponseKey = tuple[str, bytes]
"""The path and the query of a request."""

T = TypeVar("T")


class Answers:
    """The responses that follow from one state, and what they are made from. Users whose states are equal share it."""

    __slots__ = (
        "__weakref__",
        "_keeps",
        "_lock",
        "_making",
        "_memory",
        "_parts",
        "_response_bytes",
        "responses",
        "size",
        "used",
    )

    def __init__(self, memory: MemoryLimit, keeps: object = None) -> None:
        """`keeps` exists as long as the answers do."""
        self.responses: dict[ResponseKey, CachedResponse] = {}
        self.size = 0
        """About how many bytes it takes; changed by `MemoryLimit` only."""
        self.used = time.monotonic()
        """When it was used last."""
        self._memory, self._keeps = memory, keeps
        self._parts: dict[type, Any] = {}
        self._making: dict[ResponseKey, asyncio.Task[CachedResponse]] = {}
        self._lock = threading.RLock()
        self._response_bytes = 0

    def part(self, kind: type[T], make: Callable[[], T], size: Callable[[T], int]) -> T:
        """Return what responses are made from. It is made once, even if several threads wait for it.

        `size` returns about how many bytes it takes.
        """
        found: T | None = self._parts.get(kind)
        if found is None:
            with self._lock:
                found = self._parts.get(kind)
                if found is None:
                    found = self._parts[kind] = make()
                    self._memory.add(self, size(found))
        return found

    def made(self, kind: type[T]) -> T | None:
        """Return a part if it is there."""
        found: T | None = self._parts.get(kind)
        return found

    async def response(self, key: ResponseKey, make: Callable[[], Any], workers: Workers) -> CachedResponse:
        """Return the cached response for `key`. It is made once, even if several requests wait for it."""
        self.used = time.monotonic()
        if key in self.responses:
            return self.responses[key]
        if key not in self._making:
            self._making[key] = asyncio.create_task(workers.run(lambda: CachedResponse(encode(make()))))
            self._making[key].add_done_callback(lambda task: self._keep(key, task))
        response: CachedResponse = await wait_for(self._making[key])
        return response

    def clear(self) -> None:
        """Drop everything; users of this state have it made again."""
        self._parts.clear()
        self._drop_responses()

    def _keep(self, key: ResponseKey, task: asyncio.Task[CachedResponse]) -> None:
        del self._making[key]
        if task.cancelled() or task.exception():
            return
        response = task.result()
        size = response.size + sum(map(len, key)) + _ENTRY_BYTES
        if self._response_bytes + size > _RESPONSE_BYTES:
            self._memory.add(self, -self._response_bytes)
            self._drop_responses()
        self.responses[key] = response
        self._response_bytes += size
        self._memory.add(self, size)

    def _drop_responses(self) -> None:
        self.responses.clear()
        self._response_bytes = 0


class MemoryLimit:
    """The limit for all answers: beyond it, those that were used least recently are dropped."""

    def __init__(self, limit: int = _MAX_BYTES) -> None:
        self._limit, self._size = limit, 0
        self._kept: weakref.WeakSet[Answers] = weakref.WeakSet()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """About how many bytes all answers take."""
        return self._size

    def add(self, answers: Answers, size: int) -> None:
        """Count what was added to `answers`, and drop others if there is too much."""
        with self._lock:
            answers.size += size
            self._size += size
            self._kept.add(answers)
            if self._size > self._limit:
                self._make_room(answers)

    def _make_room(self, newest: Answers) -> None:
        """Drop answers until a quarter of the limit is free. Those that users have left behind are gone already."""
        kept = sorted(self._kept, key=lambda each: each.used)
        self._size = sum(each.size for each in kept)
        for each in kept:
            if self._size <= self._limit * 3 // 4:
                break
            if each is not newest:
                self._size -= each.size
                each.size = 0
                each.clear()
                self._kept.discard(each)


async def wait_for(task: asyncio.Future[Any], seconds: float | None = None) -> Any:
    """Return the result of `task`. Raises ApiError, without cancelling the task, if it takes longer than `seconds`.

    By default it may take PATIENCE_SECONDS.
    """
    task.add_done_callback(note_error)  # the client may leave before
    await asyncio.wait({task}, timeout=PATIENCE_SECONDS if seconds is None else seconds)
    if task.done():
        return task.result()
    raise ApiError("timeout", "A plugin or a service did not respond in time. Try again later.", "timeout")


def note_error(task: asyncio.Future[Any]) -> None:
    """Take notice of an error, which asyncio would otherwise print, with what it quotes, if nobody waits for it."""
    if not task.cancelled():
        task.exception()
