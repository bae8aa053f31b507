"""Whose request it is: only a trusted proxy may say so, in one header."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.types import Scope

from polyroute import Environment, Plugins
from polyroute.server import PassThrough, create_app
from polyroute.server.identity import IdentityHeader, _within
from tests.support.http_server import Client, running
from tests.support.raw_sockets import connected, received, status_of

PATHS = ("/api/dexto-auth/status", "/api/llm/model-picker-state", "/api/events", "/api/nothing", "/v1/models")
TOKEN = "the-right-token-0123456789"


class Users:
    """Environments of users by name, as far as requests came from the proxy at `proxy`."""

    def __init__(self, proxy: str) -> None:
        self._identity = IdentityHeader("X-User", [proxy])
        self.found: dict[str, Environment] = {}

    def __call__(self, scope: Scope) -> Environment:
        """Return the environment of the user who sent a request."""
        return self.found.setdefault(self._identity.user(scope), Environment({}))


def _client(plugins: Plugins, users: Users) -> Iterator[Client]:
    app = create_app(plugins=plugins, environment=users, token=TOKEN, pass_through=PassThrough(translate=False))
    with running(app, trusted_proxies=["127.0.0.1"], authorization=f"Bearer {TOKEN}") as client:
        yield client


@pytest.fixture
def users() -> Users:
    """Return the users that the proxy, which this test is, has named."""
    return Users("127.0.0.0/8")


@pytest.fixture
def client(plugins: Plugins, users: Users) -> Iterator[Client]:
    """Return a client that is the proxy."""
    yield from _client(plugins, users)


@pytest.fixture
def stranger(plugins: Plugins) -> Iterator[Client]:
    """Return a client of a server whose proxy is elsewhere, but which believes `X-Forwarded-For`."""
    yield from _client(plugins, Users("192.0.2.0/24"))


def _sent(client: Client, path: str, *headers: bytes) -> bytes:
    """Return the whole response to a GET with exactly these headers."""
    head = [b"GET %b HTTP/1.1" % path.encode(), b"host: 127.0.0.1", b"authorization: Bearer " + TOKEN.encode()]
    with connected(client.url) as connection:
        connection.sendall(b"\r\n".join([*head, b"connection: close", *headers, b"", b""]))
        return received(connection)


def test_each_user_is_one(client: Client, users: Users) -> None:
    """The header names the user, in UTF-8, whatever the case of its own name and the client's address."""
    for header in (b"x-user: ann@acme.example", b"X-USER:  ann@acme.example ", "x-user: bj\u00f6rn".encode()):
        assert status_of(_sent(client, "/api/nothing", header, b"x-forwarded-for: 203.0.113.9")) == 404
    assert list(users.found) == ["ann@acme.example", "bj\u00f6rn"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ([], b"is missing"),
        ([b"x-user:"], b"is missing"),
        ([b"x-user:   "], b"is missing"),
        ([b"x-user: canary", b"x-user: bob"], b"is repeated"),
        ([b"x-user: canary", b"X-User: canary"], b"is repeated"),
        ([b"x-user: canary, bob"], b"without blanks, commas"),
        ([b"x-user: canary,bob"], b"without blanks, commas"),
        ([b"x-user: canary bob"], b"without blanks, commas"),
        ([b"x-user: canary\xff"], b"UTF-8"),
        ([b"x-user: canary\xc2\xa0"], b"UTF-8"),
        ([b"x-user: canary\xe2\x80\xae"], b"UTF-8"),
        ([b"x-user: " + b"canary" * 50], b"255 bytes"),
        ([b"x_user: canary"], b"is missing"),
    ],
)
def test_what_names_nobody_is_refused(
    client: Client, users: Users, path: str, headers: list[bytes], said: bytes
) -> None:
    """Without exactly one header that is a name, a request is refused, which quotes nothing and makes no user."""
    answer = _sent(client, path, *headers)
    assert (status_of(answer), said in answer, b"canary" in answer, users.found) == (401, True, False, {})


@pytest.mark.parametrize("path", PATHS)
def test_only_the_proxy_is_believed(stranger: Client, path: str) -> None:
    """A request that another address sends is refused, also if it claims to be sent for the proxy."""
    for claim in (b"x-forwarded-for: 192.0.2.1", b"forwarded: for=192.0.2.1", b"x-real-ip: 192.0.2.1"):
        answer = _sent(stranger, path, b"x-user: ann", claim)
        assert (status_of(answer), b"only from the proxy" in answer) == (403, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changes_are_refused_before_their_body_is_read(client: Client, method: str) -> None:
    """A change by nobody is refused, whatever its body says."""
    answer = client.send(method, "/api/llm/key", b"not JSON", content_type="application/json")
    assert (answer.status, answer.json["code"]) == (401, "no_user")
    assert "recovery" in answer.json


def test_what_holds_no_data_of_users_is_served(client: Client) -> None:
    """The health check and the page need no user."""
    assert client.get("/health").status == 200
    assert client.get("/").status == 200


def test_addresses_of_proxies() -> None:
    """A proxy is recognized by its network, also where IPv4 addresses are written as IPv6."""
    is_within = _within(["10.1.0.0/16", "fd00::/8"])
    assert all(map(is_within, ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"]))
    assert not any(map(is_within, ["10.2.0.1", "::ffff:10.2.0.1", "::1", "", "testclient", "10.1.2.3, 10.1.0.1"]))
