"""What a base URL is, when two are one endpoint, and who may decide one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import BaseUrlCase, Provider, Source, UsageError
from polyroute.base_url import (
    authority,
    filled,
    is_base_url,
    is_loopback,
    joined,
    may_decide,
    meant,
    normalized,
    of_provider,
    origin_of,
    placeholders,
    same_endpoint,
    site,
)
from polyroute.environment import PROCESS, PROJECT
from polyroute.types import Address

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
PORTS = st.one_of(st.just(""), st.integers(1, 65535).map(lambda port: f":{port}"))
SEGMENTS = st.from_regex(r"[A-Za-z0-9._~-]{1,8}", fullmatch=True)
PATHS = st.lists(SEGMENTS, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts))
URLS = st.builds("{}://{}{}{}".format, st.sampled_from(["http", "https"]), HOSTS, PORTS, PATHS)
SLOTS = st.dictionaries(st.sampled_from(["region", "account"]), LABELS)


@given(URLS, st.integers(0, 3))
def test_slashes_at_the_end_do_not_count(url: str, slashes: int) -> None:
    """A base URL with trailing slashes equals the one without, is stored without, and joins a path with one slash."""
    written = url + "/" * slashes
    assert normalized(written) == normalized(normalized(written)) == url
    assert same_endpoint(written, url)
    assert joined(written, "/models") == f"{url}/models"


@given(URLS)
def test_host_and_implied_port_are_compared_as_browsers_do(url: str) -> None:
    """Capitals in the host and the scheme's default port make no different endpoint; capitals in the path do."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    assert same_endpoint(f"{scheme}://{host.upper()}{slash}{path}", url)
    if ":" not in host:
        port = {"https": 443, "http": 80}[scheme]
        assert same_endpoint(f"{scheme}://{host}:{port}{slash}{path}", url)
        assert not same_endpoint(f"{scheme}://{host}:8443{slash}{path}", url)
    if path != path.swapcase():
        assert not same_endpoint(f"{scheme}://{host}/{path.swapcase()}", url)


@given(URLS, URLS)
def test_one_endpoint_has_one_origin(one: str, other: str) -> None:
    """Two base URLs that compare equal have the same host, scheme and port, so a key goes to the same place."""
    assert same_endpoint(one, other) == same_endpoint(other, one)
    if same_endpoint(one, other):
        assert origin_of(one) == origin_of(other)
    else:
        assert normalized(one) != normalized(other)


@given(URLS)
def test_what_a_user_is_asked_about_is_where_the_key_goes(url: str) -> None:
    """The place that a user agrees to is the origin that is called."""
    assert is_base_url(url)
    assert site(url) == f"{url.partition('://')[0]}://{authority(url)}"
    assert origin_of(site(url)) == origin_of(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.acme.example/v1",
        "ftp://acme.example",
        "https://",
        "https://user@acme.example",
        "https://user:key@acme.example/v1",
        "https://acme.example/v1?key=k",
        "https://acme.example/v1#top",
        "https://acme.example\\@evil.example",
        "https://${HOST}/v1",
        "https://acme.example/v 1",
        "https://acme.example/\x00",
        "https://acme.example\n",
    ],
)
def test_what_is_no_base_url(text: str) -> None:
    """A text with a user name, query, fragment, variable, backslash, blank or control character is not a base URL."""
    assert not is_base_url(text)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.example",
        "https://",
        "https://acme.example:99999",
        "https://[::1",
        "https://[::1]0",
        "https://[::1]evil.example",
    ],
)
def test_nobody_can_call_what_has_no_host(url: str) -> None:
    """An address without a host, with an invalid port or with more after an IPv6 address has no origin."""
    with pytest.raises(UsageError, match="Correct the base URL"):
        origin_of(url)


@pytest.mark.parametrize(
    ("one", "other"), [("straße", "strasse"), ("βόλος", "βόλοσ"), ("\uff41cme", "acme"), ("u\u0308ber", "über")]
)
def test_a_host_that_readers_disagree_on(one: str, other: str) -> None:
    """A host name that is another one for some clients has no origin, and shares a key with no other host."""
    with pytest.raises(UsageError, match="Correct the base URL"):
        origin_of(f"https://{one}.example/v1")
    assert not same_endpoint(f"https://{one}.example/v1", f"https://{other}.example/v1")
    assert origin_of("https://über.example")[1] == "xn--ber-goa.example"


