"""Answers as bytes, made once and sent often: plain, as gzip, and with a tag by which clients know them."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

_PACK_FROM_BYTES = 1_000
"""Below this gzip saves nothing that a network would notice."""
_JSON = ((b"content-type", b"application/json"),)
_COMMON = (
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept-encoding"),
    (b"x-content-type-options", b"nosniff"),
)


class CachedResponse:
    """One answer with status 200, in every form in which it is sent."""

    __slots__ = ("_gzip", "_not_modified", "_plain", "_start", "_start_gzip", "size", "tag")

    def __init__(self, plain: bytes, headers: tuple[tuple[bytes, bytes], ...] = _JSON) -> None:
        """Prepare a body with its own `headers`; the length, the tag and what all answers have come to them."""
        packed = gzip.compress(plain, 6, mtime=0) if len(plain) >= _PACK_FROM_BYTES else b""
        self.size = len(plain) + len(packed)
        self.tag = b'W/"' + hashlib.blake2b(plain, digest_size=12).hexdigest().encode() + b'"'
        tagged = (*headers, *_COMMON, (b"etag", self.tag))
        self._plain = {"type": "http.response.body", "body": plain}
        self._gzip = {"type": "http.response.body", "body": packed} if packed else None
        self._start = _start(200, (*tagged, _length(plain)))
        self._start_gzip = _start(200, (*tagged, _length(packed), (b"content-encoding", b"gzip")))
        self._not_modified = _start(304, tagged)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the client asks for and does not have."""
        known = accepted = b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                known = value
            elif name == b"accept-encoding":
                accepted = value
        if known and (self.tag in known or known == b"*"):
            await send(self._not_modified)
            await send(_NOTHING)
        elif self._gzip is not None and b"gzip" in accepted and b"gzip;q=0" not in accepted:
            await send(self._start_gzip)
            await send(self._gzip if scope["method"] != "HEAD" else _NOTHING)
        else:
            await send(self._start)
            await send(self._plain if scope["method"] != "HEAD" else _NOTHING)


_NOTHING = {"type": "http.response.body", "body": b""}


def encode(document: Any) -> bytes:
    """The document as JSON. What plugins and files bring may hold numbers or text that only the slower way writes."""
    try:
        return msgspec.json.encode(document)
    except (OverflowError, UnicodeError):
        return json.dumps(document).encode()


def _start(status: int, headers: tuple[tuple[bytes, bytes], ...]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()
