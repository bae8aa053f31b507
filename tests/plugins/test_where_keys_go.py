"""Every door through which a plugin says where a key goes and with which headers: what can result, and what can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute import (
    Alternative,
    Catalog,
    Environment,
    Group,
    Model,
    Plugins,
    Provider,
    Secret,
    Slot,
    hookimpl,
)
from polyroute.lists import changes
from polyroute.lists.decisions import Change
from polyroute.lists.stored import FetchedList
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.jsonrpc import RpcError
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.manifests.parser import parse
from polyroute.plugins.manifests.validators import InvalidDocument
from polyroute.plugins.trust import policy
from polyroute.results import Plugin
from polyroute.types import AuthHeader
from polyroute.types.result_check import find_fault
from tests.support.manifests import ACME, User, manifest, plugin, words


@pytest.fixture
def user(tmp_path: Path) -> User:
    """Provide a user with an empty plugin folder."""
    return User(tmp_path)


KEY = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)

LEADING_ASIDE = {
    "a host with a slash": ("https://${x}api.acme.example", "host", "evil.example/"),
    "another host": ("https://api.acme.example${x}", "slug", ".evil.example"),
    "a user name": ("https://${x}api.acme.example", "host", "evil.example@"),
    "a backslash": ("https://${x}.acme.example", "host", "evil.example\\"),
    "a fragment": ("https://${x}.acme.example", "slug", "evil#"),
    "a query": ("${x}/v1", "url", "https://evil.example?"),
    "unchecked": ("https://${x}.acme.example", "", "evil.example/"),
    "a line end": ("https://${x}.acme.example", "slug", "evil\n"),
}


def document(url: str, check: str, default: str) -> dict[str, object]:
    """Return a description with a slot that has a default in its base URL."""
    slots = {
        "key": {"from": ["ACME_API_KEY"], "secret": True},
        "x": {"from": ["ACME_X"], "default": default, **({"check": check} if check else {})},
    }
    return {"providers": {"acme": {"base_url": url, "slots": slots}}}


@pytest.mark.parametrize(("url", "check", "default"), LEADING_ASIDE.values(), ids=LEADING_ASIDE)
def test_a_default_must_be_what_a_variable_must_be(url: str, check: str, default: str) -> None:
    """A manifest or description whose slot has a default that its check would refuse is refused."""
    with pytest.raises(InvalidDocument, match=r"has a default for x|control characters"):
        parse(document(url, check, default))


@pytest.mark.parametrize(("url", "check", "default"), LEADING_ASIDE.values(), ids=LEADING_ASIDE)
def test_no_plugin_in_python_gets_a_key_elsewhere_by_a_default(url: str, check: str, default: str) -> None:
    """With such a default from Python no key is sent: the provider is refused, or has no route if it is unchecked."""
    slot = Slot("x", (Alternative("ACME_X"),), default=default, check=check)  # type: ignore[arg-type]
    provider = Provider("acme", "Acme", base_url=url, requirement=(Group((KEY, slot)),))

    class Acme:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return the provider."""
            return [provider]

    catalog = Catalog(Plugins.load([Acme()], only=[]), Environment({"ACME_API_KEY": "secret-canary"}))
    if check:
        assert "acme" not in catalog.plugins.providers
        assert [each.message for each in catalog.problems if "has a default for x" in each.message]
    else:
        status = catalog.provider("acme")
        assert not status.has_direct_key
        assert all("evil" not in route.base_url for route in status.routes)


RESULTS = {
    "a default": (
        "https://${x}.acme.example",
        "slug",
        "eu",
        {"https://eu.acme.example", "https://${x}.acme.example of acme"},
    ),
    "a whole host": ("https://${x}/v1", "host", "evil.example", {"https://evil.example", "https://${x} of acme"}),
    "an address": ("${x}/v1", "url", "http://evil.example", {"http://evil.example", "${x}/v1 of acme"}),
    "no default": ("https://${x}.acme.example", "slug", "", {"https://${x}.acme.example of acme"}),
    "only in the path": ("https://api.acme.example/${x}", "slug", "eu", {"https://api.acme.example"}),
}


@pytest.mark.parametrize(("url", "check", "default", "hosts"), RESULTS.values(), ids=RESULTS)
def test_the_hosts_that_can_result_are_shown(url: str, check: str, default: str, hosts: set[str]) -> None:
    """What is approved and shown has the host with the default filled in, besides the template for variables."""
    description = parse(document(url, check, default))
    found = policy.bindings(Manifest("/acme/plugin.toml", description))
    assert {each.host for each in found if each.credential == "ACME_API_KEY"} == hosts


def test_without_a_variable_only_the_default_results() -> None:
    """A slot with nothing but a default leads to one host."""
    slot = Slot("x", (), default="eu", check="slug")
    provider = Provider("acme", "Acme", base_url="https://${x}.acme.example", requirement=(Group((KEY, slot)),))
    assert policy.hosts(provider) == {"https://eu.acme.example"}


def test_another_default_is_another_approval(user: User) -> None:
    """If an update changes only the default of a host, the fingerprint changes and the hosts that are shown do too."""
    text = '[providers.acme]\nbase_url = "https://${{x}}/v1"\nslots.key = {{ from = ["K"], secret = true }}\n'
    text += 'slots.x = {{ from = ["X"], default = "{}", check = "host" }}\n'
    folder = user.put("acme", text.format("good.example"))
    before = policy.fingerprint(manifest(folder)), policy.hosts(manifest(folder).description.providers[0])
    (folder / "plugin.toml").write_text(text.format("evil.example"))
    after = policy.fingerprint(manifest(folder)), policy.hosts(manifest(folder).description.providers[0])
    assert before[0] != after[0]
    assert "https://evil.example" in after[1] - before[1]


