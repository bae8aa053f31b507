"""Server-sent events: something has changed, look again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from polyroute.server.errors import ApiError
from polyroute.server.state import StateHolder

HEARTBEAT_SECONDS = 15.0
"""Shorter than any proxy's patience with silence."""
_LOOK_EVERY_SECONDS = 0.5
_MOST = 100


class Events:
    """All streams that are open; they end when the server does."""

    def __init__(self) -> None:
        self._closed = False
        self._open: set[asyncio.Event] = set()

    def close(self) -> None:
        """End all streams: a server that waits for its clients would wait for ever."""
        self._closed = True
        for event in self._open:
            event.set()

    def stream(self, holder: StateHolder) -> StreamingResponse:
        """A stream that says `changed` whenever the state is another one."""
        if len(self._open) >= _MOST:
            raise ApiError("too_many_streams", f"There are {_MOST} streams already.", "rate_limit", scope="http")
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        return StreamingResponse(self._lines(holder), media_type="text/event-stream", headers=headers)

    async def _lines(self, holder: StateHolder) -> AsyncIterator[str]:
        changed = holder.subscribe()
        self._open.add(changed)
        try:
            yield "retry: 2000\nevent: hello\ndata: {}\n\n"
            spoken = time.monotonic()
            while not self._closed:
                if line := await _next(changed, holder, spoken):
                    spoken = time.monotonic()
                    yield line
        finally:
            holder.unsubscribe(changed)
            self._open.discard(changed)


async def _next(changed: asyncio.Event, holder: StateHolder, spoken: float) -> str:
    """What there is to say after some waiting; empty where nothing is."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_EVERY_SECONDS):
            await changed.wait()
    if changed.is_set():
        changed.clear()
        return 'event: changed\ndata: {"look": "again"}\n\n'
    holder.look()
    return ": still here\n\n" if time.monotonic() - spoken > HEARTBEAT_SECONDS else ""
