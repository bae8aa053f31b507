"""Base URLs: the part of an endpoint's address before the path that the wire protocol adds.

Only this module defines what a base URL is, how it is normalized, joined and filled in, when two base URLs are the
same endpoint, and which settings may determine one.
"""

import re
from collections.abc import Mapping

from polyroute.environment import HOST, ORGANISATION, PROCESS, PROJECT
from polyroute.errors import UsageError
from polyroute.types import Address, Check, Provider, Slot, Source

# Patterns as text: `re` compiles (and keeps) them when first used, and most runs use none.
_HEX = "[0-9A-Fa-f]{1,4}"
_IPV6 = "|".join(
    [
        rf"(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,7}}:|:(?::{_HEX}){{1,7}}|::",
        *(rf"(?:{_HEX}:){{1,{7 - after}}}(?::{_HEX}){{1,{after}}}" for after in range(1, 7)),
    ]
)
_HOST = r"[0-9A-Za-z_-]{1,63}(?:\.[0-9A-Za-z_-]{1,63})*\.?"
_PORT = "(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_AFTER_HOST = rf"""(?::{_PORT})?(?:/[!"%->@-\[\]-~]*)?"""
PATTERN = rf"https?://(?:{_HOST}|\[(?:{_IPV6})\]){_AFTER_HOST}"
"""A base URL: http or https in ASCII, without user name, query, fragment, backslash and `$`.

The pattern means the same to Python's `re` and to JavaScript.
"""
_WITH_NAME = rf"https?://{_HOST}{_AFTER_HOST}"
"""`PATTERN` without IPv6 addresses, which take three quarters of the time to compile it."""
DESCRIPTION = "an http or https URL in ASCII without user name, ?, #, $ and backslash"
_PLACEHOLDER = r"\$\{(\w*)\}"
_AUTHORITY = r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]]+?)(?::\d+)?"
"""Host and port. After a `]` some parsers ignore what is no port, and others don't."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
"""Names of services in a local network, such as Docker's, may contain `_`."""
_SHAPES: dict[Check, str] = {
    "slug": r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}",
    "segment": r"[A-Za-z0-9](?:[A-Za-z0-9_.:-]{0,126}[A-Za-z0-9])?",
    "host": rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?",
    "url": rf"https?://(?:{_URL_LABEL}(?:\.{_URL_LABEL})*|\[[0-9A-Fa-f:]+\])(?::{_PORT})?(?:/[\w.~:/-]*)?",
}
_DEFAULT_PORTS = {"https": 443, "http": 80}
_METHODS = (
    *("/chat/completions", "/completions", "/responses", "/messages", "/embeddings", "/models"),
    *("/api/chat", "/api/generate", "/api/tags"),
)
"""What protocols add to a base URL. Users copy it with the rest of the address."""
_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - not bound here
"""Where to reach a server that listens on all addresses."""
_AROUND = " \t\"'`<>"
"""What is copied along with an address from texts."""
_SCHEME = r"(?i)(https?):(?:/{1,3}(?=[^/])|(?=[^/\d]))"
_WITHOUT_SCHEME = rf"(?:localhost|{_HOST}:{_PORT}|[\w-]+(?:\.[\w-]+)+(?::{_PORT})?)(?:/\S*)?"
_METHOD_OF_A_MODEL = r"/models/[^/]+:\w+$"
_DOUBLED = r"(/v\d\w*)\1+(?=/|$)"

Origin = tuple[str, str, int | None]
"""Scheme, host and port; the port is None if it is the default of the scheme."""


def is_base_url(text: str) -> bool:
    """Return whether `text` is a base URL that a user may enter."""
    return re.fullmatch(PATTERN if "//[" in text else _WITH_NAME, text) is not None


def normalized(url: str) -> str:
    """Return the base URL without slashes at the end, so that a path can be appended."""
    return url.rstrip("/")


def joined(url: str, path: str) -> str:
    """Return the address of `path`, which begins with a slash, below a base URL."""
    return normalized(url) + path


