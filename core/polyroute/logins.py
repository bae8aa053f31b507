"""What is found out about logins and keys: where they are, what they are used with, and whether they work.

Only `Secret` and `Call` ever hold a secret, and neither shows it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from polyroute.constraints import Headers, Line, Moment, Path, Text, Url
from polyroute.types import CredentialKind

VerificationState = Literal["valid", "invalid", "no_credit", "rate_limited", "unreachable", "unsupported"]


class Source(NamedTuple):
    """Where a credential comes from, as data, so that its secret can be read at the moment of use."""

    layer: Text
    """`host`, `env`, `project .env`, `keyring`, `global .env`, `file`, `command` or `plugin`."""
    name: str = ""
    """The variable; the name of an entry in the keyring; a plugin's own word; the command, as a shell has it."""
    path: str = ""
    """The file that holds the value, perhaps named by the variable."""
    section: str = ""
    """The section of the INI file."""
    field: str = ""
    """The key in the section, or where the text stands in the JSON."""
    expires: str = ""
    """Where the same JSON says until when it is good."""

    def __str__(self) -> str:
        section = f"[{self.section}]" if self.section else ""
        return " ".join(part for part in (self.layer, self.name or self.path, section, self.field) if part)


class Credential(NamedTuple):
    """A requirement met or a login found: pure data, no secret in it."""

    provider: str
    endpoint: str
    """The base URL it was found for: the only place its secret may go."""
    kind: CredentialKind = "api-key"
    source: Source | None = None
    """None where no secret is needed."""
    shared_with: tuple[str, ...] = ()
    """Other providers that read the same variable: it may be meant for one of them."""
    plugin: str = ""
    """The plugin that found it, if one did; with the layer `plugin` it is asked for the secret."""
    remedy: str = ""
    """What to do where the secret can't be had any more, in the words of the plugin."""
    expires_at: float | None = None
    """Seconds since 1970 at which the login ends, where that can be seen without reading the secret."""

    def __str__(self) -> str:
        return str(self.source) if self.source else "none needed"


class Detection(NamedTuple):
    """What a plugin found out about one provider's login: a credential, or why there is none."""

    provider: Text
    kind: CredentialKind = "api-key"
    source: Source | None = None
    """None where there is no usable login; then `reason` and `remedy` say why."""
    endpoint: Url = ""
    """The base URL, where it differs from the provider's declared one. Only the provider's owner may say."""
    reason: str = ""
    remedy: str = ""
    """What to do: about a login that is missing or has expired, or one whose secret can't be had later."""
    expires_at: Moment | None = None
    """Seconds since 1970 at which the login ends; one that has ended is not usable."""


class Probe(NamedTuple):
    """A request by which an endpoint says whether a key works; as data, for the core sends it: no plugin sees a key."""

    provider: Text
    path: Path
    """What follows the base URL that the key is bound to; it starts with `/`."""
    free: bool = True
    """Whether it costs nothing; one that costs is sent only when somebody says so."""
    body: str = ""
    """JSON to POST; without one it is a GET."""
    remaining: Line = ""
    """Where in the answer the credit that is left stands, as a dotted path."""
    currency: Line = "USD"
    """Its currency, or where in the answer that stands."""
    means: Mapping[str, VerificationState] = MappingProxyType({})
    """By HTTP status, what it means where it is not what it usually means."""


class Verification(NamedTuple):
    """Whether a credential works right now, as its endpoint said."""

    provider: Text
    state: VerificationState
    message: str = ""
    """Why, in the endpoint's own words where it had any."""
    remaining: str = ""
    """The credit that is left, with its currency, where the endpoint tells."""


class Secret(NamedTuple):
    """What a credential is used with, for as long as it is good; or why there is none. Kept in memory alone."""

    value: str = ""
    """Empty where there is none; then `reason` and `remedy` say why."""
    expires_at: Moment | None = None
    """Seconds since 1970; None where nobody knows, and then the secret is asked for at each use."""
    headers: Headers = ()
    """Further headers that go with it; they may be secret (an account, a session)."""
    endpoint: Url = ""
    """The base URL it is for, where only the exchange says so; it goes there and nowhere else, whatever a model's own
    base URL is. Only the provider's owner may give one, and an executable only within the hosts that it is granted."""
    reason: str = ""
    """Why there is none."""
    remedy: str = ""
    """What a user does about it: `Run: acme login.`"""

    def __repr__(self) -> str:
        return "<Secret>" if self.value else f"<no Secret: {self.reason or 'no reason is given'}>"


class Call(NamedTuple):
    """How an endpoint is called along one route: where, and with which headers, the key among them."""

    base_url: str
    headers: tuple[tuple[str, str], ...]
    """All headers that the route asks for; the last is the one with the key, where one is needed."""
    expires_at: float | None = None
    """Seconds since 1970 at which the headers stop being good; None where nobody knows."""

    def __repr__(self) -> str:
        return f"<Call of {self.base_url}>"
