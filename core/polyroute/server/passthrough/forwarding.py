"""Forward a request along the routes of its model, and the response to the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from weakref import WeakKeyDictionary

from starlette.requests import Request as Received
from starlette.types import Receive, Scope, Send

from polyroute import Catalog, Route
from polyroute._internal.disconnects import until_disconnected
from polyroute._internal.threads import Workers
from polyroute.errors import InsufficientCredits, NoEffectiveRoute, SecretUnavailable
from polyroute.fallback.exhausted import ExhaustedCredentials
from polyroute.fallback.plan import FallbackPlan, Policy, run_async
from polyroute.integrations import translation
from polyroute.integrations.api_methods import ApiMethod
from polyroute.model_names import named
from polyroute.named_tuples import NamedTuple
from polyroute.server import request_log, request_parsing
from polyroute.server.answers import wait_for
from polyroute.server.errors import ApiError
from polyroute.server.passthrough import token_estimate
from polyroute.server.passthrough.client_request import ClientRequest, UpstreamRequest, read
from polyroute.server.passthrough.client_secrets import OwnToken
from polyroute.server.passthrough.response import OwnResponse, Response
from polyroute.server.passthrough.translator import ForeignRequest, Translator
from polyroute.server.passthrough.upstream import Upstream, response_to_failure
from polyroute.server.state import States

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Images and documents are sent within the body."""
_UNAUTHORIZED = 401
_NOT_COUNTED = (404, 405, 501)
"""The statuses of endpoints that don't count tokens."""
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
    shortcuts: Mapping[str, str]
    """Names for models, in addition to the user's own."""
    exhausted: WeakKeyDictionary[Catalog, ExhaustedCredentials]
    """By the catalog of one user: what is known of a user's credentials is nobody else's."""

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run work that calls plugins and reads keys in a worker thread. Each call costs the switch to a thread."""
        result: T = await wait_for(asyncio.ensure_future(self.lane.run(work)), _KEY_SECONDS)
        return result


class _Prepared(NamedTuple):
    """A request that is ready to be sent along its first route."""

    request: ClientRequest
    plan: FallbackPlan | None
    """None for a request to count tokens of a model that can be run, but by no route that speaks the client's API."""
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
        await until_disconnected(self._forward(scope, body, snapshot.catalog, send), receive)

    def _estimate(self, request: ClientRequest) -> Response:
        """Return about how many tokens a request has, for endpoints that don't count them."""
        try:
            tokens = token_estimate.estimate(request.body(""))
        except (ValueError, RecursionError):
            raise ApiError("invalid_body", "The body is not valid JSON.", scope="http") from None
        document = token_estimate.document(self._method.protocol, tokens)
        return OwnResponse(document, {"x-polyroute-estimated": "true"})

    async def _forward(self, scope: Scope, body: bytes, catalog: Catalog, send: Send) -> None:
        prepared = await self._shared.in_thread(lambda: self._prepare(scope, body, catalog))
        if (plan := prepared.plan) is None:
            await self._estimate(prepared.request).relay(send)
            return
        ready, translator = [prepared.first], self._shared.translator

        async def send_along(route: Route) -> Response:
            first = ready.pop() if ready else None
            if translator is not None and route.protocol != self._method.protocol:
                upstream, policy = self._shared.upstream, self._shared.policy
                return await translator.send(
                    ForeignRequest(prepared.request, plan.model, route, catalog, upstream, policy)
                )
            return await self._native(prepared.request, plan, route, catalog, first)

        try:
            response = await run_async(plan, send_along, lambda switch: self._note(switch.error, catalog))
        except Exception as error:
            self._note(error, catalog)
            response = response_to_failure(error, plan)
        request_log.note(scope, plan.model, plan.route)
        if self._method.counts and response.status in _NOT_COUNTED:
            await response.close()
            response = self._estimate(prepared.request)
        await response.relay(send)

    def _note(self, error: Exception, catalog: Catalog) -> None:
        if isinstance(error, InsufficientCredits):
            self._shared.exhausted.setdefault(catalog, ExhaustedCredentials()).note(error)

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
        clean = catalog.environment.without_secrets
        response = await self._shared.upstream.send(plan.model, route, ready, self._shared.policy, clean)
        if response.status == _UNAUTHORIZED and route.credential:
            catalog.environment.forget(route.credential)
        return response

    def _prepare(self, scope: Scope, body: bytes, catalog: Catalog) -> _Prepared:
        """Return the request with its fallback plan, and what is sent along the first route."""
        method, own_token = self._method, self._shared.own_token
        in_path = scope["path_params"].get("model", "")
        request = read(method, in_path, body, scope["query_string"], scope["headers"], own_token)
        plan = self._plan(request, catalog)
        if plan is None:
            return _Prepared(request, None, None)
        if plan.route.protocol != method.protocol:
            return _Prepared(request, plan, None)
        try:
            return _Prepared(request, plan, request.along(plan.route, catalog.environment))
        except SecretUnavailable as error:
            return _Prepared(request, plan, error)

    def _plan(self, request: ClientRequest, catalog: Catalog) -> FallbackPlan | None:
        own = {**catalog.preferences.shortcuts, **self._shared.shortcuts}
        model = named(request.model, self._method.protocol, catalog, own)
        try:
            plan = catalog.fallback_plan(model, self._shared.policy, *self._protocols)
        except NoEffectiveRoute:
            if self._method.counts and catalog.route(model):
                return None
            if self._lacks_translation and catalog.route(model):
                raise ApiError("untranslatable", str(translation.missing(model))) from None
            raise
        if self._shared.policy == "auto" and (known := self._shared.exhausted.get(catalog)):
            plan.reorder(known.last)
        return plan

    @property
    def _lacks_translation(self) -> bool:
        """Whether requests could be translated if the extra were installed."""
        wanted = self._shared.translator is not None and self._method.has_equivalents
        return wanted and not translation.is_installed()

    @property
    def _protocols(self) -> tuple[Collection[str], ...]:
        """The protocols of routes that the method can take: its own, then those that it can be translated to."""
        own = self._method.protocol
        translator = self._shared.translator if self._method.has_equivalents else None
        targets = translator.targets(own) if translator else ()
        return ((own,), targets) if targets else ((own,),)