def same_endpoint(one: str, other: str) -> bool:
    """Return whether two base URLs have the same scheme, host, port and path, so that they may share a key.

    Only the path is case-sensitive. Slashes at the end don't count.
    """
    return normalized(one) == normalized(other) or _endpoint(one) == _endpoint(other)


def origin_of(url: str) -> Origin:
    """Return scheme, host (in ASCII) and port of a base URL. Raises UsageError if the URL can't be requested."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = _in_ascii(parts.hostname or ""), parts.port
    except ValueError:
        host, port = "", None
    if not (host and re.fullmatch(_AUTHORITY, parts.netloc)):
        raise UsageError(f"{url} is not an address that can be requested.", "Correct the base URL.")
    return parts.scheme, host, None if _DEFAULT_PORTS.get(parts.scheme) == port else port


def _in_ascii(host: str) -> str:
    """Return a host name in ASCII. Raises ValueError if it has none, or if readers disagree on which it is.

    Python's codec follows IDNA 2003, in which `ß` is `ss`, and HTTP clients follow IDNA 2008, in which it is a letter.
    """
    found = host.encode("idna")
    if not host.isascii() and found.decode("idna") != host:
        raise ValueError(host)
    return found.decode("ascii")


def authority(url: str) -> str:
    """Return host and port in lower case, else empty if there are none. For a template, they may contain `${slot}`."""
    return url.lower().partition("://")[2].partition("/")[0]


def site(url: str) -> str:
    """Return scheme, host and port in lower case: the form in which users approve where a key is sent."""
    host = authority(url)
    return f"{url.lower().partition('://')[0]}://{host}" if host else url


def origin_template(url: str) -> str:
    """Return the part of a base URL before its path, which may contain `${slot}`."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if separator else url.partition("/")[0]


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is the local machine: `localhost`, 127.0.0.0/8 or ::1."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_local(host: str) -> bool:
    """Return whether a host is this machine or in a private network."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_loopback(host) or "." not in host or host.endswith((".local", ".internal", ".lan"))


def placeholders(text: str) -> list[str]:
    """Return the slots that `text` contains as `${slot}`, each once and in order."""
    return list(dict.fromkeys(re.findall(_PLACEHOLDER, text))) if "$" in text else []


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """Return `template` with each `${slot}` replaced by the slot's value; None if a value is missing."""
    if any(name not in values for name in placeholders(template)):
        return None
    return re.sub(_PLACEHOLDER, lambda found: values[found[1]], template) if "$" in template else template


def of_provider(provider: Provider, template: str, values: Mapping[str, str], *, are_defaults: bool = False) -> str:
    """Return a provider's base URL or the `template` of one of its models, filled in.

    Empty if a setting is missing, or if the result is not a base URL. With `are_defaults`, all values are those of the
    provider itself, which were checked when its plugin was loaded.
    """
    cases = (
        case.base_url
        for case in provider.base_url_cases
        if (value := values.get(case.slot)) and value == (case.value or value)
    )
    usual = next(cases, provider.base_url)
    template = template.replace(provider.base_url, usual, 1) if template else usual
    found = filled(template, values) or ""
    return found if are_defaults or found == template or is_base_url(found) else ""


def bare(value: str, check: Check) -> str:
    """Return a setting in the form in which it is filled into a base URL: a host without `https://` and slashes.

    Empty if the setting does not have the form that `check` requires.
    """
    value = normalized(value)
    if check == "host":
        value = value.removeprefix("https://")
    return value if re.fullmatch(_SHAPES[check], value, re.ASCII) else ""


def is_bare(value: str, check: Check) -> bool:
    """Return whether a setting has the form that `check` requires as it stands; of an address, a slash may follow."""
    return bare(value, check) == (normalized(value) if check == "url" else value) != ""


def meant(text: str, slot: Slot | Address) -> str:
    """Return the base URL that a user means by an address: without methods, and with what the slot says it ends with.

    The result may be invalid. Hosts, ports and paths that the user gave are kept; a scheme that is missing is http only
    on this machine and in local networks.
    """
    url = text.strip(_AROUND)
    url = _reachable(url, slot.port) if isinstance(slot, Slot) and slot.port else _with_scheme(url)
    for end in slot.without:
        origin = origin_template(url)
        url = origin + url[len(origin) :].partition(end)[0]
    url = _without_methods(normalized(url))
    if slot.path and url == origin_template(url):
        url += slot.path
    return url if url.endswith(slot.ending) else url + slot.ending


