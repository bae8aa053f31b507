"""The local pass-through: requests in the form of known APIs, sent along the route of the model that they name.

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
from polyroute.routing.protocols import failure_rules
from polyroute.routing.references import canonical
from polyroute.server import request_parsing
from polyroute.server.cached_response import CachedResponse
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.errors import PREFIX
from polyroute.server.state import States, patiently

try:
    from polyroute.server.passthrough.upstream import (
        ClientRequest,
        Upstream,
        UpstreamRequest,
        UpstreamResponse,
        outcome,
    )
except ImportError:
    raise MissingExtra("The pass-through", "server") from None

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Pictures and documents come within the body."""
SECONDS = 600.0
"""How long an endpoint may say nothing: models may think for minutes."""
_UNAUTHORIZED = 401
_KEY_SECONDS = 90.0
"""How long reading a key may take: a keyring may have to ask the person."""

T = TypeVar("T")


class PassThrough:
    """Answers what clients of known APIs ask, by asking the endpoint that the model's route leads to."""

    def __init__(self, policy: Policy = "never", *, seconds: float = SECONDS) -> None:
        """`policy` says whether it goes on by the next route where one can't be taken: `never` or `auto`."""
        self._policy: Policy = policy
        self._upstream = Upstream(seconds)

    def routes(self, holders: States, lane: Workers) -> list[Path]:
        """Where it answers; what takes long runs in `lane`."""

        async def listed(request: Received) -> CachedResponse:
            snapshot = await holders.of(request.scope).snapshot()
            key = (request.scope["path"], request.scope["query_string"])
            return await snapshot.answer(key, lambda: _models(snapshot.catalog), lane)

        passing = {each: _Passing(each, self._policy, self._upstream, holders, lane) for each in PROTOCOLS}
        paths = {each: PREFIX + request_path(each, "") for each in PROTOCOLS}
        passed = [Path(paths[each], passing[each], methods=["POST"]) for each in PROTOCOLS]
        return [*passed, Path(f"{PREFIX}/models", listed)]

    async def close(self) -> None:
        """Close the connections to endpoints."""
        await self._upstream.close()


class _Passing:
    """One of the APIs, as an application of its own: it has to notice that a client has left."""

    def __init__(self, protocol: str, policy: Policy, upstream: Upstream, holders: States, lane: Workers) -> None:
        self._protocol, self._policy, self._upstream = protocol, policy, upstream
        self._holders, self._lane = holders, lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back."""
        body = await request_parsing.bounded(Received(scope, receive), MAX_BODY_BYTES)
        snapshot = await self._holders.of(scope).snapshot()
        await _unless_left(self._pass(scope, body, snapshot.catalog, send), receive)

    async def _pass(self, scope: Scope, body: bytes, catalog: Catalog, send: Send) -> None:
        asked, course, first = await self._aside(lambda: self._understood(scope, body, catalog))
        ready = [first]

        async def along(route: Route) -> UpstreamResponse:
            request = ready.pop() if ready else await self._aside(lambda: asked.along(route, catalog.environment))
            if isinstance(request, SecretUnavailable):
                raise request
            answer = await self._upstream.send(course.model, route, request, self._policy)
            if answer.status == _UNAUTHORIZED and route.credential:
                catalog.environment.forget(route.credential)
            return answer

        try:
            answer = await run_async(course, along, None)
        except Exception as error:
            answer = outcome(error, course)
        await answer.relay(send)

    async def _aside(self, work: Callable[[], T]) -> T:
        """What asks plugins and reads keys: in a thread, and only so often, for changing to one takes its time."""
        done: T = await patiently(asyncio.ensure_future(self._lane.run(work)), _KEY_SECONDS)
        return done

    def _understood(
        self, scope: Scope, body: bytes, catalog: Catalog
    ) -> tuple[ClientRequest, FallbackPlan, UpstreamRequest | SecretUnavailable]:
        """What was asked, the routes to take, and the request along the first; or why its key can't be had."""
        try:
            before, written, after = around(body, "model")
            model = value(written)
        except ValueError:  # its words may quote the body
            model = None
        if not isinstance(model, str):
            told = "The body is not a JSON object with one `model`, a text."
            raise ApiError("invalid_body", told, scope="http", recovery="It is named as `provider/model`.")
        asked = ClientRequest(model, before, after, scope["query_string"], scope["headers"])
        ref = canonical(model, catalog.plugins)
        routes = catalog.routes(ref, protocols=(self._protocol,))
        rules = partial(failure_rules, provider=ref.provider, plugins=catalog.plugins)
        course = FallbackPlan(ref, routes, self._policy, catalog.environment, rules)
        try:
            return asked, course, asked.along(course.route, catalog.environment)
        except SecretUnavailable as error:
            return asked, course, error


async def _unless_left(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Do `work`, but not for a client that has left."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _models(catalog: Catalog) -> dict[str, Any]:
    """The models that can be run now, by a route that speaks one of the protocols."""
    data = [
        {"id": str(each.ref), "object": "model", "created": 0, "owned_by": each.provider}
        for each in catalog.models(available=True)
        if any(route.usable for route in catalog.routes(each.ref, protocols=PROTOCOLS))
    ]
    return {"object": "list", "data": data}
