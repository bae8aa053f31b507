"""What happens to a call when the secret of its login ends, is refused, or can't be had."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import openai as real_openai
import pytest

from polyroute import (
    Catalog,
    Credential,
    Detection,
    Environment,
    MissingSecret,
    Preferences,
    Secret,
    SecretUnavailable,
    Source,
    hookimpl,
)
from polyroute.integrations import openai
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway, catalog_of
from tests.support.fake_endpoint import Serve, Upstream
from tests.support.http_server import Client
from tests.support.pass_through import CHAT, PassingTo, asking, passing_to, ran
from tests.support.sdks import OPENAI_CHAT, QUESTION, Ask, openai_chat

__all__ = ["passing_to"]

UMBRELLA_FIRST = Preferences(order=("umbrella", "vector", "direct"))
GONE = Secret(reason="the login has expired", remedy="Run: umbrella login.")
HOUR = 3600


class _Login:
    """A login that is always found, and that returns its secrets one after the other."""

    secrets: Iterator[Secret]
    name: str

    @hookimpl
    def polyroute_credentials(self) -> list[Detection]:
        """Return a login."""
        return [Detection(self.name, "oauth-token", Source("plugin", "login"))]

    @hookimpl
    def polyroute_secrets(self, credential: Credential, environment: Environment) -> Secret:
        """Return the next secret."""
        return next(self.secrets)


class Vendor(_Login, Direct):
    """A vendor `acme` that is called with a login."""

    name = "acme"

    def __init__(self, upstream: Upstream, *secrets: Secret, **facts: Any) -> None:
        super().__init__(upstream, requirement=(), **facts)
        self.secrets = iter(secrets)


class LoggedOut(_Login, Gateway):
    """The gateway `umbrella`, whose login is found but has ended."""

    name = "umbrella"

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(upstream)
        self.provider = self.provider._replace(requirement=())
        self.secrets = iter(lambda: GONE, None)


class Two:
    """A gateway that the user is logged out of, and one with a key."""

    def __init__(self, serve: Serve) -> None:
        self.first, self.second = serve(CLAUDE_AT_GATEWAYS), serve(CLAUDE_AT_GATEWAYS, key="secret-2")
        self.plugins = LoggedOut(self.first), Gateway(self.second, "vector")

    def catalog(self) -> Catalog:
        """Return a catalog in which the first gateway is preferred."""
        return catalog_of(*self.plugins, preferences=UMBRELLA_FIRST, VECTOR_KEY="secret-2")


@pytest.fixture
def two(serve: Serve) -> Two:
    return Two(serve)


@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_auto_goes_on_where_there_is_no_secret(two: Two, ask: Ask) -> None:
    """If a route has no secret, nothing was sent, so `auto` takes the next route, with every library."""
    catalog = two.catalog()
    assert catalog.run(CLAUDE, lambda route: ask(catalog, route), policy="auto") == f"Hello from {CLAUDE_AT_GATEWAYS}"
    assert (two.first.received, len(two.second.received)) == ([], 1)


def test_without_a_policy_the_plugin_says_what_to_do(two: Two) -> None:
    """Without a policy, the error has the plugin's own reason and remedy, and no other route is taken."""
    catalog = two.catalog()
    with pytest.raises(MissingSecret) as caught:
        catalog.run(CLAUDE, lambda route: openai_chat(catalog, route))
    assert "the login has expired" in str(caught.value)
    assert "Run: umbrella login." in str(caught.value)
    assert two.second.received == []


def test_the_pass_through_goes_on_too(two: Two, passing_to: PassingTo) -> None:
    """With `auto`, the pass-through sends the request to the next route."""
    client = passing_to(*two.plugins, policy="auto", prefer="umbrella", VECTOR_KEY="secret-2")
    answer = client.post(CHAT, asking(CLAUDE))
    assert (answer.status, ran(answer)[0], two.first.received) == (200, "vector", [])


def test_the_pass_through_says_what_to_do(two: Two, passing_to: PassingTo) -> None:
    """Without a policy, the pass-through responds with the plugin's own remedy."""
    client = passing_to(*two.plugins, prefer="umbrella", VECTOR_KEY="secret-2")
    answer = client.post(CHAT, asking(CLAUDE))
    assert (answer.status, two.second.received) == (400, [])
    assert "Run: umbrella login." in answer.json["error"]["message"]


