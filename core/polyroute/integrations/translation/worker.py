"""The translator's process: `python -m polyroute.integrations.translation.worker`.

Its first line on stdin is a JSON object with the `token` that requests have to bring, and the `port` where it may call
back. It prints the port at which it answers, and ends when its stdin does.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from polyroute._internal.disconnects import until_disconnected
from polyroute.integrations.translation.calls import Translation, call
from polyroute.integrations.translation.events import as_array, document, events
from polyroute.integrations.translation.library import LOOPBACK, connect_only_to, litellm

TOKEN_HEADER = b"x-polyroute-translator"
_JSON = b"application/json"
_OK, _FORBIDDEN, _FAILED = 200, 403, 500


class Worker:
    """The ASGI application that translates."""

    def __init__(self, token: str, port: int) -> None:
        self._token, self._base = token.encode(), f"http://{LOOPBACK}:{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: `GET` to say that the process is alive, or `POST` to translate."""
        if dict(scope["headers"]).get(TOKEN_HEADER) != self._token:
            await _send(send, _FORBIDDEN, b"")
        elif scope["method"] == "POST":
            await self._translate(scope, await _read(receive), receive, send)
        else:
            await _send(send, _OK, b"")

    async def _translate(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        translation = Translation(
            query["source"],
            query["target"],
            query.get("dialect", ""),
            query["model"],
            f"{self._base}/{query['ticket']}",
            query["stream"] == "1",
            query["array"] == "1",
            query["reasons"] == "1",
        )
        work = _stream if translation.stream else _whole
        await until_disconnected(work(translation, json.loads(body), send), receive)


async def _whole(translation: Translation, body: dict[str, Any], send: Send) -> None:
    try:
        found = document(await call(translation, body))
    except Exception as error:
        await _fail(send, error)
        return
    await _send(send, _OK, found)


async def _stream(translation: Translation, body: dict[str, Any], send: Send) -> None:
    """Send the response only when the first event is there, so that errors before it are errors of the request."""
    try:
        parts = events(translation.source, await call(translation, body))
        parts = as_array(parts) if translation.is_array else parts
        first = await anext(parts)
    except (Exception, StopAsyncIteration) as error:
        await _fail(send, error)
        return
    await _begin(send, _OK, _JSON if translation.is_array else b"text/event-stream; charset=utf-8")
    await send(_part(first))
    async for part in parts:
        await send(_part(part))
    await send({"type": "http.response.body", "body": b""})


def _part(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _fail(send: Send, error: BaseException) -> None:
    """Name the kind of the error only: its message may quote the conversation."""
    await _send(send, _FAILED, type(error).__name__.encode())


async def _send(send: Send, status: int, data: bytes) -> None:
    await _begin(send, status, _JSON)
    await send({"type": "http.response.body", "body": data})


async def _begin(send: Send, status: int, kind: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})


async def _read(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


class _Announcing(uvicorn.Server):
    """uvicorn's server, which writes its port to `channel` when it is ready."""

    def __init__(self, config: uvicorn.Config, channel: int) -> None:
        super().__init__(config)
        self._channel = channel

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        os.write(self._channel, f"{self.servers[0].sockets[0].getsockname()[1]}\n".encode())


def _taken_stdout() -> int:
    """Return a descriptor of stdout, and redirect what is printed to stderr: nobody reads it."""
    channel = os.dup(1)
    os.dup2(2, 1)
    return channel


def _end_with_parent() -> None:
    """Wait for the end of stdin, which the pass-through holds open as long as it lives."""
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Answer requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one
    channel = _taken_stdout()
    given = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connect_only_to(given["port"])
    litellm()
    gc.collect()
    gc.freeze()  # the library's objects stay: without this, they are examined during streams
    options: dict[str, Any] = {"host": LOOPBACK, "port": 0, "loop": "asyncio", "ws": "none", "lifespan": "off"}
    worker = Worker(given["token"], given["port"])
    config = uvicorn.Config(worker, access_log=False, log_level="critical", server_header=False, **options)
    _Announcing(config, channel).run()


if __name__ == "__main__":
    main()
