"""Responses that the translator made: marked, never complete if the endpoint's was not, and errors in its own words."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import httpx2
from starlette.types import Send

from polyroute import ModelRef, Route
from polyroute.fallback.failures import message_in
from polyroute.named_tuples import NamedTuple
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.client_secrets import RawHeaders
from polyroute.server.passthrough.errors import error_document, error_event
from polyroute.server.passthrough.translation.callbacks import Ticket
from polyroute.server.passthrough.translation.worker_process import WorkerFailed, WorkerProcess
from polyroute.server.passthrough.upstream import taken_headers

_SHOULD_RETRY = b"x-should-retry"
_PASSED_ON = (b"retry-after", b"retry-after-ms", b"request-id", b"x-request-id", _SHOULD_RETRY)
_LIMITS = b"ratelimit-"
"""What the names of headers contain that say how much more may be requested."""
_BROKEN = "The endpoint closed the connection before the end of its response."
_MOST_CHARACTERS = 500
_SERVER_ERROR = 500
_MAY_RETRY = (408, 409, 425, 429)
"""The statuses below that after which a client may send the same request again."""


class TranslatedExchange(NamedTuple):
    """A request that was translated, and what came of it."""

    source: str
    """The API that the client uses."""
    model: ModelRef
    route: Route
    ticket: Ticket

    def headers(self, content_type: str) -> RawHeaders:
        """Return the headers for the client: which route was taken, and what the endpoint says about its limits."""
        upstream = self.ticket.response.headers if self.ticket.response else []
        kept = [each for each in upstream if each[0] in _PASSED_ON or _LIMITS in each[0]]
        marks = taken_headers(self.route, self.model, translated=self.route.protocol)
        return [(b"content-type", content_type.encode()), *kept, *marks]


class TranslatedResponse:
    """A translated response whose headers have been received."""

    def __init__(
        self, exchange: TranslatedExchange, response: httpx2.Response, process: WorkerProcess, stack: ExitStack
    ) -> None:
        self._exchange, self._response, self._process, self._stack = exchange, response, process, stack

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    async def read(self) -> httpx2.Response | None:
        """Return None: only errors are read."""
        return None

    async def relay(self, send: Send) -> None:
        """Send the response to the client, each part as it arrives.

        Raises ConnectionAbortedError, after an event that says why, if it breaks off.
        """
        parts, content_type = self._response.aiter_raw(), self._response.headers["content-type"]
        try:
            first = await self._first(parts)
            headers = self._exchange.headers(content_type)
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            await send({"type": "http.response.body", "body": first or b"", "more_body": True})
            await self._relay_rest(parts, content_type, send)
        finally:
            await self.close()

    async def _first(self, parts: Any) -> bytes | None:
        """Return the first part, before which nothing has been sent. Raises ApiError if there is none."""
        try:
            return await self._next(parts)
        except WorkerFailed as error:
            ticket = self._exchange.ticket
            if not ticket.is_broken:
                raise
            raise ApiError("upstream_unreachable", ticket.streamed_error or str(error), "third_party") from None

    async def _relay_rest(self, parts: Any, content_type: str, send: Send) -> None:
        try:
            while (part := await self._next(parts)) is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except WorkerFailed as error:
            message = self._exchange.ticket.streamed_error or str(error)
            if content_type.startswith("text/event-stream"):
                name, document = error_event(self._exchange.source, message)
                event = (f"event: {name}\n" if name else "") + f"data: {json.dumps(document)}\n\n"
                await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
            raise ConnectionAbortedError(message) from None

    async def _next(self, parts: Any) -> bytes | None:
        """Return the next part; None at the end. Raises WorkerFailed if the response breaks off."""
        try:
            part: bytes | None = await self._process.patiently(anext(parts, None))
        except WorkerFailed:
            if self._exchange.ticket.is_broken:
                raise WorkerFailed(_BROKEN, "") from None
            raise
        if self._exchange.ticket.is_broken:
            raise WorkerFailed(_BROKEN, "")
        return part

    async def close(self) -> None:
        """Close the response, and the one that it is made of."""
        self._stack.close()
        await self._response.aclose()


class TranslatedError:
    """An endpoint's error: its status and its words, in the form of the API that the client uses."""

    def __init__(self, exchange: TranslatedExchange, response: httpx2.Response) -> None:
        self._exchange, self._response = exchange, response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    async def read(self) -> httpx2.Response | None:
        """Return the endpoint's own response."""
        return self._response

    async def relay(self, send: Send) -> None:
        """Send the error to the client."""
        document = error_document(self._exchange.source, self.status, message_of(self._response))
        headers = self._exchange.headers("application/json")
        if self.status < _SERVER_ERROR and self.status not in _MAY_RETRY:
            headers = [each for each in headers if each[0] != _SHOULD_RETRY] + [(_SHOULD_RETRY, b"false")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})

    async def close(self) -> None:
        """Do nothing: the response has been read."""


def message_of(response: httpx2.Response) -> str:
    """Return what an error response says, or its status if it says nothing."""
    try:
        found = message_in(response.json())
    except ValueError:
        found = response.text.strip()[:_MOST_CHARACTERS]
    return found or f"The endpoint responded with HTTP {response.status_code}."
