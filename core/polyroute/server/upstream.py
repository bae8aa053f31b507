"""Sending a request along a route, and its answer back as it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import httpx
from starlette.types import Send

from polyroute import Environment, ModelRef, Route, RouteFailed
from polyroute.integrations.guard import Guard
from polyroute.integrations.paths import request_path
from polyroute.running import Course, Policy
from polyroute.server.faults import Fault

Headers = list[tuple[bytes, bytes]]

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
_AHEAD = 64
"""Parts that are read before the client has taken those before them."""
_VISIBLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ "


class Asked(NamedTuple):
    """A request as it came, but for the model that it names."""

    model: str
    before: bytes
    """The body up to the model's value."""
    after: bytes
    query: str
    headers: Headers

    def along(self, route: Route, environment: Environment) -> httpx.Request:
        """The request as the route's endpoint gets it: its ID, its address, its key, and nothing else changed."""
        body = self.before + json.dumps(route.model_id).encode() + self.after
        path = request_path(route.protocol, route.model_id or "")
        url = route.base_url.rstrip("/") + path + (f"?{self.query}" if self.query else "")
        kept = _without(self.headers, _OF_THE_CALLER | {route.auth.name.lower().encode()}, _PREFIXES_OF_THE_CALLER)
        request = httpx.Request("POST", url, headers=kept, content=body)
        Guard(route, environment)(request)
        return request


class Answer:
    """An endpoint's answer, of which the head is there."""

    def __init__(self, model: ModelRef, route: Route, response: httpx.Response) -> None:
        self.route, self._model, self._response = route, model, response
        self._begun: list[bytes] = []
        self._parts: AsyncIterator[bytes] = response.stream.__aiter__()  # type: ignore[union-attr]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    async def judged(self) -> httpx.Response | None:
        """The answer as one that was read, if it is short; it can be relayed all the same."""
        size = 0
        try:
            async for part in self._parts:
                self._begun.append(part)
                size += len(part)
                if size > _JUDGED_BYTES:
                    return None
            await self.close()
            return httpx.Response(self.status, headers=self._response.headers, content=b"".join(self._begun))
        except httpx.DecodingError:
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
            async with aclosing(_together(self._parts)) as parts:
                async for part in parts:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx.HTTPError:
            raise ConnectionAbortedError("The endpoint hung up before its answer was whole.") from None
        finally:
            await self.close()

    async def close(self) -> None:
        """Want no more of it."""
        await self._response.aclose()

    def _headers(self) -> Headers:
        raw = [(name.lower(), value) for name, value in self._response.headers.raw]
        length = [(name, value) for name, value in raw if name == b"content-length"]
        kept = _without(raw, _OF_THE_ENDPOINT, _PREFIXES_OF_THE_ENDPOINT)
        ran = {"via": self.route.via, "model": self.route.model_id or "", "provider": self._model.provider}
        ours = [(f"x-polyroute-{name}".encode(), _visible(value)) for name, value in ran.items()]
        return [*kept, *length, *ours]


class _Refused(Exception):
    """An answer that is an error, in the shape in which errors of client libraries are looked at."""

    def __init__(self, answer: Answer, response: httpx.Response) -> None:
        self.answer, self.response = answer, response
        super().__init__()


class Upstream:
    """The way to all endpoints: one client, made when it is first needed."""

    def __init__(self, seconds: float) -> None:
        self._timeout = httpx.Timeout(seconds, connect=min(seconds, 15))
        self._client: httpx.AsyncClient | None = None

    async def send(self, model: ModelRef, route: Route, request: httpx.Request, policy: Policy) -> Answer:
        """The answer to a request; raises what says why where there is none, or another route might be taken."""
        if self._client is None:
            limits = httpx.Limits(max_connections=200, max_keepalive_connections=20, keepalive_expiry=60)
            self._client = httpx.AsyncClient(timeout=self._timeout, limits=limits, follow_redirects=False)
        answer = Answer(model, route, await self._client.send(request, stream=True))
        if 300 <= answer.status < 400:
            await answer.close()
            told = f"{_named(route)} answers with a redirect, which is not followed: a key goes to its endpoint alone."
            raise Fault("upstream_redirects", told, "third_party")
        if answer.status >= 400 and policy == "auto" and (response := await answer.judged()) is not None:
            raise _Refused(answer, response)
        return answer

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()


async def _together(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes as soon as they are there; what came at once in one piece, for sending costs by the piece."""
    queue: asyncio.Queue[bytes] = asyncio.Queue(_AHEAD)

    async def read() -> None:
        try:
            async for part in parts:
                if part:
                    await queue.put(part)
        except httpx.HTTPError:
            await queue.put(b"")
            raise
        await queue.put(b"")

    reading = asyncio.create_task(read())
    try:
        while found := await queue.get():
            pieces = [found]
            while not queue.empty() and (found := queue.get_nowait()):
                pieces.append(found)
            yield b"".join(pieces)
            if not found:
                break
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def outcome(error: Exception, course: Course) -> Answer:
    """The answer that ends it all the same; raises Fault where there was none. What a library says may quote a key."""
    cause = error.error if isinstance(error, RouteFailed) else error
    if isinstance(cause, _Refused):
        return cause.answer
    if not isinstance(cause, httpx.HTTPError):
        raise error
    if isinstance(cause, httpx.TimeoutException):
        told = f"{_named(course.route)} does not answer in time."
        raise Fault("upstream_timeout", told, "third_party", status=504) from None
    told = str(error) if isinstance(error, RouteFailed) else f"{_named(course.route)} broke off."
    raise Fault("upstream_unreachable", told, "third_party") from None


def _visible(text: str) -> bytes:
    """What may stand in a header; any ID may stand in a reference."""
    return quote(text, safe=_VISIBLE, errors="replace").encode()


def _named(route: Route) -> str:
    return f"The endpoint of the route via {route.via}, {urlsplit(route.base_url).hostname},"


def _without(headers: Headers, names: Iterable[bytes], prefixes: tuple[bytes, ...]) -> Headers:
    """Headers but for these, and those of the connection alone, which may name further ones."""
    named = b",".join(value for name, value in headers if name == b"connection").lower().split(b",")
    dropped = {*_CONNECTION, *names, *(each.strip() for each in named)}
    return [each for each in headers if each[0] not in dropped and not each[0].startswith(prefixes)]
