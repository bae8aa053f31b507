"""Download an archive of a plugin within limits of time and size, over https only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from polyroute._internal import http_client
from polyroute.base_url import is_loopback
from polyroute.errors import Unavailable, UsageError

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 64 << 20
MOST_SECONDS = 60.0
_STALLED_SECONDS = 10.0
_REDIRECTS = 5
_OK = 200


def is_address(source: str) -> bool:
    """Return whether a source is an address instead of a path."""
    return source.startswith(("https://", "http://"))


def fetch(url: str, path: str, *, insecure: bool) -> None:
    """Download `url` to the file `path`. With `insecure`, http is allowed for this machine.

    Raises UsageError if the address or a redirect is not https; MissingExtra; Unavailable if the download fails or
    exceeds the limits, of which the one of time is for all of it together.
    """
    import asyncio

    _check(url, insecure=insecure)
    asyncio.run(_fetch(url, path, insecure=insecure))


def without_query(url: str) -> str:
    """Return an address without query and fragment, which may hold a token."""
    return url.partition("#")[0].partition("?")[0]


async def _fetch(url: str, path: str, *, insecure: bool) -> None:
    def check(_: httpx2.URL, there: httpx2.URL) -> None:
        _check(str(there), insecure=insecure)

    async with _client() as client:
        receive = partial(_write, path=path)
        try:
            await http_client.fetched(client, url, check, receive, redirects=_REDIRECTS, seconds=MOST_SECONDS)
        except Unavailable as fault:
            raise Unavailable(f"{without_query(url)} can't be fetched: {fault}.") from None


def _client() -> httpx2.AsyncClient:
    return http_client.client(
        "Fetching a plugin",
        "http",
        seconds=_STALLED_SECONDS,
        connect_seconds=_STALLED_SECONDS,
        headers={"Accept-Encoding": "identity"},
    )


async def _write(response: httpx2.Response, path: str) -> None:
    if response.status_code != _OK:
        status = f"{response.status_code} {response.reason_phrase}".rstrip()
        raise Unavailable(f"it responded {status}")
    left = MOST_BYTES
    with open(path, "wb") as file:
        async for part in response.aiter_raw():
            left -= len(part)
            if left < 0:
                raise Unavailable(f"it is larger than {MOST_BYTES >> 20} MiB")
            file.write(part)


def _check(url: str, *, insecure: bool) -> None:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UsageError("Enter an address without user name and password: secrets must not be in URLs.")
    if parts.scheme != "https" and not (insecure and parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise UsageError(
            f"{without_query(url)} is not https. (http is allowed only for this machine, with --insecure.)"
        )
