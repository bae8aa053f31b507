"""The translator of the pass-through: a library in a process without keys, whose requests are sent along the route."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from contextlib import ExitStack

import httpx2

from polyroute._internal.lossless_json import around
from polyroute.integrations import translation
from polyroute.integrations.api_methods import CHAT, GENERATE, METHODS, PROTOCOL_HEADERS, PROTOCOLS, ApiMethod
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.client_request import ClientRequest
from polyroute.server.passthrough.client_secrets import RawHeaders
from polyroute.server.passthrough.response import EndpointRefusal, Response
from polyroute.server.passthrough.translation.callbacks import Callbacks, Ticket
from polyroute.server.passthrough.translation.responses import TranslatedError, TranslatedExchange, TranslatedResponse
from polyroute.server.passthrough.translation.worker_process import WorkerFailed, WorkerProcess
from polyroute.server.passthrough.translator import ForeignRequest
from polyroute.server.passthrough.upstream import UpstreamResponse
from polyroute.types import DIRECT

_OF_LIBRARY = (b"accept", b"content-type", *PROTOCOL_HEADERS)
"""The headers that belong to the protocol; all others of the library are about itself."""
_OF_CLIENT = (b"user-agent",)
_SERVER_SENT = b"alt=sse"


class ProcessTranslator:
    """Translates between all APIs. Its process is started by the first request that needs it, or with the server."""

    def __init__(self, *, start_early: Callable[[], bool] | None = None) -> None:
        self._start_early = start_early
        self._starting: asyncio.Task[None] | None = None
        self.callbacks = Callbacks()
        self.process = WorkerProcess(self.callbacks)

    def targets(self, protocol: str) -> Collection[str]:
        """Return the protocols that requests of the API `protocol` can be translated to, the best one first."""
        return tuple(each for each in PROTOCOLS if each != protocol) if translation.is_installed() else ()

    def begin(self) -> None:
        """Start the process, if it should be there before the first request."""
        if self._start_early is not None and translation.is_installed():
            self._starting = asyncio.create_task(self._start(self._start_early))

    async def _start(self, is_needed: Callable[[], bool]) -> None:
        with contextlib.suppress(WorkerFailed):  # the first request will report it
            if await asyncio.to_thread(is_needed):
                await self.process.start()

    async def send(self, request: ForeignRequest) -> Response:
        """Return the translated response.

        Raises the same exceptions as `Upstream.send`, for the same reasons, and ApiError if nothing was sent because
        the request can't be translated.
        """
        source, streams = request.request.method.protocol, request.request.streams
        ticket = Ticket(request.route.protocol, streams, lambda headers, body: _along(request, streams, headers, body))
        exchange = TranslatedExchange(source, request.model, request.route, ticket)
        with ExitStack() as stack:
            name = stack.enter_context(self.callbacks.issued(ticket))
            query = {**_described(request, streams), "ticket": name}
            response = await self._asked(query, request, ticket)
            if response.status_code == httpx2.codes.OK:
                return TranslatedResponse(exchange, response, self.process, stack.pop_all())
            kind = (await response.aread()).decode()
        return _failed(exchange, request, kind)

    async def _asked(self, query: dict[str, str], request: ForeignRequest, ticket: Ticket) -> httpx2.Response:
        try:
            return await self.process.ask(query, request.request.body(request.route.model_id or ""))
        except WorkerFailed:
            if ticket.error is not None:
                raise ticket.error from None
            raise

    async def close(self) -> None:
        """End the process."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self.process.close()
        await self.callbacks.close()


def _described(request: ForeignRequest, streams: bool) -> dict[str, str]:
    """Return what the process needs to know besides the body."""
    route, client = request.route, request.request
    is_array = streams and client.method.protocol == GENERATE and _SERVER_SENT not in client.query
    return {
        "source": client.method.protocol,
        "target": route.protocol,
        "dialect": _dialect(request),
        "model": route.model_id or "",
        "stream": str(int(streams)),
        "array": str(int(is_array)),
        "reasons": str(int(_reasons(request))),
    }


def _reasons(request: ForeignRequest) -> bool:
    """Return whether a list says that the model can reason."""
    listed = request.catalog.plugins.models(request.model.provider).get(request.model.id)
    return listed is not None and bool(listed.reasoning)


def _dialect(request: ForeignRequest) -> str:
    """Return which variant of the chat API the endpoint accepts."""
    providers = request.catalog.plugins.providers
    via = request.model.provider if request.route.via == DIRECT else request.route.via
    provider = providers.get(via)
    return "own" if provider is not None and CHAT in provider.own_protocols else ""


async def _along(request: ForeignRequest, streams: bool, headers: RawHeaders, body: bytes) -> UpstreamResponse:
    """Send a request of the library along the route, with the route's model, URL and key."""
    method = _method(request.route.protocol, streams)
    before, after = (body, b"")
    if not method.names_model_in_path:
        before, _, after = around(body, "model")
    query = _SERVER_SENT if method.protocol == GENERATE and streams else b""
    native = ClientRequest(method, "", before, after, query, _headers(request.request.headers, headers))
    route, environment = request.route, request.catalog.environment
    sent = await asyncio.to_thread(native.along, route, environment)
    response = await request.upstream.send(request.model, route, sent, "never", environment.without_secrets)
    if response.status == httpx2.codes.UNAUTHORIZED and route.credential:
        environment.forget(route.credential)
    return response


def _method(protocol: str, streams: bool) -> ApiMethod:
    return next(
        each
        for each in METHODS
        if each.protocol == protocol and each.has_equivalents and each.streams == (streams and protocol == GENERATE)
    )


def _headers(client: RawHeaders, library: RawHeaders) -> RawHeaders:
    kept = [each for each in library if each[0] in _OF_LIBRARY]
    return [*kept, *(each for each in client if each[0] in _OF_CLIENT), (b"accept-encoding", b"identity")]


def _failed(exchange: TranslatedExchange, request: ForeignRequest, kind: str) -> Response:
    """Return the endpoint's error for the client, or raise why there is none."""
    ticket, route = exchange.ticket, exchange.route
    if ticket.error is not None:
        raise ticket.error
    if ticket.refusal is not None:
        error = TranslatedError(exchange, ticket.refusal)
        if request.policy == "auto":
            raise EndpointRefusal(error, ticket.refusal)
        return error
    if ticket.is_broken or ticket.streamed_error:
        message = ticket.streamed_error or f"The endpoint of the route via {route.via} broke the connection off."
        raise ApiError("upstream_unreachable", message, "third_party")
    if ticket.response is not None:
        message = f"The response of the route via {route.via}, which speaks {route.protocol}, can't be translated"
        raise ApiError("untranslatable", f"{message} ({kind}).", "third_party")
    message = f"The request can't be translated for the route via {route.via}, which speaks {route.protocol} ({kind})."
    recovery = "Use a model with a route that speaks the client's own API."
    raise ApiError("untranslatable", message, recovery=recovery)
