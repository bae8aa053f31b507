"""With the policy `auto`, a route without credit is not tried first again."""

from __future__ import annotations

import pytest

from polyroute import AuthHeader, Route
from polyroute.errors import InsufficientCredits
from polyroute.fallback.exhausted import REMEMBERED_SECONDS, ExhaustedCredentials
from polyroute.types import Credential, ModelRef
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Gateway
from tests.support.fake_endpoint import Serve, Upstream
from tests.support.http_server import Client
from tests.support.pass_through import CHAT, PassingTo, asking, passing_to, ran

__all__ = ["passing_to"]

KEYS = {"UMBRELLA_KEY": "secret-1", "PARASOL_KEY": "secret-1"}


def two_gateways(serve: Serve, passing_to: PassingTo) -> tuple[Upstream, Upstream, Client]:
    first, second = serve(CLAUDE_AT_GATEWAYS), serve(CLAUDE_AT_GATEWAYS)
    plugins = Gateway(first, "parasol"), Gateway(second)
    return first, second, passing_to(*plugins, policy="auto", prefer="parasol", **KEYS)  # type: ignore[arg-type]


def test_an_exhausted_route_comes_last(serve: Serve, passing_to: PassingTo) -> None:
    """After a response that means no credit, the next request goes to the other route first."""
    first, second, client = two_gateways(serve, passing_to)
    first.fail("openrouter-credits")
    assert [ran(client.post(CHAT, asking(CLAUDE)))[0] for _ in range(3)] == ["umbrella"] * 3
    assert (len(first.received), len(second.received)) == (1, 3)


def test_if_all_are_exhausted(serve: Serve, passing_to: PassingTo) -> None:
    """If no route has credit, they are tried in their usual order again."""
    first, second, client = two_gateways(serve, passing_to)
    first.fail("openrouter-credits")
    second.fail("openrouter-credits")
    assert client.post(CHAT, asking(CLAUDE)).status == 402
    assert ran(client.post(CHAT, asking(CLAUDE)))[0] == "parasol"


def test_another_user_is_not_concerned(serve: Serve, passing_to: PassingTo) -> None:
    """What is known of one user's credentials does not change another's order."""
    first, _, client = two_gateways(serve, passing_to)
    first.fail("openrouter-credits")
    assert ran(client.post(CHAT, asking(CLAUDE)))[0] == "umbrella"
    plugins = Gateway(first, "parasol"), Gateway(serve(CLAUDE_AT_GATEWAYS))
    other = passing_to(*plugins, policy="auto", prefer="parasol", **KEYS)  # type: ignore[arg-type]
    assert ran(other.post(CHAT, asking(CLAUDE)))[0] == "parasol"


@pytest.mark.parametrize(("retry_after", "seconds"), [(None, REMEMBERED_SECONDS), (30.0, 30.0), (10.0**9, 86_400.0)])
def test_how_long_it_is_remembered(retry_after: float | None, seconds: float) -> None:
    """A credential is exhausted as long as the endpoint says, at most a day; else for five minutes."""
    now = 0.0
    known = ExhaustedCredentials(lambda: now)
    routes = [route("a"), route("b")]
    failed = InsufficientCredits(ModelRef("m", "x"), [routes[0]], None, "no credit", ValueError(), "", retry_after)
    known.note(failed)
    assert known.last(routes) == routes[::-1]
    now = seconds - 1
    assert known.last(routes) == routes[::-1]
    now = seconds
    assert known.last(routes) == routes


def route(name: str) -> Route:
    credential = Credential(name, f"https://{name}.invalid")
    return Route("x", "verbatim", name, True, credential.endpoint, "openai-chat", AuthHeader(), (), credential, "")
