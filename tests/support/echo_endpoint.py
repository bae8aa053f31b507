"""An endpoint that quotes every header that it receives, in the ways in which endpoints quote keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.support.canary_user import MARK

_CHAT = {"id": "1", "object": "chat.completion", "choices": [{"message": {"role": "assistant", "content": "Hello"}}]}


class Heard(NamedTuple):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    """Headers, with names in lower case."""
    body: str

    @property
    def keys(self) -> dict[str, str]:
        """Return every header that contains a canary."""
        return {name: value for name, value in self.headers.items() if MARK in value}


class EchoEndpoint(ThreadingHTTPServer):
    """It works at `/balance`, for models and for conversations, and refuses all else while it quotes all headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[Heard] = []

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: EchoEndpoint

    def do_GET(self) -> None:
        found: dict[str, Any] = {"/v1/balance": {"left": 3}, "/v1/models": {"object": "list", "data": []}}
        self._answer(found.get(self.path))

    def do_POST(self) -> None:
        self._answer(None if "echo" in self.path else _CHAT)

    def _answer(self, document: Any) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append(Heard(self.path, headers, body))
        quoted = " ".join(self.headers.values())
        error = {"error": {"message": f"Incorrect API key provided: {quoted}", "code": "invalid_api_key"}}
        data = json.dumps(error if document is None else document).encode()
        self.send_response(401 if document is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


@contextmanager
def running() -> Iterator[EchoEndpoint]:
    """Serve until the end of the block."""
    with EchoEndpoint() as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()
            thread.join()
