"""Sending a request along a route, and its answer back as it comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import httpx2
from starlette.types import Send

from polyroute import Environment, ModelRef, Route, RouteFailed, Unavailable, UsageError
from polyroute._internal import http_client
from polyroute.base_url import joined, origin_of
from polyroute.fallback.plan import FallbackPlan, Policy
from polyroute.integrations.guard import Guard
from polyroute.integrations.request_paths import request_path
from polyroute.server.errors import ApiError

RawHeaders = list[tuple[bytes, bytes]]

_CONNECTION = frozenset(
    b"connection content-length expect host keep-alive te trailer transfer-encoding upgrade".split()
)
"""Headers that are about one connection, and not about what goes over it."""
_OF_THE_CALLER = frozenset(b"cookie forwarded origin referer via x-real-ip".split())
_PREFIXES_OF_THE_CALLER = (b"proxy-", b"sec-", b"x-forwarded-")
"""What tells about the client and its way here, and may be meant for others on this machine."""
_OF_THE_ENDPOINT = frozenset(b"alt-svc date server set-cookie strict-transport-security".split())
_PREFIXES_OF_THE_ENDPOINT = (b"access-control-", b"proxy-", b"x-polyroute-")
"""What is about the endpoint's own origin, which ours is not."""
_JUDGED_BYTES = 64_000
"""An error is read so far before it is decided what it means; what is longer is passed on."""
_LARGE_BYTES = 256 * 1024
"""What is sent piece by piece."""
_CONNECT_SECONDS = 15
_VISIBLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


class UpstreamRequest(NamedTuple):
    """A request as an endpoint gets it."""

    url: httpx2.URL
    target: bytes
    """Path and query to the byte, which a URL would spell in its own way."""
    headers: httpx2.Headers
    body: bytes


class ClientRequest(NamedTuple):
    """A request as it came, but for the model that it names."""

    model: str
    before: bytes
    """The body up to the model's value."""
    after: bytes
    query: bytes
    headers: RawHeaders

    def along(self, route: Route, environment: Environment) -> UpstreamRequest:
        """The request as the route's endpoint gets it: its ID, its address, its key, and nothing else changed."""
        guard = Guard(route, environment)
        url = _url(joined(guard.route.base_url, request_path(route.protocol, route.model_id or "")))
        target = url.raw_path + b"?" + _query(self.query) if self.query else url.raw_path
        dropped = _OF_THE_CALLER | {route.auth.name.lower().encode()}
        headers = httpx2.Headers(_without(self.headers, dropped, _PREFIXES_OF_THE_CALLER))
        guard.apply(origin_of(str(url)), headers)
        return UpstreamRequest(url, target, headers, self.before + json.dumps(route.model_id).encode() + self.after)


class UpstreamResponse:
    """An endpoint's answer, of which the head is there."""

    def __init__(self, model: ModelRef, route: Route, response: httpx2.Response) -> None:
        self.route, self._model, self._response = route, model, response
        self._begun: list[bytes] = []
        self._parts = response.aiter_raw()

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    async def judged(self) -> httpx2.Response | None:
        """The answer as one that was read, if it is short; it can be relayed all the same."""
        size = 0
        try:
            async for part in self._parts:
                self._begun.append(part)
                size += len(part)
                if size > _JUDGED_BYTES:
                    return None
            return httpx2.Response(self.status, headers=self._raw(), content=b"".join(self._begun))
        except httpx2.DecodingError:
            return None
        except BaseException:
            await self.close()
            raise

    async def relay(self, send: Send) -> None:
        """Send it on, each part as it comes."""
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self._headers()})
            for part in self._begun:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            async for part in self._parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx2.HTTPError:
            raise ConnectionAbortedError("The endpoint hung up before its answer was whole.") from None
        finally:
            await self.close()

    async def close(self) -> None:
        """Want no more of it."""
        await self._response.aclose()

    def _raw(self) -> RawHeaders:
        return [(name.lower(), value) for name, value in self._response.headers.raw]

    def _headers(self) -> RawHeaders:
        raw = self._raw()
        length = [(name, value) for name, value in raw if name == b"content-length"]
        kept = _without(raw, _OF_THE_ENDPOINT, _PREFIXES_OF_THE_ENDPOINT)
        ran = {"via": self.route.via, "model": self.route.model_id or "", "provider": self._model.provider}
        ours = [(f"x-polyroute-{name}".encode(), _visible(value).encode()) for name, value in ran.items()]
        return [*kept, *length, *ours]


