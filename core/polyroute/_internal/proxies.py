"""Which proxy a request takes, by the variables of the process: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

Lower-case names come first, as in curl and Python. HTTP libraries differ on networks, ports and IPv6 in `NO_PROXY`, and
some send requests for this machine to the proxy, so the decision is made here for all of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib import import_module
from urllib.parse import urlsplit

from polyroute._internal.terminal import clean
from polyroute.errors import MissingExtra, Unavailable
from polyroute.named_tuples import NamedTuple

_SOCKS = ("socks5", "socks5h")
_SCHEMES = ("http", "https", *_SOCKS)
_PORTS = {"http": 80, "https": 443}
_SYSTEM = "the system's network settings"
_HOST_AND_PORT = r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>\d+))?"


class Proxy(NamedTuple):
    """A proxy, and the variable that names it."""

    variable: str
    url: str
    """May contain a password: it is never shown."""

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS proxy."""
        return self.url.startswith(_SOCKS)

    def __repr__(self) -> str:
        return f"Proxy({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for requests to `url`; None if they are sent directly, as always on this machine.

    Raises Unavailable, naming the variable, if it does not hold the address of a proxy.
    """
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    if _is_here(host) or _is_excepted(parts.scheme, host, port):
        return None
    found = _setting(parts.scheme) or _setting("all")
    return _checked(*found) if found else None


def require(url: str) -> None:
    """Raise Unavailable or MissingExtra, naming the variable, if the proxy for requests to `url` can't be used."""
    proxy = proxy_for(url)
    with usable(proxy):
        if proxy is not None and proxy.is_socks:
            import_module("socksio")  # what httpx2 speaks SOCKS with


def are_set() -> bool:
    """Return whether any proxy is set, by a variable or in the system's settings."""
    return any(_setting(kind) for kind in ("http", "https", "all"))


def useless_exceptions() -> tuple[str, ...]:
    """Return the entries of NO_PROXY that are no host, domain, address or network: they except nothing.

    They are returned without a user name and password, in case one is a proxy's address.
    """
    return tuple([clean(entry.rpartition("@")[2]) for entry in _exceptions() if not _may_except(entry)])


@contextmanager
def usable(proxy: Proxy | None) -> Iterator[None]:
    """Raise MissingExtra or Unavailable, naming the variable, for what a library raises for a proxy."""
    try:
        yield
    except ImportError:
        raise MissingExtra(f"The SOCKS proxy that {proxy and proxy.variable} names", "socks") from None
    except Exception as error:  # it may quote a proxy's address with a password
        if proxy is None:
            raise
        fault = f"The proxy that {proxy.variable} names can't be used ({type(error).__name__})."
        raise Unavailable(fault, "Correct the variable, or unset it.") from None


def _setting(kind: str) -> tuple[str, str] | None:
    """Return the variable that names the proxy for a scheme, and its value."""
    for name in (f"{kind}_proxy", f"{kind}_PROXY".upper()):
        if value := os.environ.get(name, "").strip():
            is_of_a_request = name == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ  # CGI: a header named Proxy
            return None if is_of_a_request else (name if name.isupper() else f"{name} ({name.upper()})", value)
    return _of_the_system(kind)


def _of_the_system(kind: str) -> tuple[str, str] | None:
    from urllib.request import getproxies, getproxies_environment

    if getproxies_environment():
        return None
    value = getproxies().get(kind)
    return (_SYSTEM, value) if value else None


def _checked(variable: str, value: str) -> Proxy:
    url = value if "://" in value else f"http://{value}"
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in _SCHEMES:
        known = "http://, https://, socks5:// or socks5h://"
        raise Unavailable(
            f"The proxy that {variable} names has an unknown scheme.", f"Correct it: it begins with {known}."
        )
    if not _is_address(f"{scheme.lower()}://{rest}"):
        raise Unavailable(
            f"{variable} does not hold the address of a proxy.",
            "Correct it, such as http://proxy.example:8080, or unset"
            " it. In a user name or password, write @ as %40, / as %2F, # as %23 and : as %3A.",
        )
    return Proxy(variable, f"{scheme.lower()}://{rest}")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_clean = re.fullmatch(r"[!-~]+", url) and not re.search(r"[\"'<>\\^`{|}]", url)
    return bool(is_clean and parts.hostname and port != 0 and not (parts.query or parts.fragment))


def _is_here(host: str) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_excepted(scheme: str, host: str, port: int) -> bool:
    exceptions = _exceptions()
    if not exceptions and _is_excepted_by_the_system(host):
        return True
    return any(_excepts(entry, scheme, host, port) for entry in exceptions)


def _exceptions() -> list[str]:
    text = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return [entry for entry in re.split(r"[\s,]+", text.lower()) if entry]


def _may_except(entry: str) -> bool:
    rest = entry.rpartition("://")[2]
    return _in_network(rest, "") is not None or bool("/" not in rest and re.fullmatch(_HOST_AND_PORT, rest))


def _is_excepted_by_the_system(host: str) -> bool:
    from urllib.request import getproxies_environment, proxy_bypass

    return not getproxies_environment() and bool(proxy_bypass(host))


def _excepts(entry: str, scheme: str, host: str, port: int) -> bool:
    """Return whether an entry of NO_PROXY covers a host: a name, a domain, an address, a network or a pattern."""
    of_scheme, separator, rest = entry.rpartition("://")
    if separator and of_scheme not in (scheme, "all"):
        return False
    if (network := _in_network(rest, host)) is not None:
        return network
    found = re.fullmatch(_HOST_AND_PORT, rest)
    if not found or (found["port"] and int(found["port"]) != port):
        return False
    if found["six"] is not None:
        return _in_network(found["six"], host) or False
    return _is_named(found["host"], host)


def _is_named(name: str, host: str) -> bool:
    if name == "*":
        return True
    domain = name.removeprefix("*").strip(".")
    if "*" in domain:
        return fnmatchcase(host, name.strip("."))
    if _in_network(domain, host):
        return True
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _in_network(text: str, host: str) -> bool | None:
    """Return whether `host` is in an address or network; None if `text` is neither."""
    import ipaddress

    try:
        network = ipaddress.ip_network(re.sub(r"^\[([^\]]*)\](?=$|/)", r"\1", text), strict=False)
    except ValueError:
        return None
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address) in network