class Seen(Vendor):
    """A vendor whose login declares when it ends."""

    ends = 4102444800.0

    @hookimpl
    def polyroute_credentials(self) -> list[Detection]:
        """Return a login, with its end."""
        login = Source("plugin", "login")
        return [Detection("acme", "oauth-token", login, remedy="Run: acme login.", expires_at=self.ends)]


def test_the_api_says_when_a_login_ends(serve: Serve, passing_to: PassingTo) -> None:
    """Routes over HTTP have the end of their login in ISO 8601; one that has ended is not usable, with the remedy."""
    plugin = Seen(serve("acme-large"))
    (route,) = routes_of_acme(passing_to(plugin))
    assert (route["usable"], route["expiresAt"]) == (True, "2100-01-01T00:00:00Z")
    plugin.ends = 1.0
    (route,) = routes_of_acme(passing_to(plugin))
    assert (route["usable"], route["expiresAt"], route["remedy"]) == (False, None, "Run: acme login.")


def routes_of_acme(client: Client) -> list[dict[str, Any]]:
    routes: list[dict[str, Any]] = client.json("/api/llm/catalog")["providers"]["acme"]["routes"]
    return routes


def first_ends_soon() -> tuple[Secret, ...]:
    return Secret("secret-0", time.time() + 1), Secret("secret-1", time.time() + HOUR)


def first_is_refused() -> tuple[Secret, ...]:
    return Secret("secret-0", time.time() + HOUR), Secret("secret-1", time.time() + HOUR)


def test_a_client_renews_a_key_that_ends(serve: Serve) -> None:
    """A client that was created with a key that ends within a minute sends the next key."""
    upstream = serve("acme-large")
    catalog = catalog_of(Vendor(upstream, *first_ends_soon()))
    assert openai_chat(catalog, "acme/acme-large") == "Hello from acme-large"
    assert [each.keys for each in upstream.received] == [{"authorization": "Bearer secret-1"}]


def test_a_client_renews_a_key_that_was_refused(serve: Serve) -> None:
    """After a 401 the same client reads the key anew, and the next request succeeds."""
    upstream = serve("acme-large")
    client, model_id = openai.client(
        catalog_of(Vendor(upstream, *first_is_refused())), "acme/acme-large", max_retries=0
    )
    with client:
        with pytest.raises(real_openai.AuthenticationError):
            client.chat.completions.create(model=model_id, messages=QUESTION)
        client.chat.completions.create(model=model_id, messages=QUESTION)
    assert [each.keys["authorization"] for each in upstream.received] == ["Bearer secret-0", "Bearer secret-1"]


def test_a_header_of_the_secret_replaces_the_providers(serve: Serve) -> None:
    """A header that the secret sets is sent once, and replaces the provider's in any case of letters."""
    upstream = serve("acme-large")
    login = Secret("secret-1", headers=(("x-account", "mine"), ("authorization", "not the key")))
    vendor = Vendor(upstream, login, login, headers=(("X-Account", "everybody's"), ("X-Other", "1")))
    catalog = catalog_of(vendor)
    call = catalog.environment.call(catalog.resolve("acme/acme-large"))
    assert call.headers == (("X-Other", "1"), ("x-account", "mine"), ("Authorization", "Bearer secret-1"))
    openai_chat(catalog, "acme/acme-large")
    assert upstream.received[0].headers["x-account"] == "mine"


@pytest.mark.parametrize("wrong", [lambda: time.time() * 1000, lambda: "tomorrow", lambda: float("nan")])
def test_an_end_that_is_no_moment(serve: Serve, wrong: Callable[[], float]) -> None:
    """An end in milliseconds, or an invalid one, is a problem of the plugin: its secret is not used."""
    catalog = catalog_of(Vendor(serve("acme-large"), Secret("secret-1", wrong())))
    with pytest.raises(SecretUnavailable):
        catalog.environment.reveal(catalog.resolve("acme/acme-large").credential)
    (problem,) = catalog.problems
    assert "invalid expires_at (seconds since 1970)" in problem.message
    assert "secret-1" not in str(problem)
