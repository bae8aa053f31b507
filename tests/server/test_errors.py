"""Errors over HTTP: all have the same shape, and none contains a secret."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyroute.errors import (
    CustomModelExists,
    InvalidModelReference,
    KeyBoundElsewhere,
    NotUnderstood,
    PolyrouteError,
    Unavailable,
    UnknownCustomModel,
    UsageError,
)
from polyroute.server import errors
from tests.support.http_server import Client, Serve

CANARY = "sk-proj-canary-0123456789"
CUSTOM, KEY, SWITCH = "/api/llm/custom-models", "/api/llm/key", "/api/llm/switch"
FAVORITES = "/api/llm/model-picker-state/favorites"


@pytest.fixture
def client(serve: Serve) -> Client:
    """A server for a user without credentials."""
    return serve()


def told(document: Mapping[str, Any], method: str, path: str) -> bool:
    """Return whether an error has the shape of all errors, with this method and path."""
    texts = all(isinstance(document[name], str) and document[name] for name in ("code", "message", "scope", "traceId"))
    return texts and document["type"] in errors.STATUS and (document["method"], document["endpoint"]) == (method, path)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", CUSTOM, b"", 400, "invalid_json"),
        ("POST", CUSTOM, b"{", 400, "invalid_json"),
        ("POST", CUSTOM, b"\xff\xfe", 400, "invalid_json"),
        ("POST", CUSTOM, b'{"name":NaN}', 400, "invalid_json"),
        ("POST", CUSTOM, b'{"name":"a","name":"b"}', 400, "invalid_json"),
        ("POST", CUSTOM, b'{"name":"\\ud800"}', 400, "invalid_json"),
        ("POST", CUSTOM, b"[" * 100_000, 400, "invalid_json"),
        ("POST", CUSTOM, b'{"a":' * 20 + b"1" + b"}" * 20, 400, "invalid_json"),
        ("POST", CUSTOM, b"1" * 10_000, 400, "invalid_json"),
        ("POST", CUSTOM, b"[]", 400, "validation_failed"),
        ("POST", CUSTOM, b'"text"', 400, "validation_failed"),
        ("POST", CUSTOM, b'{"name":1}', 400, "validation_failed"),
        ("POST", CUSTOM, b'{"nmae":"b"}', 400, "validation_failed"),
        ("POST", CUSTOM, b'{"name":"a","maxInputTokens":"5"}', 400, "validation_failed"),
        ("POST", CUSTOM, b'{"name":"a","maxInputTokens":0}', 400, "validation_failed"),
        ("POST", CUSTOM, b'{"name":"a","baseURL":"ftp://x"}', 400, "validation_failed"),
        ("PUT", "/api/llm/preferences", b'{"pins":{"anthropic":""}}', 400, "bad_request"),
        ("POST", CUSTOM, b'{"name":"a"}', 400, "bad_request"),  # the default provider requires a base URL
        ("POST", CUSTOM, b'{"name":"a","provider":"nobody"}', 400, "llm_provider_unknown"),
        ("POST", CUSTOM, b'{"name":"a","provider":"openai"}', 400, "bad_request"),
        ("POST", CUSTOM, b'{"name":"' + b"a" * 300_000 + b'"}', 413, "body_too_large"),
        ("POST", KEY, b'{"provider":"openai","apiKey":""}', 400, "validation_failed"),
        ("POST", KEY, b'{"provider":"openai","apiKey":"  "}', 400, "validation_failed"),
        ("POST", KEY, b'{"provider":"openai","apiKey":"a\\nB=c"}', 400, "validation_failed"),
        ("POST", KEY, b'{"provider":"nobody","apiKey":"a"}', 400, "llm_provider_unknown"),
        ("POST", KEY, b'{"provider":"ollama","apiKey":"a"}', 400, "bad_request"),
        ("GET", "/api/llm/key/nobody", b"", 400, "llm_provider_unknown"),
        ("GET", "/api/llm/custom-model-advice?provider=nobody&name=a", b"", 400, "llm_provider_unknown"),
        ("GET", "/api/llm/key/a%2Fb", b"", 400, "llm_provider_unknown"),
        ("GET", "/api/llm/key/a%b", b"", 400, "llm_provider_unknown"),
        ("POST", SWITCH, b'{"provider":"openai","model":"gpt-5"}', 400, "llm_api_key_missing"),
        ("POST", SWITCH, b'{"provider":"nobody","model":"gpt-5"}', 400, "llm_provider_unknown"),
        ("POST", SWITCH, b'{"provider":"openai"}', 400, "llm_api_key_missing"),
        ("POST", SWITCH, b'{"provider":"openai","model":"claude-sonnet-4-5"}', 400, "model_incompatible"),
        ("POST", SWITCH, b'{"provider":"openai","model":"gpt-newer"}', 400, "llm_api_key_missing"),
        ("POST", SWITCH, b'{"provider":"litellm","model":"x"}', 400, "base_url_missing"),
        ("PUT", FAVORITES, b'{"favorites":[{"provider":"openai"}]}', 400, "validation_failed"),
        ("DELETE", f"{CUSTOM}/a%b", b"", 404, "custom_model_not_found"),
        ("DELETE", f"{CUSTOM}/", b"", 404, "custom_model_not_found"),
        ("GET", "/api/llm/catalog?mode=other", b"", 400, "validation_failed"),
        ("GET", "/api/llm/resolve", b"", 400, "validation_failed"),
        ("GET", "/api/llm/resolve?model=gpt-5", b"", 400, "llm_model_invalid"),
        ("GET", "/api/nothing", b"", 404, "not_found"),
        ("PATCH", "/api/llm/catalog", b"", 405, "method_not_allowed"),
        ("DELETE", "/api/llm/catalog", b"", 405, "method_not_allowed"),
        ("GET", "/nothing", b"", 404, "not_found"),
        ("POST", "/", b"", 405, "method_not_allowed"),
    ],
)
def test_what_is_wrong(client: Client, method: str, path: str, body: bytes, status: int, code: str) -> None:
    """Each kind of bad request is refused with its own status and code."""
    headers = {"content_type": "application/json"} if method in ("POST", "PUT") else {}
    answer = client.send(method, path, body or None, **headers)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/json"
    assert told(answer.json, method, unquote(path.partition("?")[0]))


def test_an_unknown_provider_has_suggestions(client: Client) -> None:
    """For a misspelt provider, the error suggests providers with a similar spelling."""
    error = client.post(KEY, {"provider": "antropic", "apiKey": "a"}).json
    assert error["context"]["suggestions"] == ["anthropic"]
    assert "Did you mean anthropic?" in error["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (KEY, {"provider": "nobody", "apiKey": CANARY}),
        (KEY, {"provider": CANARY, "apiKey": 5}),
        (KEY, {"provider": "nobody", "apiKey": "a", CANARY: 1}),
        (KEY, {"provider": "openai", "apiKey": [CANARY]}),
        (CUSTOM, {"name": "a", "provider": "nobody", "apiKey": CANARY}),
        (CUSTOM, {"name": "a", "baseURL": f"http://u:{CANARY}@x", "apiKey": CANARY}),
        (SWITCH, {"provider": "openai", "model": 5, "apiKey": CANARY}),
    ],
)
def test_no_error_repeats_a_key(client: Client, path: str, body: dict[str, Any]) -> None:
    """The response to a refused request does not contain the key that was sent."""
    answer = client.post(path, body)
    assert answer.status == 400
    assert CANARY not in answer.body.decode().replace(f"no provider '{CANARY}'", "")


def test_a_fault_of_its_own_tells_nothing() -> None:
    """An unexpected error is reported without its text, which may be secret; the log has its type and place."""
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        fault = errors.api_error(error)
    assert (fault.status, fault.details.code) == (500, "internal_error")
    assert CANARY not in json.dumps(fault.details.document("/", "GET", "1")) + fault.cause
    assert "KeyError in test_a_fault_of_its_own_tells_nothing" in fault.cause


def test_every_error_of_ours_is_told() -> None:
    """Each exception type that consists of a message only has an error code of its own."""
    plain: tuple[type[PolyrouteError], ...] = (UsageError, InvalidModelReference, UnknownCustomModel)
    plain += (CustomModelExists, KeyBoundElsewhere, NotUnderstood, Unavailable)
    codes = [errors.api_error(kind("why")).details.code for kind in plain]
    assert len(set(codes)) == len(plain)
    assert [errors.api_error(kind("why")).status for kind in plain] == [400, 400, 404, 409, 400, 409, 503]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.EIO, errno.EACCES])
def test_what_the_system_refuses_is_unavailable(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the system, such as a full disk, is 503 with its reason, and is not a fault of the server."""
    fault = errors.api_error(OSError(number, os.strerror(number), CANARY))
    assert (fault.status, fault.details.code) == (503, "unavailable")
    assert os.strerror(number) in fault.details.message
    assert CANARY not in fault.details.message
    assert capsys.readouterr().err == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(path=st.sampled_from([CUSTOM, KEY, SWITCH, f"{FAVORITES}/toggle"]), document=_JSON)
