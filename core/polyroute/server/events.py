"""Server-sent events that notify clients of changes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from polyroute.server.errors import ApiError
from polyroute.server.state import StateHolder

HEARTBEAT_SECONDS = 15.0
"""Shorter than the idle timeout of any common proxy."""
_CHECK_EVERY_SECONDS = 0.5
_MAX_STREAMS = 100


class Events:
    """The open event streams."""

    def __init__(self) -> None:
        self._closed = False
        self._open: set[asyncio.Event] = set()

    def close(self) -> None:
        """End all streams. Otherwise a server that waits for its connections to close would wait forever."""
        self._closed = True
        for event in self._open:
            event.set()

    def stream(self, holder: StateHolder) -> StreamingResponse:
        """Return a response that streams a `changed` event whenever the state changes.

        Raises ApiError if too many streams are open.
        """
        if len(self._open) >= _MAX_STREAMS:
            raise ApiError(
                "too_many_streams",
                f"There are already {_MAX_STREAMS} event streams. Close one first.",
                "rate_limit",
                scope="http",
            )
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        return StreamingResponse(self._lines(holder), media_type="text/event-stream", headers=headers)

    async def _lines(self, holder: StateHolder) -> AsyncIterator[str]:
        changed = holder.subscribe()
        self._open.add(changed)
        try:
            yield "retry: 2000\nevent: hello\ndata: {}\n\n"
            last_sent = time.monotonic()
            while not self._closed:
                if line := await _next(changed, holder, last_sent):
                    last_sent = time.monotonic()
                    yield line
        finally:
            holder.unsubscribe(changed)
            self._open.discard(changed)


async def _next(changed: asyncio.Event, holder: StateHolder, last_sent: float) -> str:
    """Wait a moment, and return the next event, a heartbeat, or an empty string if there is nothing to send."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CHECK_EVERY_SECONDS):
            await changed.wait()
    if changed.is_set():
        changed.clear()
        return 'event: changed\ndata: {"look": "again"}\n\n'
    holder.reload_in_background()
    return ": still here\n\n" if time.monotonic() - last_sent > HEARTBEAT_SECONDS else ""
