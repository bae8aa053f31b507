"""The application embedded in a host: several users, the host's own store of current models, hanging plugins."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Scope

from polyroute import Alternative, Detection, Environment, Group, Model, Plugins, Provider, Slot, hookimpl
from polyroute.server import Selection, create_app, state
from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Serve, running
from tests.support.serving import within

MODEL = {"provider": "openrouter", "model": "z-ai/glm-4.5-air:free"}


class Memory:
    """A host's own store of current models."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Selection] = {}

    def get(self, environment: Environment, session: str, /) -> Selection | None:
        """Return the current model of a user's session."""
        return self.kept.get((environment.home, session))

    def set(self, environment: Environment, session: str, selection: Selection, /) -> None:
        """Store the current model of a user's session."""
        self.kept[environment.home, session] = selection


class Users:
    """The environments of two users; a header selects one."""

    def __init__(self, homes: Mapping[bytes, Environment]) -> None:
        self.homes = homes

    def __call__(self, scope: Scope) -> Environment:
        """Return the environment of the user who sent the request."""
        return self.homes[dict(scope["headers"])[b"x-user"]]


@pytest.fixture
def users(tmp_path_factory: pytest.TempPathFactory) -> Users:
    homes = [tmp_path_factory.mktemp(name) for name in ("ann", "bob")]
    with_key = Environment({"DEXTO_API_KEY": "ann-secret"}, home=homes[0])
    return Users({b"ann": with_key, b"bob": Environment({}, home=homes[1])})


def test_users_do_not_see_each_other(plugins: Plugins, users: Users) -> None:
    """In a mounted application, each request is answered from the environment of the user who sent it."""
    host = Starlette(routes=[Mount("/inner", create_app(plugins=plugins, environment=users))])
    with running(host) as client:
        for name, usable in [("ann", True), ("bob", False), ("ann", True)]:
            catalog = client.get("/inner/api/llm/catalog?provider=anthropic", x_user=name).json
            assert catalog["providers"]["anthropic"]["hasApiKey"] == usable
        client.send(
            "POST",
            "/inner/api/llm/custom-models",
            b'{"provider":"openrouter","name":"ann/own"}',
            content_type="application/json",
            x_user="ann",
        )
        models = {
            name: client.get("/inner/api/llm/custom-models", x_user=name).json["models"] for name in ("ann", "bob")
        }
        assert ([each["name"] for each in models["ann"]], models["bob"]) == (["ann/own"], [])


def test_a_mounted_application_is_whole(plugins: Plugins, make_environment: MakeEnvironment) -> None:
    """Under a prefix, the page, errors and identifiers with slashes work too."""
    host = Starlette(routes=[Mount("/inner", create_app(plugins=plugins, environment=make_environment()))])
    with running(host) as client:
        assert client.get("/inner/").status == 200
        missing = client.delete("/inner/api/llm/custom-models/a%2Fb%3Afree")
        assert missing.json["context"] == {"modelName": "a/b:free"}
        assert missing.json["endpoint"] == "/inner/api/llm/custom-models/a/b:free"


def test_a_hosts_own_current_model(plugins: Plugins, users: Users) -> None:
    """The current model is read from and written to the host's store, per user and session."""
    memory = Memory()
    host = create_app(plugins=plugins, environment=users, current=memory)
    with running(host, x_user="ann") as client:
        assert client.post("/api/llm/switch", {**MODEL, "sessionId": "s1"}).json["sessionId"] == "s1"
        assert client.json("/api/llm/current?sessionId=s1")["config"]["model"] == MODEL["model"]
        assert not client.json("/api/llm/current")["chosen"]
    ((home, session), chosen) = next(iter(memory.kept.items()))
    assert (home, session, chosen.model) == (users.homes[b"ann"].home, "s1", MODEL["model"])


class Hung:
    """A plugin that blocks in one of its hooks until the test ends."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.reached = threading.Event()

    @hookimpl
    def polyroute_providers(self) -> Iterator[Provider]:
        """Yield one host."""
        key = Slot("key", (Alternative("HUNG_KEY"),), secret=True)
        yield Provider("hung", "Hung", "host", (Group((key,)),), "https://hung.example/v1")

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return no models, for its own provider only once the test ends."""
        if "hung" in provider_ids:
            self.reached.set()
            self.end.wait(60)
        return []


def test_a_plugin_that_hangs_delays_nobody_else(serve: Serve, make_environment: MakeEnvironment) -> None:
    """While one plugin blocks in listing its models, requests that don't need them are answered."""
    hung = Hung()
    plugins = Plugins.load([hung], only=["direct", "openrouter", "dexto"])
    with running(create_app(plugins=plugins, environment=make_environment(DEXTO_API_KEY="d"))) as client:
        waiting = threading.Thread(target=client.get, args=("/api/llm/resolve?model=hung/x",))
        waiting.start()
        assert hung.reached.wait(30)
        assert client.json("/health")["ok"]
        assert client.json("/api/llm/resolve?model=openrouter/a/b")["route"]["via"] == "dexto"
        assert client.post("/api/llm/custom-models", {"provider": "openrouter", "name": "a/b"}).status == 200
        assert client.json("/api/llm/custom-models")["models"][0]["name"] == "a/b"
        hung.end.set()
        waiting.join()


class Stuck:
    """A plugin that finds no login on its first call, and blocks on later calls until the test ends."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.asked = 0

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> list[Detection]:
        """Return no login; block on every call but the first."""
        self.asked += 1
        if self.asked > 1:
            self.end.wait(60)
        return []


def test_a_new_state_that_hangs_leaves_the_old_one(
    tmp_path: Path, make_environment: MakeEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a plugin hangs during the building of a new state, requests are answered from the previous state."""
    monkeypatch.setattr(state, "PATIENCE_SECONDS", 0.2)
    stuck = Stuck()
    plugins = Plugins.load([stuck], only=["direct", "openrouter", "dexto"])
    with running(create_app(plugins=plugins, environment=make_environment({".dexto/.env": ""}))) as client:
        path = "/api/llm/status?provider=mistral"
        assert not client.json(path)["providers"]["mistral"]["hasDirectKey"]
        (tmp_path / ".dexto" / ".env").write_text("MISTRAL_API_KEY=x\n")
        assert not client.json(path)["providers"]["mistral"]["hasDirectKey"]
        assert client.json("/api/llm/resolve?model=ollama/llama")["route"]["via"] == "direct"
        stuck.end.set()
        assert within(30, lambda: bool(client.json(path)["providers"]["mistral"]["hasDirectKey"]))
