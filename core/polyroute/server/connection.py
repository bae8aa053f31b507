"""One connection of a client, with limits on time and size, and with protocol errors as JSON."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from polyroute._internal import posix_process
from polyroute.named_tuples import NamedTuple
from polyroute.server.cached_response import encode
from polyroute.server.errors import ApiError

MAX_HEAD_BYTES = 32_000
"""The limit for the request line and all headers. Browsers also send the cookies of other servers on this machine."""
HEAD_SECONDS = 10.0
"""How long a client may take from connecting, or from the first byte of a later request, to the end of the headers. A
client sends them in one piece; the rest is for slow networks."""
IDLE_SECONDS = 30.0
"""How long an unused connection stays open. Clients keep theirs for 4 to 15 seconds, and don't repeat a POST that meets
a connection which the server has just closed."""
LINGER_SECONDS = 5.0
"""How long the rest of a body is received after its response was sent, so that the client can read the response."""
WRITE_SECONDS = 60.0
"""How long a client may take to receive what is ready to be sent, as for nginx."""
MAX_CONNECTIONS = 500
"""More than one machine's programs and pages open, also with a stream for each of many agents."""
_OTHER_DESCRIPTORS = 64
"""For files, threads and the event loop."""


class ConnectionBounds(NamedTuple):
    """The limits of connections."""

    head_seconds: float = HEAD_SECONDS
    idle_seconds: float = IDLE_SECONDS
    linger_seconds: float = LINGER_SECONDS
    write_seconds: float = WRITE_SECONDS
    connections: int = MAX_CONNECTIONS


def most_connections() -> int:
    """Return how many connections fit into the process's limit of open files: each may need another to an endpoint."""
    files = posix_process.max_open_files()
    return MAX_CONNECTIONS if files is None else max(1, min(MAX_CONNECTIONS, (files - _OTHER_DESCRIPTORS) // 2))


_TOO_LARGE = ApiError(
    "head_too_large", f"The headers are longer than {MAX_HEAD_BYTES} bytes.", scope="http", status=431
)
_UNREADABLE = ApiError("bad_request", "This is not a valid HTTP request.", scope="http")
_TOO_SLOW = ApiError("timeout", "The headers did not arrive in time.", "timeout", scope="http")
_TOO_MANY = ApiError(
    "too_many_connections", "The server has no free connection. Try again later.", "system", scope="http", status=503
)


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request head is too long, too slow or not valid HTTP, and those that are idle."""

    def __init__(self, *arguments: Any, bounds: ConnectionBounds | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._bounds = bounds or ConnectionBounds()
        self._head = self._unfinished = 0
        self._is_received = True
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self.waits_since: float | None = None
        """Since when no request has been in progress; None while one is."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a request. Another connection that waits is closed if there are too many."""
        super().connection_made(transport)
        self._wait(self._bounds.head_seconds, self._close)
        if len(self.connections) > self._bounds.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._stop()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle bytes from the client, and count them: `on_header` is not called for an unfinished header."""
        super().data_received(data)
        if self._unfinished and not self.transport.is_closing():
            self._unfinished += len(data)
            if self._unfinished > MAX_HEAD_BYTES:
                self._end(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start to count the bytes of a request head, and its time."""
        super().on_message_begin()
        self._head, self._unfinished, self._is_received = 0, 1, False
        if self.waits_since is not None:
            self._wait(self._bounds.head_seconds, lambda: self._end(_TOO_SLOW))

    def on_url(self, url: bytes) -> None:
        """Count a part of the request line."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count one header."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop counting: the body has its own limits where it is read."""
        self._unfinished = 0
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the body has been received."""
        self._is_received = True
        super().on_message_complete()
        if self.waits_since is not None and not self.transport.is_closing():
            self._wait(self._bounds.idle_seconds, self._close)

    def on_response_complete(self) -> None:
        """Wait for the next request, or a moment for the rest of the body."""
        super().on_response_complete()
        self._unset_keepalive_if_required()  # it would end with any byte that arrives
        if self.transport.is_closing():
            self._close()
        elif self.cycle.response_complete:
            self._wait_after_response()

    def _wait_after_response(self) -> None:
        if self._is_received:
            self._wait(self._bounds.idle_seconds, self._close)
        elif self._unfinished:
            self._wait(self._bounds.head_seconds, lambda: self._end(_TOO_SLOW))
        else:
            self._wait(self._bounds.linger_seconds, self._close)

    def pause_writing(self) -> None:
        """Stop producing data, and abort the connection if the client does not receive what there is."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._bounds.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Produce data again."""
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Send the error for an invalid request and close the connection."""
        self._end(_TOO_LARGE if self._head > MAX_HEAD_BYTES else _UNREADABLE)

    def _count(self, part: bytes) -> None:
        self._head += len(part)
        if self._head > MAX_HEAD_BYTES:
            raise ValueError("too long")  # httptools wraps it, and uvicorn calls send_400_response

    def _make_room(self) -> None:
        """Close the connection that has waited longest for a request; refuse this one if no other one waits."""
        waiting = [each for each in self.connections if isinstance(each, BoundedProtocol) and each.waits_since]
        oldest = min(waiting, key=lambda each: each.waits_since or 0.0)
        if oldest is self:
            self._end(_TOO_MANY)
        else:
            oldest._close()

    def _wait(self, seconds: float, then: Callable[[], object]) -> None:
        self._stop()
        self.waits_since = self.loop.time()
        self._timer = self.loop.call_later(seconds, then)

    def _stop(self) -> None:
        self.waits_since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, error: ApiError) -> None:
        body = encode(error.details.document("", "", uuid.uuid4().hex))
        lines = [STATUS_LINE[error.status], b"content-type: application/json\r\n"]
        lines += [b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body), body]
        self.transport.write(b"".join(lines))
        self._close()

    def _close(self) -> None:
        """Close the connection, in a moment also if the client does not receive what was sent."""
        self._stop()
        self.transport.close()
        self._timer = self.loop.call_later(self._bounds.linger_seconds, self.transport.abort)
