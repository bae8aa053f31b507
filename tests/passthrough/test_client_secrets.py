"""What no endpoint gets: the server's own token, wherever a client puts it, and the client's secrets for others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import pytest

from polyroute.server.passthrough.client_secrets import OwnToken
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Received, Serve, Upstream
from tests.support.http_server import Client
from tests.support.pass_through import CHAT, TOKEN, PassingTo, asking

OWN = {"host", "content-length", "content-type", "authorization", "accept-encoding"}
"""The headers that a request to an endpoint has at least."""


@pytest.fixture
def upstream(serve: Serve) -> Upstream:
    """An endpoint."""
    return serve("acme-large")


@pytest.fixture
def client(upstream: Upstream) -> Iterator[Client]:
    """A client of a pass-through to the endpoint."""
    with ExitStack() as stack:
        yield PassingTo(stack)(Direct(upstream))


def passed(client: Client, upstream: Upstream, query: str = "", body: Any = None, **headers: str) -> Received:
    """Return what the endpoint receives of a request."""
    sent = json.dumps(body or asking("acme/acme-large")).encode()
    assert client.send("POST", CHAT + query, sent, **headers).status == 200
    return upstream.received[-1]


def test_connection_headers_stay_behind(client: Client, upstream: Upstream) -> None:
    """Headers about the client and its connection are not passed on; everything else that it sends is."""
    dropped = {
        "cookie": "other=3",
        "connection": "keep-alive, x-hop",
        "x-hop": "other-4",
        "x-forwarded-for": "10.0.0.1",
        "cf-connecting-ip": "10.0.0.1",
        "sec-fetch-mode": "cors",
    }
    kept = {
        "user-agent": "agent/1",
        "openai-beta": "x=1",
        "content-type": "application/json",
        "idempotency-key": "4711",
        "x-stainless-arch": "x64",
        "x-max-tokens": "5",
        "anthropic-version": "2023-06-01",
        "x-session-id": "7",
        "x-title": "A title",
    }
    request = passed(client, upstream, "?beta=true&api-version=1", **dropped, **kept)
    assert {name: request.headers[name] for name in kept} == kept
    assert set(request.headers) == OWN | set(kept)
    assert request.path == "/v1/chat/completions?beta=true&api-version=1"


@pytest.mark.parametrize(
    "name",
    [
        *("x-api-key", "api-key", "x-goog-api-key", "xi-api-key", "ocp-apim-subscription-key", "x-functions-key"),
        *("cookie", "proxy-authorization", "cf-access-client-secret", "cf-access-jwt-assertion", "x-xsrf-token"),
        *("x-amz-security-token", "x-amz-date", "helicone-auth", "cf-aig-authorization", "x-litellm-api-key"),
        *("x-portkey-api-key", "x-portkey-virtual-key", "x-portkey-config", "x-acme-secret", "x-auth-token"),
        *("openai-organization", "openai-project", "chatgpt-account-id", "x-goog-user-project", "x-access-token"),
        *("x-goog-iap-jwt-assertion", "x-amzn-oidc-data", "x-forwarded-access-token", "x-auth-request-email"),
        *("x-password", "x-client-secret", "private-token", "x-serverless-authorization"),
    ],
)
def test_secret_headers_stay_behind(client: Client, upstream: Upstream, name: str) -> None:
    """The headers in which clients send keys and log-ins, or name the account of their key, reach no endpoint."""
    assert set(passed(client, upstream, **{name: "other-1"}).headers) == OWN


@pytest.mark.parametrize("value", ["Bearer other-1", "bearer other-1", "Basic b3RoZXI6MQ=="])
def test_a_credential_under_any_name_stays_behind(client: Client, upstream: Upstream, value: str) -> None:
    """A header that is written like a credential is one, whatever its name is."""
    assert set(passed(client, upstream, x_hub=value).headers) == OWN


@pytest.mark.parametrize("value", [TOKEN, f"x {TOKEN}; y", quote(TOKEN, safe="").replace("-", "%2D"), f"%22{TOKEN}"])
@pytest.mark.parametrize("name", ["x-custom", "user-agent", "openai-beta"])
def test_a_header_with_the_token_stays_behind(client: Client, upstream: Upstream, name: str, value: str) -> None:
    """A header that holds the server's own token reaches no endpoint, whatever its name is."""
    request = passed(client, upstream, **{name: value})
    assert (set(request.headers), TOKEN in str(request)) == (OWN, False)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?key=other", ""),
        ("?KEY=other&a=1", "?a=1"),
        ("?a=%2f&token=other&&b", "?a=%2f&&b"),
        ("?api_key=o&api-key=o&apikey=o&access_token=o&auth=o&sig=o&X-Amz-Signature=o&keys=1", "?keys=1"),
        (f"?a=1&user={TOKEN}", "?a=1"),
        (f"?{TOKEN}", ""),
        (f"?{TOKEN}=1&b", "?b"),
        (f"?a=x{TOKEN.replace('-', '%2d')}y", ""),
        (f"?a={quote(TOKEN.replace('-', '%2d'))}", ""),
        ("?%6bey=other&a", "?a"),
    ],
)
def test_secret_parameters_stay_behind(client: Client, upstream: Upstream, query: str, left: str) -> None:
    """Query parameters that are known to hold a secret, or hold the token, are left out; others stay as spelled."""
    request = passed(client, upstream, query)
    assert request.path == f"/v1/chat/completions{left}"
    assert TOKEN not in str(request)


@pytest.mark.parametrize("place", ["api_key", "apiKey", "key", "token", "user", TOKEN])
def test_the_token_in_a_body_is_masked(client: Client, upstream: Upstream, place: str) -> None:
    """The token in a body, as a field or within a conversation, is masked; the request goes on."""
    texts = [{"role": "user", "content": f"The variable is {TOKEN}, isn't it?"}]
    request = passed(client, upstream, body={place: TOKEN, **asking("acme/acme-large"), "messages": texts, "z": TOKEN})
    assert TOKEN not in str(request)
    assert request.body["messages"][0]["content"] == "The variable is [REDACTED], isn't it?"
    assert request.body["model"] == "acme-large"


@pytest.mark.parametrize("token", ['quote"and\\slash', "https://a/b?<c>&d", "plain-token-0123"])
def test_every_spelling_in_json(token: str) -> None:
    """The token is found as the JSON encoders of several languages write it."""
    own = OwnToken(token)
    written = json.dumps({"a": token})
    escaped = written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    for text in (written, written.replace("/", "\\/"), escaped):
        assert own.cleaned_body(text.encode()) == b'{"a": "[REDACTED]"}'


def test_a_short_token_is_no_reason_to_change_texts() -> None:
    """A token that is an ordinary word is removed where it is a whole value, and masked in no text."""
    own = OwnToken("t")
    assert own.cleaned_body(b'{"text": "t"}') == b'{"text": "t"}'
    assert own.cleaned_query(b"a=t&b=text") == b"b=text"
    assert own.cleaned_headers([(b"x-a", b"t"), (b"x-b", b"text")]) == [(b"x-b", b"text")]


def test_nothing_else_is_changed() -> None:
    """Without a token and secrets in it a request stays the same to the byte."""
    own = OwnToken("the-token")
    for query in (b"", b"a=%2F%7e&&a", b"q=\"<>|\\^`{}'[]~", b"%zz%", b"a=b?c/d:e@f", b"&", b"max_tokens=1&monkey=2"):
        assert own.cleaned_query(query) == query
    body = b'{"a" : 1.50e+400, "tokens": "the-toke"}\n'
    assert own.cleaned_body(body) == body
    assert repr(own) == "<OwnToken>"
