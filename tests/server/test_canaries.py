"""Every HTTP operation for a user who has a canary in each place of a key, in a host that logs everything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from polyroute.server.table import OPERATIONS
from tests.support import canary_host
from tests.support.canary_user import MARK, PLACES, CanaryUser, canary
from tests.support.echo_endpoint import EchoEndpoint, running
from tests.support.http_server import Client
from tests.support.raw_sockets import connected, received
from tests.support.shell import Shell

QUESTION = [{"role": "user", "content": f"Is {canary('POLYROUTE_TOKEN')} in this?"}]
MINE = {"name": "mine", "provider": "openai-compatible", "baseURL": "https://mine.example/v1"}
PICKED = {"provider": "openai", "model": "gpt-5"}
REQUESTS: Mapping[str, list[tuple[str, Any]]] = {
    "GET /llm/catalog": [("", None), ("?mode=flat", None)],
    "GET /llm/models": [("", None), ("?q=gpt-5&sort=-context", None)],
    "GET /llm/models/{id}": [("", None)],
    "GET /llm/search": [("?q=gpt-5", None)],
    "GET /llm/snippet": [
        (f"?model={place}/m&format={form}", None) for place in PLACES[:-3] for form in ("python", "curl", "litellm")
    ],
    "GET /llm/providers": [("", None)],
    "POST /llm/local/look": [("", None)],
    "POST /llm/lists/refresh": [("", None)],
    "GET /llm/status": [("", None)],
    "GET /llm/resolve": [(f"?model={place}/m", None) for place in PLACES[:-3]]
    + [(f"?model=openai-compatible/{place}", None) for place in PLACES[-3:]],
    "GET /llm/capabilities": [("?provider=openai&model=gpt-5", None)],
    "GET /openrouter/validate/{modelId}": [("", None)],
    "POST /openrouter/refresh-cache": [("", None)],
    "GET /plugins": [("", None)],
    "POST /plugins/switch": [("", {"plugin": "direct", "enabled": True})],
    "GET /dexto-auth/status": [("", None)],
    "GET /models/local": [("", None)],
    "POST /models/local/validate": [("", {"filePath": "/m.gguf"})],
    "GET /models/ollama": [("?baseURL=http://127.0.0.1:9", None)],
    "GET /llm/problems": [("", None)],
    "POST /llm/repair": [("", {"file": "/home/me/config.toml"})],
    "GET /llm/current": [("", None)],
    "POST /llm/switch": [("", {**PICKED, "apiKey": canary("posted")}), ("", {**MINE, "model": "mine", "name": None})],
    "GET /llm/custom-models": [("", None)],
    "POST /llm/custom-models": [("", {**MINE, "apiKey": canary("posted")})],
    "PATCH /llm/custom-models/{name}": [("", {"apiKey": canary("posted-later")})],
    "GET /llm/custom-model-advice": [("?provider=openai-compatible&name=mine", None)],
    "DELETE /llm/custom-models/{name}": [("", None)],
    "GET /llm/key/{provider}": [("", None)],
    "POST /llm/key": [
        ("", {"provider": "groq", "apiKey": canary("posted")}),
        ("", {"provider": "azure", "values": {"AZURE_API_KEY": canary("posted"), "AZURE_RESOURCE_NAME": "mine"}}),
    ],
    "DELETE /llm/key/{provider}": [("", None)],
    "POST /llm/verify": [("", {"providers": []})],
    "GET /llm/shortcuts": [("", None)],
    "PUT /llm/shortcuts": [("", {"shortcuts": {"a": "openai/gpt-5"}})],
    "GET /llm/preferences": [("", None)],
    "PUT /llm/preferences": [("", {"prefer": "direct"})],
    "GET /llm/model-picker-state": [("", None)],
    "POST /llm/model-picker-state/recents": [("", PICKED)],
    "POST /llm/model-picker-state/favorites/toggle": [("", PICKED)],
    "PUT /llm/model-picker-state/favorites": [("", {"favorites": [PICKED]})],
}
"""Queries and bodies for each operation."""
FILLED = {"{modelId}": "x", "{id}": "openai%2Fgpt-5", "{name}": "mine", "{provider}": "anthropic"}
CLIENTS_OWN = {
    "x-api-key": canary("client"),
    "cookie": f"session={canary('client')}",
    "x-goog-api-key": canary("client"),
    "proxy-authorization": f"Basic {canary('client')}",
    "x-copy": canary("POLYROUTE_TOKEN"),
}
"""What clients send along that no endpoint may get."""


class Host(NamedTuple):
    """A running host."""

    client: Client
    user: CanaryUser
    endpoint: EchoEndpoint
    errors: list[list[str]]
    """The texts of the errors of running each model."""


@contextmanager
def started(user: CanaryUser, endpoint: EchoEndpoint, log: Path) -> Iterator[Host]:
    """Run the host until the end of the block; then check what it printed."""
    command = [sys.executable, canary_host.__file__, str(log), *user.models.values()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=user.shell.variables, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            errors, url = [json.loads(line) for line in lines]
            client = Client(url, authorization=f"Bearer {user.shell.variables['POLYROUTE_TOKEN']}")
            yield Host(client, user, endpoint, errors)
        finally:
            process.terminate()
            printed = process.communicate(timeout=30)
    assert MARK not in "".join(printed)


@pytest.fixture
def host(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Return a host of a user with canaries everywhere; afterwards, check all that is not a response."""
    with running() as endpoint:
        user = CanaryUser(shell, endpoint.url)
        user.keep_caches_apart()
        user.add_other_places()
        shell.variables |= {"POLYROUTE_OFFLINE": "1", "PYTHONPATH": f"{shell.site.folder}:{Path(__file__).parents[2]}"}
        before = user.places_of_canaries()
        log = tmp_path_factory.mktemp("log") / "debug.log"
        with started(user, endpoint, log) as found:
            yield found
        assert user.places_of_canaries() == before
        logged = log.read_text(encoding="utf-8")
        assert {"httpx2", "httpcore2.http11", "polyroute", "uvicorn.error"} <= {
            line.split(" ")[0] for line in logged.splitlines()
        }
        assert [line for line in logged.splitlines() if MARK in line] == []