@given(SLOTS)
def test_a_template_is_filled_whole_or_not_at_all(values: dict[str, str]) -> None:
    """Every slot that a template names must have a value; a base URL that is called has no placeholder left."""
    template = "https://${region}.acme.example/${account}/v1"
    assert placeholders(template) == ["region", "account"]
    found = filled(template, values)
    assert (found is None) == (values.keys() != {"region", "account"})
    if found is not None:
        assert found == f"https://{values['region']}.acme.example/{values['account']}/v1"
        assert placeholders(found) == []


def test_a_case_of_a_slot_has_a_base_url_of_its_own() -> None:
    """One value of a slot may select another base URL, also for the provider's models that build on its base URL."""
    case = BaseUrlCase("region", "global", "https://acme.example")
    acme = Provider("acme", "Acme", base_url="https://${region}.acme.example", base_url_cases=(case,))
    assert of_provider(acme, "", {"region": "eu"}) == "https://eu.acme.example"
    assert of_provider(acme, "", {"region": "global"}) == "https://acme.example"
    assert of_provider(acme, "https://${region}.acme.example/v2", {"region": "global"}) == "https://acme.example/v2"
    assert of_provider(acme, "", {}) == ""


@pytest.mark.parametrize(
    ("setting", "secret", "allowed"),
    [
        (Source(PROJECT, "REGION"), Source(PROCESS, "KEY"), False),
        (Source(PROJECT, "REGION"), Source(PROJECT, "KEY"), True),
        (Source(PROJECT, "REGION"), Source(PROJECT, "FILE", path="/key"), False),
        (Source(PROJECT, "REGION"), None, True),
        (Source(PROCESS, "REGION"), Source(PROCESS, "KEY"), True),
        (Source(PROCESS, "REGION"), Source(PROJECT, "KEY"), True),
    ],
)
def test_a_project_redirects_no_key_of_the_users(setting: Source, secret: Source | None, allowed: bool) -> None:
    """A project's setting decides where the project's own key goes, and where no other key goes."""
    assert may_decide(setting, secret) is allowed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - the value that must be rejected
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(host: str, loopback: bool) -> None:
    """Only addresses that never leave the machine are loopback addresses."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" https://api.acme.example/v1 ", "https://api.acme.example/v1"),
        ('"https://api.acme.example/v1"', "https://api.acme.example/v1"),
        ("<https://api.acme.example/v1>", "https://api.acme.example/v1"),
        ("api.acme.example/v1", "https://api.acme.example/v1"),
        ("HTTPS://api.acme.example", "https://api.acme.example/v1"),
        ("https:/api.acme.example/v1", "https://api.acme.example/v1"),
        ("https:api.acme.example/v1", "https://api.acme.example/v1"),
        ("localhost", "http://localhost/v1"),
        ("localhost:8080", "http://localhost:8080/v1"),
        ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("192.168.0.7:8080", "http://192.168.0.7:8080/v1"),
        ("model_server:8080/v1", "http://model_server:8080/v1"),
        ("https://api.acme.example/v1/v1", "https://api.acme.example/v1"),
        ("https://api.acme.example/v1/v1/chat/completions/", "https://api.acme.example/v1"),
        ("https://api.acme.example/v1beta/models/m-1:generateContent", "https://api.acme.example/v1beta"),
        ("https://api.acme.example/v1/messages", "https://api.acme.example/v1"),
        ("https://api.acme.example/v1/v10", "https://api.acme.example/v1/v10"),
        ("server", "server"),
        ("ftp://api.acme.example", "ftp://api.acme.example"),
        ("https://api.acme.example/v1?key=k", "https://api.acme.example/v1?key=k"),
    ],
)
def test_addresses_as_users_type_them(typed: str, url: str) -> None:
    """What is copied along with an address, a missing scheme and a version that is there twice are understood."""
    assert meant(typed, Address((), path="" if typed == url else "/v1")) == url
