"""uvicorn's HTTP protocol with bounds on what comes before a body, and with errors as JSON."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import uuid
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from polyroute._internal import platform
from polyroute.errors import Unavailable
from polyroute.server.app import App
from polyroute.server.cached_response import encode
from polyroute.server.errors import ApiError

MAX_HEAD_BYTES = 32_000
"""The request line and all headers. Browsers send two; cookies of other servers on this machine may come too."""

_TOO_LARGE = ApiError(
    "head_too_large", f"The headers are longer than {MAX_HEAD_BYTES} bytes.", scope="http", status=431
)
_UNREADABLE = ApiError("bad_request", "This is not an HTTP request that can be read.", scope="http")


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose request's head is too long or is no HTTP."""

    _head = 0
    _unfinished = 0

    def data_received(self, data: bytes) -> None:
        """Bytes from the client. A header without end is not told to `on_header`, so they are counted here too."""
        super().data_received(data)
        if self._unfinished and not self.transport.is_closing():
            self._unfinished += len(data)
            if self._unfinished > MAX_HEAD_BYTES:
                self._end(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._head, self._unfinished = 0, 1

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole; a body may be longer, and is counted by whoever reads it."""
        self._unfinished = 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no request that could be read, and end the connection."""
        self._end(_TOO_LARGE if self._head > MAX_HEAD_BYTES else _UNREADABLE)

    def _count(self, part: bytes) -> None:
        self._head += len(part)
        if self._head > MAX_HEAD_BYTES:
            raise ValueError("too long")  # httptools makes its own error of it, and uvicorn calls send_400_response

    def _end(self, fault: ApiError) -> None:
        body = encode(fault.told.document("", "", uuid.uuid4().hex))
        lines = [STATUS_LINE[fault.status], b"content-type: application/json\r\n"]
        lines += [b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body), body]
        self.transport.write(b"".join(lines))
        self.transport.close()


_FINISH_SECONDS = 1
"""Requests that are being answered when the server ends have so long."""
_PARENT_EVERY_SECONDS = 0.25
_BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it is ready, and ends with whoever started it where that is wanted."""

    def __init__(self, config: uvicorn.Config, app: App, ready: Callable[[], object], parent: int) -> None:
        super().__init__(config)
        self._app, self._ready, self._parent = app, ready, parent
        self.interrupted = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; a second Ctrl+C does not wait. uvicorn's own would raise the signal again: SIGTERM would kill us, though
        being asked to end is no failure, and Ctrl+C would be lost on what was started in the background.
        """
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self.interrupted |= sig == signal.SIGINT

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
            _look_for_garbage()
            self._watching = asyncio.create_task(self._watch())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._watching.cancel()
        self._app.close()
        await super().shutdown(sockets)

    async def _watch(self) -> None:
        while self._parent and os.getppid() == self._parent:
            await asyncio.sleep(_PARENT_EVERY_SECONDS)
        if self._parent:
            self.should_exit = True


def _look_for_garbage() -> None:
    """Look for garbage from now on, which a command, that ends soon, does not; but not in what stays to the end."""
    gc.collect()
    gc.freeze()
    gc.enable()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises Unavailable where the address can't be had, a port in use for instance."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Unavailable(f"{host} is no address to listen at: {error.strerror or error}.") from error
    try:
        platform.reuse_address(listening)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        remedy = "Choose another with --port, or let the system choose one with --port 0."
        raise Unavailable(f"Can't listen at {host} port {port}: {error.strerror or error}. {remedy}") from error
    return listening


def url_of(listening: socket.socket, host: str) -> str:
    """Where a socket is reached."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}"


def run(app: App, listening: socket.socket, ready: Callable[[], object], *, parent: int = 0) -> None:
    """Serve until a signal ends it, or the end of the process `parent`, which started this one.

    Raises KeyboardInterrupt after Ctrl+C.
    """
    options: dict[str, Any] = {
        "http": BoundedProtocol,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_level": "critical",
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": _FINISH_SECONDS,
    }
    server = _Server(uvicorn.Config(app, **options), app, ready, parent)
    server.run([listening])
    if server.interrupted:
        raise KeyboardInterrupt