def is_understood(text: str) -> bool:
    """Return whether an address, as a user types it, is that of some endpoint."""
    return is_base_url(meant(text, Slot("base", (), port=80)))


def meant_for(provider: Provider, text: str) -> str:
    """Return the base URL that a user means by an address for a model of a provider, where one may be given.

    It is `text` itself if that is such a base URL, apart from slashes at its end, or if it can't be understood.
    """
    slots = (slot for group in provider.requirement for slot in group.slots if slot.check == "url")
    own = "" if provider.kind != "own-server" or placeholders(provider.base_url) else provider.base_url
    usual = Address((), path=normalized(own[len(origin_template(own)) :]))
    url = meant(text, next(slots, None) or provider.address or usual)
    return url if is_base_url(url) and url != normalized(text) else text


def _with_scheme(url: str) -> str:
    """Return an address with its scheme as it should be written, if that is clear."""
    if found := re.match(_SCHEME, url):
        return f"{found[1].lower()}://{url[found.end() :]}"
    if "://" in url or not re.fullmatch(_WITHOUT_SCHEME, url, re.ASCII):
        return url
    host = url.partition("/")[0].partition(":")[0]
    return f"{'http' if is_local(host) else 'https'}://{url}"


def _without_methods(url: str) -> str:
    """Return an address without what protocols add to it, and without a version that is there twice."""
    url = re.sub(_METHOD_OF_A_MODEL, "", url)
    for method in _METHODS:
        url = url.removesuffix(method)
    return re.sub(_DOUBLED, r"\1", url)


def within(text: str, form: str) -> str:
    """Return what stands for `*` in a text of the form `https://*.acme.example`, with anything after it; else empty."""
    before, _, after = form.partition("*")
    form = rf"{re.escape(before)}([^/?#]+){re.escape(after)}(?:[/?#].*)?"
    found = re.fullmatch(form, text)
    return found[1] if found else ""


def _reachable(text: str, port: int) -> str:
    """Return an address for clients from one that a server listens on: `:8080`, `0.0.0.0`, `host:port`, a URL."""
    scheme, separator, rest = text.strip("\"' ").rpartition("://")
    host, slash, path = rest.partition("/")
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    name, bracket, after = host.rpartition("]")
    name, colon, own_port = (f"{name}]", *after.partition(":")[1:]) if bracket else host.partition(":")
    where = _ANYWHERE.get(name, name) + (f":{own_port}" if colon else "" if separator else f":{port}")
    return f"{scheme or 'http'}://{where}{slash}{path}"


def may_receive(setting: Source, secret: Source | None) -> bool:
    """Return whether a secret may be sent to a whole address that a user's setting names.

    The setting must be from the same place as the secret, or from one that is more trusted; never from a project.
    """
    if setting.layer == PROJECT or _redirects_the_organisations(setting, secret):
        return False
    return secret is None or setting.layer in (HOST, PROCESS) or secret.layer not in (HOST, PROCESS)


def may_decide(setting: Source, secret: Source | None) -> bool:
    """Return whether a setting may be part of the base URL to which `secret` is sent.

    A setting in a project's file may not redirect a key of the user. A key in a file belongs to the user even if the
    project names the file.
    """
    if _redirects_the_organisations(setting, secret):
        return False
    is_projects_own = secret is None or (secret.layer == PROJECT and not secret.path)
    return is_projects_own or setting.layer != PROJECT


def _redirects_the_organisations(setting: Source, secret: Source | None) -> bool:
    """Return whether a user's setting would determine where a key of the organisation is sent."""
    is_organisations = secret is not None and secret.layer == ORGANISATION
    return is_organisations and setting.layer not in (HOST, ORGANISATION)


def _endpoint(url: str) -> tuple[Origin, str] | str:
    if not is_base_url(url):
        return normalized(url)
    try:
        return origin_of(url), normalized(url.partition("://")[2].partition("/")[2])
    except UsageError:
        return normalized(url)
