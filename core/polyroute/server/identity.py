"""Whose request it is: a proxy in front of the server signs users in, and names them in a header."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from polyroute.server.errors import ApiError

MAX_USER_BYTES = 255
"""The longest name of a user. E-mail addresses have at most 254 bytes."""
_SENDER = "polyroute.sender"
_SEPARATORS = frozenset(",;")
"""What some proxies join repeated headers with."""
_KEPT_ADDRESSES = 1_000


def behind(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    """Return `app` as it is run behind these addresses or networks.

    A request's client is then the address in `X-Forwarded-For`. Which proxy sent the request is kept beside it.
    """
    inner = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_SENDER] = (scope.get("client") or ("",))[0]
        await inner(scope, receive, send)  # type: ignore[arg-type]

    return noting


class IdentityHeader:
    """The header in which a trusted proxy names the user. The application has to be run `behind` the proxies."""

    def __init__(self, name: str, proxies: Iterable[str]) -> None:
        """Believe the header `name` of requests from these addresses or networks only."""
        self._name = name.lower().encode("ascii")
        self._is_trusted = _within(proxies)

    def user(self, scope: Scope) -> str:
        """Return the name of the user who sent a request. Raises ApiError if no trusted proxy names one."""
        if not self._is_trusted(scope.get(_SENDER, "")):
            message = "Requests are accepted only from the proxy that signs users in."
            raise ApiError("not_from_proxy", message, "forbidden", scope="http", recovery="Send them to the proxy.")
        found = [value.strip(b" \t") for name, value in scope["headers"] if name == self._name]
        if len(found) > 1:
            raise self._refused("is repeated", "The proxy must remove the header that a client sends.")
        if not found or not found[0]:
            raise self._refused("is missing", "Sign in, and send requests by way of the proxy.")
        if (user := _name(found[0])) is None:
            wanted = f"It must have 1 to {MAX_USER_BYTES} bytes of UTF-8 without blanks, commas and semicolons."
            raise self._refused("is not the name of a user", wanted)
        return user

    def _refused(self, why: str, recovery: str) -> ApiError:
        message = f"The header {self._name.decode()}, which says whose request it is, {why}."
        return ApiError("no_user", message, "forbidden", scope="http", status=401, recovery=recovery)


def _name(value: bytes) -> str | None:
    """Return a user's name, or None if it is none: what can't be displayed, or could be two names."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    is_plain = text.isprintable() and not any(each.isspace() or each in _SEPARATORS for each in text)
    return text if is_plain and len(value) <= MAX_USER_BYTES else None


def _within(networks: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that returns whether an address is in one of the networks."""
    known = [ipaddress.ip_network(each) for each in networks]

    @lru_cache(_KEPT_ADDRESSES)
    def is_within(address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:  # of a socket without addresses
            return False
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        return any((mapped or found) in each for each in known)

    return is_within
