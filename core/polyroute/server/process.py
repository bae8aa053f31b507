"""Run the application with uvicorn."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from polyroute._internal import platform
from polyroute.errors import Unavailable
from polyroute.server.app import App
from polyroute.server.connection import BoundedProtocol, ConnectionBounds, most_connections

_FINISH_SECONDS, _DRAINED_FINISH_SECONDS = 1, 30
"""How long running requests may take when the server stops; and when it stops after draining, where nobody waits for it
at a terminal and responses of models are cut off otherwise."""
_PARENT_EVERY_SECONDS = 0.25
_BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn's server, with a callback when it is ready. It can also stop when its parent process ends."""

    def __init__(
        self, config: uvicorn.Config, app: App, ready: Callable[[], object], parent: int, drain: float
    ) -> None:
        super().__init__(config)
        self._app, self._ready, self._parent, self._drain = app, ready, parent, drain
        self._drained_at = math.inf
        self.interrupted = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop the server, on SIGTERM once it has drained; on a second signal, without waiting for requests.

        uvicorn's own handler raises the signal again afterwards: SIGTERM would then kill the process although a
        requested stop is not a failure, and processes that a shell starts in the background ignore SIGINT.
        """
        self.interrupted |= sig == signal.SIGINT
        if self.should_exit or self._drained_at < math.inf:
            self.should_exit = self.force_exit = True
            self._loop.call_soon_threadsafe(self._abort)
        elif sig == signal.SIGTERM and self._drain:
            self._app.drain()
            self._drained_at = time.monotonic() + self._drain
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop."""
        self.should_exit |= time.monotonic() >= self._drained_at
        return await super().on_tick(counter)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
            _enable_garbage_collection()
            self._watching = asyncio.create_task(self._watch())
            self._preparing = asyncio.create_task(self._app.prepare())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._watching.cancel()
        self._preparing.cancel()
        self._app.close()
        await super().shutdown(sockets)

    def _abort(self) -> None:
        """Drop all connections and what runs for them."""
        self.config.timeout_graceful_shutdown = 0
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()

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
            f"{host} is not an address to listen on: {error.strerror or error}.", "Correct --host."
        ) from error
    try:
        platform.reuse_address(listening)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        remedy = "Choose another port with --port, or let the system choose one with --port 0."
        raise Unavailable(f"Can't listen on {host} port {port}: {error.strerror or error}.", remedy) from error
    return listening


def url_of(listening: socket.socket, host: str) -> str:
    """Return the URL of a listening socket."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}"


def run(
    app: App,
    listening: socket.socket,
    ready: Callable[[], object],
    *,
    parent: int = 0,
    trusted_proxies: Sequence[str] = (),
    drain: float = 0.0,
) -> None:
    """Serve until a signal arrives, or until the parent process, with the ID `parent`, ends; 0 ignores the parent.

    `ready` is called once the server accepts requests. A client's address is that in `X-Forwarded-For` for requests
    from `trusted_proxies`, which are addresses or networks. After SIGTERM, the server goes on answering for `drain`
    seconds, so that balancers notice. Raises KeyboardInterrupt after Ctrl+C.
    """
    options: dict[str, Any] = {
        "http": partial(BoundedProtocol, bounds=ConnectionBounds(connections=most_connections())),
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_level": "critical",
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": _DRAINED_FINISH_SECONDS if drain else _FINISH_SECONDS,
    }
    server = _Server(uvicorn.Config(_behind(app, trusted_proxies), **options), app, ready, parent, drain)
    server.run([listening])
    if server.interrupted:
        raise KeyboardInterrupt


def _behind(app: App, proxies: Sequence[str]) -> ASGIApp:
    if not proxies:
        return app
    from polyroute.server.identity import behind

    return behind(app, proxies)
