"""The ASGI application."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from starlette.convertors import Convertor, register_url_convertor
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyroute import Environment, Plugins, Preferences
from polyroute._internal.threads import Workers
from polyroute.errors import UsageError
from polyroute.server import openapi, request_parsing
from polyroute.server.background_refresh import Upkeep
from polyroute.server.cached_response import CachedResponse, encode
from polyroute.server.current_model import CurrentModels, RememberedModels
from polyroute.server.errors import ApiError, api_error
from polyroute.server.events import Events
from polyroute.server.openapi import Schema, narrowed
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.pages import Application, OwnPage, path_within
from polyroute.server.passthrough import errors
from polyroute.server.removed_keys import RemovedKeys
from polyroute.server.security import Security
from polyroute.server.state import PATIENCE_SECONDS, StateHolder, States, patiently
from polyroute.server.table import OPERATIONS

if TYPE_CHECKING:
    from polyroute.server.passthrough.app import PassThrough


class _Rest(Convertor[str]):
    """The rest of a path, whatever is in it: Starlette's own ends at a line break."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", _Rest())

_UNCACHED = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_API = "/api"
_LANES = {"reading": 8, "writing": 8, "network": 4, "passing": 8}
"""How many threads each has."""
_ENDING = ApiError("ending", "The server ends before this is done.", "system", scope="http", status=503)
_PATIENCE = {"reading": PATIENCE_SECONDS, "writing": 20.0, "network": 90.0}
"""How long a request waits. Writing waits for locks, which have ten seconds."""


