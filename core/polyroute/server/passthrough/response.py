"""What the pass-through sends back: an endpoint's response, or a translation of it."""

from __future__ import annotations

from typing import Protocol

import httpx2
from starlette.types import Send


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
