"""The HTTP client, httpx2, with the settings that everything shares: import httpx2 inside functions only."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from polyroute.errors import MissingExtra, Unavailable

if TYPE_CHECKING:
    import httpx2

_MOST_IDLE = 20
_IDLE_SECONDS = 60.0
_WORDS = {
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "ProxyError": "the proxy refuses",
    "RemoteProtocolError": "it is truncated, or no HTTP",
    "ReadError": "the connection broke off",
    "ReadTimeout": "it stopped answering",
}


def client(
    feature: str, extra: str, *, seconds: float, connect_seconds: float, headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    """A client that heeds the process's proxy and CA variables, follows no redirects and keeps no cookies.

    `seconds` bounds each single read and write, `connect_seconds` the making of a connection; there is no limit to how
    many there are. Raises MissingExtra, with `feature` and `extra`, where httpx2 is not installed, and for a SOCKS
    proxy without its extra; Unavailable for a proxy or CA file that can't be used.
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
            limits=httpx2.Limits(max_keepalive_connections=_MOST_IDLE, keepalive_expiry=_IDLE_SECONDS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            headers=headers,
        )
    except ImportError:
        raise MissingExtra("A SOCKS proxy", "socks") from None
    except Exception as error:  # of a proxy's address, which may hold a password, or of a CA file
        fault = f"The proxy or CA file that the process's variables name can't be used ({type(error).__name__})."
        raise Unavailable(f"{fault} Correct HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and the like.") from None


@asynccontextmanager
async def following(
    client: httpx2.AsyncClient,
    url: httpx2.URL,
    check: Callable[[httpx2.URL, httpx2.URL], object],
    redirects: int,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[httpx2.Response]:
    """The answer to a GET, after so many redirects at most; `check` gets both addresses of each, and raises to end it.

    Raises Unavailable for a redirect too many, what `check` raises, and httpx2's errors: `failure` has words for them.
    """
    for _ in range(redirects + 1):
        async with client.stream("GET", url, headers=headers) as response:
            if not response.has_redirect_location:
                yield response
                return
            there = url.join(response.headers["location"])
            check(url, there)
            url = there
    raise Unavailable(f"more than {redirects} redirects")


def failure(error: Exception) -> str:
    """What went wrong, without the error's own words, which might quote a proxy's password."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            "its certificate is of nobody whom this machine trusts: install the system's CA certificates"
            " (ca-certificates), or name a file of further ones in SSL_CERT_FILE"
        )
    name = type(error).__name__
    return _WORDS.get(name) or getattr(error, "strerror", None) or f"it can't be fetched ({name})"


def _check_authorities() -> None:
    """Raise Unavailable where the CA certificates that a variable names are not there: OpenSSL does not say which."""
    for name, exists in (("SSL_CERT_FILE", os.path.isfile), ("SSL_CERT_DIR", os.path.isdir)):
        paths = os.environ.get(name)
        if paths and not any(map(exists, paths.split(os.pathsep))):
            told = f"{name} names {paths} for CA certificates, and nothing is there: correct the variable, or unset it."
            raise Unavailable(told)