class _Refused(Exception):
    """An answer that is an error, in the shape in which errors of client libraries are looked at."""

    def __init__(self, answer: UpstreamResponse, response: httpx2.Response) -> None:
        self.answer, self.response = answer, response
        super().__init__()


class Upstream:
    """The way to all endpoints: one client, made when it is first needed, with the proxies that are set then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._client: httpx2.AsyncClient | None = None

    async def send(self, model: ModelRef, route: Route, request: UpstreamRequest, policy: Policy) -> UpstreamResponse:
        """The answer to a request; raises what says why where there is none, or another route might be taken."""
        self._client = self._client or self._new_client()
        answer = UpstreamResponse(model, route, await self._client.send(_made(request), stream=True))
        if 300 <= answer.status < 400:
            await answer.close()
            told = f"{_named(route)} answers with a redirect, which is not followed: a key goes to its endpoint alone."
            raise ApiError("upstream_redirects", told, "third_party")
        if answer.status >= 400 and policy == "auto" and (response := await answer.judged()) is not None:
            raise _Refused(answer, response)
        return answer

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    def _new_client(self) -> httpx2.AsyncClient:
        seconds, connecting = self._seconds, min(self._seconds, _CONNECT_SECONDS)
        try:
            return http_client.client("The pass-through", "server", seconds=seconds, connect_seconds=connecting)
        except Unavailable as error:
            raise ApiError("upstream_unreachable", str(error), "third_party") from None


def _made(request: UpstreamRequest) -> httpx2.Request:
    """The library's own request: made here, and not by its client, it has no headers that nobody has sent."""
    request.headers["content-length"] = str(len(request.body))
    content = request.body if len(request.body) < _LARGE_BYTES else _pieces(request.body)
    extensions = {"target": request.target}
    return httpx2.Request("POST", request.url, headers=request.headers, content=content, extensions=extensions)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """A large body, bit by bit: others' requests go on meanwhile."""
    for start in range(0, len(body), _LARGE_BYTES):
        yield body[start : start + _LARGE_BYTES]


def _url(address: str) -> httpx2.URL:
    try:
        return httpx2.URL(address)
    except httpx2.InvalidURL:
        raise UsageError(f"{address} is no address that could be called: correct the base URL.") from None


def outcome(error: Exception, course: FallbackPlan) -> UpstreamResponse:
    """The answer that ends it all the same; raises Fault where there was none. What a library says may quote a key."""
    cause = error.error if isinstance(error, RouteFailed) else error
    if isinstance(cause, _Refused):
        return cause.answer
    if not isinstance(cause, httpx2.HTTPError):
        raise error
    if isinstance(cause, httpx2.TimeoutException):
        told = f"{_named(course.route)} does not answer in time."
        raise ApiError("upstream_timeout", told, "third_party", status=504) from None
    told = str(error) if isinstance(error, RouteFailed) else f"{_named(course.route)} broke off."
    raise ApiError("upstream_unreachable", told, "third_party") from None


def _visible(text: str) -> str:
    """What may stand in a header; any ID may stand in a reference."""
    return quote(text, safe=_VISIBLE + " ", errors="replace")


def _query(query: bytes) -> bytes:
    """A query to the byte, but for bytes that no request may hold."""
    return quote(query, safe=_VISIBLE + "%").encode()


def _named(route: Route) -> str:
    return f"The endpoint of the route via {route.via}, {urlsplit(route.base_url).hostname},"


def _without(headers: RawHeaders, names: Iterable[bytes], prefixes: tuple[bytes, ...]) -> RawHeaders:
    """Headers but for these, and those of the connection alone, which may name further ones."""
    named = b",".join(value for name, value in headers if name == b"connection").lower().split(b",")
    dropped = {*_CONNECTION, *names, *(each.strip() for each in named)}
    return [each for each in headers if each[0] not in dropped and not each[0].startswith(prefixes)]
