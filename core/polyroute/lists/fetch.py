"""Fetching one document over HTTP, within bounds: of time, of size as sent and as unpacked, and of where it leads."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from polyroute._internal import http_client
from polyroute.errors import Unavailable

if TYPE_CHECKING:
    import httpx2

Progress = Callable[[int], object]
"""Told how many bytes have come so far."""

_REDIRECTS = 3
_OK, _NOT_MODIFIED = 200, 304


class Bounds(NamedTuple):
    """What an answer may cost."""

    connect_seconds: float = 10.0
    total_seconds: float = 60.0
    size: int = 32 * 1024 * 1024
    """Bytes, as sent and as unpacked; the largest list has 2 MB."""


class Validators(NamedTuple):
    """What a server said of its answer, by which it can say later that nothing has changed."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        """The headers that ask for an answer only if it is another one."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}


class FetchResponse(NamedTuple):
    """What a server answered."""

    body: bytes | None
    """Unpacked; None where it has not changed."""
    validators: Validators


def client(bounds: Bounds, agent: str) -> httpx2.AsyncClient:
    """A client that sends nothing of the user's. Raises as `http_client.client` does."""
    headers = {"User-Agent": agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
    return http_client.client(
        "Fetching lists",
        "refresh",
        seconds=bounds.total_seconds,
        connect_seconds=bounds.connect_seconds,
        headers=headers,
    )


async def fetch(
    client: httpx2.AsyncClient, url: str, validators: Validators, bounds: Bounds, progress: Progress
) -> FetchResponse:
    """Fetch `url`, if it has changed. Raises Unavailable, in words for people, and never later than the bounds say."""
    import httpx2

    try:
        async with asyncio.timeout(bounds.total_seconds):
            headers = validators.headers()
            async with http_client.following(client, httpx2.URL(url), _check, _REDIRECTS, headers) as response:
                return await _read(response, validators, bounds, progress)
    except TimeoutError:
        raise Unavailable(f"no whole answer within {bounds.total_seconds:g} seconds") from None
    except httpx2.ConnectTimeout:
        raise Unavailable(f"no connection within {bounds.connect_seconds:g} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Unavailable(http_client.failure(error)) from None


def _check(url: httpx2.URL, there: httpx2.URL) -> None:
    """A redirect leads never to another host, nor from https to http."""
    is_same = (there.scheme, there.host, there.port) == (url.scheme, url.host, url.port)
    is_safer = (url.scheme, there.scheme) == ("http", "https") and there.host == url.host
    if not is_same and not is_safer:
        place = f"{there.scheme}://{there.netloc.decode()}"
        raise Unavailable(f"it redirects to {place}, another place, which is not followed")


async def _read(response: httpx2.Response, validators: Validators, bounds: Bounds, progress: Progress) -> FetchResponse:
    if response.status_code == _NOT_MODIFIED and validators.headers():
        return FetchResponse(None, validators)
    if response.status_code != _OK:
        raise Unavailable(f"it answered {response.status_code} {response.reason_phrase}".rstrip())
    body = await _body(response, bounds, progress)
    return FetchResponse(body, Validators(response.headers.get("etag", ""), response.headers.get("last-modified", "")))


async def _body(response: httpx2.Response, bounds: Bounds, progress: Progress) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Unavailable("it is packed in a way that was not asked for")
    unpack = _Unpacking(bounds.size) if encoding == "gzip" else _Plain(bounds.size)
    async for part in response.aiter_raw():
        unpack.add(part)
        progress(unpack.received)
    return unpack.whole()


class _Plain:
    """An answer as sent."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.received = 0
        self.body = bytearray()

    def add(self, part: bytes) -> None:
        """Take what has come. Raises Unavailable where it is too much."""
        self.received += len(part)
        self.body += self.unpacked(part)
        if max(len(self.body), self.received) > self.size:
            raise Unavailable(f"it is larger than {self.size:,} bytes")

    def unpacked(self, part: bytes) -> bytes:
        """The part itself."""
        return part

    def whole(self) -> bytes:
        """The body. Raises Unavailable where its end is missing."""
        return bytes(self.body)


class _Unpacking(_Plain):
    """An answer packed by gzip, of which never more than the bound is unpacked."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpacked(self, part: bytes) -> bytes:
        """What the part holds, at most one byte more than is allowed."""
        try:
            return self.stream.decompress(part, self.size + 1 - len(self.body))
        except zlib.error:
            raise Unavailable("it is not the gzip that it says it is") from None

    def whole(self) -> bytes:
        """The body."""
        if not self.stream.eof:
            raise Unavailable("it is truncated")
        return super().whole()
