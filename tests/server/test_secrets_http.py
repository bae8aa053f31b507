"""Secrets over HTTP: none is in a response, and none is sent to an endpoint that it is not for."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Client, Serve

ENV, DOTENV, LOGIN, POSTED = (f"sk-canary-{name}-0123456789" for name in ("env", "dotenv", "login", "posted"))
EVIL = "https://evil.example/v1"
READS = (
    "catalog", "catalog?mode=flat", "status", "current", "custom-models", "model-picker-state", "preferences",
    "key/anthropic", "key/openai", "key/openrouter", "key/dexto", "resolve?model=anthropic/claude-sonnet-4-5",
    "resolve?model=openai-compatible/own", "capabilities?provider=openai&model=gpt-5",
)  # fmt: skip


@pytest.fixture
def client(serve: Serve, make_environment: MakeEnvironment) -> Client:
    """A server for a user with keys in the environment, in a `.env` file and in a login."""
    login = json.dumps({"createdAt": 1, "dextoApiKey": LOGIN, "openRouterApiKey": LOGIN})
    files = {".dexto/.env": f"OPENAI_API_KEY={DOTENV}\n", ".dexto/auth.json": login}
    return serve.app(environment=make_environment(files, ANTHROPIC_API_KEY=ENV))


def test_no_secret_in_any_answer(client: Client) -> None:
    """No response contains more than the last characters of a key from a variable, a file, a login or a request."""
    assert client.post("/api/llm/key", {"provider": "groq", "apiKey": POSTED}).status == 200
    own = {"name": "own", "baseURL": "http://localhost:9/v1", "apiKey": POSTED}
    answers = [
        client.post("/api/llm/custom-models", own),
        client.post("/api/llm/switch", {"provider": "groq", "model": "x", "apiKey": POSTED}),
    ]
    answers += [client.get(f"/api/llm/{path}") for path in READS]
    answers += [client.get(path) for path in ("/api/plugins", "/api/openapi.json", "/health", "/")]
    assert [answer.status for answer in answers] == [200] * len(answers)
    assert not [answer.body for answer in answers if b"canary" in answer.body]


def test_a_posted_base_url_gets_no_stored_key(client: Client) -> None:
    """A base URL is refused if the provider takes none; an own server is called without any stored key."""
    refused = client.post("/api/llm/switch", {"provider": "anthropic", "model": "claude-sonnet-4-5", "baseURL": EVIL})
    assert (refused.status, refused.json["code"]) == (400, "base_url_not_allowed")
    own = {"provider": "openai-compatible", "model": "m", "baseURL": "https://mine.example/v1", "apiKey": POSTED}
    assert client.post("/api/llm/switch", own).status == 200
    without_key = {name: own[name] for name in ("provider", "model")}
    for elsewhere in ({**own, "baseURL": EVIL, "apiKey": "[REDACTED]"}, {**without_key, "baseURL": EVIL}):
        assert client.post("/api/llm/switch", elsewhere).status == 200
        assert client.json("/api/llm/current")["config"]["baseURL"] == EVIL
        assert client.post("/api/llm/switch", own).status == 200


def test_a_stored_key_stays_with_its_base_url(client: Client) -> None:
    """A custom model's key is not carried over to another base URL, whether masked or left out."""
    own = {"name": "own", "baseURL": "https://mine.example/v1", "apiKey": POSTED}
    assert client.post("/api/llm/custom-models", own).status == 200
    for key in ({"apiKey": "[REDACTED]"}, {}):
        answer = client.post("/api/llm/custom-models", {"name": "own", "baseURL": EVIL, **key})
        assert (answer.status, answer.json["code"]) == (400, "custom_model_key_bound")
    assert client.delete("/api/llm/custom-models/own").status == 200
    moved = client.post("/api/llm/custom-models", {"name": "other", "baseURL": EVIL, "apiKey": "[REDACTED]"})
    assert "apiKey" not in moved.json["model"]


@pytest.mark.parametrize("key", ["$ANTHROPIC_API_KEY", "${ANTHROPIC_API_KEY}", "keyring:ANTHROPIC_API_KEY"])
def test_nothing_posted_is_filled_in(client: Client, key: str) -> None:
    """A posted key that refers to a variable is refused, so that a client can't send variables to an endpoint."""
    for path, body in [
        ("custom-models", {"name": "own", "baseURL": EVIL}),
        ("switch", {"provider": "openai-compatible", "model": "own", "baseURL": EVIL}),
        ("key", {"provider": "groq"}),
    ]:
        assert client.post(f"/api/llm/{path}", {**body, "apiKey": key}).status == 400
    assert client.json("/api/llm/custom-models")["models"] == []
    assert not client.json("/api/llm/key/groq")["hasKey"]


def test_a_reference_of_the_users_own_comes_back(serve: Serve, make_environment: MakeEnvironment) -> None:
    """A client can switch to a custom model by sending back what it received in place of the key."""
    model = {"name": "own", "provider": "openai-compatible", "baseURL": "https://mine.example/v1", "apiKey": "$MINE"}
    files = {".dexto/models/custom-models.json": json.dumps({"version": 1, "models": [model]})}
    client = serve.app(environment=make_environment(files, MINE="sk-mine"))
    (shown,) = client.json("/api/llm/custom-models")["models"]
    chosen = {"model": "own", **{name: shown[name] for name in ("provider", "baseURL", "apiKey")}}
    assert client.post("/api/llm/switch", chosen).status == 200
    assert client.json("/api/llm/current")["config"]["hasApiKey"]


def test_files_are_the_users_alone(client: Client, tmp_path: Path) -> None:
    """Files that contain keys, or reveal which models a user uses, are readable by that user only."""
    client.post("/api/llm/key", {"provider": "groq", "apiKey": POSTED})
    client.post("/api/llm/custom-models", {"name": "own", "baseURL": "http://localhost:9/v1", "apiKey": POSTED})
    client.post("/api/llm/switch", {"provider": "groq", "model": "x", "apiKey": POSTED})
    written = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.suffix == ".json"
    ]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in written}
    assert modes["custom-models.json"] == modes["current-models.json"] == 0o600
    assert POSTED not in next(path for path in written if path.name == "current-models.json").read_text()
