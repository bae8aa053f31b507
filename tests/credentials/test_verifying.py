"""Verification: endpoints on this machine are asked whether keys work."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from polyroute import (
    Credential,
    Detection,
    Environment,
    Plugins,
    Probe,
    Source,
    UnknownProvider,
    Verification,
    hookimpl,
    verify,
)
from polyroute.types.result_check import find_fault
from tests.support.endpoint_plugins import Direct, Gateway, catalog_of, every_failure
from tests.support.fake_endpoint import Serve, Upstream
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

BALANCE = Probe("acme", "/balance", remaining="credit.left", currency="credit.in")


class Verifiable(Direct):
    """The vendor `acme`, with a probe."""

    def __init__(self, upstream: Upstream, probe: Probe = BALANCE, name: str = "acme") -> None:
        super().__init__(upstream, id=name, failures=every_failure())
        self.probe = probe._replace(provider=name)

    @hookimpl
    def polyroute_verifications(self) -> list[Probe]:
        """Return the request that verifies its key."""
        return [self.probe]


def found(upstream: Upstream, key: str = "secret-1", probe: Probe = BALANCE, **options: Any) -> tuple[str, str, str]:
    """Return the state, message and remaining credit of acme's key."""
    catalog = catalog_of(Verifiable(upstream, probe), ACME_KEY=key)
    (only,) = verify(catalog, ["acme"], **options)
    return only[1:]


@pytest.fixture
def upstream(serve: Serve) -> Upstream:
    """Return an endpoint that reports a balance."""
    upstream = serve()
    upstream.documents["/balance"] = {"credit": {"left": "4.50", "in": "CNY"}}
    return upstream


def test_a_key_that_works_is_valid_with_its_credit(upstream: Upstream) -> None:
    """One request is sent, with the key where the route puts it; the remaining credit is what the endpoint reports."""
    assert found(upstream) == ("valid", "", "4.50 CNY")
    (request,) = upstream.received
    assert (request.method, request.path, request.keys) == ("GET", "/v1/balance", {"authorization": "Bearer secret-1"})


def test_nothing_left_is_no_credit(upstream: Upstream) -> None:
    """A balance of zero is reported as no credit, whatever the status."""
    upstream.documents["/balance"] = {"credit": {"left": -0.1, "in": "USD"}}
    assert found(upstream) == ("no_credit", "", "-0.1 USD")


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        ("openai-key", "invalid"),
        ("openrouter-credits", "no_credit"),
        ("openai-quota", "no_credit"),
        ("anthropic-credit", "no_credit"),
        ("google-key", "invalid"),
        ("openai-rate-limit", "rate_limited"),
        ("openrouter-upstream", "unreachable"),
        ("openai-server-error", "unreachable"),
        ("bad-gateway-page", "unreachable"),
        ("wrong-path", "unsupported"),
    ],
)
def test_each_no_is_told_for_what_it_is(upstream: Upstream, failure: str, state: str) -> None:
    """Each failure is classified by status and body, as its provider documents it."""
    upstream.fail(failure)
    assert found(upstream)[0] == state


def test_the_endpoints_own_words_are_told_without_the_key(upstream: Upstream) -> None:
    """The endpoint's message is reported as one clean line, with any key in it masked."""
    upstream.say(401, json.dumps({"error": {"message": "No such key:\n\u202esecret-1\x1b[31m"}}))
    state, message, _ = found(upstream)
    assert (state, message) == ("invalid", "HTTP 401: No such key: [REDACTED] [31m")


def test_a_probe_can_say_what_a_status_means(upstream: Upstream) -> None:
    """A probe declares what a status means where a valid key may lack the permission for this request."""
    upstream.say(403, "{}")
    assert found(upstream, probe=BALANCE._replace(means={"403": "unsupported"}))[0] == "unsupported"


def test_a_redirect_is_not_followed(upstream: Upstream, serve: Serve) -> None:
    """A redirect is not followed: a host that the key is not bound to gets no request."""
    elsewhere = serve()
    upstream.redirect(f"{elsewhere.url}/balance")
    assert found(upstream)[:2] == ("unreachable", "HTTP 307")
    assert elsewhere.received == []


def test_an_endpoint_that_says_nothing_is_unreachable(upstream: Upstream) -> None:
    """An endpoint that does not respond is unreachable, within the timeout."""
    upstream.hang()
    assert found(upstream, seconds=0.3) == ("unreachable", "no response within 0.3 seconds", "")


