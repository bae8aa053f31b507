"""Types for logins and keys: where they are found, what they are used for and whether they work.

Only `Secret` and `Call` hold a secret, and neither shows it in its `repr`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import Headers, Line, Moment, Path, Text, Url
from polyroute.types.declarations import CredentialKind

VerificationState = Literal["valid", "invalid", "no_credit", "rate_limited", "unreachable", "unsupported"]


class Source(NamedTuple):
    """Where a credential was found, so that its secret can be read at the moment of use."""

    layer: Text
    """`host`, `env`, `project .env`, `keyring`, `global .env`, `organisation`, `file`, `command` or `plugin`."""
    name: str = ""
    """The variable, the name of the keyring entry, the plugin's own reference, or the command in shell notation."""
    path: str = ""
    """The file with the value, which the variable may name."""
    section: str = ""
    """The section of the INI file."""
    field: str = ""
    """The key in the INI section, or the place of the value in the JSON."""
    expires: str = ""
    """The place of the expiry time in the same JSON."""

    def __str__(self) -> str:
        section = f"[{self.section}]" if self.section else ""
        return " ".join(part for part in (self.layer, self.name or self.path, section, self.field) if part)


class Credential(NamedTuple):
    """A requirement that is met or a login that was found. It contains no secret."""

    provider: str
    endpoint: str
    """The base URL that it was found for, and the only one that its secret is sent to."""
    kind: CredentialKind = "api-key"
    source: Source | None = None
    """None if no secret is needed."""
    shared_with: tuple[str, ...] = ()
    """Other providers that read the same variable, for one of which it may be meant."""
    plugin: str = ""
    """The plugin that found it, if one did. With the layer `plugin`, that plugin is asked for the secret."""
    remedy: str = ""
    """The plugin's advice if the secret can't be read any more."""
    expires_at: float | None = None
    """When the login ends, in seconds since 1970, if that is known without reading the secret."""
    address: str = ""
    """The variable that names the endpoint, if the user calls the provider at another address than its own."""

    @property
    def is_organisations(self) -> bool:
        """Whether it is a key of the organisation, which is shown to nobody and which no user can change."""
        return self.source is not None and self.source.layer == "organisation"

    def __str__(self) -> str:
        return str(self.source) if self.source else "none needed"


class Detection(NamedTuple):
    """What a plugin found out about a provider's login: a credential, or the reason why there is none."""

    provider: Text
    kind: CredentialKind = "api-key"
    source: Source | None = None
    """None if there is no usable login; `reason` and `remedy` then say why."""
    endpoint: Url = ""
    """The base URL, if it differs from the declared one. Only the provider's owner may set it."""
    reason: str = ""
    remedy: str = ""
    """What the user should do if the login is missing or has expired, or if its secret can't be read later."""
    expires_at: Moment | None = None
    """When the login ends, in seconds since 1970. A login that has ended is not usable."""


class Probe(NamedTuple):
    """A request that checks whether a key works. The core sends it, so that no plugin sees the key."""

    provider: Text
    path: Path
    """The path below the base URL that the key is bound to; it starts with `/`."""
    free: bool = True
    """Whether the request is free of charge. One that is not is sent only if the user allows it."""
    body: str = ""
    """The JSON body to POST; the request is a GET if empty."""
    remaining: Line = ""
    """The dotted path of the remaining credit in the response."""
    currency: Line = "USD"
    """The currency of the credit, or its dotted path in the response."""
    means: Mapping[str, VerificationState] = MappingProxyType({})
    """From HTTP statuses to what they mean, where that differs from the usual meaning."""


class Verification(NamedTuple):
    """Whether a credential works now, as reported by its endpoint."""

    provider: Text
    state: VerificationState
    message: str = ""
    """The reason, in the endpoint's own words if it gave any."""
    remaining: str = ""
    """The remaining credit with its currency, if the endpoint reports it."""


class Secret(NamedTuple):
    """The secret of a credential and how long it is valid, or the reason why there is none. Kept in memory only."""

    value: str = ""
    """Empty if there is none; `reason` and `remedy` then say why."""
    expires_at: Moment | None = None
    """Seconds since 1970. None if unknown: the secret is then read again at each use."""
    headers: Headers = ()
    """Further headers to send with it. They may be secret (an account, a session)."""
    endpoint: Url = ""
    """The base URL that it is for, if only the token exchange reveals it. The secret is then sent nowhere else, even
    if a model has its own base URL. Only the provider's owner may set it; an executable only to hosts it is granted."""
    reason: str = ""
    """Why there is no secret."""
    remedy: str = ""
    """What the user should do: `Run: acme login.`"""

    def __repr__(self) -> str:
        return "<Secret>" if self.value else f"<no Secret: {self.reason or 'no reason is given'}>"


class Call(NamedTuple):
    """How to call an endpoint over one route: the base URL and the headers, including the one with the key."""

    base_url: str
    headers: tuple[tuple[str, str], ...]
    """All headers of the route. The last one carries the key, if a key is needed."""
    expires_at: float | None = None
    """When the headers expire, in seconds since 1970; None if unknown."""

    def __repr__(self) -> str:
        return f"<Call of {self.base_url}>"
