"""The local pass-through: accepts requests in the form of known APIs and sends them along the model's route.

>>> from polyroute.server import PassThrough, create_app
>>> app = create_app(token="a secret", pass_through=PassThrough())
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from starlette.requests import Request as Received
from starlette.routing import Route as Path
from starlette.types import Receive, Scope, Send

from polyroute import Catalog, Route
from polyroute._internal.lossless_json import around, value
from polyroute._internal.threads import Workers
from polyroute.errors import MissingExtra, SecretUnavailable
from polyroute.fallback.plan import FallbackPlan, Policy, run_async
from polyroute.integrations.request_paths import MODEL_IN_BODY as PROTOCOLS
from polyroute.integrations.request_paths import request_path
from polyroute.server import request_parsing
from polyroute.server.cached_response import CachedResponse
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.client_secrets import OwnToken
from polyroute.server.passthrough.errors import PREFIX
from polyroute.server.state import States, wait_for

try:
    from polyroute.server.passthrough.upstream import (
        ClientRequest,
        Upstream,
        UpstreamRequest,
        UpstreamResponse,
        response_to_failure,
    )
except ImportError:
    raise MissingExtra("The pass-through", "server") from None

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Images and documents are sent within the body."""
SECONDS = 600.0
"""How long an endpoint may send nothing: models may think for minutes."""
_UNAUTHORIZED = 401
_KEY_SECONDS = 90.0
"""How long reading a key may take: a keyring may have to ask the user."""

T = TypeVar("T")


class PassThrough:
    """Forwards requests of known APIs to the endpoint that the model's route leads to."""

    def __init__(self, policy: Policy = "never", *, seconds: float = SECONDS) -> None:
        """Create a pass-through, to be given to `create_app`.

        `policy` determines whether a request is repeated along the next route when one fails: `never` or `auto`.
        `seconds` limits how long an endpoint may send nothing.
        """
        self._policy: Policy = policy
        self._upstream = Upstream(seconds)

    def routes(self, holders: States, lane: Workers, token: str) -> list[Path]:
        """Return the HTTP routes. Blocking work runs in `lane`; `token` is the server's own, which no endpoint gets."""
        own_token = OwnToken(token)

        async def listed(request: Received) -> CachedResponse:
            snapshot = await holders.for_request(request.scope).snapshot()
            key = (request.scope["path"], request.scope["query_string"])
            return await snapshot.response(key, lambda: _models(snapshot.catalog), lane)

        forward = partial(_ProtocolEndpoint, self._policy, self._upstream, holders, lane, own_token)
        endpoints = {each: forward(each) for each in PROTOCOLS}
        paths = {each: PREFIX + request_path(each, "") for each in PROTOCOLS}
        posts = [Path(paths[each], endpoints[each], methods=["POST"]) for each in PROTOCOLS]
        return [*posts, Path(f"{PREFIX}/models", listed)]

    async def close(self) -> None:
        """Close the connections to endpoints."""
        await self._upstream.close()


class _ProtocolEndpoint:
    """One of the APIs. It is an ASGI application so that it can detect that the client has disconnected."""

    def __init__(
        self, policy: Policy, upstream: Upstream, holders: States, lane: Workers, own_token: OwnToken, protocol: str
    ) -> None:
        self._protocol, self._policy, self._upstream = protocol, policy, upstream
        self._holders, self._lane, self._own_token = holders, lane, own_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request, and send its response back."""
        body = await request_parsing.read_body(Received(scope, receive), MAX_BODY_BYTES)
        snapshot = await self._holders.for_request(scope).snapshot()
        await _until_disconnected(self._forward(scope, body, snapshot.catalog, send), receive)

    async def _forward(self, scope: Scope, body: bytes, catalog: Catalog, send: Send) -> None:
        parsed, plan, first = await self._in_thread(lambda: self._parse(scope, body, catalog))
        ready = [first]

        async def send_along(route: Route) -> UpstreamResponse:
            request = ready.pop() if ready else await self._in_thread(lambda: parsed.along(route, catalog.environment))
            if isinstance(request, SecretUnavailable):
                raise request
            response = await self._upstream.send(plan.model, route, request, self._policy)
            if response.status == _UNAUTHORIZED and route.credential:
                catalog.environment.forget(route.credential)
            return response

        try:
            response = await run_async(plan, send_along, None)
        except Exception as error:
            response = response_to_failure(error, plan)
        await response.relay(send)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run work that calls plugins and reads keys in a worker thread. Each call costs the switch to a thread."""
        result: T = await wait_for(asyncio.ensure_future(self._lane.run(work)), _KEY_SECONDS)
        return result

    def _parse(
        self, scope: Scope, body: bytes, catalog: Catalog
    ) -> tuple[ClientRequest, FallbackPlan, UpstreamRequest | SecretUnavailable]:
        """Return the request, its fallback plan, and the request to the first endpoint or the error of its key."""
        try:
            before, written, after = around(body, "model")
            model = value(written)
        except ValueError:  # its message may quote the body
            model = None
        if not isinstance(model, str):
            message = "The body is not a JSON object with exactly one `model`, a string."
            raise ApiError("invalid_body", message, scope="http", recovery="Name the model as `provider/model`.")
        own = self._own_token
        before, after = own.cleaned_body(before), own.cleaned_body(after)
        query, headers = own.cleaned_query(scope["query_string"]), own.cleaned_headers(scope["headers"])
        request = ClientRequest(model, before, after, query, headers)
        plan = catalog.fallback_plan(model, self._policy, (self._protocol,))
        try:
            return request, plan, request.along(plan.route, catalog.environment)
        except SecretUnavailable as error:
            return request, plan, error


async def _until_disconnected(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Run `work`, and cancel it when the client disconnects."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _models(catalog: Catalog) -> dict[str, Any]:
    """Return the models that can be run now along a route with one of the protocols."""
    data = [
        {"id": str(each.ref), "object": "model", "created": 0, "owned_by": each.provider}
        for each in catalog.models(available=True)
        if any(route.usable for route in catalog.routes(each.ref, protocols=PROTOCOLS))
    ]
    return {"object": "list", "data": data}
