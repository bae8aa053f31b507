"""A server on this machine that hands out lists, well or badly, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, answered as the test has set for its path."""

    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Respond as the test has set."""
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.close_connection = True
        with contextlib.suppress(ConnectionError):  # the client has disconnected
            self.server.answers[self.path](self)

    def reply(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send the headers, by default with the body's length, and the body."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


class Upstream(ThreadingHTTPServer):
    """The server; `answers` has the response function for each path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.answers: dict[str, Answering] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Return the server's base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def put(self, path: str, document: object, **headers: str) -> str:
        """Serve a document as JSON, and return its address."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.on(path, lambda request: request.reply(body, headers=named))

    def put_tagged(self, path: str, document: object, tag: str) -> str:
        """Serve a document with an ETag, and respond "not modified" to requests that have the tag."""
        body = json.dumps(document).encode()

        def answer(request: Request) -> None:
            if request.headers.get("If-None-Match") == tag:
                request.reply(b"", 304, {"ETag": tag})
            else:
                request.reply(body, headers={"ETag": tag})

        return self.on(path, answer)

    def put_packed(self, path: str, packed: bytes) -> str:
        """Serve bytes that are declared as gzip."""
        return self.put(path, packed, Content_Encoding="gzip")

    def on(self, path: str, answer: Answering) -> str:
        """Set the response for this path, and return its address."""
        self.answers[path] = answer
        return self.url + path


def drip(request: Request) -> None:
    """Send one byte at a time, without end."""
    request.send_response(200)
    request.end_headers()
    while not request.server.over.wait(0.02):
        request.wfile.write(b" ")
        request.wfile.flush()


def drip_headers(request: Request) -> None:
    """Send one header after another, without end."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not request.server.over.wait(0.02):
        request.wfile.write(b"X-More: yes\r\n")
        request.wfile.flush()


def packed(document: Any) -> bytes:
    """Return a document as gzip."""
    return gzip.compress(json.dumps(document).encode())


@contextlib.contextmanager
def running() -> Iterator[Upstream]:
    """Run a server for the block."""
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
