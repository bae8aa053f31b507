"""Send a request along a route, and stream its response back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from urllib.parse import quote, urlsplit

import httpx2
from starlette.types import Send

from polyroute import ModelRef, Route, RouteFailed, Unavailable
from polyroute._internal import http_client
from polyroute.fallback.plan import FallbackPlan, Policy
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.client_request import VISIBLE, UpstreamRequest, without
from polyroute.server.passthrough.client_secrets import RawHeaders
from polyroute.server.passthrough.response import EndpointRefusal, Response

_ENDPOINT_HEADERS = frozenset(
    b"alt-svc clear-site-data date nel refresh report-to reporting-endpoints server service-worker-allowed set-cookie"
    b" set-cookie2 strict-transport-security www-authenticate x-reproxy-url x-sendfile".split()
)
_ENDPOINT_PREFIXES = (b"access-control-", b"proxy-", b"x-accel-", b"x-lighttpd-", b"x-polyroute-")
"""Headers that apply to the endpoint's own origin only, or that tell a proxy in front of this server what to send."""
_OF_THE_BODY = (b"content-length", b"content-encoding", b"transfer-encoding")
_INVALID_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NO_CONTENT = 204
_MAX_ERROR_BYTES = 64_000
"""An error up to this size is read to decide whether the next route is tried; a longer one is passed on."""
_LARGE_BYTES = 256 * 1024
"""Larger bodies are sent in pieces of this size."""
_MAX_ERROR_SECONDS = 30.0
"""How long reading such an error may take."""
_CONNECT_SECONDS = 15


Clean = Callable[[str], str]
"""Masks what a text says of keys."""


class UpstreamResponse:
    """An endpoint's response whose headers have been received."""

    def __init__(self, model: ModelRef, route: Route, response: httpx2.Response) -> None:
        self.route, self._model, self._response = route, model, response
        self._received: list[bytes] = []
        self._raw = [(name.lower(), value) for name, value in response.headers.raw]
        self._parts: AsyncIterator[bytes] = response.aiter_raw()

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    async def read(self) -> httpx2.Response | None:
        """Read the response and return it; None if it is too long. It can still be relayed afterwards."""
        size = 0
        try:
            async with asyncio.timeout(_MAX_ERROR_SECONDS):
                async for part in self._parts:
                    self._received.append(part)
                    size += len(part)
                    if size > _MAX_ERROR_BYTES:
                        return None
            return httpx2.Response(self.status, headers=self._raw, content=b"".join(self._received))
        except httpx2.DecodingError:
            return None
        except TimeoutError:
            await self.close()
            raise httpx2.ReadTimeout("the error did not end") from None
        except BaseException:
            await self.close()
            raise

    async def relay(self, send: Send) -> None:
        """Send the response to the client, each part as it arrives."""
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self._headers()})
            for part in self._received:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            async for part in self._parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx2.HTTPError:
            raise ConnectionAbortedError("The endpoint closed the connection before the end of its response.") from None
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the response."""
        await self._response.aclose()

    async def clean(self, clean: Clean) -> None:
        """Read the response, and let `clean` mask what it says of a key. One that is too long becomes empty."""
        response = await self.read()
        await self.close()
        text = clean(response.text).encode() if response else b""
        kept = [each for each in self._raw if each[0] not in _OF_THE_BODY and _is_clean(each[1], clean)]
        self._raw = [*kept, (b"content-length", str(len(text)).encode())]
        self._received, self._parts = [text], _nothing()

    @property
    def headers(self) -> RawHeaders:
        """The endpoint's headers, with names in lower case."""
        return self._raw

    def _headers(self) -> RawHeaders:
        raw = [(name, value) for name, value in self._raw if not _INVALID_IN_VALUE.search(value)]
        kept = without(raw, _ENDPOINT_HEADERS, _ENDPOINT_PREFIXES)
        length = dict.fromkeys(each for each in raw if each[0] == b"content-length")
        if self.status == _NO_CONTENT or any(name == b"transfer-encoding" for name, _ in raw):
            length = {}
        return [*kept, *length, *taken_headers(self.route, self._model)]


async def _nothing() -> AsyncIterator[bytes]:
    """Yield nothing."""
    for each in list[bytes]():
        yield each


def _is_clean(value: bytes, clean: Clean) -> bool:
    text = value.decode("latin-1")
    return clean(text) == text


