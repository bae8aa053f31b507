"""The vocabulary of plugins: immutable values without I/O, shared by the core, plugins and hosts.

They are named tuples because defining one costs an eighth of what a frozen slotted dataclass costs at
start-up; `docs/architecture.md` has the figures. What a field demands stands at the field: everything that checks,
reads or keeps values follows from it. What is found out about logins and keys is in `logins`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Protocol, runtime_checkable

from polyroute.constraints import (
    Count,
    Date,
    Filled,
    HeaderName,
    Headers,
    Line,
    Link,
    MaybeVariable,
    Named,
    Price,
    Short,
    SlotName,
    Slug,
    Text,
    Url,
    Variable,
)

ProviderKind = Literal["vendor", "host", "own-cloud", "own-server", "gateway"]
CredentialKind = Literal["api-key", "oauth-token", "cloud-identity", "none"]
FailureMeaning = Literal["caller", "no_credit", "invalid", "not_offered", "unavailable"]
Evidence = Literal["verbatim", "listed", "unlisted", "not_offered", "unknown"]
Check = Literal["", "slug", "host", "url"]
BaseUrlRule = Literal["required", "optional", "no"]

DIRECT = "direct"
"""The name of the route that goes to the provider itself, with the provider's own credential."""


class ModelRef(NamedTuple):
    """A provider and that provider's own model ID; written `provider/model`."""

    provider: Filled
    """A provider ID or one of its aliases, as entered."""
    id: Filled
    """The model ID to the letter: never trimmed, re-cased or altered."""

    def __str__(self) -> str:
        return f"{self.provider}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> "ModelRef":
        """The reference that a text is, split at its first `/`; a part that is not there is empty."""
        provider, _, model_id = text.partition("/")
        return cls(provider, model_id)


class Alternative(NamedTuple):
    """One place that can fill a slot: a variable, a file, a variable naming a file, a part of a file, or a command."""

    variable: Annotated[MaybeVariable, Short()] = ""
    """A variable that holds the value, or (with `names_file`) the path of a file."""
    file: Line = ""
    """A path; `~` is the user's home and `${NAME}` or `${NAME:-default}` a variable."""
    names_file: bool = False
    """The variable's value is a path, and counts only where that file exists."""
    section: Line = ""
    """A section of the INI file, with variables as in `file`."""
    keys: tuple[Text, ...] = ()
    """INI keys of which the section must hold one; the first that is there gives the value."""
    json_field: Line = ""
    """Where the text stands in the JSON that the variable, the file or the command gives: a dotted path (`a.b`), or a
    JSON pointer (`/a.b/c`)."""
    command: tuple[Text, ...] = ()
    """A program and its arguments that prints the secret. It is run at the moment of use, never before, and without a
    shell; a manifest that names one is used only after the user has approved it."""
    variables: tuple[Variable, ...] = ()
    """The variables that the command gets, besides `HOME`, `PATH` and the language."""
    expires_field: Line = ""
    """Where the same JSON says until when the value is good: ISO 8601, or seconds or milliseconds since 1970."""

    def inconsistency(self) -> str:
        """Why these fields do not go together; empty where they do."""
        if sum(map(bool, (self.variable, self.file, self.command))) != 1:
            return "give either a `variable` or a `file`, or a `command`"
        if bool(self.section) != bool(self.keys):
            return "`section` and `keys` go together"
        if self.variables and not self.command:
            return "`variables` are those of a `command`"
        return "`expires_field` goes with `json_field`" if self.expires_field and not self.json_field else ""


class Slot(NamedTuple):
    """One thing a provider needs, with the alternatives that can fill it, in order."""

    name: SlotName
    """What it is called in a base URL or a header (`${region}`) and in messages."""
    alternatives: Annotated[tuple[Alternative, ...], Named("from")]
    secret: bool = False
    default: Line = ""
    """Used where no alternative holds a value."""
    check: Check = ""
    """What the value must be before it may stand in a base URL or a header."""
    remedy: Line = ""
    """What a user does to fill it, where "set the variable" does not say it well."""

    def inconsistency(self) -> str:
        """Why these fields do not go together; empty where they do."""
        return "" if self.alternatives or self.default else "from: names no place to look at"


class Group(NamedTuple):
    """Slots that together make a credential. A group without slots says that none is needed."""

    slots: tuple[Slot, ...] = ()
    kind: CredentialKind = "api-key"


class AuthHeader(NamedTuple):
    """Where the secret goes: the header's name and what stands before the secret in it."""

    name: HeaderName = "Authorization"
    prefix: Line = "Bearer "


class BaseUrlCase(NamedTuple):
    """Another base URL for one value of one slot (a cloud's `global` location has a host of its own)."""

    slot: SlotName
    value: Line
    base_url: Url


class CustomModelRules(NamedTuple):
    """What a user's own models of a provider need."""

    base_url: BaseUrlRule = "no"
    file_suffix: Line = ""
    """The model is a local file whose name ends so; empty where it is no file."""


