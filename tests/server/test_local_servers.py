"""The user's own servers over HTTP: asked on request, and remembered for the user who asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polyroute import Catalog, Environment, Plugins
from polyroute.model_list.rows import ModelRows
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Client, Serve


@pytest.fixture(autouse=True)
def rows(plugins: Plugins) -> None:
    """Read and group the lists of all plugins before a request waits for them."""
    assert ModelRows(Catalog(plugins, Environment({}))).count


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Return a server with one model, as Ollama would be."""
    server = Upstream(key="")
    server.documents["/models"] = {"data": [{"id": "llama-of-mine"}]}
    with server.running():
        yield server


def looked(client: Client) -> dict[str, Any]:
    """Ask Ollama, and return what is found, without the time."""
    found = next(each for each in client.post("/api/llm/local/look", {}).json["servers"] if each["id"] == "ollama")
    assert found.pop("since")
    return dict(found)


def runs(client: Client, model: str = "ollama%2Fllama-of-mine") -> dict[str, Any]:
    """Return whether a model runs, and how."""
    return dict(client.json(f"/api/llm/models/{model}")["runs"])


def test_a_server_that_runs(serve: Serve, upstream: Upstream) -> None:
    """A server is asked on request only; then it is known whether it runs, and again when it has stopped."""
    client = serve(OLLAMA_HOST=upstream.url.removesuffix("/v1"))
    way = {"usable": True, "via": "direct", "provider": "ollama"}
    assert (runs(client), upstream.received) == ({**way, "server": "unchecked", "checked": False}, [])
    address = {"id": "ollama", "address": upstream.url}
    assert looked(client) == {**address, "state": "running", "models": 1}
    assert runs(client) == {**way, "server": "running"}
    upstream.stop()
    assert looked(client) == {**address, "state": "not_running", "models": 0}
    assert runs(client) == {"usable": False, "server": "not_running"}


def test_the_time_since_when(serve: Serve, upstream: Upstream) -> None:
    """A second look that finds the same changes nothing, also since when it is so."""
    client = serve(OLLAMA_BASE_URL=upstream.url)
    (first, again) = (client.post("/api/llm/local/look", {}).json["servers"] for _ in range(2))
    assert first == again
    assert {each["state"] for each in first if each["id"] == "ollama"} == {"running"}


def test_a_model_that_others_offer_too(serve: Serve) -> None:
    """A model that a stopped server and others list needs a key, or that server."""
    client = serve()
    client.post("/api/llm/local/look", {})
    found = runs(client, "lmstudio%2Fopenai%2Fgpt-oss-20b")
    assert (found["usable"], found["server"], found["missing"]) == (False, "not_running", "key")


def test_another_user_is_told_nothing(serve: Serve, upstream: Upstream) -> None:
    """What was found for one user is unknown to another, whose answers stay as they are."""
    asked, other = (serve(OLLAMA_BASE_URL=upstream.url, NAME=name) for name in ("one", "two"))
    looked(asked)
    assert [runs(each)["server"] for each in (asked, other)] == ["running", "unchecked"]
