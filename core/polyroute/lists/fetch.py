"""Fetch a document over HTTP within limits of time, compressed and decompressed size, and redirects."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from polyroute._internal import http_client
from polyroute.errors import Unavailable
from polyroute.named_tuples import NamedTuple

if TYPE_CHECKING:
    import httpx2

Progress = Callable[[int], object]
"""Called with the number of bytes received so far."""

_REDIRECTS = 3
_OK, _NOT_MODIFIED = 200, 304


class Bounds(NamedTuple):
    """The limits of a request."""

    connect_seconds: float = 10.0
    total_seconds: float = 60.0
    size: int = 32 * 1024 * 1024
    """The maximum number of bytes, both as sent and decompressed; the largest list has 2 MB."""


class Validators(NamedTuple):
    """The validators of a response, with which a later request can ask whether it has changed."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}


class FetchResponse(NamedTuple):
    """A response."""

    body: bytes | None
    """The decompressed body; None if it has not changed."""
    validators: Validators


def client(bounds: Bounds, agent: str) -> httpx2.AsyncClient:
    """Return a client that sends no data of the user. Raises as `http_client.client` does."""
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
    """Fetch `url` if it has changed. Raises Unavailable, with a message for users, within the time limits."""
    receive = partial(_read, validators=validators, bounds=bounds, progress=progress)
    seconds, headers = bounds.total_seconds, validators.headers()
    return await http_client.fetched(
        client, url, _check, receive, redirects=_REDIRECTS, seconds=seconds, headers=headers
    )


def _check(url: httpx2.URL, there: httpx2.URL) -> None:
    """Raise Unavailable if a redirect leads to another host, or from https to http."""
    is_same = (there.scheme, there.host, there.port) == (url.scheme, url.host, url.port)
    is_safer = (url.scheme, there.scheme) == ("http", "https") and there.host == url.host
    if not is_same and not is_safer:
        place = f"{there.scheme}://{there.netloc.decode()}"
        raise Unavailable(f"it redirects to another host, {place}, which is not followed")


async def _read(response: httpx2.Response, validators: Validators, bounds: Bounds, progress: Progress) -> FetchResponse:
    if response.status_code == _NOT_MODIFIED and validators.headers():
        return FetchResponse(None, validators)
    if response.status_code != _OK:
        raise Unavailable(f"it responded {response.status_code} {response.reason_phrase}".rstrip())
    body = await _body(response, bounds, progress)
    return FetchResponse(body, Validators(response.headers.get("etag", ""), response.headers.get("last-modified", "")))


async def _body(response: httpx2.Response, bounds: Bounds, progress: Progress) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Unavailable("it has a content encoding that was not requested")
    unpack = _Unpacking(bounds.size) if encoding == "gzip" else _Plain(bounds.size)
    async for part in response.aiter_raw():
        unpack.add(part)
        progress(unpack.received)
    return unpack.whole()


class _Plain:
    """Collects the body of a response that is not compressed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.received = 0
        self.body = bytearray()

    def add(self, part: bytes) -> None:
        """Add received data. Raises Unavailable if the body is too large."""
        self.received += len(part)
        self.body += self.unpacked(part)
        if max(len(self.body), self.received) > self.size:
            raise Unavailable(f"it is larger than {self.size:,} bytes")

    def unpacked(self, part: bytes) -> bytes:
        """Return the decompressed part; here, the part itself."""
        return part

    def whole(self) -> bytes:
        """Return the body. Raises Unavailable if it is incomplete."""
        return bytes(self.body)


class _Unpacking(_Plain):
    """Collects the body of a gzip-compressed response, without decompressing more than the limit."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpacked(self, part: bytes) -> bytes:
        """Return the decompressed part, up to one byte more than the limit allows."""
        try:
            return self.stream.decompress(part, self.size + 1 - len(self.body))
        except zlib.error:
            raise Unavailable("it is not valid gzip data") from None

    def whole(self) -> bytes:
        """Return the body. Raises Unavailable if it is incomplete."""
        if not self.stream.eof:
            raise Unavailable("it is truncated")
        return super().whole()
