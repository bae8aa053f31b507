"""A pass-through with one vendor for each API, whose translator starts once for all tests."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from polyroute import Alternative, Environment, Group, Plugins, Preferences, Slot
from polyroute.fallback.plan import Policy
from polyroute.server import create_app
from polyroute.server.passthrough.app import PassThrough
from polyroute.server.passthrough.translation.process_translator import ProcessTranslator
from polyroute.server.passthrough.translation.worker_process import WorkerProcess
from tests.support.api_endpoint import APIS, path_of
from tests.support.apis import Api
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Answer, Client, running
from tests.support.pass_through import BEARER, TOKEN
from tests.support.serving import within

MODEL = "acme-large"
_START_SECONDS = 180.0
"""How long its process may take to start, which imports a large library, while other tests run."""
_JSON = {"content-type": "application/json"}


class Translating:
    """A running pass-through and its endpoints."""

    def __init__(self, stack: ExitStack, policy: Policy = "never", seconds: float = 30) -> None:
        self._upstreams = {name: stack.enter_context(Upstream(MODEL, protocols=(name,)).running()) for name in APIS}
        self.pass_through = PassThrough(policy, seconds=seconds, start_early=lambda: True)
        translator = self.pass_through._translator
        assert isinstance(translator, ProcessTranslator)
        self._translator = translator
        app = create_app(
            plugins=Plugins.load([_vendor(*each) for each in self._upstreams.items()], only=["direct"]),
            environment=Environment({_variable(name): "secret-1" for name in APIS}),
            preferences=Preferences(),
            token=TOKEN,
            pass_through=self.pass_through,
        )
        self.client: Client = stack.enter_context(running(app, **BEARER))
        assert within(_START_SECONDS, lambda: translator.process.is_ready)

    @property
    def process(self) -> WorkerProcess:
        """Return the translator's process."""
        return self._translator.process

    @property
    def callbacks_port(self) -> int:
        """Return the port at which the process calls back."""
        return self._translator.callbacks.port

    def to(self, target: Api) -> Upstream:
        """Return the endpoint that speaks an API."""
        return self._upstreams[target.name]

    def ask(self, source: Api, target: Api, *, stream: bool = False, **more: Any) -> Answer:
        """Return the response to a question in one API about the model at an endpoint with another."""
        model = self.model(target)
        body = json.dumps({**source.question(model, "Hello?", stream=stream), **more}).encode()
        connection = http.client.HTTPConnection(self.client.address, timeout=_START_SECONDS)
        try:
            connection.request("POST", path_of(source, model, stream=stream), body, {**_JSON, **BEARER})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def model(self, target: Api) -> str:
        """Return the model at that endpoint."""
        return f"acme-{target.name}/{MODEL}"


@pytest.fixture(scope="package")
def translating() -> Iterator[Translating]:
    """A pass-through with one vendor for each API."""
    with ExitStack() as stack:
        yield Translating(stack)


def _variable(name: str) -> str:
    return f"ACME_{name.replace('-', '_').upper()}_KEY"


def _vendor(name: str, upstream: Upstream) -> Direct:
    key = Slot("key", (Alternative(_variable(name)),), secret=True)
    return Direct(upstream, id=f"acme-{name}", name=f"Acme {name}", requirement=(Group((key,)),))
