"""The ASGI application."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyroute._internal.files import LOCK_TIMEOUT_SECONDS
from polyroute._internal.threads import Workers
from polyroute.choices.current_model import CurrentModels
from polyroute.errors import StoreUnavailable
from polyroute.integrations.api_methods import GENERATE_PREFIX, PREFIX, served_path
from polyroute.server import cross_origin, request_log, request_parsing
from polyroute.server.answers import PATIENCE_SECONDS, wait_for
from polyroute.server.background_refresh import BackgroundRefresh
from polyroute.server.cached_response import CachedResponse, encode
from polyroute.server.errors import ApiError, api_error
from polyroute.server.events import Events
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.pages import path_within
from polyroute.server.passthrough.errors import error_reply
from polyroute.server.path_templates import PathTemplates
from polyroute.server.probes import PROBES, UNCACHED, Probes
from polyroute.server.removed_keys import RemovedKeys
from polyroute.server.request_log import Observer, RequestLog
from polyroute.server.security import Security, WrongToken
from polyroute.server.state import StateHolder, States
from polyroute.server.table import FIRST
from polyroute.server.trace_context import trace_id

if TYPE_CHECKING:
    from polyroute.server.metrics import Metrics
    from polyroute.server.passthrough.app import PassThrough


_API = "/api"
_QUIET_SECONDS = 0.5
"""How often a server that was started looks whether it is idle."""
_RETRY_SECONDS, _STORE_SECONDS = {429: "5"}, "1"
"""When a client may try again, by status; and if the database does not answer."""
_LANES = {"reading": (8,), "writing": (8,), "network": (4, 16), "passing": (8,)}
"""The number of threads for each kind of work, and how much work may wait. Work for the network is done even if
the client has left, so that little of it may wait."""
_ENDING = ApiError("ending", "The server stopped before the request was done.", "system", scope="http", status=503)
_NO_WEB_SOCKETS = ApiError("no_web_sockets", "This server has no web sockets. Send requests by HTTP.", scope="http")
_TIMEOUTS = {"reading": PATIENCE_SECONDS, "writing": LOCK_TIMEOUT_SECONDS + 10.0, "network": 90.0}
"""How long a request waits, in seconds. A write may first wait for a lock."""


class App:
    """Polyroute's HTTP API and page, as an ASGI application. Create one with `create_app`."""

    def __init__(
        self,
        holders: States,
        current: CurrentModels,
        guard: Security,
        pages: ASGIApp | None,
        operations: Iterable[Operation],
        background_refresh: BackgroundRefresh,
        pass_through: PassThrough | None,
        log: RequestLog | None,
        metrics: Metrics | None,
        ready: Callable[[], bool] | None,
    ) -> None:
        self._holders, self._current, self._guard = holders, current, guard
        self._background_refresh, self._pass_through = background_refresh, pass_through
        self._probes, self._metrics = Probes(holders, ready), metrics
        self._observers: list[Observer] = [request_log.writing(log, guard.token)] if log else []
        self._events, self._removed, self._waiting = Events(), RemovedKeys(), 0
        self._lanes = {name: Workers(*limits) for name, limits in _LANES.items()}
        routes = [*self._routes(operations), Route(f"{_API}/events", self._stream)]
        self._guarded: tuple[str, ...] = (f"{_API}/",)
        if pass_through is not None:
            routes += pass_through.routes(holders, self._lanes["passing"], guard.token)
            self._guarded += (f"{PREFIX}/", f"{GENERATE_PREFIX}/")
        self._api = Router(routes, redirect_slashes=False)
        site: list[BaseRoute] = list(self._probes.routes())
        self._private: tuple[str, ...] = ()
        if metrics is not None:
            self._observers.append(metrics.observe)
            site.append(metrics.route(holders, self._lanes["reading"]))
            self._private = (metrics.path,)
        site += [Mount("/", pages)] if pages else []
        self._site = Router(site, redirect_slashes=False)
        self._templates = PathTemplates([*routes, *site])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the lifespan events of the server."""
        if scope["type"] != "http":
            await self._handle_other(scope, receive, send)
            return
        if self._pass_through is not None:
            scope = _as_served(scope)
        path = path_within(scope)
        if not self._observers or path in PROBES:
            await self._answer(scope, receive, send)
            return
        scope = {**scope}
        entry = request_log.begun(scope, self._templates.of(path))
        try:
            await self._answer(scope, receive, entry.noting(send))
        finally:
            for observe in self._observers:
                observe(entry)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        if (origin := _origin(scope)) and self._guard.allows(origin):
            send = cross_origin.readable(send, origin)
        send = self._probes.closing(send)

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._dispatch(scope, receive, send_and_note)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            if not started:
                await self._send_error(_ENDING, scope, send)
            raise
        except Exception as error:
            request_log.failed(scope, api_error(error), is_answered=started)
            if started:
                raise
            await self._send_error(error, scope, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_within(scope)
        is_api = f"{path}/".startswith(self._guarded)
        if is_api and cross_origin.is_preflight(scope) and self._guard.allows(_origin(scope)):
            await self._admit(scope, is_api=False)  # a browser sends it without the token
            await cross_origin.answer_preflight(scope, send)
            return
        await self._admit(scope, is_api=is_api or path in self._private)
        if is_api and _wants_web_socket(scope):
            raise _NO_WEB_SOCKETS
        if not is_api:
            await self._site({**scope, "app": self}, receive, send)
        elif (cached := self._cached(scope)) is not None:
            await cached(scope, receive, send)
        else:
            await self._api({**scope, "app": self}, receive, send)

    async def _admit(self, scope: Scope, *, is_api: bool) -> None:
        try:
            self._guard.check(scope, is_api=is_api)
        except WrongToken as error:
            await self._guard.hold_back(error, scope)
            raise

    async def prepare(self) -> None:
        """Prepare what a page asks for first, the list of models, as soon as no request waits for a response.

        It takes a second if nothing is cached. Nothing is prepared if each user has an environment of their own.
        """
        while not await asyncio.sleep(_QUIET_SECONDS, result=not self._waiting):
            continue
        holder = self._holders.only
        if holder is None:
            return
        try:
            snapshot = await holder.snapshot()
            call = OperationCall(snapshot, self._current, FIRST.query(), {}, None, self._removed)
            answers, key = snapshot.answers["models"], (_API + FIRST.path, b"")
            await answers.response(key, lambda: FIRST.handler(call), self._lanes["reading"])
        except Exception:
            return  # a request for it will be told

    def drain(self) -> None:
        """Say at `/ready` that the server is about to stop, and go on answering. Clients are asked to reconnect."""
        self._probes.draining = True

    def close(self) -> None:
        """End the open event streams. Call it before a server waits for its connections to close."""
        self._events.close()

    def _cached(self, scope: Scope) -> CachedResponse | None:
        """Return the cached response to a request, if the state has not changed since it was made."""
        holder = self._holders.for_request(scope)  # also for other methods: it refuses requests of nobody
        if scope["method"] not in ("GET", "HEAD"):
            return None
        if (snapshot := holder.fresh()) is None:
            return None
        self._background_refresh.start_if_due(holder, snapshot)
        return snapshot.cached((scope["path"], scope["query_string"]))

    def _routes(self, operations: Iterable[Operation]) -> Iterable[Route]:
        """Return one route for each path, which dispatches to all methods."""
        paths: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            paths.setdefault(_API + operation.path.replace("}", ":rest}"), {})[operation.method] = operation
        return (Route(path, self._endpoint(methods), methods=list(methods)) for path, methods in paths.items())

    def _endpoint(self, methods: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response | CachedResponse]]:
        async def endpoint(request: Request) -> Response | CachedResponse:
            self._waiting += 1
            try:
                return await self._respond(methods["GET" if request.method == "HEAD" else request.method], request)
            finally:
                self._waiting -= 1

        return endpoint

    async def _respond(self, operation: Operation, request: Request) -> Response | CachedResponse:
        query = request_parsing.query(operation.query, request)
        body, notes = await request_parsing.body(operation.body, request)
        holder = self._holders.for_request(request.scope)
        snapshot = await holder.snapshot()
        self._background_refresh.start_if_due(holder, snapshot)
        call = OperationCall(snapshot, self._current, query, request.path_params, body, self._removed)
        workers = self._lanes[operation.lane]
        if operation.cached_for:
            key = (request.scope["path"], request.scope["query_string"])
            return await snapshot.answers[operation.cached_for].response(key, lambda: operation.handler(call), workers)
        return await self._run_uncached(operation, call, holder, notes)

    async def _run_uncached(
        self, operation: Operation, call: OperationCall, holder: StateHolder, notes: list[str]
    ) -> Response:
        running = self._lanes[operation.lane].run(lambda: operation.handler(call))
        document = await wait_for(asyncio.ensure_future(running), _TIMEOUTS[operation.lane])
        if self._metrics is not None:
            self._metrics.answered(operation, document)
        if notes:
            document = {**document, "notes": [*cast("list[str]", document.get("notes", [])), *notes]}
        if operation.method != "GET":
            await holder.reload_after_write()
        return Response(encode(document), media_type="application/json", headers=UNCACHED)

    async def _stream(self, request: Request) -> Response:
        return self._events.stream(self._holders.for_request(request.scope))

    async def _send_error(self, error: Exception, scope: Scope, send: Send) -> None:
        status, document, more = self._reply(error, scope)
        headers = {**UNCACHED, **more, **(error.headers or {} if isinstance(error, HTTPException) else {})}
        if seconds := _STORE_SECONDS if isinstance(error, StoreUnavailable) else _RETRY_SECONDS.get(status):
            headers["retry-after"] = seconds
        await Response(encode(document), status, headers, "application/json")(scope, _nothing, send)

    def _reply(self, error: Exception, scope: Scope) -> tuple[int, Mapping[str, object], Mapping[str, str]]:
        """Return the status, the document and further headers of an error."""
        if self._pass_through is not None and f"{path_within(scope)}/".startswith(self._guarded[1:]):
            return error_reply(error, scope)
        failure = api_error(error)
        document = failure.details.document(scope["path"], scope["method"], trace_id(scope) or uuid.uuid4().hex)
        return failure.status, document, {}

    async def _handle_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse web sockets, and handle the lifespan protocol: close streams and connections on shutdown."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003, "reason": _NO_WEB_SOCKETS.details.message})
            return
        while (message := await receive())["type"] == "lifespan.startup":
            if self._pass_through is not None:
                self._pass_through.begin()
            await send({"type": "lifespan.startup.complete"})
        self.close()
        if self._pass_through is not None:
            await self._pass_through.close()
        await send({"type": message["type"] + ".complete"})


def _as_served(scope: Scope) -> Scope:
    """Return the scope with the path that a client of the pass-through means."""
    path = path_within(scope)
    served = served_path(path)
    return scope if served == path else {**scope, "path": scope["path"].removesuffix(path) + served}


def _origin(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"origin"), b"")


def _wants_web_socket(scope: Scope) -> bool:
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in scope["headers"])


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
