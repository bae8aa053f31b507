"""The vocabulary of plugins: immutable values without I/O, shared by the core, plugins and hosts.

They are named tuples because defining one costs an eighth of what a frozen slotted dataclass costs at
start-up; `docs/architecture.md` has the figures. Nothing here ever holds a secret.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol, runtime_checkable

ProviderKind = Literal["vendor", "host", "own-cloud", "own-server", "gateway"]
CredentialKind = Literal["api-key", "oauth-token", "cloud-identity", "none"]
Evidence = Literal["verbatim", "listed", "unlisted", "not_offered", "unknown"]
Check = Literal["", "slug", "host", "url"]
BaseUrlRule = Literal["required", "optional", "no"]
VerificationState = Literal["valid", "invalid", "no_credit", "rate_limited", "unreachable", "unsupported"]

DIRECT = "direct"
"""The name of the route that goes to the provider itself, with the provider's own credential."""


class ModelRef(NamedTuple):
    """A provider and that provider's own model ID; written `provider/model`."""

    provider: str
    """A provider ID or one of its aliases, as entered."""
    id: str
    """The model ID to the letter: never trimmed, re-cased or altered."""

    def __str__(self) -> str:
        return f"{self.provider}/{self.id}"


class Alternative(NamedTuple):
    """One place that can fill a slot: a variable, a file, a variable naming a file, or a part of a file."""

    variable: str = ""
    """A variable that holds the value, or (with `names_file`) the path of a file."""
    file: str = ""
    """A path; `~` is the person's home and `${NAME}` or `${NAME:-default}` a variable."""
    names_file: bool = False
    """The variable's value is a path, and counts only where that file exists."""
    section: str = ""
    """A section of the INI file, with variables as in `file`."""
    keys: tuple[str, ...] = ()
    """INI keys of which the section must hold one; the first that is there gives the value."""
    json_field: str = ""
    """Dotted path of a text field in the JSON that the variable or the file holds."""


class Slot(NamedTuple):
    """One thing a provider needs, with the alternatives that can fill it, in order."""

    name: str
    """What it is called in a base URL (`${region}`) and in messages."""
    alternatives: tuple[Alternative, ...]
    secret: bool = False
    default: str = ""
    """Used where no alternative holds a value."""
    check: Check = ""
    """What the value must be before it may stand in a base URL."""
    remedy: str = ""
    """What a person does to fill it, where "set the variable" does not say it well."""


class Group(NamedTuple):
    """Slots that together make a credential. A group without slots says that none is needed."""

    slots: tuple[Slot, ...] = ()
    kind: CredentialKind = "api-key"


class AuthHeader(NamedTuple):
    """Where the secret goes: the header's name and what stands before the secret in it."""

    name: str = "Authorization"
    prefix: str = "Bearer "


class BaseUrlCase(NamedTuple):
    """Another base URL for one value of one slot (a cloud's `global` location has a host of its own)."""

    slot: str
    value: str
    base_url: str


class CustomModelRules(NamedTuple):
    """What a person's own models of a provider need."""

    base_url: BaseUrlRule = "no"
    file_suffix: str = ""
    """The model is a local file whose name ends so; empty where it is no file."""


class Provider(NamedTuple):
    """Whose models a person selects."""

    id: str
    """A lower-case slug."""
    name: str
    kind: ProviderKind = "host"
    requirement: tuple[Group, ...] = ()
    """Any one group suffices; none at all leaves it to the credentials hook."""
    base_url: str = ""
    """May hold `${slot}`, filled from the group that is met."""
    base_url_cases: tuple[BaseUrlCase, ...] = ()
    protocol: str = "openai-chat"
    """The wire protocol, one of the names in `docs/architecture.md`."""
    auth: AuthHeader = AuthHeader()
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers that every request needs; never secret."""
    aliases: tuple[str, ...] = ()
    """Other tools' names for it."""
    selectable: bool = True
    """Whether it may stand in a model reference."""
    custom_models: CustomModelRules | None = None
    """None where a person can add no models of their own."""
    documentation: str = ""
    """Address of the provider's own documentation."""
    key_variable: str = ""
    """The variable in which its key is kept, where no requirement says so since the plugin looks by itself."""
    also_speaks: tuple[str, ...] = ()
    """Further wire protocols, at the same base URL and with the same key and headers."""


