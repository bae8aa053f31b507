"""What balancers and supervisors ask: whether the server runs (`/health`), and whether to send requests (`/ready`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from polyroute.server.answers import note_error
from polyroute.server.errors import ApiError
from polyroute.server.state import States

PROBES = ("/health", "/ready")
"""Asked every second or so: they are in no log and in no metric."""
UNCACHED = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_CLOSE = (b"connection", b"close")
_LOADING = ApiError(
    "loading", "The first state is being loaded.", "system", scope="http", status=503, recovery="Ask again in a second."
)
_DRAINING = ApiError(
    "draining", "The server is about to stop.", "system", scope="http", status=503, recovery="Ask another replica."
)


class Probes:
    """Whether to send requests to this server. Its answers have no data, so that nobody needs a token for them."""

    def __init__(self, states: States, ready: Callable[[], bool] | None) -> None:
        """`ready` returns whether what the host needs besides is there."""
        self._states, self._ready = states, ready
        self._loading: asyncio.Task[None] | None = None
        self.draining = False
        """Whether the server is about to stop. It still answers all requests."""

    def routes(self) -> list[Route]:
        """Return the routes of both probes."""
        return [Route(path, _Probe(check)) for path, check in zip(PROBES, (_nothing, self._check_ready), strict=True)]

    def closing(self, send: Send) -> Send:
        """Return `send`, which makes clients open their next connection elsewhere while the server drains."""
        if not self.draining:
            return send

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], _CLOSE]}
            await send(message)

        return send_and_close

    def _check_ready(self) -> None:
        if self.draining:
            raise _DRAINING
        if not (self._is_loaded() and (self._ready is None or self._ready())):
            raise _LOADING

    def _is_loaded(self) -> bool:
        """Return whether the first state was loaded; start to load it if it was not, or if that has failed."""
        if self._states.are_loaded:
            return True
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._states.load())
            self._loading.add_done_callback(note_error)
        return False


def _nothing() -> None:
    """Check nothing."""


class _Probe:
    """An ASGI application that answers when `check` raises nothing.

    It matches every method, so that a refused one is not looked up as a page.
    """

    def __init__(self, check: Callable[[], object]) -> None:
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        self._check()
        response = Response(b'{"ok":true}', media_type="application/json", headers=UNCACHED)
        await response(scope, receive, send)
