"""What the pass-through sends back: an endpoint's response, or a translation of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import httpx2
from starlette.types import Send

from polyroute.server.cached_response import encode


class Response(Protocol):
    """A response whose status is known, as `UpstreamResponse` is."""

    @property
    def status(self) -> int:
        """The HTTP status that the client gets."""

    async def read(self) -> httpx2.Response | None:
        """Read the response and return it; None if it is too long. It can still be relayed afterwards."""

    async def relay(self, send: Send) -> None:
        """Send the response to the client, each part as it arrives, and close it."""

    async def close(self) -> None:
        """Close the response."""


class EndpointRefusal(Exception):
    """An error response, in the form in which the fallback examines exceptions of client libraries."""

    def __init__(self, relayed: Response, response: httpx2.Response) -> None:
        """`relayed` is what the client gets if no other route is taken; `response` is what the endpoint has sent."""
        self.relayed, self.response = relayed, response
        super().__init__()


class OwnResponse:
    """A document that this server sends in place of an endpoint's response."""

    status = 200

    def __init__(self, document: Mapping[str, object], headers: Mapping[str, str]) -> None:
        self._body = encode(document)
        given = {"content-type": "application/json", "content-length": str(len(self._body)), **headers}
        self._headers = [(name.encode(), value.encode()) for name, value in given.items()]

    async def read(self) -> None:
        """Return nothing: it is no error."""

    async def relay(self, send: Send) -> None:
        """Send the document."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})

    async def close(self) -> None:
        """Do nothing."""
