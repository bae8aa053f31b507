"""Routes that speak another API than the client are taken after all others, by a translator."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from starlette.types import Send

from polyroute.fallback.plan import Policy
from polyroute.integrations import translation
from polyroute.server.passthrough.app import PassThrough
from polyroute.server.passthrough.response import EndpointRefusal
from polyroute.server.passthrough.translator import ForeignRequest
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway
from tests.support.fake_endpoint import Serve
from tests.support.pass_through import CHAT, PassingTo, asking, passing_to, ran

__all__ = ["passing_to"]


@dataclass
class Said:
    """A response that a translator made up."""

    status: int = 200

    async def read(self) -> httpx2.Response:
        """Return the response."""
        return httpx2.Response(self.status, json={"error": {"message": "You are out of credits."}})

    async def relay(self, send: Send) -> None:
        """Send a body of its own."""
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"translated"})

    async def close(self) -> None:
        """Do nothing."""


@dataclass
class FakeTranslator:
    """A translator that answers by itself, and notes what it was asked."""

    statuses: list[int] = field(default_factory=list)
    asked: list[ForeignRequest] = field(default_factory=list)
    closed: bool = False

    def targets(self, protocol: str) -> Collection[str]:
        """Return two protocols."""
        return [each for each in ("openai-chat", "anthropic-messages") if each != protocol]

    async def send(self, request: ForeignRequest) -> Said:
        """Answer, or refuse with the next of the statuses."""
        self.asked.append(request)
        said = Said(self.statuses.pop(0) if self.statuses else 200)
        if said.status >= 400 and request.policy == "auto":
            raise EndpointRefusal(said, await said.read())
        return said

    def begin(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch) -> FakeTranslator:
    """Return the translator of all pass-throughs."""
    made = FakeTranslator()
    original = PassThrough.__init__

    def prepared(self: PassThrough, *given: Any, **options: Any) -> None:
        original(self, *given, **options)
        self._translator = made

    monkeypatch.setattr(PassThrough, "__init__", prepared)
    return made


def test_a_model_without_a_native_route(serve: Serve, passing_to: PassingTo, translator: FakeTranslator) -> None:
    """If no route of a model speaks the client's API, the translator answers along its first route."""
    upstream = serve("acme-large", protocols=("anthropic-messages",))
    answer = passing_to(Direct(upstream)).post(CHAT, asking("acme/acme-large", stream=True))
    assert (answer.status, answer.body) == (200, b"translated")
    (asked,) = translator.asked
    assert (asked.route.protocol, asked.request.method.protocol) == ("anthropic-messages", "openai-chat")
    assert asked.request.streams
    assert upstream.received == []


@pytest.mark.parametrize(("policy", "status"), [("auto", 200), ("never", 402)])
def test_native_routes_come_first(
    serve: Serve, passing_to: PassingTo, translator: FakeTranslator, policy: Policy, status: int
) -> None:
    """A gateway that speaks the client's API comes before the preferred one, and if it fails, that one is next."""
    foreign, native = serve(CLAUDE_AT_GATEWAYS, protocols=("anthropic-messages",)), serve(CLAUDE_AT_GATEWAYS)
    plugins = Gateway(foreign, "parasol"), Gateway(native)
    keys: dict[str, Any] = {"UMBRELLA_KEY": "secret-1", "PARASOL_KEY": "secret-1"}
    client = passing_to(*plugins, policy=policy, prefer="parasol", **keys)
    assert ran(client.post(CHAT, asking(CLAUDE)))[0] == "umbrella"
    assert translator.asked == []
    native.fail("openrouter-credits")
    assert client.post(CHAT, asking(CLAUDE)).status == status
    assert [each.route.via for each in translator.asked] == (["parasol"] if policy == "auto" else [])


def test_after_a_translated_route_the_next_one(serve: Serve, passing_to: PassingTo, translator: FakeTranslator) -> None:
    """If a translated route fails, the next one is taken; if it is the last one, the client gets its error."""
    gateways = [
        Gateway(serve(CLAUDE_AT_GATEWAYS, protocols=("anthropic-messages",)), each) for each in ("parasol", "umbrella")
    ]
    keys: dict[str, Any] = {"UMBRELLA_KEY": "secret-1", "PARASOL_KEY": "secret-2"}
    translator.statuses = [402, 200]
    client = passing_to(*gateways, policy="auto", prefer="parasol", **keys)
    assert client.post(CHAT, asking(CLAUDE)).body == b"translated"
    assert [each.route.via for each in translator.asked] == ["parasol", "umbrella"]
    translator.statuses = [402, 402]
    assert client.post(CHAT, asking(CLAUDE)).status == 402


def test_without_the_extra(serve: Serve, passing_to: PassingTo, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the extra is not installed, the client is told to install it, at once."""
    monkeypatch.setattr(translation, "is_installed", lambda: False)
    upstream = serve("acme-large", protocols=("anthropic-messages",))
    answer = passing_to(Direct(upstream)).post(CHAT, asking("acme/acme-large"))
    assert (answer.status, answer.headers.get("x-should-retry")) == (400, "false"), answer.body
    assert "pip install 'polyroute[translate]'" in answer.json["error"]["message"]


def test_what_no_other_api_has(serve: Serve, passing_to: PassingTo, translator: FakeTranslator) -> None:
    """Embeddings are not translated."""
    upstream = serve("acme-large", protocols=("anthropic-messages",))
    assert passing_to(Direct(upstream)).post("/v1/embeddings", asking("acme/acme-large")).status == 400
    assert translator.asked == []