def answers(host: Host) -> Iterator[tuple[str, int, str]]:
    """Send each operation's requests, and invalid forms of each; yield what was sent, the status, headers and body."""
    for operation in OPERATIONS:
        name = f"{operation.method} {operation.path}"
        path = operation.path
        for part, value in FILLED.items():
            path = path.replace(part, value)
        for query, document in REQUESTS[name]:
            body = None if document is None else {key: value for key, value in document.items() if value is not None}
            for form, sent, headers in forms(body):
                answer = host.client.send(operation.method, f"/api{path}{query}", sent, **headers)
                yield f"{name} {form}", answer.status, f"{dict(answer.headers)} {answer.plain.decode()}"


def forms(body: Any) -> Iterator[tuple[str, bytes | None, dict[str, str]]]:
    """Yield a request's body in valid and invalid forms, with headers."""
    as_json = {"content_type": "application/json"}
    yield "without a token", None, {"authorization": ""}
    yield "with another token", None, {"authorization": f"Bearer {canary('other-token')}"}
    yield "for another host", None, {"host": "evil.example"}
    yield "from another page", None, {"origin": "https://evil.example"}
    if body is not None:
        whole = json.dumps({**body, canary("field"): canary("value")}).encode()
        yield "with an unknown field", whole, as_json
        yield "cut", whole[:-1], as_json
        yield "of another type", json.dumps([canary("value")]).encode(), as_json
        yield "as a form", f"apiKey={canary('value')}".encode(), {"content_type": "application/x-www-form-urlencoded"}
        wrong = {name: [[canary("value")]] for name in body}
        yield "with wrong values", json.dumps(wrong).encode(), as_json
    yield "valid", None if body is None else json.dumps(body).encode(), {} if body is None else as_json


