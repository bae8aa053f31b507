"""What the pass-through expects of a translator, which answers a client along a route that speaks another API."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from polyroute import Catalog, ModelRef, Route
from polyroute.fallback.plan import Policy
from polyroute.named_tuples import NamedTuple
from polyroute.server.passthrough.client_request import ClientRequest
from polyroute.server.passthrough.response import Response
from polyroute.server.passthrough.upstream import Upstream


class ForeignRequest(NamedTuple):
    """A request to translate."""

    request: ClientRequest
    """In the API `request.method.protocol`."""
    model: ModelRef
    route: Route
    """A usable route; its `protocol` is the API to translate to."""
    catalog: Catalog
    """The user's, with the keys."""
    upstream: Upstream
    """Sends the translated request."""
    policy: Policy


class Translator(Protocol):
    """Translates requests and responses between APIs."""

    def targets(self, protocol: str) -> Collection[str]:
        """Return the protocols that requests of the API `protocol` can be translated to."""

    async def send(self, request: ForeignRequest) -> Response:
        """Return the translated response. Raises the same exceptions as `Upstream.send`, for the same reasons."""

    def begin(self) -> None:
        """Prepare for requests, if it should, while the server starts."""

    async def close(self) -> None:
        """End what it has started."""
