"""Responses that are encoded once and sent many times: plain, gzipped, and with an entity tag."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

_GZIP_FROM_BYTES = 1_000
"""Compressing smaller bodies saves no noticeable time on a network."""
_JSON = ((b"content-type", b"application/json"),)
_COMMON = (
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept-encoding"),
    (b"x-content-type-options", b"nosniff"),
)


class CachedResponse:
    """A response with status 200, prepared in every form in which it may be sent."""

    __slots__ = ("_gzip", "_not_modified", "_plain", "_start", "_start_gzip", "size", "tag")

    def __init__(self, plain: bytes, headers: tuple[tuple[bytes, bytes], ...] = _JSON) -> None:
        """Prepare a response with the body `plain`. `headers` are sent in addition to the common ones."""
        packed = gzip.compress(plain, 6, mtime=0) if len(plain) >= _GZIP_FROM_BYTES else b""
        self.size = len(plain) + len(packed)
        self.tag = b'W/"' + hashlib.blake2b(plain, digest_size=12).hexdigest().encode() + b'"'
        tagged = (*headers, *_COMMON, (b"etag", self.tag))
        self._plain = {"type": "http.response.body", "body": plain}
        self._gzip = {"type": "http.response.body", "body": packed} if packed else None
        self._start = _start(200, (*tagged, _length(plain)))
        self._start_gzip = _start(200, (*tagged, _length(packed), (b"content-encoding", b"gzip")))
        self._not_modified = _start(304, tagged)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the form that the client accepts, or 304 if it already has the body."""
        cached = accepted = b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                cached = value
            elif name == b"accept-encoding":
                accepted = value
        if cached and (self.tag in cached or cached == b"*"):
            await send(self._not_modified)
            await send(_EMPTY_BODY)
        elif self._gzip is not None and b"gzip" in accepted and b"gzip;q=0" not in accepted:
            await send(self._start_gzip)
            await send(self._gzip if scope["method"] != "HEAD" else _EMPTY_BODY)
        else:
            await send(self._start)
            await send(self._plain if scope["method"] != "HEAD" else _EMPTY_BODY)


_EMPTY_BODY = {"type": "http.response.body", "body": b""}


def encode(document: Any) -> bytes:
    """Return the document as JSON. Data from plugins may hold numbers or text that only the slower encoder accepts."""
    try:
        return msgspec.json.encode(document)
    except (OverflowError, UnicodeError):
        return json.dumps(document).encode()


def _start(status: int, headers: tuple[tuple[bytes, bytes], ...]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()
