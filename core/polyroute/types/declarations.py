"""The vocabulary of plugins: immutable values without I/O, shared by the core, plugins and host applications.

They are named tuples, since those are cheap to define at start-up. Constraints are annotations of the fields, and
whatever checks, parses or stores values is derived from them. The types for logins and keys are in `credentials`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import (
    Count,
    Ending,
    Filled,
    Granted,
    HeaderName,
    Headers,
    Line,
    Link,
    MaybeVariable,
    Named,
    Short,
    SlotName,
    Slug,
    Text,
    Url,
    Variable,
)
from polyroute.types.scopes import Scope

ProviderKind = Literal["vendor", "host", "own-cloud", "own-server", "gateway"]
CredentialKind = Literal["api-key", "oauth-token", "cloud-identity", "none"]
Evidence = Literal["verbatim", "listed", "unlisted", "not_offered", "unknown"]
Check = Literal["", "slug", "segment", "host", "url"]
BaseUrlRule = Literal["required", "optional", "no"]

DIRECT = "direct"
"""The name of the route that goes to the provider itself, with the provider's own credential."""

CHEAPEST = "cheapest"
"""The preference for the route that costs least for a model."""

ID_SENT = "id"
"""The name of the part of an ID that is sent, in patterns of IDs."""

DEFAULT_RANK = 100
"""The rank of a gateway that declares none."""


class ModelRef(NamedTuple):
    """A provider and the provider's own model ID, written `provider/model`."""

    provider: Filled
    """A provider ID or one of its aliases, as entered."""
    id: Filled
    """The model ID exactly as entered: never trimmed, never changed in case."""

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
    """A variable that holds the value or, with `names_file`, the path of a file."""
    file: Line = ""
    """A path, in which `~` is the user's home and `${NAME}` or `${NAME:-default}` a variable."""
    names_file: bool = False
    """Whether the variable's value is a path, which counts only if the file exists."""
    section: Line = ""
    """A section of the INI file; variables are filled in as in `file`."""
    keys: tuple[Text, ...] = ()
    """INI keys of which the section must have one; the first one present gives the value."""
    json_field: Line = ""
    """The place of the value in the JSON that the variable, the file or the command gives: a dotted path (`a.b`) or a
    JSON pointer (`/a.b/c`)."""
    command: tuple[Text, ...] = ()
    """A program that prints the secret, with its arguments; run without a shell and only at the moment of use."""
    variables: tuple[Granted, ...] = ()
    """The variables that the command gets, in addition to `HOME`, `PATH` and the language settings."""
    expires_field: Line = ""
    """The place of the expiry time in the same JSON: ISO 8601, or seconds or milliseconds since 1970."""
    name_file: Line = ""
    """The path of a file that contains the name for which `*` stands in `file`; without it the name is `default`."""

    def inconsistency(self) -> str:
        """Return why these fields don't go together; empty if they do."""
        if sum(map(bool, (self.variable, self.file, self.command))) != 1:
            return "give either a `variable` or a `file`, or a `command`"
        if bool(self.section) != bool(self.keys) or bool(self.name_file) != ("*" in self.file):
            return "`section` and `keys` go together, and so do `name_file` and a `*` in `file`"
        if self.command and "/" in self.command[0] and not self.command[0].startswith("/"):
            return f"command: {self.command[0]!r} should be a bare name or an absolute path"
        if self.variables and not self.command:
            return "`variables` go with a `command`"
        return "`expires_field` goes with `json_field`" if self.expires_field and not self.json_field else ""


class Slot(NamedTuple):
    """One value that a provider needs, with the alternatives that can fill it, in order."""

    name: SlotName
    """Its name in a base URL or a header (`${region}`) and in messages."""
    alternatives: Annotated[tuple[Alternative, ...], Named("from")]
    secret: bool = False
    default: Line = ""
    """The value used if no alternative has one."""
    check: Check = ""
    """What the value must be to be filled into a base URL or a header."""
    remedy: Line = ""
    """What the user does to fill it, if "set the variable" is not the right advice."""
    forms: tuple[Text, ...] = ()
    """Longer forms in which users give it, with `*` for it (`https://*.acme.example`); a path after it is ignored."""
    without: tuple[Ending, ...] = ()
    """With the check `url`: endings of the address that are no part of it, and after which nothing counts."""
    ending: Ending = ""
    """With the check `url`: what the address ends with. It is added to one that lacks it."""
    path: Ending = ""
    """With the check `url`: the path of an address that has none."""
    port: Count | None = None
    """With the check `url`: the address may be given as one that a server listens on (`0.0.0.0`, `host:port`), and this
    is its port if it has none."""

    def inconsistency(self) -> str:
        """Return why these fields don't go together; empty if they do."""
        return "" if self.alternatives or self.default else "from: names no place to look"


class AuthHeader(NamedTuple):
    """The header that carries the secret: its name and the text before the secret."""

    name: HeaderName = "Authorization"
    prefix: Line = "Bearer "


class Group(NamedTuple):
    """Slots that together make a credential. A group without slots means that no credential is needed."""

    slots: tuple[Slot, ...] = ()
    kind: CredentialKind = "api-key"
    auth: AuthHeader | None = None
    """The header that carries its secret, if it is not the provider's."""


class BaseUrlCase(NamedTuple):
    """Another base URL for one value of one slot, such as a cloud's `global` location with its own host."""

    slot: SlotName
    value: Line
    """Empty for any value."""
    base_url: Url


