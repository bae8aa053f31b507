"""Sending a request along a route, and its answer back as it comes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from multidict import CIMultiDict
from starlette.types import Send
from yarl import URL

from polyroute import Environment, ModelRef, Route, RouteFailed
from polyroute.base_url import joined, origin_of
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
_LARGE_BYTES = 256 * 1024
"""What is sent piece by piece, so that others' requests go on meanwhile."""
_CONNECT_SECONDS = 15
_MOST_CONNECTIONS = 200
_IDLE_SECONDS = 60
_HEADER_BYTES = 64 * 1024
_NONE_OF_ITS_OWN = ("accept", "accept-encoding", "content-type", "user-agent")
"""Headers that the library would add where the client has sent none."""
_VISIBLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ "


class Request(NamedTuple):
    """A request as an endpoint gets it."""

    url: URL
    headers: CIMultiDict[str]
    body: bytes


class Asked(NamedTuple):
    """A request as it came, but for the model that it names."""

    model: str
    before: bytes
    """The body up to the model's value."""
    after: bytes
    query: bytes
    headers: Headers

    def along(self, route: Route, environment: Environment) -> Request:
        """The request as the route's endpoint gets it: its ID, its address, its key, and nothing else changed."""
        guard = Guard(route, environment)
        url = URL(joined(guard.route.base_url, request_path(route.protocol, route.model_id or "")))
        if self.query:
            url = URL(f"{url}?{_visible(self.query)}", encoded=True)
        kept = _without(self.headers, _OF_THE_CALLER | {route.auth.name.lower().encode()}, _PREFIXES_OF_THE_CALLER)
        headers = CIMultiDict((name.decode(), _text(name, value)) for name, value in kept if name != b"host")
        guard.apply(origin_of(str(url)), headers)
        return Request(url, headers, self.before + json.dumps(route.model_id).encode() + self.after)


class Answer:
    """An endpoint's answer, of which the head is there."""

    def __init__(self, model: ModelRef, route: Route, response: aiohttp.ClientResponse) -> None:
        self.route, self._model, self._response = route, model, response
        self._begun: list[bytes] = []
        self._parts = response.content.iter_any()  # what has come together is one part

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    async def judged(self) -> httpx.Response | None:
        """The answer as one that was read, if it is short; it can be relayed all the same."""
        size = 0
        try:
            async for part in self._parts:
                self._begun.append(part)
                size += len(part)
                if size > _JUDGED_BYTES:
                    return None
            return httpx.Response(self.status, headers=self._raw(), content=b"".join(self._begun))
        except httpx.DecodingError:
            return None
        except BaseException:
            self.close()
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
        except aiohttp.ClientError:
            raise ConnectionAbortedError("The endpoint hung up before its answer was whole.") from None
        finally:
            self.close()

    def close(self) -> None:
        """Want no more of it."""
        self._response.close()

    def _raw(self) -> Headers:
        return [(name.lower(), value) for name, value in self._response.raw_headers]

    def _headers(self) -> Headers:
        raw = self._raw()
        length = [(name, value) for name, value in raw if name == b"content-length"]
        kept = _without(raw, _OF_THE_ENDPOINT, _PREFIXES_OF_THE_ENDPOINT)
        ran = {"via": self.route.via, "model": self.route.model_id or "", "provider": self._model.provider}
        ours = [(f"x-polyroute-{name}".encode(), _visible(value).encode()) for name, value in ran.items()]
        return [*kept, *length, *ours]


class _Refused(Exception):
    """An answer that is an error, in the shape in which errors of client libraries are looked at."""

    def __init__(self, answer: Answer, response: httpx.Response) -> None:
        self.answer, self.response = answer, response
        super().__init__()


class Upstream:
    """The way to all endpoints: one session, made when it is first needed."""

    def __init__(self, seconds: float) -> None:
        connecting = min(seconds, _CONNECT_SECONDS)
        self._timeout = aiohttp.ClientTimeout(None, seconds, sock_connect=connecting, sock_read=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, model: ModelRef, route: Route, request: Request, policy: Policy) -> Answer:
        """The answer to a request; raises what says why where there is none, or another route might be taken."""
        self._session = self._session or self._new_session()
        body = request.body if len(request.body) < _LARGE_BYTES else io.BytesIO(request.body)
        options: dict[str, Any] = {"headers": request.headers, "data": body, "proxy": _proxy(request.url)}
        answer = Answer(model, route, await self._session.post(request.url, allow_redirects=False, **options))
        if 300 <= answer.status < 400:
            answer.close()
            told = f"{_named(route)} answers with a redirect, which is not followed: a key goes to its endpoint alone."
            raise Fault("upstream_redirects", told, "third_party")
        if answer.status >= 400 and policy == "auto" and (response := await answer.judged()) is not None:
            raise _Refused(answer, response)
        return answer

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=httpx.create_ssl_context(), limit=_MOST_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS
            ),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NONE_OF_ITS_OWN,
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
        )


def _proxy(url: URL) -> URL | None:
    """The proxy that the machine's settings name. The library would look into `.netrc` for passwords too."""
    settings, host = getproxies(), url.host or ""
    named = settings.get(url.scheme) or settings.get("all")
    if not named or proxy_bypass(f"{host}:{url.port}") or proxy_bypass(host):
        return None
    try:
        proxy = URL(named if "://" in named else f"http://{named}")
    except ValueError:  # which quotes it
        proxy = URL()
    if proxy.scheme not in ("http", "https"):
        told = (
            f"The proxy that is set for {host} can't be used: it has no address that begins with http:// or https://."
        )
        raise Fault("upstream_unreachable", told, "third_party") from None
    return proxy


def outcome(error: Exception, course: Course) -> Answer:
    """The answer that ends it all the same; raises Fault where there was none. What a library says may quote a key."""
    cause = error.error if isinstance(error, RouteFailed) else error
    if isinstance(cause, _Refused):
        return cause.answer
    if not isinstance(cause, aiohttp.ClientError):
        raise error
    if isinstance(cause, TimeoutError):
        told = f"{_named(course.route)} does not answer in time."
        raise Fault("upstream_timeout", told, "third_party", status=504) from None
    told = str(error) if isinstance(error, RouteFailed) else f"{_named(course.route)} broke off."
    raise Fault("upstream_unreachable", told, "third_party") from None


def _visible(text: str | bytes) -> str:
    """What may stand in a header or a query; any ID may stand in a reference."""
    return quote(text, safe=_VISIBLE, errors="replace") if isinstance(text, str) else quote(text, safe=_VISIBLE)


def _text(name: bytes, value: bytes) -> str:
    """A header's value, which the library takes as text alone."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        told = f"The header {name.decode('latin-1')} is not in UTF-8, and can't be passed on as it is."
        raise Fault("invalid_header", told, scope="http") from None


def _named(route: Route) -> str:
    return f"The endpoint of the route via {route.via}, {urlsplit(route.base_url).hostname},"


def _without(headers: Headers, names: Iterable[bytes], prefixes: tuple[bytes, ...]) -> Headers:
    """Headers but for these, and those of the connection alone, which may name further ones."""
    named = b",".join(value for name, value in headers if name == b"connection").lower().split(b",")
    dropped = {*_CONNECTION, *names, *(each.strip() for each in named)}
    return [each for each in headers if each[0] not in dropped and not each[0].startswith(prefixes)]
