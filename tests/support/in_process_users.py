"""Users of one application in this process: what each of them has, and what the application answers each of them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from starlette.types import Message, Scope

from polyroute import (
    Alternative,
    Environment,
    Group,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Plugins,
    Provider,
    Routeability,
    Slot,
    hookimpl,
)
from polyroute.dexto_compat.http import CURATED
from polyroute.server import create_app, openapi
from polyroute.server.table import OPERATIONS
from polyroute.types import CustomModelRules

CONTENT = (
    "/api/llm/catalog?scope=all",
    "/api/llm/catalog?mode=flat&usable=true",
    "/api/llm/status",
    "/api/llm/status?provider=host,filed",
    "/api/llm/preferences",
    "/api/openapi.json",
)
"""What users share whose shared answers are equal."""
MODELS = ("/api/llm/models", "/api/llm/models?q=one", "/api/llm/models/vendor/one", "/api/llm/models/filed/only")
"""What those of them share who have no favorites, recents and models of their own."""
PERSONAL = (
    "/api/llm/custom-models",
    "/api/llm/model-picker-state",
    "/api/llm/key/vendor",
    "/api/llm/key/host",
    "/api/llm/resolve?model=vendor/one",
    "/api/llm/resolve?model=host/a",
    "/api/llm/capabilities?provider=vendor&model=one",
    "/api/llm/current",
    "/api/plugins",
)


class SmallPlugin:
    """A plugin with providers of every way to find a credential, a gateway, and few models."""

    @hookimpl
    def polyroute_providers(self) -> Iterator[Provider]:
        """Yield a vendor, a host with settings, one with files, and a gateway."""
        rules = CustomModelRules("optional")
        yield Provider(
            "vendor", "Vendor", "vendor", _group(_key("VENDOR_KEY")), URL, aliases=WELL_KNOWN, custom_models=rules
        )
        region = Slot("region", (Alternative("HOST_REGION"),), default="eu", check="slug")
        yield Provider("host", "Host", "host", _group(_key("HOST_KEY"), region), "https://${region}.host.example/v1")
        project = Slot("project", (Alternative("FILED_PROJECT"),), check="slug")
        file = Slot("key", (Alternative(file="~/.filed/key.json", json_field="key"),), secret=True)
        named = Slot("key", (Alternative("FILED_KEY_FILE", names_file=True),), secret=True)
        url = "https://filed.example/${project}"
        yield Provider("filed", "Filed", "host", (Group((file, project)), Group((named, project))), url)
        yield Provider("gate", "Gate", "gateway", _group(_key("GATE_KEY")), "https://gate.example/v1")

    @hookimpl
    def polyroute_routeability(self) -> Iterator[Routeability]:
        """Yield what the gateway carries."""
        yield Routeability("gate", frozenset({"vendor"}), preferred=True)

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> Iterator[Model]:
        """Yield the models."""
        for provider, model in LISTED:
            if provider in provider_ids:
                yield Model(provider, model, model.title(), input_modalities=("text",), output_modalities=("text",))

    @hookimpl
    def polyroute_model_ids(self) -> Mapping[str, Mapper]:
        """Return the gateway's mapper."""
        return {"gate": _SameNames()}


class AskingPlugin:
    """A plugin whose models depend on the environment."""

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str], environment: Environment) -> Iterator[Model]:
        """Yield a model that is named for the user's home."""
        if "host" in provider_ids:
            yield Model("host", f"of-{Path(environment.home).name}")


URL = "https://vendor.example/v1"
WELL_KNOWN = (CURATED[0],)
"""Another name of the vendor, so that one of its models is current before a user chooses one."""
LISTED = (("vendor", "one"), ("vendor", "two"), ("host", "a"), ("filed", "only"), ("gate", "vendor/one"))


class _SameNames:
    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the ID of the one model that the gateway has."""
        return IdMapping(str(model), "listed") if model.id == "one" else IdMapping(None, "not_offered", "not there")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return the model of an ID."""
        return ModelRef.parse(gateway_id) if gateway_id == "vendor/one" else None


def _group(*slots: Slot) -> tuple[Group, ...]:
    return (Group(slots),)


def _key(variable: str) -> Slot:
    return Slot("key", (Alternative(variable),), secret=True)


class Having(NamedTuple):
    """What one user has. `{user}` stands for the user's own text in values of variables and in files."""

    variables: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    def environment(self, home: Path, mark: str) -> Environment:
        """Write the user's files and return their environment."""
        for name, text in self.files:
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{user}", mark), encoding="utf-8")
            path.chmod(0o600)
        variables = {name: value.replace("{user}", mark) for name, value in self.variables}
        return Environment({"POLYROUTE_HOME": str(home / "polyroute"), **variables}, home=home)


class Answer(NamedTuple):
    """One response."""

    status: int
    body: bytes
    etag: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Host:
    """An application for several users, asked in this process. Its methods are called in one thread."""

    def __init__(self, plugins: Plugins, users: Mapping[str, Environment]) -> None:
        self.users = users
        self._loop = asyncio.new_event_loop()
        with patch.object(openapi, "document", _described):
            self._app = create_app(plugins=plugins, environment=lambda scope: self.users[scope["user"]], hosts=["*"])

    def close(self) -> None:
        """Close the event loop, once nothing runs on it any more."""
        self._app.close()
        if running := asyncio.all_tasks(self._loop):
            self._loop.run_until_complete(asyncio.wait(running))
        self._loop.close()

    def get(self, user: str, path: str) -> Answer:
        """Return the answer to a GET request of a user."""
        return self.get_all([(user, path)])[0]

    def get_all(self, asked: Iterable[tuple[str, str]]) -> list[Answer]:
        """Return the answers to requests of users and paths that are sent at once."""

        async def together() -> list[Answer]:
            return await asyncio.gather(*(self._ask(user, "GET", path, b"") for user, path in asked))

        return self._loop.run_until_complete(together())

    def send(self, user: str, method: str, path: str, document: object = None) -> Answer:
        """Return the answer to a request with a body."""
        return self._loop.run_until_complete(self._ask(user, method, path, json.dumps(document).encode()))

    async def _ask(self, user: str, method: str, path: str, body: bytes) -> Answer:
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app(_scope(user, method, path), receive, send)
        headers = dict(messages[0]["headers"])
        data = b"".join(each.get("body", b"") for each in messages[1:])
        data = re.sub(rb'"traceId":"\w+"', b"", data)  # each error has its own
        return Answer(messages[0]["status"], data, headers.get(b"etag", b""))


@cache
def _description() -> openapi.Schema:
    return _DOCUMENT(OPERATIONS, token=False)


def _described(*_: object, **__: object) -> openapi.Schema:
    """Return the description of the API, which takes longest to make and is the same for all applications here."""
    return _description()


_DOCUMENT = openapi.document


def _scope(user: str, method: str, path: str) -> Scope:
    path, _, query = path.partition("?")
    headers = [(b"host", b"x"), (b"content-type", b"application/json")]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": headers,
        "user": user,
    }