def passed_through(host: Host) -> Iterator[tuple[str, int, str]]:
    """Run each model through the pass-through, with secrets of the client along; yield as `answers` does."""
    for model in [*host.user.models.values(), "nobody/m", "bedrock/m"]:
        body = json.dumps({"model": model, "messages": QUESTION}).encode()
        path = f"/v1/chat/completions?key={canary('client')}"
        answer = host.client.send("POST", path, body, content_type="application/json", **CLIENTS_OWN)
        yield f"{model} passed", answer.status, f"{dict(answer.headers)} {answer.plain.decode()}"
    for form, sent, headers in forms({"model": "by-file/m"}):
        answer = host.client.send("POST", "/v1/messages", sent, **headers)
        yield f"messages {form}", answer.status, f"{dict(answer.headers)} {answer.plain.decode()}"


def pages(host: Host) -> Iterator[tuple[str, int, str]]:
    """Get the page, the list of models, the description and a path that does not exist; yield as `answers` does."""
    for path in ("/", "/health", "/v1/models", "/api/openapi.json", f"/{MARK[:-1]}", "/api/nothing"):
        answer = host.client.get(path)
        yield path, answer.status, f"{dict(answer.headers)} {answer.plain.decode()}"


def events(host: Host) -> str:
    """Return what an open stream of events contains after a key was stored."""
    authorization = f"Authorization: Bearer {host.user.shell.variables['POLYROUTE_TOKEN']}"
    with connected(host.client.url) as stream:
        stream.sendall(f"GET /api/events HTTP/1.1\r\nHost: {host.client.address}\r\n{authorization}\r\n\r\n".encode())
        begun = received(stream, b"event: hello")
        host.client.post("/api/llm/key", {"provider": "xai", "apiKey": canary("posted")})
        return (begun + received(stream, b"event: changed")).decode()


def expected(user: CanaryUser, place: str) -> dict[str, str]:
    """Return the headers with a canary that the endpoint of a key gets."""
    account = {"x-account": user.key(place)} if place == "by-headers" else {}
    return {"authorization": f"Bearer {user.key(place)}", **account}


def test_no_canary_leaves_its_place(host: Host) -> None:
    """No response, log, error, event, page or file has a canary, and an endpoint gets its own route's key only."""
    assert {f"{each.method} {each.path}" for each in OPERATIONS} == set(REQUESTS)
    found = [*answers(host), *passed_through(host), *pages(host)]
    assert [name for name, _, text in found if MARK in text] == []
    valid = {name: status for name, status, _ in found if name.endswith(" valid")}
    assert {name: status for name, status in valid.items() if status != 200} == {
        "POST /openrouter/refresh-cache valid": 500,  # the network is off
        "POST /llm/repair valid": 404,  # nothing is damaged
        "messages valid": 400,  # it has none, so that it can not be translated for the protocol of its route
    }
    others = {name: status for name, status, _ in found if name.startswith(tuple(REQUESTS)) and name not in valid}
    taken = {name for name, status in others.items() if status < 400}
    assert {name for name in taken if not name.endswith("with an unknown field")} == set()  # which is dropped
    assert max(status for name, status in others.items() if name.endswith("with an unknown field")) < 500
    assert MARK not in events(host)
    assert len(host.errors) == len(PLACES)
    assert [text for texts in host.errors for text in texts if MARK in text] == []
    asked = [each.keys for each in host.endpoint.heard if "completions" in each.path]
    assert asked == [expected(host.user, place) for place in PLACES]
    assert [each.path for each in host.endpoint.heard if MARK in each.path + each.body] == []
    assert MARK not in (host.user.home / "command-lines").read_text(encoding="utf-8")
