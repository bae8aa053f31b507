"""Servers that pass requests through to fake endpoints, and what is sent to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

import pytest

from polyroute import Environment, Plugins, Preferences
from polyroute.fallback.plan import Policy
from polyroute.organisation import OrganisationPolicy
from polyroute.server import create_app
from polyroute.server.passthrough.app import PassThrough
from polyroute.server.request_log import RequestLog
from tests.support.endpoint_plugins import Direct
from tests.support.http_server import Answer, Client, running

TOKEN = "token-canary"
BEARER: dict[str, Any] = {"authorization": f"Bearer {TOKEN}"}
KEYS = {"ACME_KEY": "secret-1", "UMBRELLA_KEY": "secret-1"}
CHAT = "/v1/chat/completions"
QUESTION: Any = [{"role": "user", "content": "Hello?"}]


class PassingTo:
    """A factory of pass-throughs to endpoints, which end with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(
        self,
        *plugins: object,
        policy: Policy = "never",
        seconds: float = 30,
        prefer: str = "",
        translate: bool = True,
        shortcuts: Mapping[str, str] = MappingProxyType({}),
        log: RequestLog | None = None,
        origins: Iterable[str] = (),
        rules: OrganisationPolicy | None = None,
        **variables: str,
    ) -> Client:
        """Return a client with the token, for a user with these variables, by default a key for every provider."""
        app = create_app(
            plugins=Plugins.load(plugins, only=["direct", "openrouter", "dexto"]),
            environment=Environment(variables or KEYS),
            preferences=Preferences(prefer=prefer) if prefer else Preferences(),
            token=TOKEN,
            origins=origins,
            pass_through=PassThrough(policy, seconds=seconds, translate=translate, shortcuts=shortcuts),
            log=log,
            policy=rules,
        )
        return self._stack.enter_context(running(app, **BEARER))


@pytest.fixture
def passing_to() -> Iterator[PassingTo]:
    """A factory of pass-throughs."""
    with ExitStack() as stack:
        yield PassingTo(stack)


def asking(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": QUESTION, **more}


def ran(answer: Answer) -> tuple[str, ...]:
    return tuple(answer.headers[f"x-polyroute-{name}"] for name in ("via", "model", "provider"))


def at(base_url: str, plugin: Direct) -> Direct:
    """Return the plugin with its endpoint at `base_url`."""
    plugin.provider = plugin.provider._replace(base_url=base_url)
    return plugin
