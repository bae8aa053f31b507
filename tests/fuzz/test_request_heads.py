"""Request heads of any bytes: the response, if any, is below 500, and none gets in without the token."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import Environment, Plugins
from polyroute.server import PassThrough, create_app
from polyroute.server.connection import ConnectionBounds
from tests.support import fuzzing
from tests.support.http_server import Client, running
from tests.support.raw_sockets import connected, received

TOKEN = "token-canary-0123456789"
BOUNDS = ConnectionBounds(head_seconds=0.1, idle_seconds=0.1, linger_seconds=0.1)
SECRETS = (b'"providers"', b'"object":"list"', b"event: hello", TOKEN.encode())
"""What only a response to the right token contains."""

ODD = st.binary(max_size=6) | st.sampled_from([b"", b"\0", b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"\x7f", b"\xff"])
METHODS = st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"PRI", b"G\0T"])
TARGETS = st.sampled_from([
    b"/", b"/health", b"/api/llm/catalog", b"/api/events", b"/api/llm/switch", b"/v1/models",
    b"/v1/chat/completions", b"//api/llm/catalog", b"/api/../api/llm/catalog", b"/%61pi/llm/catalog",
    b"/api%2fllm%2fcatalog", b"/api/llm/catalog?", b"http://localhost/api/llm/catalog",
    b"http://evil.example/api/llm/catalog", b"*", b"localhost:80", b"/%", b"/%ff", b"/%00", b"/\xc3\xa9",
    b"/" + b"a" * 40_000, b"",
])  # fmt: skip
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.10", b"", b"http/1.1"])
SOUND = st.sampled_from([
    b"Authorization: Bearer", b"Authorization: Bearer wrong", b"Authorization: Bearer \xff", b"X-Api-Key: wrong",
    b"Content-Length: 0", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Connection: close",
    b"Expect: 100-continue", b"Connection: upgrade, host", b"Upgrade: websocket", b"Upgrade: h2c",
    b"Origin: null", b"Origin: http://localhost", b"Sec-Fetch-Site: cross-site",
    b"Content-Type: application/json", b"If-None-Match: *", b"Range: bytes=0-", b"Accept-Encoding: gzip;q=0",
    b"X-Forwarded-For: 127.0.0.1", b"Cookie: a=b",
])  # fmt: skip
"""Headers that are valid, also those that are refused."""
INVALID = st.sampled_from([
    b"Host: evil.example", b"Host:", b"Host : localhost", b" Host: localhost", b"host: [::1]:80",
    b"Origin: http://[", b"Content-Length: -1", b"Content-Length: 5, 5", b"Content-Length: 1e9",
    b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding:\x0bchunked", b"A: " + b"b" * 40_000,
])  # fmt: skip
BODIES = st.sampled_from(
    [b"", b"{}", b"5\r\nhello\r\n0\r\n\r\n", b"hello", b"FFFFFFFFFFFFFFFFF\r\n", b"0\r\n\r\n", b"-1\r\n"]
)


def mostly(usual: bytes, odd: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return the usual bytes in most cases: a head in which all is odd shows only the first check."""
    return st.integers(0, 9).flatmap(lambda number: odd if number == 9 else st.just(usual))


@st.composite
def heads(draw: st.DrawFn) -> list[bytes]:
    """Return a request with something odd in it, perhaps another after it, in the parts in which it is sent."""
    text = b""
    for _ in range(draw(st.integers(1, 2))):
        method = draw(st.sampled_from([b"GET", b"POST"]).flatmap(lambda usual: mostly(usual, METHODS)))
        line = b" ".join([method, draw(TARGETS), draw(mostly(b"HTTP/1.1", VERSIONS))])
        end = mostly(b"\r\n", st.sampled_from([b"\n", b"\r", b"\r\n "]))
        lines = [line, draw(mostly(b"Host: localhost", INVALID)), *draw(st.lists(SOUND, max_size=2))]
        lines += [draw(INVALID)] * draw(st.sampled_from([0, 0, 0, 1]))
        text += b"".join(each + draw(end) for each in lines) + b"\r\n" + draw(mostly(b"", BODIES))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(ODD) + text[place + draw(st.integers(0, 3)) :]
    cut = draw(st.integers(0, len(text)))
    return [text[:cut], text[cut:]]


@pytest.fixture(scope="module")
def client(plugins: Plugins) -> Iterator[Client]:
    """A server with a token, all its routes and short limits."""
    app = create_app(plugins=plugins, environment=Environment({}), token=TOKEN, pass_through=PassThrough())
    with running(app, bounds=BOUNDS) as found:
        yield found


def check(client: Client, parts: list[bytes]) -> None:
    """Send a request; check its responses, and that the server still works."""
    answer = b""
    with connected(client.url) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except ConnectionError:
            pass  # it was refused before its end
        answer = received(connection)
    statuses = [int(each) for each in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    assert all(status < 500 for status in statuses), answer
    assert [each for each in SECRETS if each in answer] == []
    assert client.get("/health").status == 200


@given(parts=heads())
@fuzzing.short(300)
def test_request_heads(client: Client, parts: list[bytes]) -> None:
    """No head, however malformed, is an error of the server's, or gets in without the token."""
    check(client, parts)


@pytest.mark.soak
@given(parts=heads())
@fuzzing.long()
def test_many_request_heads(client: Client, parts: list[bytes]) -> None:
    """The same for many more heads."""
    check(client, parts)
