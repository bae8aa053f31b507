"""Servers on this machine, and a client that sends exactly what it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.types import ASGIApp

from polyroute import Environment, Plugins
from polyroute.server import answers, app, create_app, process, state
from polyroute.server.connection import BoundedProtocol, ConnectionBounds
from polyroute.server.identity import behind
from tests.support import described
from tests.support.catalogs import MakeEnvironment

PATIENCE_SECONDS = 60.0
"""How long a response may take, as the machine may be busy: the first one derives all lists of models."""
answers.PATIENCE_SECONDS = app._TIMEOUTS["reading"] = PATIENCE_SECONDS
vars(state)["PATIENCE_SECONDS"] = PATIENCE_SECONDS


class Answer(NamedTuple):
    """The response of a server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the document in the body."""
        assert self.headers["content-type"] == "application/json", self.body
        return json.loads(self.plain)

    @property
    def plain(self) -> bytes:
        """Return the body, uncompressed."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body


class Client:
    """A client that sends requests to one server and validates the responses against the API's declarations."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.address = urlsplit(url).netloc
        self._headers = headers

    def send(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Answer:
        """Send one request, with the path unchanged; `_` in names of headers stands for `-`."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in {**self._headers, **headers}.items()}
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            lowered = {name.lower(): value for name, value in answer.getheaders()}
            answered = Answer(answer.status, lowered, answer.read())
            if lowered.get("content-type") == "application/json" and answered.body:
                described.check(method, path, answered.status, answered.plain)
            return answered
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET request."""
        return self.send("GET", path, **headers)

    def json(self, path: str) -> Any:
        """Return the document at a path."""
        answer = self.get(path)
        assert answer.status == 200, answer.body
        return answer.json

    def write(self, method: str, path: str, document: Any) -> Answer:
        """Send a request with a document as its body."""
        return self.send(method, path, json.dumps(document).encode(), content_type="application/json")

    def post(self, path: str, document: Any) -> Answer:
        """Send a POST request with a document."""
        return self.write("POST", path, document)

    def put(self, path: str, document: Any) -> Answer:
        """Send a PUT request with a document."""
        return self.write("PUT", path, document)

    def delete(self, path: str) -> Answer:
        """Send a DELETE request."""
        return self.send("DELETE", path)


class _Server(uvicorn.Server):
    """uvicorn's server, which ends as soon as it is told to. uvicorn's own looks for that ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = threading.Event()

    async def main_loop(self) -> None:
        """Wait for the end."""
        await self.on_tick(0)  # makes the headers of each response
        await asyncio.to_thread(self.ended.wait)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Do what uvicorn does, without its pause."""
        for each in (*self.servers, *(sockets or ())):
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait_tasks_to_complete()
        await self.lifespan.shutdown()


@contextlib.contextmanager
def running(
    app: ASGIApp, *, bounds: ConnectionBounds | None = None, trusted_proxies: Sequence[str] = (), **headers: str
) -> Iterator[Client]:
    """Serve the application in a thread; `headers` are sent with each request of the client."""
    listening = process.listen("127.0.0.1", 0)
    protocol: Any = functools.partial(BoundedProtocol, bounds=bounds)
    config = uvicorn.Config(
        behind(app, trusted_proxies) if trusted_proxies else app,
        http=protocol,
        ws="none",
        lifespan="auto",
        log_level="critical",
        proxy_headers=False,
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield Client(process.url_of(listening, "127.0.0.1"), **headers)
    finally:
        if close := getattr(app, "close", None):
            close()
        server.ended.set()
        thread.join()


class Serve:
    """A factory of servers of the bundled plugins for test users; they stop with the test."""

    def __init__(self, plugins: Plugins, make_environment: MakeEnvironment, stack: contextlib.ExitStack) -> None:
        self._plugins, self._make_environment, self._stack = plugins, make_environment, stack

    def __call__(self, **variables: str) -> Client:
        """Start a server for a user with these variables."""
        return self.app(environment=self._make_environment(**variables))

    def app(self, *, environment: Environment | None = None, **options: Any) -> Client:
        """Start a server of an application with these options; a token among them is sent with each request."""
        environment = environment or self._make_environment()
        app = create_app(**{"plugins": self._plugins, "environment": environment, **options})
        sent: dict[str, Any] = {"authorization": f"Bearer {options['token']}"} if options.get("token") else {}
        return self._stack.enter_context(running(app, **sent))


@pytest.fixture
def serve(plugins: Plugins, make_environment: MakeEnvironment) -> Iterator[Serve]:
    """Return a factory that starts servers."""
    with contextlib.ExitStack() as stack:
        yield Serve(plugins, make_environment, stack)