class Address(NamedTuple):
    """The variables in which users say that a provider is called at another address, as its own SDK reads them.

    A key goes there only from the same place as the address or from a less trusted one. The models and prices of the
    provider's list and its probe don't apply there.
    """

    variables: tuple[Variable, ...]
    without: tuple[Ending, ...] = ()
    """Endings of an address that are no part of it, and after which nothing counts."""
    ending: Ending = ""
    """What base URLs end with, if the SDK adds it. It may contain `${slot}`."""
    path: Ending = ""
    """The path of an address that has none."""
    protocol: Line = ""
    """The wire protocol there, if it is not the provider's; likewise `auth`."""
    auth: AuthHeader | None = None


class CallRule(NamedTuple):
    """How models are called that the provider's list does not have, as far as their IDs say it."""

    models: tuple[Text, ...]
    """Patterns of whole IDs: `*` stands for anything, `${slot}` for a setting that the ID itself has, and `${id}` for
    the part of it that is sent as the ID."""
    protocol: Line = ""
    """The wire protocol, if it is not the provider's; likewise `auth`."""
    auth: AuthHeader | None = None
    also_speaks: tuple[Text, ...] | None = None
    path: Ending = ""
    """What follows the provider's base URL."""


class CustomModelRules(NamedTuple):
    """What custom models of a provider need."""

    base_url: BaseUrlRule = "no"
    file_suffix: Line = ""
    """The suffix of the model's local file; empty if the model is not a file."""


class Provider(NamedTuple):
    """A provider whose models a user selects."""

    id: Slug
    """A lower-case slug."""
    name: Text
    kind: ProviderKind = "host"
    requirement: tuple[Group, ...] = ()
    """Any one group suffices. If empty, the hook `polyroute_credentials` finds the credential."""
    base_url: Url = ""
    """May contain `${slot}`, filled in from the group that is met."""
    base_url_cases: tuple[BaseUrlCase, ...] = ()
    protocol: Text = "openai-chat"
    """The wire protocol, one of the names in `docs/architecture.md`."""
    auth: AuthHeader = AuthHeader()
    headers: Headers = ()
    """Further headers of every request, never secret. A value may contain `${slot}`."""
    aliases: tuple[Text, ...] = ()
    """Other tools' names for the provider."""
    selectable: bool = True
    """Whether it can be used in a model reference."""
    custom_models: CustomModelRules | None = None
    """None if a user can't add custom models."""
    documentation: Link = ""
    """The URL of the provider's own documentation."""
    key_variable: MaybeVariable = ""
    """The variable that holds its key, if the plugin looks for it in a hook instead of a requirement."""
    also_speaks: tuple[Text, ...] = ()
    """Further wire protocols at the same base URL, with the same key and headers."""
    detects: tuple[Variable, ...] = ()
    """Further variables that its plugin reads a key from in a hook; they count as read by this provider."""
    own_protocols: tuple[Text, ...] = ()
    """The wire protocols that it designed. Its failure rules apply to every route that speaks one of them."""
    billing_page: Link = ""
    """The page where its users add credits or raise a limit."""
    keys_page: Link = ""
    """The page where its users make keys."""
    plan: bool = False
    """Whether a subscription pays for its models, so that their listed prices are not what a request costs."""
    makers: tuple[Text, ...] = ()
    """Whose models its own list has, as the IDs name them, in lower case: what is before a `/`, else the first word."""
    unlisted: tuple[CallRule, ...] = ()
    """How models are called that its list does not have; the first rule that matches an ID applies."""
    key_prefixes: tuple[Text, ...] = ()
    """With what all of its keys begin, and no keys of others. A key that begins as another provider's is not used."""
    address: Address | None = None
    """None if it is called at its own address only."""
    nicknames: tuple[Text, ...] = ()
    """What users call it or its models, in lower case: for suggestions only, unlike `aliases`."""
    scopes: tuple[Scope, ...] = ()
    """For which values of a setting its models are; a contradiction is told."""


class Routeability(NamedTuple):
    """A rule for which providers' models a gateway carries, evaluated once for all providers."""

    gateway: Text
    """The gateway's provider ID."""
    offered: frozenset[Text] = frozenset()
    """The namespaces in the gateway's model list. Every vendor among them is carried."""
    namespaces: Mapping[str, Text] = MappingProxyType({})
    """From provider ID to namespace, for vendors that the gateway spells differently."""
    providers: tuple[Slug, ...] = ()
    """Providers carried whether or not the list has them."""
    like: Line = ""
    """Another gateway whose whole rule applies to this one too."""
    preferred: bool = False
    """Whether it asks to be the first route as long as the user has no preference."""
    extends: bool = False
    """Whether it is another plugin's provider, which keeps its own endpoint, headers, credential and preference."""
    by_list: bool = False
    """With `like`, whether it carries only vendors whose models its own list has, as `Provider.makers` names them."""
    makers: Mapping[str, Text] = MappingProxyType({})
    """From makers, as the IDs of gateways that are like this one name them, to their namespaces here."""
    rank: Count = DEFAULT_RANK
    """Its place among the gateways about which the user has no preference: lower ones first."""


class Problem(NamedTuple):
    """Something that went wrong in one plugin, file or entry. Problems are reported, not raised."""

    message: str
    remedy: str = ""
    plugin: str = ""
    distribution: str = ""
    version: str = ""
    hook: str = ""
    path: str = ""
    code: str = ""
    """The kind of problem, for programs: one of the codes in `docs/json.md`."""
    provider: str = ""
    """The ID of the provider concerned, if there is one."""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.distribution, self.version) if part)
        plugin = f"plugin {self.plugin}" + (f" ({where})" if where else "") if self.plugin else ""
        text = ": ".join(part for part in (plugin, self.hook, self.path, self.message) if part)
        return f"{text.removesuffix('.')}. {self.remedy}".rstrip()