def test_an_endpoint_that_nobody_serves_is_unreachable() -> None:
    """A refused connection is reported as unreachable."""
    nobody = Upstream()
    nobody.stop()
    state, message, _ = found(nobody)
    assert (state, message.partition(":")[0]) == ("unreachable", "no connection")


def test_what_costs_something_is_asked_only_when_allowed(upstream: Upstream) -> None:
    """A probe that costs money is sent only with `paid`, as a POST with its body."""
    upstream.models, upstream.protocols = ("m",), ("openai-chat",)
    probe = Probe("acme", "/chat/completions", free=False, body='{"model": "m"}')
    assert found(upstream, probe=probe)[0] == "unsupported"
    assert upstream.received == []
    assert found(upstream, probe=probe, paid=True)[0] == "valid"
    assert upstream.received[0].body == {"model": "m"}


def test_what_was_found_is_kept_for_a_while(upstream: Upstream) -> None:
    """The same key at the same endpoint is verified only once within a minute; another key is verified anew."""
    assert found(upstream) == found(upstream)
    assert len(upstream.received) == 1
    assert found(upstream, key="secret-2")[0] == "invalid"
    assert len(upstream.received) == 2


def test_all_are_asked_at_once(serve: Serve) -> None:
    """All keys are verified at once: endpoints that hang delay no other, and take no longer together than one."""
    plugins = []
    for index in range(8):
        upstream = serve()
        upstream.documents["/balance"] = {"credit": {"left": index + 1, "in": "USD"}}
        if index % 2:
            upstream.hang()
        plugins.append(Verifiable(upstream, name=f"acme{index}"))
    catalog = catalog_of(*plugins, ACME_KEY="secret-1")
    states = {
        each.provider: each.state for each in verify(catalog, seconds=2)
    }  # the others have time, even on a busy machine
    assert states == {f"acme{index}": "unreachable" if index % 2 else "valid" for index in range(8)}


class Locked(Verifiable):
    """A vendor whose login waits until it is unlocked."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(upstream, name="locked")
        self.provider = self.provider._replace(requirement=())
        self.unlocked = threading.Event()

    @hookimpl
    def polyroute_credentials(self) -> list[Detection]:
        """Return a login, always."""
        return [Detection("locked", "oauth-token", Source("plugin", "login"))]

    @hookimpl
    def polyroute_secrets(self) -> str:
        """Return nothing within the timeout."""
        self.unlocked.wait(30)
        return "secret-1"


def test_a_key_that_can_not_be_read_in_time(upstream: Upstream) -> None:
    """A login that waits to be unlocked delays no other verification, and is not waited for."""
    locked = Locked(upstream)
    catalog = catalog_of(locked, Verifiable(upstream), ACME_KEY="secret-1")
    found = {each.provider: (each.state, each.message) for each in verify(catalog, seconds=2)}
    locked.unlocked.set()
    assert found["acme"][0] == "valid"
    assert found["locked"] == ("unreachable", "no response within 2 seconds")


def test_it_can_be_asked_from_within_an_event_loop(upstream: Upstream) -> None:
    """Keys can be verified from within a host's event loop, with the same result."""

    async def ask() -> str:
        return found(upstream)[0]

    assert asyncio.run(ask()) == "valid"


def test_without_a_probe_or_a_key_nothing_is_asked(serve: Serve) -> None:
    """The reason is reported: no request is known, there is no key, or a server that needs none does not run."""
    upstream = serve()
    gone = "http://127.0.0.1:9/v1"
    catalog = catalog_of(Direct(upstream), ACME_KEY="k", HOME="/nonexistent", OLLAMA_BASE_URL=gone)
    told = {each.provider: (each.state, each.message) for each in verify(catalog, ["acme", "groq", "ollama"])}
    assert told["acme"] == ("unsupported", "its plugin declares no request that verifies a key")
    assert told["groq"][1].startswith("there is no credential: GROQ_API_KEY is not set")
    assert told["ollama"] == ("unreachable", f"not running at {gone}")
    assert upstream.received == []
    with pytest.raises(UnknownProvider):
        verify(catalog, ["nobody"])


