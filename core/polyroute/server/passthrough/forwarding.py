"""Forward a request along the routes of its model, and the response to the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request as Received
from starlette.types import Receive, Scope, Send

from polyroute import Catalog, Route
from polyroute._internal.threads import Workers
from polyroute.errors import SecretUnavailable
from polyroute.fallback.plan import FallbackPlan, Policy, run_async
from polyroute.integrations.api_methods import ApiMethod
from polyroute.server import request_parsing
from polyroute.server.answers import wait_for
from polyroute.server.passthrough.client_request import ClientRequest, UpstreamRequest, read
from polyroute.server.passthrough.client_secrets import OwnToken
from polyroute.server.passthrough.response import Response
from polyroute.server.passthrough.translator import ForeignRequest, Translator
from polyroute.server.passthrough.upstream import Upstream, response_to_failure
from polyroute.server.state import States

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Images and documents are sent within the body."""
_UNAUTHORIZED = 401
_KEY_SECONDS = 90.0
"""How long reading a key may take: a keyring may have to ask the user."""

T = TypeVar("T")


class Forwarding(NamedTuple):
    """What all methods of all APIs share."""

    policy: Policy
    upstream: Upstream
    translator: Translator | None
    """Answers along routes that speak another API than the client, which come last."""
    holders: States
    lane: Workers
    """The threads for work that calls plugins and reads keys."""
    own_token: OwnToken

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run work that calls plugins and reads keys in a worker thread. Each call costs the switch to a thread."""
        result: T = await wait_for(asyncio.ensure_future(self.lane.run(work)), _KEY_SECONDS)
        return result


class _Prepared(NamedTuple):
    """A request that is ready to be sent along its first route."""

    request: ClientRequest
    plan: FallbackPlan
    first: UpstreamRequest | SecretUnavailable | None
    """The request to the first endpoint, or the error of its key; None if it has to be translated."""


class ForwardedMethod:
    """One method of an API. It is an ASGI application so that it can detect that the client has disconnected."""

    def __init__(self, method: ApiMethod, shared: Forwarding) -> None:
        self._method, self._shared = method, shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request, and send its response back."""
        body = await request_parsing.read_body(Received(scope, receive), MAX_BODY_BYTES)
        snapshot = await self._shared.holders.for_request(scope).snapshot()
        await _until_disconnected(self._forward(scope, body, snapshot.catalog, send), receive)

    async def _forward(self, scope: Scope, body: bytes, catalog: Catalog, send: Send) -> None:
        prepared = await self._shared.in_thread(lambda: self._prepare(scope, body, catalog))
        plan, ready, translator = prepared.plan, [prepared.first], self._shared.translator

        async def send_along(route: Route) -> Response:
            first = ready.pop() if ready else None
            if translator is not None and route.protocol != self._method.protocol:
                upstream, policy = self._shared.upstream, self._shared.policy
                return await translator.send(
                    ForeignRequest(prepared.request, plan.model, route, catalog, upstream, policy)
                )
            return await self._native(prepared.request, plan, route, catalog, first)

        try:
            response = await run_async(plan, send_along, None)
        except Exception as error:
            response = response_to_failure(error, plan)
        await response.relay(send)

    async def _native(
        self,
        request: ClientRequest,
        plan: FallbackPlan,
        route: Route,
        catalog: Catalog,
        ready: UpstreamRequest | SecretUnavailable | None,
    ) -> Response:
        """Return the response of an endpoint that speaks the client's API; `ready` is its request, if made already."""
        if isinstance(ready, SecretUnavailable):
            raise ready
        if ready is None:
            ready = await self._shared.in_thread(lambda: request.along(route, catalog.environment))
        response = await self._shared.upstream.send(plan.model, route, ready, self._shared.policy)
        if response.status == _UNAUTHORIZED and route.credential:
            catalog.environment.forget(route.credential)
        return response

    def _prepare(self, scope: Scope, body: bytes, catalog: Catalog) -> _Prepared:
        """Return the request with its fallback plan, and what is sent along the first route."""
        method, own_token = self._method, self._shared.own_token
        in_path = scope["path_params"].get("model", "")
        request = read(method, in_path, body, scope["query_string"], scope["headers"], own_token)
        plan = catalog.fallback_plan(request.model, self._shared.policy, *self._protocols)
        if plan.route.protocol != method.protocol:
            return _Prepared(request, plan, None)
        try:
            return _Prepared(request, plan, request.along(plan.route, catalog.environment))
        except SecretUnavailable as error:
            return _Prepared(request, plan, error)

    @property
    def _protocols(self) -> tuple[Collection[str], ...]:
        """The protocols of routes that the method can take: its own, then those that it can be translated to."""
        own = self._method.protocol
        translator = self._shared.translator if self._method.has_equivalents else None
        return ((own,), translator.targets(own)) if translator else ((own,),)


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
