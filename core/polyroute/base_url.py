"""Base URLs: everything of an address that stands before the wire protocol's own path.

Only this module says what a base URL is, how it is normalised, joined and filled, when two of them are one endpoint,
and whose settings may decide one.
"""

import re
from collections.abc import Mapping

from polyroute.environment import PROJECT
from polyroute.errors import UsageError
from polyroute.types import Check, Provider, Source

# Patterns as text: `re` compiles (and keeps) them when first used, and most runs use none.
PATTERN = r"https?://[^\s\x00-\x1f/?#@\\$]+(?:/[^\s\x00-\x1f?#\\$]*)?"
"""A whole base URL: http or https, without user name, query, fragment, backslash and `$`. Rust reads it alike."""
_PLACEHOLDER = r"\$\{(\w*)\}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SHAPES: dict[Check, str] = {
    "slug": r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}",
    "host": rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?",
    "url": rf"https?://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::\d{{1,5}})?(?:/[\w.~/-]*)?",
}
_DEFAULT_PORTS = {"https": 443, "http": 80}

Origin = tuple[str, str, int | None]
"""Scheme, host and port; no port where it is the one that the scheme implies."""


def is_base_url(text: str) -> bool:
    """Whether `text` is a base URL as a user may give one."""
    return re.fullmatch(PATTERN, text) is not None


def normalized(url: str) -> str:
    """The base URL as it is kept: without slashes at the end, so that a path can follow."""
    return url.rstrip("/")


def joined(url: str, path: str) -> str:
    """The address of `path`, which begins with a slash, below a base URL."""
    return normalized(url) + path


def same_endpoint(one: str, other: str) -> bool:
    """Whether a key for one base URL is a key for the other: scheme, host, port and path are the same.

    Case counts in the path alone, and a slash at the end does not.
    """
    return normalized(one) == normalized(other) or _endpoint(one) == _endpoint(other)


def origin_of(url: str) -> Origin:
    """Scheme, host and port of a base URL, the host in ASCII. Raises UsageError for what nobody could call."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError:
        host, port = "", None
    if not host:
        raise UsageError(f"{url} is no address that could be called: correct the base URL.")
    return parts.scheme, host, None if _DEFAULT_PORTS.get(parts.scheme) == port else port


def authority(url: str) -> str:
    """Host and port as written, in lower case; empty for what has none. A template's may hold `${slot}`."""
    return url.lower().partition("://")[2].partition("/")[0]


def site(url: str) -> str:
    """Scheme, host and port as written, in lower case: what a user is asked to trust with a key."""
    host = authority(url)
    return f"{url.lower().partition('://')[0]}://{host}" if host else url


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own: `localhost`, 127.0.0.0/8 or ::1."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def placeholders(text: str) -> list[str]:
    """The slots that `text` names as `${slot}`, each once and in order."""
    return list(dict.fromkeys(re.findall(_PLACEHOLDER, text))) if "$" in text else []


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """`template` with `values` by slot in place of its `${slot}`s; None where one is missing."""
    if any(name not in values for name in placeholders(template)):
        return None
    return re.sub(_PLACEHOLDER, lambda found: values[found[1]], template) if "$" in template else template


def of_provider(provider: Provider, template: str, values: Mapping[str, str]) -> str:
    """The provider's own base URL, or the `template` of one of its models, filled; empty where a setting is missing."""
    cases = (case.base_url for case in provider.base_url_cases if values.get(case.slot) == case.value)
    usual = next(cases, provider.base_url)
    return filled(template.replace(provider.base_url, usual, 1) if template else usual, values) or ""


def bare(value: str, check: Check) -> str:
    """A setting as it may stand in a base URL, without what users write around a host (`https://…/`).

    Empty where it does not have the shape that `check` demands.
    """
    value = normalized(value)
    if check == "host":
        value = value.removeprefix("https://")
    return value if re.fullmatch(_SHAPES[check], value, re.ASCII) else ""


def may_decide(setting: Source, secret: Source | None) -> bool:
    """Whether a setting may be part of the base URL to which `secret` is sent.

    What a project's file says may not redirect a key of the user's. A key in a file is never the project's own, even
    where the project names the file.
    """
    is_projects_own = secret is None or (secret.layer == PROJECT and not secret.path)
    return is_projects_own or setting.layer != PROJECT


def _endpoint(url: str) -> tuple[Origin, str] | str:
    if not is_base_url(url):
        return normalized(url)
    try:
        return origin_of(url), normalized(url.partition("://")[2].partition("/")[2])
    except UsageError:
        return normalized(url)
