"""Which proxy a request takes, and what is said about a variable that can't be used."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from polyroute import MissingExtra, Unavailable
from polyroute._internal import certificates, http_client, proxies

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of the process that runs the tests."""
    for kind in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{kind}_proxy", raising=False)
        monkeypatch.delenv(f"{kind}_PROXY".upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)


EXCEPTED = [
    ("*", "https://api.example.com/v1"),
    ("other.example, api.example.com", "https://api.example.com/v1"),
    ("other.example api.example.com", "https://api.example.com/v1"),
    ("example.com", "https://api.example.com/v1"),
    (".example.com", "https://api.example.com/v1"),
    ("*.example.com", "https://api.example.com/v1"),
    ("EXAMPLE.com", "https://API.example.COM/v1"),
    ("example.com.", "https://api.example.com/v1"),
    ("api.*.com", "https://api.example.com/v1"),
    ("api.example.com:443", "https://api.example.com/v1"),
    ("https://api.example.com", "https://api.example.com/v1"),
    ("192.168.*", "http://192.168.7.9/v1"),
    ("192.168.7.9", "http://192.168.7.9:8080/v1"),
    ("192.168.7.9:8080", "http://192.168.7.9:8080/v1"),
    ("192.168.0.0/16", "http://192.168.7.9/v1"),
    ("2001:db8::7", "http://[2001:db8::7]/v1"),
    ("[2001:db8::7]", "http://[2001:db8::7]/v1"),
    ("[2001:db8::7]:8080", "http://[2001:db8::7]:8080/v1"),
    ("2001:db8::/32", "http://[2001:db8:1::7]/v1"),
    ("[2001:db8::]/32", "http://[2001:db8:1::7]/v1"),
    ("10.0.0.0/8", "http://[::ffff:10.1.2.3]/v1"),
    ("not/an/entry, [, ::/999, example.com", "https://example.com/v1"),
]
USELESS = {"not/an/entry", "[", "::/999"}
TAKEN = [
    ("", "https://api.example.com/v1"),
    ("example.org", "https://api.example.com/v1"),
    ("ample.com", "https://example.com/v1"),
    ("api.example.com:8443", "https://api.example.com/v1"),
    ("http://api.example.com", "https://api.example.com/v1"),
    ("192.168.0.0/16", "http://192.169.7.9/v1"),
    ("2001:db8::/32", "http://[2001:db9::7]/v1"),
    ("10.0.0.0/8", "https://api.example.com/v1"),
    ("[, ::/999", "https://api.example.com/v1"),
]
HERE = ["http://127.0.0.1:1234/v1", "http://127.9.9.9/v1", "http://localhost:11434/v1", "http://[::1]:8000/v1"]


@pytest.mark.parametrize(("entry", "url"), EXCEPTED)
def test_what_no_proxy_excepts(monkeypatch: pytest.MonkeyPatch, entry: str, url: str) -> None:
    """An entry of NO_PROXY is a name, a domain, an address, a network or a pattern, each with or without a port.

    Any other is passed over, and known as useless.
    """
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", entry)
    assert proxies.proxy_for(url) is None
    assert set(proxies.useless_exceptions()) == USELESS & set(entry.split(", "))


@pytest.mark.parametrize(("entry", "url"), TAKEN)
def test_what_no_proxy_does_not_except(monkeypatch: pytest.MonkeyPatch, entry: str, url: str) -> None:
    """Everything else takes the proxy."""
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", entry)
    found = proxies.proxy_for(url)
    assert found is not None
    assert (found.variable, found.url) == ("ALL_PROXY", PROXY)


@pytest.mark.parametrize("url", HERE)
@pytest.mark.parametrize("value", [PROXY, "http://127.0.0.1:3128", "socks5://127.0.0.1:1080", "nonsense://x"])
def test_this_machine_never_takes_a_proxy(monkeypatch: pytest.MonkeyPatch, url: str, value: str) -> None:
    """An endpoint on this machine is requested directly, whatever the proxy is."""
    monkeypatch.setenv("ALL_PROXY", value)
    assert proxies.proxy_for(url) is None
    assert "transport" in http_client.transport(httpx2.Client, url)


def test_which_variable_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheme's own variable comes before ALL_PROXY, and lower case before upper case; a host needs no scheme."""
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("HTTPS_PROXY", "upper.example:1")
    monkeypatch.setenv("https_proxy", "lower.example:2")
    chosen, other = (proxies.proxy_for(f"{scheme}://api.example.com") for scheme in ("https", "http"))
    assert (chosen and chosen.url, other and other.url) == ("http://lower.example:2", PROXY)


@pytest.mark.parametrize(
    "value",
    [
        "nothing://me:secret@proxy.example",
        "socks4://me:secret@proxy.example",
        "http://me:secret@[:1",
        "http://me:secret@proxy.example:port",
        "http://me:secret@proxy.example:99999",
        "http://me:sec#ret@proxy.example",
        '"http://me:secret@proxy.example:1"',
        "http://me:secret@",
        "http://me:secret@pro xy.example",
        "://secret",
    ],
)
def test_an_invalid_proxy_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The error names the variable and says what to do; it never contains the value."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(Unavailable, match="HTTPS_PROXY") as caught:
        http_client.transport(httpx2.Client, "https://api.example.com/v1")
    assert "Correct it" in str(caught.value)
    assert "sec" not in str(caught.value)


def test_a_socks_proxy_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without socksio the error names the variable and the extra."""
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    monkeypatch.setenv("all_proxy", "socks5h://me:secret@proxy.example:1080")
    with pytest.raises(MissingExtra, match=r"all_proxy.*polyroute\[socks\]") as caught:
        http_client.transport(httpx2.AsyncClient, "https://api.example.com/v1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("form", ["gone", "no certificate", "an empty folder"])
def test_certificates_that_can_not_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, form: str
) -> None:
    """A file or folder that is gone or has no certificate is named with its variable."""
    path = tmp_path / "certificates"
    if form == "no certificate":
        path.write_text("nothing", encoding="utf-8")
    elif form == "an empty folder":
        path.mkdir()
    monkeypatch.setenv(name, str(path))
    with pytest.raises(Unavailable, match=f"{name} is set to {path}"):
        certificates.context()


def test_without_variables_libraries_keep_their_defaults() -> None:
    """Where no variable says anything, a client keeps the transport that its library makes."""
    assert http_client.transport(httpx2.Client, "https://api.example.com/v1") == {}
    assert http_client.transport(object, "https://api.example.com/v1") == {}
    assert repr(proxies.Proxy("ALL_PROXY", "http://me:secret@x")) == "Proxy(ALL_PROXY)"