GRANTS = {
    "https://${x}.acme.example": True,
    "https://${x}-eu.acme.example": True,
    "https://${x}acme.example": False,
    "https://${x}.evil.example": False,
    "https://acme.example.${x}.evil.example": False,
}


@pytest.mark.parametrize(("url", "is_granted"), GRANTS.items(), ids=GRANTS)
def test_a_program_stays_in_its_granted_domain_whatever_is_filled_in(url: str, is_granted: bool) -> None:
    """A program with a granted domain may use hosts within it; a name that only ends alike is another domain."""
    granted = parse(
        {"executable": {"argv": ["./x"], "variables": ["ACME_API_KEY", "ACME_X"], "hosts": ["acme.example"]}}
    )
    said = parse(document(url, "host", "a"))
    try:
        permissions.check(said, Manifest("/acme/plugin.toml", granted))
    except RpcError:
        assert not is_granted
    else:
        assert is_granted


HEADERS = """Host host Content-Length Content-Encoding Transfer-Encoding TE Trailer Connection Keep-Alive Upgrade Expect
    HTTP2-Settings Proxy-Authorization Proxy-Connection Cookie Cookie2 Set-Cookie Forwarded Via X-Forwarded-For
    X-Forwarded-Host X-Real-IP True-Client-IP CF-Connecting-IP X-HTTP-Method-Override X-Original-URL X-Rewrite-URL
    Sec-WebSocket-Key X-Host""".split()


@pytest.mark.parametrize("name", HEADERS)
def test_no_plugin_sets_a_header_that_decides_where_or_how_a_request_goes(name: str) -> None:
    """Headers of addressing, framing, connections, sessions and client addresses are refused at every door."""
    for table in (
        {"headers": {name: "x"}},
        {"auth": {"name": name}},
        {"models": [{"id": "m", "headers": {name: "x"}}]},
    ):
        provider = {"base_url": "https://api.acme.example/v1", "env": ["ACME_API_KEY"], **table}
        with pytest.raises(InvalidDocument, match="is a header that no plugin may set"):
            parse({"providers": {"acme": provider}}, strict=False)
    values = (
        Provider("acme", "Acme", headers=((name, "x"),)),
        Provider("acme", "Acme", auth=AuthHeader(name)),
        Model("acme", "m", headers=((name, "x"),)),
        Secret("s", headers=((name, "x"),)),
    )
    assert [bool(find_fault(each)) for each in values] == [True] * 4


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-For"])
def test_no_fetched_list_sets_such_a_header(name: str) -> None:
    """A provider or a model in a fetched list with a refused header is not used, even if the user agreed to it."""
    listing = Plugin("lists", "lists-plugin", is_bundled=True)
    provider = Provider("acme", "Acme", base_url="https://api.acme.example/v1", headers=((name, "x"),))
    model = Model("other", "m", base_url="https://api.acme.example/v1", headers=((name, "x"),))
    fetched = FetchedList("acme", "https://api.acme.example/list", len, providers=(provider,), moved=(model,))
    agreed = [Change("other", "base URL of m", "", model.base_url)]
    decision = changes.judge([], [(listing, fetched)], agreed)
    assert (list(decision.answers), dict(decision.moved), decision.waiting) == ([], {}, ())


@pytest.mark.parametrize("name", ["X-Org", "anthropic-version", "x-goog-user-project", "Content-Type", "Telemetry"])
def test_other_headers_are_a_plugins_to_set(name: str) -> None:
    """Headers that an endpoint defines are allowed, also if their names begin like refused ones."""
    assert find_fault(Provider("acme", "Acme", headers=((name, "x"),))) == ""


BESIDE = {
    "of the provider": 'headers = { OpenAI-Organization = "org-evil" }\n',
    "of a model": 'models = [{ id = "m", headers = { OpenAI-Organization = "org-evil" } }]\n',
}


@pytest.mark.parametrize("more", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "EVIL_API_KEY"])
def test_headers_to_another_plugins_host_need_consent(user: User, more: str, variable: str) -> None:
    """A manifest that adds headers at another plugin's host gets no key until the user agrees.

    They may change who pays, or what is kept of a request.
    """
    text = f'[providers.evil]\nenv = ["{variable}"]\nbase_url = "https://api.openai.com/v1"\n'
    folder = user.put("evil", text + more)

    def catalog() -> Catalog:
        return Catalog(user.plugins("evil"), user.environment(**{variable: "k"}))

    before = catalog()
    assert not before.provider("evil").has_direct_key
    assert "it adds OpenAI-Organization to requests to https://api.openai.com, which is for openai" in words(
        before, "evil"
    )
    user.approve(folder)
    assert catalog().provider("evil").has_direct_key


def test_headers_that_the_owner_sends_too_need_no_consent(user: User) -> None:
    """The same header with the same value as the owner of the host sends needs no consent."""
    text = '[providers.again]\nenv = ["AGAIN_API_KEY"]\nbase_url = "https://api.anthropic.com/v1"\n'
    user.put("again", text + 'headers = { anthropic-version = "2023-06-01" }\n')
    catalog = user.catalog("again", AGAIN_API_KEY="k")
    assert catalog.provider("again").has_direct_key
    assert plugin(catalog, "again").enabled


def test_headers_to_hosts_of_its_own_need_no_consent(user: User) -> None:
    """A manifest may send any other header to its own host."""
    user.put("acme", ACME + 'headers = { x-org = "acme" }\n')
    assert user.catalog("acme", ACME_API_KEY="k").provider("acme").has_direct_key
