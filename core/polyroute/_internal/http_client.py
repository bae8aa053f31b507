"""HTTP clients of httpx2 with shared settings. httpx2 is slow to import, so import it inside functions only."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from polyroute._internal import certificates, proxies
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
    connections is not limited. Raises MissingExtra, naming `feature` and `extra`, if httpx2 is not installed;
    Unavailable, naming the variable, if CA certificates that a variable names can't be used. A request raises the same
    errors if its proxy can't be used.
    """
    try:
        import httpx2
    except ImportError:
        raise MissingExtra(feature, extra) from None
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    from polyroute._internal.proxy_transport import ProxyTransport

    limits = httpx2.Limits(max_keepalive_connections=_MAX_IDLE, keepalive_expiry=_IDLE_SECONDS)
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(seconds, connect=connect_seconds, pool=None),
        transport=ProxyTransport(limits, certificates.context() or True),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        headers=headers,
        trust_env=False,
    )


def transport(client_class: Any, url: str, **options: Any) -> dict[str, Any]:
    """Return arguments that make a client of httpx or httpx2 use the same proxies and CA certificates for `url`.

    They are empty if no variable says anything, and for other classes. `options` are those of the transport. Raises as
    `client` does.
    """
    library = _library(client_class)
    verify = certificates.context()
    if library is None or not (verify or proxies.are_set()):
        return {}
    proxy = proxies.proxy_for(url)
    is_async = issubclass(client_class, library.AsyncClient)
    made = library.AsyncHTTPTransport if is_async else library.HTTPTransport
    given = {"verify": verify or True, "limits": library.Limits(max_keepalive_connections=_MAX_IDLE), **options}
    with proxies.usable(proxy):
        return {"transport": made(proxy=proxy.url if proxy else None, trust_env=False, **given)}


def _library(client_class: Any) -> Any:
    """Return the module httpx or httpx2 that a class of clients comes from; None for other classes."""
    roots = [each.__module__.partition(".")[0] for each in getattr(client_class, "__mro__", ())]
    return next((sys.modules[root] for root in roots if root in ("httpx", "httpx2")), None)


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
    what = _MESSAGES.get(name) or getattr(error, "strerror", None) or f"the request failed ({name})"
    return ", ".join(filter(None, [what, way(error)]))


def way(error: Exception) -> str:
    """Return by which proxy the failed request was sent, in words; empty if it was sent directly."""
    return next(iter(getattr(error, "__notes__", ())), "")