def taken_headers(route: Route, model: ModelRef, **more: str) -> RawHeaders:
    """Return the headers that tell the client which route was taken, and more about it."""
    taken = {"via": route.via, "model": route.model_id or "", "provider": model.provider, **more}
    return [(f"x-polyroute-{name}".encode(), _visible(value).encode()) for name, value in taken.items()]


class Upstream:
    """Sends requests to all endpoints with one HTTP client, which is created at the first request.

    Changes of the protocol (101), other statuses below 200 and redirects are errors: none is passed on.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._client: httpx2.AsyncClient | None = None

    async def send(
        self, model: ModelRef, route: Route, request: UpstreamRequest, policy: Policy, clean: Clean
    ) -> UpstreamResponse:
        """Return the response to a request. Raises an exception if there is none or the next route may be tried.

        `clean` masks what an error says of an organisation's key, which is shown to nobody.
        """
        try:
            self._client = self._client or self._new_client()
            upstream = UpstreamResponse(model, route, await self._sent(self._client, request))
        except Unavailable as error:
            raise ApiError("upstream_unreachable", str(error), "third_party") from None
        if not 200 <= upstream.status < 300 and not 400 <= upstream.status < 600:
            await upstream.close()
            raise _unexpected(upstream.status, route)
        if upstream.status >= 400 and route.credential and route.credential.is_organisations:
            await upstream.clean(clean)
        if upstream.status >= 400 and policy == "auto" and (response := await upstream.read()) is not None:
            raise EndpointRefusal(upstream, response)
        return upstream

    async def _sent(self, client: httpx2.AsyncClient, request: UpstreamRequest) -> httpx2.Response:
        """Return the response to a request. All of its headers have to arrive in time, and not only each byte."""
        try:
            async with asyncio.timeout(self._seconds):
                return await client.send(_to_httpx(request), stream=True)
        except TimeoutError:
            raise httpx2.ReadTimeout("the headers did not end") from None

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    def _new_client(self) -> httpx2.AsyncClient:
        seconds, connecting = self._seconds, min(self._seconds, _CONNECT_SECONDS)
        return http_client.client("The pass-through", "server", seconds=seconds, connect_seconds=connecting)


def _to_httpx(request: UpstreamRequest) -> httpx2.Request:
    """Return the library's request object. It is not built by the client, which would add default headers."""
    request.headers["content-length"] = str(len(request.body))
    content = request.body if len(request.body) < _LARGE_BYTES else _pieces(request.body)
    extensions = {"target": request.target}
    return httpx2.Request("POST", request.url, headers=request.headers, content=content, extensions=extensions)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """Yield a large body in pieces, so that other requests are processed in between."""
    for start in range(0, len(body), _LARGE_BYTES):
        yield body[start : start + _LARGE_BYTES]


def response_to_failure(error: Exception, plan: FallbackPlan) -> Response:
    """Return the endpoint's error response to send to the client. Raises an error if there was no response.

    Messages of the HTTP library are not repeated, since they may quote a key.
    """
    cause = error.error if isinstance(error, RouteFailed) else error
    if isinstance(cause, EndpointRefusal):
        return cause.relayed
    if not isinstance(cause, httpx2.HTTPError):
        raise error
    if isinstance(cause, httpx2.TimeoutException):
        message = f"{_named(plan.route)} did not respond in time."
        raise ApiError("upstream_timeout", message, "third_party", status=504) from None
    message = str(error) if isinstance(error, RouteFailed) else f"{_named(plan.route)} broke the connection off."
    if on_the_way := http_client.way(cause):
        message = f"{message.rstrip('.')}. The request was sent {on_the_way}."
    raise ApiError("upstream_unreachable", message, "third_party") from None


def _visible(text: str) -> str:
    """Return a text with the characters that are not allowed in a header percent-encoded."""
    return quote(text, safe=VISIBLE + " ", errors="replace")


def _unexpected(status: int, route: Route) -> ApiError:
    """Return the error for a response that is not passed on: a redirect, or a change to another protocol."""
    if 300 <= status < 400:
        message = f"{_named(route)} sent a redirect. It is not followed, since a key is sent to its own endpoint only."
        return ApiError("upstream_redirects", message, "third_party")
    message = f"{_named(route)} sent status {status}, which is no response to this request."
    return ApiError("upstream_invalid", message, "third_party")


def _named(route: Route) -> str:
    return f"The endpoint of the route via {route.via}, {urlsplit(route.base_url).hostname},"
