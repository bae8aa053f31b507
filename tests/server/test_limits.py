"""Limits on the time and the number of connections: whoever sends slowly, or nothing, is not waited for."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from polyroute import Environment, Plugins
from polyroute.server import create_app, request_parsing
from polyroute.server.connection import ConnectionBounds
from tests.support.http_server import Client, running
from tests.support.raw_sockets import connected, received, status_of

BOUNDS = ConnectionBounds(head_seconds=0.3, idle_seconds=0.3, linger_seconds=0.3, write_seconds=0.3, connections=8)
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /api/llm/switch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def client(plugins: Plugins) -> Iterator[Client]:
    """A server with short limits."""
    with running(create_app(plugins=plugins, environment=Environment({})), bounds=BOUNDS) as found:
        yield found


@pytest.fixture
def connection(client: Client) -> Iterator[socket.socket]:
    """A connection to the server."""
    with connected(client.url) as found:
        yield found


@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\nHost: localh", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_half_a_head(connection: socket.socket, sent: bytes) -> None:
    """A request whose headers don't end in time gets status 408, and its connection is closed."""
    connection.sendall(sent)
    answer = received(connection)
    assert status_of(answer) == 408
    assert b'"code":"timeout"' in answer


def test_half_a_head_after_a_request(connection: socket.socket) -> None:
    """The limit also holds for a later request on the same connection."""
    connection.sendall(HEALTH)
    assert status_of(received(connection, b"}")) == 200
    connection.sendall(HEALTH[:20])
    assert status_of(received(connection)) == 408


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_without_a_request(connection: socket.socket, sent: bytes) -> None:
    """A connection on which no request begins is closed."""
    connection.sendall(sent)
    assert received(connection) == b""


@pytest.mark.parametrize("dripped", [b"", b"\r\n"])
def test_an_idle_connection(connection: socket.socket, dripped: bytes) -> None:
    """A connection that is not used again is closed, even if empty lines keep arriving."""
    connection.sendall(HEALTH)
    assert status_of(received(connection, b"}")) == 200
    connection.settimeout(0.05)
    assert drips_until_closed(connection, dripped)


def drips_until_closed(connection: socket.socket, dripped: bytes) -> bool:
    """Send bytes every twentieth of a second, for ten seconds; return whether the server closed the connection."""
    for _ in range(200):
        try:
            connection.sendall(dripped)
            if connection.recv(65_536) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize("head", [b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n"])
def test_half_a_body(connection: socket.socket, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """A body that does not end in time gets status 408."""
    monkeypatch.setattr(request_parsing, "BODY_SECONDS", 0.2)
    connection.sendall(POST + head + b'{"model":')
    answer = received(connection)
    assert (status_of(answer), b'"code":"timeout"' in answer) == (408, True)


def test_the_pace_of_a_body(connection: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that arrives byte by byte does not get more time with each byte, and a fast one gets the time it needs."""
    monkeypatch.setattr(request_parsing, "BODY_SECONDS", 0.2)
    connection.sendall(POST + b"Content-Length: 100000\r\n\r\n")
    connection.settimeout(0.05)
    answers = []
    for _ in range(200):
        connection.sendall(b" ")
        try:
            answers.append(connection.recv(65_536))
            break
        except TimeoutError:
            continue
    assert [status_of(answer) for answer in answers] == [408]


def test_a_large_body_has_more_time(connection: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a body grows with the bytes that have arrived."""
    monkeypatch.setattr(request_parsing, "BODY_SECONDS", 0.1)
    connection.sendall(POST + b"Content-Length: 100000\r\n\r\n" + b" " * 50_000)
    connection.settimeout(1)
    with pytest.raises(TimeoutError):  # 50,000 bytes may take five seconds
        connection.recv(65_536)
    connection.settimeout(30)
    connection.sendall(b" " * 50_000)
    assert status_of(received(connection, b"}")) == 400


def test_no_body_may_take_longer_than_the_limit(connection: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large a body is, it has to arrive within the limit for all bodies."""
    monkeypatch.setattr(request_parsing, "MAX_BODY_SECONDS", 0.2)
    connection.sendall(POST + b"Content-Length: 200000\r\n\r\n" + b" " * 100_000)
    assert status_of(received(connection)) == 408


def test_a_body_that_nobody_reads(connection: socket.socket) -> None:
    """After the response to a request whose body does not end, the connection is closed."""
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    assert status_of(received(connection, b"}")) == 200
    connection.settimeout(0.05)
    assert drips_until_closed(connection, b"x")


def test_a_body_that_ends_after_its_response(connection: socket.socket) -> None:
    """If the rest of a body arrives soon after the response, the connection can be used again."""
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n")
    assert status_of(received(connection, b"}")) == 200
    connection.sendall(b"abc" + HEALTH)
    assert status_of(received(connection, b"}")) == 200


def test_pipelined_requests(connection: socket.socket) -> None:
    """Several requests that are sent at once are answered in order."""
    connection.sendall(HEALTH * 3)
    assert received(connection).count(b"HTTP/1.1 200 ") == 3


def test_a_client_that_does_not_read(client: Client) -> None:
    """A client that does not receive its responses loses the connection."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        host, port = client.address.split(":")
        connection.connect((host, int(port)))
        request = b"GET /api/llm/catalog HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with pytest.raises(ConnectionError):
            for _ in range(1_000):
                connection.sendall(request * 100)


def test_too_many_idle_connections(client: Client) -> None:
    """If there are too many connections, the one that has waited longest is closed for a new one."""
    with connected(client.url) as first:
        first.sendall(HEALTH)
        assert status_of(received(first, b"}")) == 200
        others = [connected(client.url) for _ in range(BOUNDS.connections)]
        try:
            assert received(first) == b""
            assert client.get("/health").status == 200
        finally:
            for each in others:
                each.close()


@pytest.fixture
def patient(plugins: Plugins) -> Iterator[Client]:
    """A server that accepts few connections, and gives them time."""
    with running(
        create_app(plugins=plugins, environment=Environment({})),
        bounds=ConnectionBounds(connections=BOUNDS.connections),
    ) as found:
        yield found


def is_open(connection: socket.socket) -> bool:
    """Return whether the server has not closed the connection."""
    connection.settimeout(0.01)
    with contextlib.suppress(TimeoutError):
        return connection.recv(1) != b""
    return True


def test_too_many_busy_connections(patient: Client) -> None:
    """If all connections are in use, a new one is refused with status 503, and streams stay open."""
    streams = [connected(patient.url) for _ in range(BOUNDS.connections)]
    try:
        for each in streams:
            each.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"event: hello" in received(each, b"event: hello")
        with connected(patient.url) as further:
            answer = received(further)
        assert (status_of(answer), b'"code":"too_many_connections"' in answer) == (503, True)
        assert all(is_open(each) for each in streams)
    finally:
        for each in streams:
            each.close()