class App:
    """Polyroute's HTTP API and page. Make one with `create_app`."""

    def __init__(
        self,
        holders: States,
        current: CurrentModels,
        guard: Security,
        pages: ASGIApp | None,
        description: Schema,
        upkeep: Upkeep,
        pass_through: PassThrough | None,
    ) -> None:
        self._holders, self._current, self._guard, self._upkeep = holders, current, guard, upkeep
        self._pass_through = pass_through
        self._events, self._removed = Events(), RemovedKeys()
        self._lanes = {name: Workers(limit) for name, limit in _LANES.items()}
        routes = [*self._routes((*OPERATIONS, _described(description))), Route(f"{_API}/events", self._stream)]
        self._guarded: tuple[str, ...] = (f"{_API}/",)
        if pass_through is not None:
            routes += pass_through.routes(holders, self._lanes["passing"])
            self._guarded += (f"{errors.PREFIX}/",)
        self._api = Router(routes, redirect_slashes=False)
        site: list[BaseRoute] = [Route("/health", _Health), *([Mount("/", pages)] if pages else [])]
        self._site = Router(site, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            is_api = f"{path_within(scope)}/".startswith(self._guarded)
            self._guard.check(scope, is_api=is_api)
            if (ready := self._ready(scope)) is not None:
                await ready(scope, receive, send)
            else:
                router = self._api if is_api else self._site
                await router({**scope, "app": self}, receive, sending)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            if not begun:
                await self._tell(_ENDING, scope, send)
            raise
        except Exception as error:
            if begun:
                raise
            await self._tell(error, scope, send)

    def close(self) -> None:
        """End what would never end by itself. A server calls it before it waits for its clients."""
        self._events.close()

    def _ready(self, scope: Scope) -> CachedResponse | None:
        """The bytes for a request that was answered before from the same state."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        holder = self._holders.of(scope)
        if (snapshot := holder.fresh()) is None:
            return None
        self._upkeep.nudge(holder, snapshot)
        return snapshot.answers.get((scope["path"], scope["query_string"]))

    def _routes(self, operations: Iterable[Operation]) -> Iterable[Route]:
        """One for each path, which knows all methods."""
        paths: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            paths.setdefault(_API + operation.path.replace("}", ":rest}"), {})[operation.method] = operation
        return (Route(path, self._endpoint(methods), methods=list(methods)) for path, methods in paths.items())

    def _endpoint(self, methods: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response | CachedResponse]]:
        async def answer(request: Request) -> Response | CachedResponse:
            return await self._answer(methods["GET" if request.method == "HEAD" else request.method], request)

        return answer

    async def _answer(self, operation: Operation, request: Request) -> Response | CachedResponse:
        query = request_parsing.query(operation.query, request)
        sent = await request_parsing.body(operation.body, request)
        holder = self._holders.of(request.scope)
        snapshot = await holder.snapshot()
        self._upkeep.nudge(holder, snapshot)
        call = OperationCall(snapshot, self._current, query, request.path_params, sent, self._removed)
        workers = self._lanes[operation.lane]
        if operation.prepared:
            key = (request.scope["path"], request.scope["query_string"])
            return await snapshot.answer(key, lambda: operation.answer(call), workers)
        return await self._acted(operation, call, holder, workers)

    async def _acted(
        self, operation: Operation, call: OperationCall, holder: StateHolder, workers: Workers
    ) -> Response:
        document = await patiently(
            asyncio.ensure_future(workers.run(lambda: operation.answer(call))), _PATIENCE[operation.lane]
        )
        if operation.method != "GET":
            await holder.look_again()
        return Response(encode(document), media_type="application/json", headers=_UNCACHED)

    async def _stream(self, request: Request) -> Response:
        return self._events.stream(self._holders.of(request.scope))

    async def _tell(self, error: Exception, scope: Scope, send: Send) -> None:
        path = path_within(scope)
        document: Mapping[str, object]
        if self._pass_through is not None and f"{path}/".startswith(f"{errors.PREFIX}/"):
            status, document = errors.error_response(error, path)
        else:
            fault = api_error(error)
            status, document = fault.status, fault.told.document(scope["path"], scope["method"], uuid.uuid4().hex)
        headers = {**_UNCACHED, **(error.headers or {} if isinstance(error, HTTPException) else {})}
        await Response(encode(document), status, headers, "application/json")(scope, _nothing, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Web sockets are turned away; of starting and stopping there is nothing to tell but the end."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        while (message := await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        self.close()
        if self._pass_through is not None:
            await self._pass_through.close()
        await send({"type": message["type"] + ".complete"})


def create_app(
    *,
    plugins: Plugins | None = None,
    environment: Environment | Callable[[Scope], Environment] | None = None,
    preferences: Preferences | None = None,
    current: CurrentModels | None = None,
    token: str = "",
    hosts: Iterable[str] = (),
    origins: Iterable[str] = (),
    page: bool = True,
    ui_dir: str = "",
    keep_fresh: bool = False,
    pass_through: PassThrough | None = None,
) -> App:
    """Make an application that a server runs, or that a host mounts in its own.

    `environment` is one, or a function from a request's scope to the environment of whoever asks. A catalog is kept
    for each environment, so return the same object for the same person. Without `plugins` the installed ones are
    loaded, without `preferences` the person's own are read; `current` keeps the current model, by default in a file.

    `token` is asked for where it is given; `hosts` are further names that the server is called by ("*": the host
    checks that itself), `origins` other origins whose pages may call it. `ui_dir` holds a page in place of ours.
    With `keep_fresh` lists older than a day are fetched in the background, unless `POLYROUTE_OFFLINE` is set.
    `pass_through` sends requests along routes, with the person's keys: raises UsageError where there is no `token`.
    """
    if pass_through is not None and not token:
        raise UsageError("The pass-through spends a person's money: give a token, which clients have to send.")
    holders = States(plugins, environment, preferences)
    pages = GZipMiddleware(Application(ui_dir)) if ui_dir else OwnPage(token=bool(token)) if page else None
    description = openapi.document(OPERATIONS, token=bool(token))
    return App(
        holders,
        current or RememberedModels(),
        Security(token, hosts, origins),
        pages,
        description,
        Upkeep(wanted=keep_fresh),
        pass_through,
    )


def _described(description: Schema) -> Operation:
    def describe(call: OperationCall) -> Schema:
        """The API's description, with the names that are known now."""
        return narrowed(description, call.catalog.plugins)

    return Operation("GET", "/openapi.json", describe, prepared=True)


class _Health(HTTPEndpoint):
    """Knows all methods, so that those which it refuses don't look for a page of that name."""

    async def get(self, _: Request) -> Response:
        """It is there."""
        return Response(b'{"ok":true}', media_type="application/json", headers=_UNCACHED)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
