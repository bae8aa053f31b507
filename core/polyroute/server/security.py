"""Check whether a request is allowed, before anything else processes it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.types import Scope

from polyroute.integrations.api_methods import TOKEN_HEADERS
from polyroute.server.errors import ApiError
from polyroute.server.wrong_tokens import WrongTokens

MAX_TARGET_BYTES = 16_000
"""The limit for a path with its query, in which one character may take twelve bytes once encoded."""
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\]")
_ORIGIN = re.compile(rb"[a-z][a-z0-9+.-]{0,30}://[A-Za-z0-9.:-]{1,100}")
_ONCE = (b"host", b"origin", *TOKEN_HEADERS, b"content-type", b"content-length")


class WrongToken(ApiError):
    """A request without the right token. The response is held back for `pause` seconds."""

    pause = 0.0


class Security:
    """Allows requests from this machine's own pages and programs, or with the token."""

    def __init__(self, token: str = "", hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        """Allow additional `hosts` in the `Host` header ("*" allows any) and pages of additional `origins`."""
        self.token, self._token = token, token.encode()
        self._hosts = frozenset(name.lower() for name in (*_LOOPBACK, *hosts))
        self._origins = frozenset(each.encode("latin-1", "replace") for each in origins)
        self._known_hosts: set[bytes] = set()
        self.wrong_tokens = WrongTokens()

    def check(self, scope: Scope, *, is_api: bool) -> None:
        """Raise ApiError if a request is not allowed. `is_api` means that it needs the token."""
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            _refuse_repeated(scope)
        self._check_target(scope)
        if is_api or b"host" in headers:  # balancers' probes by HTTP/1.0 have none; browsers always send it
            self._check_host(headers.get(b"host", b""))
        if (origin := headers.get(b"origin")) is not None:
            self._check_origin(origin, headers.get(b"host", b""))
        if is_api:
            if headers.get(b"sec-fetch-site", b"none") in (b"cross-site", b"same-site"):
                self._refuse_foreign(headers.get(b"origin", b""))
            if self._token:
                self._check_token(scope, {each: headers[each] for each in TOKEN_HEADERS if each in headers})

    def allows(self, origin: bytes) -> bool:
        """Return whether pages of an origin may call the API, by itself or by `scheme://*`."""
        return bool(self._origins) and (
            origin in self._origins or origin.partition(b"://")[0] + b"://*" in self._origins
        )

    async def hold_back(self, error: WrongToken, scope: Scope) -> None:
        """Wait before the response to a wrong token is sent."""
        if error.pause:
            await self.wrong_tokens.pause(scope.get("client"), error.pause)

    def _check_target(self, scope: Scope) -> None:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        if len(raw) + len(scope["query_string"]) > MAX_TARGET_BYTES:
            raise ApiError("uri_too_long", "The path is too long.", scope="http", status=414)
        if b"%" in raw:
            try:
                unquote_to_bytes(raw).decode()
            except UnicodeDecodeError:
                raise ApiError("bad_path", "The decoded path is not UTF-8.", scope="http") from None

    def _check_host(self, host: bytes) -> None:
        """Refuse unknown host names: with DNS rebinding, a foreign page's own host name resolves to this server."""
        if host in self._known_hosts or "*" in self._hosts:
            return
        name = re.sub(r":\d*$", "", host.decode("latin-1")).lower()
        if name not in self._hosts and not (self._token and _ADDRESS.fullmatch(name)):
            message = f"This server has no host name {name!r}."
            raise ApiError("forbidden_host", message, "forbidden", scope="http", recovery="Call it by its address.")
        if len(self._known_hosts) < 100:
            self._known_hosts.add(host)

    def _check_origin(self, origin: bytes, host: bytes) -> None:
        text = origin.decode("latin-1")
        try:
            found = urlsplit(text)
            own = found.scheme in ("http", "https") and found.netloc.lower().encode("latin-1") == host.lower()
        except ValueError:
            own = False
        if not own:
            self._refuse_foreign(origin)

    def _refuse_foreign(self, origin: bytes) -> None:
        if not self.allows(origin):
            message = "Pages of other origins may not call this server."
            named = origin.decode("latin-1") if _ORIGIN.fullmatch(origin) else "ORIGIN"
            recovery = f"To allow them: polyroute serve --allow-origin {named}"
            raise ApiError("forbidden_origin", message, "forbidden", scope="http", recovery=recovery)

    def _check_token(self, scope: Scope, given: dict[bytes, bytes]) -> None:
        """Accept the token in any header in which client libraries send an API key."""
        client, is_given = scope.get("client"), any(given.values())
        if is_given and self.wrong_tokens.is_blocked(client):
            raise _too_many_tokens()
        if not any(self._is_token(name, value) for name, value in given.items()):
            raise _wrong_token(self.wrong_tokens.add(client) if is_given else 0.0)

    def _is_token(self, name: bytes, given: bytes) -> bool:
        kind, _, rest = given.partition(b" ") if name == b"authorization" else (b"bearer", b"", given)
        return kind.lower() == b"bearer" and hmac.compare_digest(rest.strip(), self._token)


def _refuse_repeated(scope: Scope) -> None:
    names = [name for name, _ in scope["headers"]]
    if any(names.count(name) > 1 for name in _ONCE):
        raise ApiError("bad_request", "A header that may occur only once is repeated.", scope="http")


def _wrong_token(pause: float) -> WrongToken:
    recovery = "Send `Authorization: Bearer TOKEN` with the token that the server was started with."
    message = "The token is missing or wrong."
    if not pause:
        return WrongToken("unauthorized", message, "forbidden", scope="http", status=401, recovery=recovery)
    found = _too_many_tokens()
    found.pause = pause
    return found


def _too_many_tokens() -> WrongToken:
    message = "Too many wrong tokens were sent from this address."
    recovery = "Wait a moment, and send the token that the server was started with."
    return WrongToken("too_many_wrong_tokens", message, "rate_limit", scope="http", recovery=recovery)