def test_only_the_owner_says_how_a_key_is_verified(upstream: Upstream) -> None:
    """A probe for another plugin's provider is a problem, and no request is sent for it."""

    class Nosy(Gateway):
        @hookimpl
        def polyroute_verifications(self) -> list[Probe]:
            """Return a probe for another plugin's provider."""
            return [Probe("openai", "/steal")]

    catalog = catalog_of(Nosy(upstream))
    verify(catalog, ["openai"])
    assert any("only the provider's owner may" in str(problem) for problem in catalog.problems)


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "models", "/a?key=1", "/a b", "/@evil", "/\\evil"]
)
def test_a_probe_stays_below_its_base_url(path: str) -> None:
    """A text that could lead to another host, or inject something into the address, is not a valid path."""
    assert "path" in find_fault(Probe("acme", path))


def test_the_bundled_probes_are_sound_and_of_providers_that_exist(plugins: Plugins) -> None:
    """Each bundled probe is valid and belongs to a provider with a base URL; most are free."""
    probes = {
        name: each for name, each in plugins.verifications((), Environment({})).items() if isinstance(each, Probe)
    }
    assert len(probes) >= 15
    assert [find_fault(probe) for probe in probes.values() if find_fault(probe)] == []
    assert probes.keys() <= plugins.providers.keys()
    assert [name for name, probe in probes.items() if not probe.free] == ["perplexity"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_command_tells_what_it_found(shell: Shell, upstream: Upstream) -> None:
    """`polyroute verify` prints a table or a document, and exits with 1 for a key that does not work."""
    shell.site.install("acme-dist", "acme_plugin", _plugin(upstream))
    done = shell.run("verify", ACME_KEY="secret-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split() == ["acme", "valid", "4.50", "CNY"]
    document = shell.json("verify", "acme", ACME_KEY="wrong-secret")
    assert document["verifications"]["acme"]["state"] == "invalid"
    assert "wrong-secret" not in json.dumps(document)
    assert shell.run("verify", "acme", ACME_KEY="wrong-secret").returncode == 1
    document = shell.json("status", "--verified", ACME_KEY="secret-1")
    assert document["verifications"] == {"acme": {"state": "valid", "message": None, "remaining": "4.50 CNY"}}


def test_what_the_exit_status_of_the_command_says(shell: Shell, upstream: Upstream) -> None:
    """A missing key exits with 1; a named key whose state can't be determined exits with 3."""
    shell.site.install("acme-dist", "acme_plugin", _plugin(upstream))
    for arguments, variables, status in [
        ([], {}, 1),
        (["acme"], {}, 1),
        (["acme", "groq"], {"ACME_KEY": "secret-1"}, 1),
        (["acme", "glama"], {"ACME_KEY": "secret-1", "GLAMA_API_KEY": "g"}, 3),
        ([], {"ACME_KEY": "secret-1", "GLAMA_API_KEY": "g"}, 0),
        (["nobody"], {}, 2),
    ]:
        assert shell.run("verify", *arguments, **variables).returncode == status, arguments


def test_status_alone_asks_nobody(shell: Shell, upstream: Upstream) -> None:
    """Without the flag, `status` sends no request."""
    shell.site.install("acme-dist", "acme_plugin", _plugin(upstream))
    assert "verifications" not in shell.json("status", ACME_KEY="secret-1")
    assert upstream.received == []


def _plugin(upstream: Upstream) -> str:
    return f"""
from polyroute import Alternative, Group, Probe, Provider, Slot, hookimpl

@hookimpl
def polyroute_providers():
    key = Slot("key", (Alternative("ACME_KEY"),), secret=True)
    yield Provider("acme", "Acme", "host", (Group((key,)),), {upstream.url!r})

@hookimpl
def polyroute_verifications():
    yield Probe("acme", "/balance", remaining="credit.left", currency="credit.in")
"""


def test_a_plugin_may_find_out_by_itself(serve: Serve) -> None:
    """If the plugin that owns a provider verifies its key itself, its result is used and no request is sent."""

    class Own(Direct):
        @hookimpl
        def polyroute_verifications(self, credentials: tuple[Credential, ...]) -> list[Verification]:
            """Return the result of the plugin's own check."""
            return [Verification(each.provider, "no_credit", "spent") for each in credentials]

    upstream = serve()
    (only,) = verify(catalog_of(Own(upstream), ACME_KEY="secret-1"), ["acme"])
    assert only == Verification("acme", "no_credit", "spent")
    assert upstream.received == []