def test_no_document_is_a_servers_error(client: Client, path: str, document: object) -> None:
    """Any JSON document gets a response of the documented shape, never a 5xx."""
    answer = client.post(path, document)
    assert answer.status in (200, 400)
    assert answer.status == 200 or told(answer.json, "POST", path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40))
def test_any_name_in_a_path(client: Client, name: str) -> None:
    """The error for deleting an unknown model contains the name exactly as sent."""
    answer = client.delete(f"{CUSTOM}/{quote(name, safe='')}")
    assert (answer.status, answer.json["context"]) == (404, {"modelName": name})


def test_a_base_url_is_stored_as_it_is_meant(client: Client) -> None:
    """A base URL is understood as users type it, and the response says how it is stored."""
    typed = {"name": "m", "provider": "ollama", "baseURL": "localhost:11434/api", "apiKey": "k"}
    saved = client.post(CUSTOM, typed).json
    assert saved["model"]["baseURL"] == "http://localhost:11434/v1"
    assert saved["note"] == "The base URL is stored as http://localhost:11434/v1."
    changed = client.write("PATCH", f"{CUSTOM}/m", {"baseURL": "http://localhost:11434"}).json
    assert (changed["model"]["baseURL"], "note" in changed) == ("http://localhost:11434/v1", True)