class FailureRule(NamedTuple):
    """An error that an endpoint answers with, and what it means for the route."""

    means: FailureMeaning
    """`no_credit`, `invalid` (the key), `not_offered` (the model) or `unavailable`: another route may be taken.
    `caller`: the request itself is wrong, and every route would refuse it.
    """
    status: tuple[Count, ...]
    """HTTP status codes, of which the answer has one."""
    says: tuple[Text, ...] = ()
    """Texts of which the answer contains one, in whatever case; `*` stands for anything. None: the status suffices."""


class Provider(NamedTuple):
    """Whose models a user selects."""

    id: Slug
    """A lower-case slug."""
    name: Text
    kind: ProviderKind = "host"
    requirement: tuple[Group, ...] = ()
    """Any one group suffices; none at all leaves it to the credentials hook."""
    base_url: Url = ""
    """May hold `${slot}`, filled from the group that is met."""
    base_url_cases: tuple[BaseUrlCase, ...] = ()
    protocol: Text = "openai-chat"
    """The wire protocol, one of the names in `docs/architecture.md`."""
    auth: AuthHeader = AuthHeader()
    headers: Headers = ()
    """Further headers that every request needs; never secret. A value may hold `${slot}`."""
    aliases: tuple[Text, ...] = ()
    """Other tools' names for it."""
    selectable: bool = True
    """Whether it may stand in a model reference."""
    custom_models: CustomModelRules | None = None
    """None where a user can add no models of their own."""
    documentation: Link = ""
    """Address of the provider's own documentation."""
    key_variable: MaybeVariable = ""
    """The variable in which its key is kept, where no requirement says so since the plugin looks by itself."""
    also_speaks: tuple[Text, ...] = ()
    """Further wire protocols, at the same base URL and with the same key and headers."""
    detects: tuple[Variable, ...] = ()
    """Further variables in which its plugin looks for a key by itself: who reads a variable counts in every form."""
    own_protocols: tuple[Text, ...] = ()
    """The wire protocols that this provider designed. `failures` count at everyone who speaks them."""
    failures: tuple[FailureRule, ...] = ()
    """How its endpoint says that a route can't be taken, beyond what most endpoints say; the first that fits counts."""


class Routeability(NamedTuple):
    """Which providers' models a gateway carries: a rule, evaluated once for all providers."""

    gateway: Text
    """The gateway's provider ID."""
    offered: frozenset[Text] = frozenset()
    """The namespaces in the gateway's model list: every vendor among them is carried."""
    namespaces: Mapping[str, Text] = MappingProxyType({})
    """Provider ID to namespace, where the gateway spells a vendor otherwise."""
    providers: tuple[Slug, ...] = ()
    """Providers carried whatever the list says."""
    like: Line = ""
    """Another gateway, all of whose rule holds here too."""
    preferred: bool = False
    """Asks to be the first route as long as the user has not said otherwise."""
    extends: bool = False
    """The gateway is another plugin's provider: endpoint, headers, credential and preference stay its owner's."""


class IdMapping(NamedTuple):
    """A gateway's ID for a model and how it is known; or no ID, and why."""

    id: Filled | None
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
    wanted only where a user reads the answer, never while routes are worked out.
    """

    def suggest(self, model: ModelRef, /) -> tuple[str, ...]:
        """Model references that may be meant, likeliest first. May be fuzzy, unlike everything else here."""


@runtime_checkable
class Preparing(Protocol):
    """A mapper that asks somebody else, and can ask for many at once."""

    def prepare(self, models: Sequence[ModelRef], /) -> None:
        """These are about to be looked up: what is fetched now is not fetched one by one then."""


class Model(NamedTuple):
    """What is on offer: one model of one provider. Prices in US dollars per million tokens."""

    provider: Text
    id: Annotated[Text, Short()]
    name: Line = ""
    context: Count | None = None
    """Tokens of input and output together."""
    output: Count | None = None
    """Most tokens of one answer."""
    input_price: Price | None = None
    output_price: Price | None = None
    input_modalities: tuple[Text, ...] = ()
    output_modalities: tuple[Text, ...] = ()
    release_date: Date = ""
    """ISO 8601, perhaps without the day."""
    base_url: Url = ""
    """Where this model alone has a base URL of its own; `${slot}` as in the provider's."""
    protocol: Line = ""
    """Where this model alone speaks another protocol; `auth` and `headers` likewise."""
    auth: AuthHeader | None = None
    headers: Headers = ()

    @property
    def ref(self) -> ModelRef:
        """The reference that selects it."""
        return ModelRef(self.provider, self.id)


class Problem(NamedTuple):
    """Something that went wrong in one plugin, file or entry: shown, never thrown at an unrelated caller."""

    message: str
    remedy: str = ""
    plugin: str = ""
    distribution: str = ""
    version: str = ""
    hook: str = ""
    path: str = ""
    code: str = ""
    """What kind of problem it is, for programs: one of the words in `docs/json.md`."""
    provider: str = ""
    """The ID of the provider that it is about, where it is about one."""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.distribution, self.version) if part)
        plugin = f"plugin {self.plugin}" + (f" ({where})" if where else "") if self.plugin else ""
        text = ": ".join(part for part in (plugin, self.hook, self.path, self.message) if part)
        return f"{text.removesuffix('.')}. {self.remedy}".rstrip()
