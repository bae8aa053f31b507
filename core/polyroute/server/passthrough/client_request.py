"""A request from a client, and what is sent to the endpoint of a route for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

import httpx2

from polyroute import Environment, Route, UsageError
from polyroute._internal.lossless_json import around, value
from polyroute.base_url import joined, origin_of
from polyroute.integrations.api_methods import ApiMethod
from polyroute.integrations.guard import Guard
from polyroute.named_tuples import NamedTuple
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.client_secrets import OwnToken, RawHeaders

VISIBLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""The characters that `quote` need not encode in a header or a query."""
_FORM = "application/x-www-form-urlencoded"
"""The type that clients send by default, also with JSON."""
_CONNECTION = frozenset(
    b"connection content-length expect host keep-alive te trailer transfer-encoding upgrade".split()
)
"""Headers that concern a single connection."""
_CLIENT_HEADERS = frozenset(b"cf-connecting-ip forwarded origin referer true-client-ip via x-real-ip".split())
_CLIENT_PREFIXES = (b"sec-", b"x-forwarded-")
"""Headers about the client and its connection. They may be meant for other servers on this machine."""


class UpstreamRequest(NamedTuple):
    """A request to send to an endpoint."""

    url: httpx2.URL
    target: bytes
    """The exact bytes of path and query, which a URL object would normalize."""
    headers: httpx2.Headers
    body: bytes


class ClientRequest(NamedTuple):
    """A request from a client, without the server's own token and without the client's secrets."""

    method: ApiMethod
    model: str
    """The model as the client names it."""
    before: bytes
    """The body before the value of `model`; the whole body if the path names the model."""
    after: bytes
    """The body after the value of `model`."""
    query: bytes
    headers: RawHeaders

    @property
    def streams(self) -> bool:
        """Whether the client expects a stream. Parses the body."""
        return self.method.streams or json.loads(self.body("")).get("stream") is True

    def body(self, model_id: str) -> bytes:
        """Return the body with a route's model ID."""
        if self.method.names_model_in_path:
            return self.before
        return self.before + json.dumps(model_id).encode() + self.after

    def along(self, route: Route, environment: Environment) -> UpstreamRequest:
        """Return the request for the route's endpoint. Only the model ID, the URL and the key are changed."""
        guard, model_id = Guard(route, environment), route.model_id or ""
        url = _url(joined(guard.route.base_url, self.method.path_for(model_id)))
        target = url.raw_path + b"?" + _query(self.query) if self.query else url.raw_path
        dropped = _CLIENT_HEADERS | {route.auth.name.lower().encode()}
        headers = httpx2.Headers(without(self.headers, dropped, _CLIENT_PREFIXES))
        if headers.get("content-type", _FORM).partition(";")[0].strip().lower() == _FORM:
            headers["content-type"] = "application/json"
        guard.apply(origin_of(str(url)), headers)
        return UpstreamRequest(url, target, headers, self.body(model_id))


def read(
    method: ApiMethod, model_in_path: str, body: bytes, query: bytes, headers: RawHeaders, own_token: OwnToken
) -> ClientRequest:
    """Return the request that a client has sent. Raises ApiError if it names no model."""
    if any(name == b"content-encoding" and value not in (b"", b"identity") for name, value in headers):
        raise ApiError("compressed_body", "The body is compressed. Send it without `Content-Encoding`.", scope="http")
    if method.names_model_in_path:
        model, before, after = model_in_path, body, b""
    else:
        model, before, after = _around_model(body)
    before, after = own_token.cleaned_body(before), own_token.cleaned_body(after)
    query, headers = own_token.cleaned_query(query), own_token.cleaned_headers(headers)
    return ClientRequest(method, model, before, after, query, headers)


def without(headers: RawHeaders, names: Iterable[bytes], prefixes: tuple[bytes, ...]) -> RawHeaders:
    """Return the headers except `names`, `prefixes` and connection headers, including those that `Connection` names."""
    named = b",".join(value for name, value in headers if name == b"connection").lower().split(b",")
    dropped = {*_CONNECTION, *names, *(each.strip() for each in named)}
    return [each for each in headers if each[0] not in dropped and not each[0].startswith(prefixes)]


def _around_model(body: bytes) -> tuple[str, bytes, bytes]:
    """Return the model that a body names, and the body before and after it."""
    try:
        before, written, after = around(body, "model")
        model = value(written)
    except ValueError:  # its message may quote the body
        model = None
    if not isinstance(model, str):
        message = "The body is not a JSON object with exactly one `model`, a string."
        raise ApiError("invalid_body", message, scope="http", recovery="Name the model as `provider/model`.")
    return model, before, after


def _query(query: bytes) -> bytes:
    """Return a query unchanged, except for bytes that are not allowed in a request, which are percent-encoded."""
    return quote(query, safe=VISIBLE + "%").encode()


def _url(address: str) -> httpx2.URL:
    try:
        return httpx2.URL(address)
    except httpx2.InvalidURL:
        raise UsageError(f"{address} is not a valid URL.", "Correct the base URL.") from None
