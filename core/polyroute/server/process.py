"""Run the application with uvicorn, with a limit on the size of headers and with protocol errors as JSON."""

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
"""The limit for the request line and all headers. Browsers also send the cookies of other servers on this machine."""

_TOO_LARGE = ApiError(
    "head_too_large", f"The headers are longer than {MAX_HEAD_BYTES} bytes.", scope="http", status=431
)
_UNREADABLE = ApiError("bad_request", "This is not a valid HTTP request.", scope="http")


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request head is too long or not valid HTTP."""

    _head = 0
    _unfinished = 0

    def data_received(self, data: bytes) -> None:
        """Handle bytes from the client, and count them: `on_header` is not called for an unfinished header."""
        super().data_received(data)
        if self._unfinished and not self.transport.is_closing():
            self._unfinished += len(data)
            if self._unfinished > MAX_HEAD_BYTES:
                self._end(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start to count the bytes of a request head."""
        super().on_message_begin()
        self._head, self._unfinished = 0, 1

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
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Send the error for an invalid request and close the connection."""
        self._end(_TOO_LARGE if self._head > MAX_HEAD_BYTES else _UNREADABLE)

    def _count(self, part: bytes) -> None:
        self._head += len(part)
        if self._head > MAX_HEAD_BYTES:
            raise ValueError("too long")  # httptools wraps it, and uvicorn calls send_400_response

    def _end(self, error: ApiError) -> None:
        body = encode(error.details.document("", "", uuid.uuid4().hex))
        lines = [STATUS_LINE[error.status], b"content-type: application/json\r\n"]
        lines += [b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body), body]
        self.transport.write(b"".join(lines))
        self.transport.close()


_FINISH_SECONDS = 1
"""How long running requests may take when the server stops."""
_PARENT_EVERY_SECONDS = 0.25
_BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn's server, with a callback when it is ready. It can also stop when its parent process ends."""

    def __init__(self, config: uvicorn.Config, app: App, ready: Callable[[], object], parent: int) -> None:
        super().__init__(config)
        self._app, self._ready, self._parent = app, ready, parent
        self.interrupted = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop the server; on a second Ctrl+C, without waiting for requests.

        uvicorn's own handler raises the signal again afterwards: SIGTERM would then kill the process although a
        requested stop is not a failure, and processes that a shell starts in the background ignore SIGINT.
        """
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self.interrupted |= sig == signal.SIGINT

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
            _enable_garbage_collection()
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


def _enable_garbage_collection() -> None:
    """Turn on garbage collection, which short commands run without, and exempt the objects that exist already."""
    gc.collect()
    gc.freeze()
    gc.enable()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises Unavailable if the address can't be used, for example if the port is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Unavailable(
            f"{host} is not an address to listen on: {error.strerror or error}. Correct --host."
        ) from error
    try:
        platform.reuse_address(listening)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        remedy = "Choose another port with --port, or let the system choose one with --port 0."
        raise Unavailable(f"Can't listen on {host} port {port}: {error.strerror or error}. {remedy}") from error
    return listening


def url_of(listening: socket.socket, host: str) -> str:
    """Return the URL of a listening socket."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}"


def run(app: App, listening: socket.socket, ready: Callable[[], object], *, parent: int = 0) -> None:
    """Serve until a signal arrives, or until the parent process, with the ID `parent`, ends; 0 ignores the parent.

    `ready` is called once the server accepts requests. Raises KeyboardInterrupt after Ctrl+C.
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
