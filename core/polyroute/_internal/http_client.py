"""HTTP clients of httpx2 with shared settings. httpx2 is slow to import, so import it inside functions only."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from polyroute.errors import MissingExtra, Unavailable

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

_MAX_IDLE = 20
_IDLE_SECONDS = 60.0
_MESSAGES = {
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "ProxyError": "the proxy refused the connection",
    "RemoteProtocolError": "the response is truncated or not HTTP",
    "ReadError": "the connection was closed",
    "ReadTimeout": "the server stopped responding",
}


def client(
    feature: str, extra: str, *, seconds: float, connect_seconds: float, headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    """Return a client that uses the process's proxy and CA variables, follows no redirects and stores no cookies.

    `seconds` limits each single read and write, `connect_seconds` the set-up of a connection. The number of
    connections is not limited. Raises MissingExtra, naming `feature` and `extra`, if httpx2 is not installed, or if
    support for a SOCKS proxy is not; Unavailable if the proxy or the CA file can't be used.
    """
    try:
        import httpx2
    except ImportError:
        raise MissingExtra(feature, extra) from None
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    _check_authorities()
    try:
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(seconds, connect=connect_seconds, pool=None),
            limits=httpx2.Limits(max_keepalive_connections=_MAX_IDLE, keepalive_expiry=_IDLE_SECONDS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            headers=headers,
        )
    except ImportError:
        raise MissingExtra("A SOCKS proxy", "socks") from None
    except Exception as error:  # it may quote a proxy's address with a password
        message = f"The proxy or CA file named by environment variables can't be used ({type(error).__name__})."
        raise Unavailable(f"{message} Correct HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and similar variables.") from None


async def fetched(
    client: httpx2.AsyncClient,
    url: str,
    check: Callable[[httpx2.URL, httpx2.URL], object],
    receive: Callable[[httpx2.Response], Awaitable[T]],
    *,
    redirects: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> T:
    """Send a GET request, and return what `receive` makes of the response, all within `seconds`.

    A timeout of the client limits one read only, so a server that sends a byte now and then would never reach it.
    Raises Unavailable with a reason without the address, and what `check` (see `_following`) and `receive` raise.
    """
    import asyncio

    import httpx2

    try:
        async with (
            asyncio.timeout(seconds),
            _following(client, httpx2.URL(url), check, redirects, headers) as response,
        ):
            return await receive(response)
    except TimeoutError:
        raise Unavailable(f"no complete response within {seconds:g} seconds") from None
    except httpx2.ConnectTimeout:
        raise Unavailable(f"no connection within {client.timeout.connect or seconds:g} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Unavailable(failure(error)) from None


@asynccontextmanager
async def _following(
    client: httpx2.AsyncClient,
    url: httpx2.URL,
    check: Callable[[httpx2.URL, httpx2.URL], object],
    redirects: int,
    headers: Mapping[str, str] | None,
) -> AsyncIterator[httpx2.Response]:
    """Send a GET request and return the response after at most `redirects` redirects.

    `check` is called with both URLs of each redirect, and raises an exception to refuse it. Raises Unavailable after
    too many redirects, what `check` raises, and errors of httpx2, which `failure` describes.
    """
    for _ in range(redirects + 1):
        async with client.stream("GET", url, headers=headers) as response:
            if not response.has_redirect_location:
                yield response
                return
            target = url.join(response.headers["location"])
            check(url, target)
            url = target
    raise Unavailable(f"more than {redirects} redirects")


def failure(error: Exception) -> str:
    """Return what went wrong, without the text of the error, which might quote a proxy's password."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            "its certificate is not trusted by this machine: install the system's CA certificates (ca-certificates),"
            " or set SSL_CERT_FILE to a file with additional ones"
        )
    name = type(error).__name__
    return _MESSAGES.get(name) or getattr(error, "strerror", None) or f"the request failed ({name})"


def _check_authorities() -> None:
    """Raise Unavailable if a variable names CA certificates that don't exist: OpenSSL does not report which."""
    for name, exists in (("SSL_CERT_FILE", os.path.isfile), ("SSL_CERT_DIR", os.path.isdir)):
        paths = os.environ.get(name)
        if paths and not any(map(exists, paths.split(os.pathsep))):
            message = f"{name} is set to {paths}, where no CA certificates exist. Correct the variable, or unset it."
            raise Unavailable(message)