class Source(NamedTuple):
    """Where a credential comes from, as data, so that its secret can be read at the moment of use."""

    layer: str
    """`host`, `env`, `project .env`, `keyring`, `global .env`, `file` or `plugin`."""
    name: str = ""
    """The variable; in the keyring, the name of the entry; for a plugin, its own word."""
    path: str = ""
    """The file that holds the value, perhaps named by the variable."""
    section: str = ""
    """The section of the INI file."""
    field: str = ""
    """The key in the section, or the dotted path in the JSON."""

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

    def __str__(self) -> str:
        return str(self.source) if self.source else "none needed"


class Detection(NamedTuple):
    """What a plugin found out about one provider's login: a credential, or why there is none."""

    provider: str
    kind: CredentialKind = "api-key"
    source: Source | None = None
    """None where there is no usable login; then `reason` and `remedy` say why."""
    endpoint: str = ""
    """The base URL, where it differs from the provider's declared one. Only the provider's owner may say."""
    reason: str = ""
    remedy: str = ""


class Routeability(NamedTuple):
    """Which providers' models a gateway carries: a rule, evaluated once for all providers."""

    gateway: str
    """The gateway's provider ID."""
    offered: frozenset[str] = frozenset()
    """The namespaces in the gateway's model list: every vendor among them is carried."""
    namespaces: Mapping[str, str] = MappingProxyType({})
    """Provider ID to namespace, where the gateway spells a vendor otherwise."""
    providers: tuple[str, ...] = ()
    """Providers carried whatever the list says."""
    like: str = ""
    """Another gateway, all of whose rule holds here too."""
    preferred: bool = False
    """Asks to be the first route as long as the person has not said otherwise."""


class IdMapping(NamedTuple):
    """A gateway's ID for a model and how it is known; or no ID, and why."""

    id: str | None
    evidence: Evidence
    why: str = ""
    """In words; never empty where there is no ID."""


@runtime_checkable
class Mapper(Protocol):
    """Translates model IDs for one gateway. Built once, asked often: both methods are look-ups."""

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """The ID by which the gateway knows `model`."""

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """The provider and native ID of a gateway's ID, only where that is certain."""


@runtime_checkable
class Suggester(Protocol):
    """A mapper that can also say what may have been meant.

    This is apart from `lookup`, and optional: a likeness takes a thousand times as long to find as an ID, and is
    wanted only where a person reads the answer, never while routes are worked out.
    """

    def suggest(self, model: ModelRef, /) -> tuple[str, ...]:
        """Model references that may be meant, likeliest first. May be fuzzy, unlike everything else here."""


class Model(NamedTuple):
    """What is on offer: one model of one provider. Prices in US dollars per million tokens."""

    provider: str
    id: str
    name: str = ""
    context: int | None = None
    """Tokens of input and output together."""
    output: int | None = None
    """Most tokens of one answer."""
    input_price: float | None = None
    output_price: float | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    release_date: str = ""
    """ISO 8601, perhaps without the day."""
    base_url: str = ""
    """Where this model alone has a base URL of its own; `${slot}` as in the provider's."""
    protocol: str = ""
    """Where this model alone speaks another protocol; `auth` and `headers` likewise."""
    auth: AuthHeader | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def ref(self) -> ModelRef:
        """The reference that selects it."""
        return ModelRef(self.provider, self.id)


class Probe(NamedTuple):
    """A request by which an endpoint says whether a key works; as data, for the core sends it: no plugin sees a key."""

    provider: str
    path: str
    """What follows the base URL that the key is bound to; it starts with `/`."""
    free: bool = True
    """Whether it costs nothing; one that costs is sent only when somebody says so."""
    body: str = ""
    """JSON to POST; without one it is a GET."""
    remaining: str = ""
    """Where in the answer the credit that is left stands, as a dotted path."""
    currency: str = "USD"
    """Its currency, or where in the answer that stands."""
    means: Mapping[str, VerificationState] = MappingProxyType({})
    """By HTTP status, what it means where it is not what it usually means."""


class Verification(NamedTuple):
    """Whether a credential works right now, as its endpoint said."""

    provider: str
    state: VerificationState
    message: str = ""
    """Why, in the endpoint's own words where it had any."""
    remaining: str = ""
    """The credit that is left, with its currency, where the endpoint tells."""


class Problem(NamedTuple):
    """Something that went wrong in one plugin, file or entry: shown, never thrown at an unrelated caller."""

    message: str
    remedy: str = ""
    plugin: str = ""
    distribution: str = ""
    version: str = ""
    hook: str = ""
    path: str = ""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.distribution, self.version) if part)
        plugin = f"plugin {self.plugin}" + (f" ({where})" if where else "") if self.plugin else ""
        text = ": ".join(part for part in (plugin, self.hook, self.path, self.message) if part)
        return f"{text.removesuffix('.')}. {self.remedy}".rstrip()
