"""A pass-through with one vendor for each API, whose translator starts once for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from polyroute import Alternative, Environment, Group, Plugins, Preferences, Slot
from polyroute.fallback.plan import Policy
from polyroute.server import create_app
from polyroute.server.passthrough.app import PassThrough
from tests.support.api_endpoint import APIS
from tests.support.apis import Api
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Client, running
from tests.support.pass_through import BEARER, TOKEN

MODEL = "acme-large"


class Translating:
    """A running pass-through and its endpoints."""

    def __init__(self, stack: ExitStack, policy: Policy = "never", seconds: float = 30) -> None:
        self._upstreams = {name: stack.enter_context(Upstream(MODEL, protocols=(name,)).running()) for name in APIS}
        self.pass_through = PassThrough(policy, seconds=seconds)
        app = create_app(
            plugins=Plugins.load([_vendor(*each) for each in self._upstreams.items()], only=["direct"]),
            environment=Environment({_variable(name): "secret-1" for name in APIS}),
            preferences=Preferences(),
            token=TOKEN,
            pass_through=self.pass_through,
        )
        self.client: Client = stack.enter_context(running(app, **BEARER))

    def to(self, target: Api) -> Upstream:
        """Return the endpoint that speaks an API."""
        return self._upstreams[target.name]

    def model(self, target: Api) -> str:
        """Return the model at that endpoint."""
        return f"acme-{target.name}/{MODEL}"


@pytest.fixture(scope="module")
def translating() -> Iterator[Translating]:
    """A pass-through with one vendor for each API."""
    with ExitStack() as stack:
        yield Translating(stack)


def _variable(name: str) -> str:
    return f"ACME_{name.replace('-', '_').upper()}_KEY"


def _vendor(name: str, upstream: Upstream) -> Direct:
    key = Slot("key", (Alternative(_variable(name)),), secret=True)
    return Direct(upstream, id=f"acme-{name}", name=f"Acme {name}", requirement=(Group((key,)),))
