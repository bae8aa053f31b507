"""Which requests are refused: DNS rebinding, other origins, missing tokens, malformed requests."""

from __future__ import annotations

import socket

import pytest

from tests.support.http_server import Client, Serve

CATALOG = "/api/llm/catalog?includeModels=false"
SWITCH = "/api/llm/switch"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.0.1", ""])
def test_another_name_is_refused(serve: Serve, host: str) -> None:
    """A request with a foreign host name is refused (DNS rebinding)."""
    answer = serve().get(CATALOG, host=host)
    assert (answer.status, answer.json["code"]) == (403, "forbidden_host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:80", "box.example"])
def test_own_names_are_accepted(serve: Serve, host: str) -> None:
    """The machine's own names and the allowed host names are accepted."""
    assert serve.app(hosts=["box.example"]).get(CATALOG, host=host).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://[", ""])
def test_another_origins_page_is_refused(serve: Serve, origin: str) -> None:
    """Pages of other origins can neither read nor write."""
    client = serve()
    for method, path in [
        ("GET", CATALOG),
        ("POST", SWITCH),
        ("DELETE", "/api/llm/custom-models/x"),
        ("OPTIONS", SWITCH),
    ]:
        answer = client.send(method, path, origin=origin)
        assert (answer.status, answer.json["code"]) == (403, "forbidden_origin")
        assert "access-control-allow-origin" not in answer.headers


def test_a_cross_site_request_without_origin_is_refused(serve: Serve) -> None:
    """A cross-site image or script tag sends no Origin header; it is refused by its Sec-Fetch-Site header."""
    client = serve()
    assert client.get(CATALOG, sec_fetch_site="cross-site").status == 403
    assert client.get(CATALOG, sec_fetch_site="same-origin").status == 200
    assert client.get("/", sec_fetch_site="cross-site").status == 200


def test_the_own_and_allowed_origins_are_accepted(serve: Serve) -> None:
    """The server's own pages and pages of allowed origins are accepted."""
    client = serve.app(origins=["http://localhost:3000"])
    assert client.get(CATALOG, origin=client.url).status == 200
    assert client.get(CATALOG, origin="http://localhost:3000", sec_fetch_site="same-site").status == 200


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_writes_are_json(serve: Serve, content_type: str) -> None:
    """A write with a content type that a form of another page can send is refused."""
    answer = serve().send("POST", SWITCH, b'{"provider":"ollama","model":"x"}', content_type=content_type)
    assert answer.status == 415


def test_a_token_is_asked_for(serve: Serve) -> None:
    """With a token set, requests under /api require it; the page, which contains no data, does not."""
    client = serve.app(token="right-token")
    anonymous = Client(client.url)
    assert client.get(CATALOG).status == 200
    for given in [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "right-token"},
        {"authorization": "Bearer "},
    ]:
        answer = anonymous.get(CATALOG, **given)
        assert (answer.status, answer.json["code"]) == (401, "unauthorized")
        assert "right-token" not in answer.body.decode()
    assert anonymous.get("/").status == 200
    assert anonymous.get("/health").status == 200


def test_with_a_token_any_address_will_do(serve: Serve) -> None:
    """With a token set, any IP address is accepted as the host; a host name still has to be allowed."""
    client = serve.app(token="t")
    assert client.get(CATALOG, host="192.168.0.7:3210").status == 200
    assert client.get(CATALOG, host="evil.example").status == 403


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "uri_too_long"),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431, "head_too_large"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", 431, "head_too_large"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 100_000, 431, "head_too_large"),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
        (b"GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_path"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400, "bad_request"),
    ],
)
def test_what_is_no_sound_request(serve: Serve, data: bytes, status: int, code: str) -> None:
    """Malformed and oversized requests get an error of the usual shape."""
    host, port = serve().address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
            if b"}" in part:
                break
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert f'"code":"{code}"'.encode() in answer
