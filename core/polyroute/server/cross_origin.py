"""Tell browsers and editors which pages may read responses.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from starlette.types import Message, Scope, Send

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_ANY_HEADER = b"authorization, content-type, x-api-key"
_SECONDS = b"600"


def is_preflight(scope: Scope) -> bool:
    """Return whether a browser asks if a page may send a request."""
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in dict(scope["headers"])


async def answer_preflight(scope: Scope, send: Send) -> None:
    """Allow the page of the request's origin what it asks for."""
    asked = dict(scope["headers"])
    headers = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", asked.get(b"access-control-request-headers", _ANY_HEADER)),
        (b"access-control-max-age", _SECONDS),
    ]
    if b"access-control-request-private-network" in asked:
        headers.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def readable(send: Send, origin: bytes) -> Send:
    """Return `send` with the headers by which a page of `origin` may read the response."""

    async def send_readable(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [
                (b"access-control-allow-origin", origin),
                (b"access-control-expose-headers", b"*"),
                (b"vary", b"origin"),
            ]
            message = {**message, "headers": [*message["headers"], *own]}
        await send(message)

    return send_readable
