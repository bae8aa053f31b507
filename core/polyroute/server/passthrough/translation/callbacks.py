"""Where the translator sends its requests: they go along a route, with the key that the translator does not have."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx2
import uvicorn
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from polyroute.fallback.failures import message_in
from polyroute.integrations.api_methods import CHAT, GENERATE, MESSAGES, RESPONSES
from polyroute.server import request_parsing
from polyroute.server.passthrough.client_secrets import RawHeaders
from polyroute.server.passthrough.upstream import UpstreamResponse

LOOPBACK = "127.0.0.1"
_MAX_BYTES = 64 * 1024 * 1024
_NOT_FOUND, _BAD_GATEWAY = 404, 502
_TAIL_BYTES = 4096
_ENDS = {
    CHAT: re.compile(rb'"finish_reason"\s*:\s*"|data:\s*\[DONE\]'),
    RESPONSES: re.compile(rb'"response\.(completed|incomplete|failed|cancelled)"'),
    MESSAGES: re.compile(rb'"type"\s*:\s*"message_stop"'),
    GENERATE: re.compile(rb'"(finishReason|blockReason)"\s*:\s*"'),
}
"""What the stream of an endpoint contains when it is complete, for each protocol. Within a text, quotes are escaped."""

Sending = Callable[[RawHeaders, bytes], Awaitable[UpstreamResponse]]
"""Sends a request of the translator along the route, given its headers and body."""


class Ticket:
    """The permission to send one request along a route, and what came of it."""

    def __init__(self, protocol: str, stream: bool, send: Sending) -> None:
        self._protocol, self._stream, self._sending = protocol, stream, send
        self._task: asyncio.Task[Any] | None = None
        self._is_complete = False
        self.response: UpstreamResponse | None = None
        self.refusal: httpx2.Response | None = None
        """The endpoint's response, if it is an error."""
        self.error: Exception | None = None
        """Why there is no response."""
        self.is_broken = False
        """Whether the endpoint's response ended before it was complete."""
        self.tail = b""
        """The end of what the endpoint has sent so far."""

    async def forward(self, headers: RawHeaders, body: bytes, send: Send) -> None:
        """Send the translator's request along the route, and relay the response. A second request is refused."""
        if self._task is not None:
            await _respond(send, _NOT_FOUND)
            return
        self._task = asyncio.current_task()
        try:
            self.response = await self._sending(headers, body)
            self.refusal = await self.response.read() if self.response.status >= 400 else None
        except Exception as error:
            self.error = error
            await _respond(send, _BAD_GATEWAY)
            return
        await self._relay(self.response, send)

    def cancel(self) -> None:
        """Close the connection to the endpoint, if there still is one: nobody waits for its response."""
        if self._task is not None:
            self._task.cancel()

    async def _relay(self, response: UpstreamResponse, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._is_complete = not self._stream or response.status >= 400 or _is_encoded(message["headers"])
            elif message.get("more_body"):
                self._note(message["body"])
            elif not self._is_complete:
                raise ConnectionAbortedError("The endpoint ended its response before it was complete.")
            await send(message)

        try:
            await response.relay(watched)
        except ConnectionAbortedError:
            self.is_broken = True
            raise

    def _note(self, data: bytes) -> None:
        seen = self.tail + data
        self._is_complete = self._is_complete or bool(_ENDS[self._protocol].search(seen))
        self.tail = seen[-_TAIL_BYTES:]

    @property
    def streamed_error(self) -> str:
        """The message of an error that the endpoint has sent within its stream; empty if it sent none."""
        for line in reversed(self.tail.splitlines()):
            data = line.removeprefix(b"data:").strip()
            if b'"error"' in data:
                with contextlib.suppress(ValueError):
                    return message_in(json.loads(data))
        return ""


class Callbacks:
    """A server on this machine only, which takes requests that have a ticket in their path."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def issued(self, ticket: Ticket) -> Iterator[str]:
        """Yield the name of a ticket, which is valid within the block."""
        name = secrets.token_urlsafe(24)
        self._tickets[name] = ticket
        try:
            yield name
        finally:
            del self._tickets[name]
            ticket.cancel()

    async def start(self) -> int:
        """Listen, unless it is done already; return the port."""
        if self._server is None:
            options: dict[str, Any] = {"host": LOOPBACK, "port": 0, "ws": "none", "lifespan": "off"}
            self._server = _QuietServer(uvicorn.Config(self, access_log=False, log_level="critical", **options))
            self._serving = asyncio.create_task(self._server.serve())
        await self._server.ready.wait()
        return self.port

    @property
    def port(self) -> int:
        """The port, after `start`."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1] if self._server else 0
        return port

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request of the translator."""
        ticket = self._tickets.get(scope["path"].split("/")[1])
        if ticket is None or scope["method"] != "POST":
            await _respond(send, _NOT_FOUND)
            return
        body = await request_parsing.read_body(Request(scope, receive), _MAX_BYTES)
        await ticket.forward(scope["headers"], body, send)


class _QuietServer(uvicorn.Server):
    """uvicorn's server, without its handlers of signals: those are the main server's."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _is_encoded(headers: RawHeaders) -> bool:
    return any(name == b"content-encoding" and value != b"identity" for name, value in headers)


async def _respond(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"error": {"message": "The request was not sent."}}'})
