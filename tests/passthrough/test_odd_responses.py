"""Endpoints that answer what no endpoint should: nothing odd reaches the client, and nothing is an internal error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import parse_headers

import pytest

from polyroute.fallback.plan import Policy
from polyroute.server.passthrough import upstream
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Serve
from tests.support.http_server import Answer, Client
from tests.support.pass_through import CHAT, PassingTo, asking, at


class RawEndpoint:
    """An endpoint that sends the same bytes in response to each request, and drips further ones."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/v1"
        self.said, self.dripped = b"", b""
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator[RawEndpoint]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._serve)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            socket.create_connection(self._listening.getsockname()).close()
            thread.join()
            self._listening.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            connection, _ = self._listening.accept()
            with connection:
                self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as request:  # all of it, since to close with bytes unread is to reset
            length = parse_headers(request)["content-length"] if request.readline() else 0
            request.read(int(length))
        try:
            connection.sendall(self.said)
            while self.dripped and not self._ended.wait(0.05):
                connection.sendall(self.dripped)
        except OSError:
            return


@pytest.fixture
def endpoint() -> Iterator[RawEndpoint]:
    """An endpoint."""
    with RawEndpoint().running() as found:
        yield found


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What ends with the test."""
    with ExitStack() as found:
        yield found


def passing(
    stack: ExitStack, serve: Serve, endpoint: RawEndpoint, policy: Policy = "never", seconds: float = 10
) -> Client:
    return PassingTo(stack)(at(endpoint.url, Direct(serve("acme-large"))), policy=policy, seconds=seconds)


def answer(client: Client) -> Answer:
    return client.post(CHAT, asking("acme/acme-large"))


HINTS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked\r\ncontent-length: 9\r\n\r\n2\r\n{}\r\n0\r\nx-t: 1\r\n\r\n"
BODY = b"content-length: 2\r\n\r\n{}"


@pytest.mark.parametrize("policy", ["never", "auto"])
@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", 502),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 502),
        (b"HTTP/1.1 300 Multiple Choices\r\n" + BODY, 502),
        (b"HTTP/1.1 302 Found\r\nlocation: https://evil.example\r\n" + BODY, 502),
        (b"HTTP/1.1 600 Odd\r\n" + BODY, 502),
        (b"HTTP/1.1 999 Odd\r\n" + BODY, 502),
        (b"HTTP/1.1 099 Odd\r\n" + BODY, 502),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 300_000 + b"\r\n" + BODY, 502),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", 502),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}", 502),
        (b"HTTP/1.1 200 OK\r\nbad name: x\r\n" + BODY, 502),
        (b"HTTP/1.1 200 OK\r\nx-a: b\x00c\r\n" + BODY, 502),
    ],
)
def test_what_is_no_response_is_refused(
    stack: ExitStack, serve: Serve, endpoint: RawEndpoint, policy: Policy, said: bytes, status: int
) -> None:
    """A change of protocol, a redirect, an unknown status or invalid headers are 502, and none is passed on."""
    endpoint.said = said
    found = answer(passing(stack, serve, endpoint, policy))
    assert (found.status, found.json["error"]["type"]) == (status, "api_error")
    assert not {"upgrade", "location"} & set(found.headers)


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (HINTS + b"HTTP/1.1 200 OK\r\n" + BODY, 200, b"{}"),
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n", 204, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 200 OK\r\n" + CHUNKED, 200, b"{}"),
        (b"HTTP/1.1 200 OK\r\nx-bad: a\x01b\r\nx-good: c\r\n" + BODY, 200, b"{}"),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 418\r\n" + BODY, 418, b"{}"),
        (b"HTTP/1.1 599 Odd\r\n" + BODY, 599, b"{}"),
    ],
)
def test_what_is_odd_but_a_response(
    stack: ExitStack, serve: Serve, endpoint: RawEndpoint, said: bytes, status: int, body: bytes
) -> None:
    """A response is passed on without what is invalid in it, with one length, and without early hints and trailers."""
    endpoint.said = said
    found = answer(passing(stack, serve, endpoint))
    assert (found.status, found.body) == (status, body)
    assert not {"x-bad", "x-t", "link"} & set(found.headers)


def test_what_an_endpoint_says_about_its_own_origin(stack: ExitStack, serve: Serve, endpoint: RawEndpoint) -> None:
    """Headers for a browser about the endpoint's origin, and for a proxy about files to send, are not passed on."""
    own = ["set-cookie: a=b", 'clear-site-data: "*"', "refresh: 0; url=https://evil.example", "alt-svc: x=1", "nel: {}"]
    own += ["www-authenticate: Basic", "x-accel-redirect: /etc/passwd", "x-sendfile: /etc/passwd", "server: x"]
    own += ["access-control-allow-origin: *", "x-polyroute-via: forged", "strict-transport-security: max-age=1"]
    endpoint.said = "\r\n".join(["HTTP/1.1 200 OK", *own, "x-request-id: r1", ""]).encode() + BODY
    found = answer(passing(stack, serve, endpoint))
    kept = {"server", "x-polyroute-via"}  # our own
    assert {line.partition(":")[0] for line in own} & set(found.headers) <= kept
    assert (found.headers["x-request-id"], found.headers["x-polyroute-via"]) == ("r1", "direct")


@pytest.mark.parametrize("dripped", [b"a", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
def test_headers_that_do_not_end(stack: ExitStack, serve: Serve, endpoint: RawEndpoint, dripped: bytes) -> None:
    """An endpoint whose headers arrive byte by byte, or after endless early hints, is 504."""
    endpoint.said, endpoint.dripped = (b"HTTP/1.1 200 OK\r\nx: " if dripped == b"a" else b""), dripped
    found = answer(passing(stack, serve, endpoint, seconds=0.5))
    assert (found.status, found.json["error"]["code"]) == (504, "upstream_timeout")


def test_an_error_that_does_not_end(
    stack: ExitStack, serve: Serve, endpoint: RawEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that is read for the fallback, and arrives byte by byte, is 504."""
    monkeypatch.setattr(upstream, "_MAX_ERROR_SECONDS", 0.3)
    endpoint.said, endpoint.dripped = b"HTTP/1.1 402 Payment Required\r\ncontent-length: 60000\r\n\r\n{", b" "
    found = answer(passing(stack, serve, endpoint, "auto"))
    assert (found.status, found.json["error"]["code"]) == (504, "upstream_timeout")
