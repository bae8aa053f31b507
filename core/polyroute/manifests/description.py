"""What a plugin says of itself as data: its manifest, or what its executable answers to `describe`.

`reading` makes a description of a document. How it is kept between runs follows from the types (`json_form`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from polyroute import json_form
from polyroute.constraints import Filled, Least, Line, Never, Rule, Slug, Text, Url, Variable
from polyroute.logins import Probe
from polyroute.types import Model, Provider, Routeability

MAX_MODELS = 10_000
"""In one list."""
PLAIN_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a plugin may be called: its folder in the plugin folder is named so."""

Method = Literal["detect", "models", "map", "verify", "secret"]
Spelled = Literal["", "vendor", "provider/id"]

_RUNS_CODE = Never(
    r"(LD|DYLD)_\w*|PYTHON\w*|NODE_OPTIONS|BASH_ENV|ENV|PERL5OPT|PERL5LIB|PATH|IFS|SHELLOPTS",
    "can never be granted: it would run other code than what was approved",
)
Granted = Annotated[Variable, _RUNS_CODE]
Host = Annotated[str, Rule(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?", "is no host name")]
PluginName = Annotated[
    str, Rule(f"({PLAIN_NAME})?", "is no name for a plugin: letters, digits, `.`, `_` and `-` are", 100)
]
_NEVER_LISTED = {"provider", "base_url", "protocol", "auth", "headers"}
"""Fields of a model that its provider's list can't give."""
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Executable(NamedTuple):
    """What a plugin's executable is granted. Its own description can't widen this."""

    argv: Annotated[tuple[Text, ...], Least(1)]
    """The program, with `./` relative to the plugin's folder, and its arguments."""
    variables: tuple[Granted, ...] = ()
    """The variables that it gets, besides a fixed PATH and the language."""
    hosts: tuple[Host, ...] = ()
    """The hosts that its providers may name; `host:port` where the port is not the usual one."""
    settings: tuple[Granted, ...] = ()
    """Those of the variables whose values are no secret: `detect` gets them too."""

    def inconsistency(self) -> str:
        """Why it can't be run so; empty where it can."""
        if "/" in self.argv[0] and not self.argv[0].startswith(("./", "/")):
            return f"argv: {self.argv[0]!r} should begin with ./ or /, or be a bare name"
        if out := next((each for each in self.argv if each.startswith("./") and ".." in each.split("/")), ""):
            return f"argv: {out!r} leads out of the plugin's folder"
        more = sorted({*self.settings} - {*self.variables})
        return f"settings: {', '.join(more)} should be among `variables` too" if more else ""


class SpelledNames(NamedTuple):
    """How one provider names models."""

    namespace: Line = ""
    rules: tuple[Text, ...] = ()
    prefixes: tuple[Text, ...] = ()
    suffixes: tuple[Text, ...] = ()
    aliases: tuple[Text, ...] = ()


class Spelling(NamedTuple):
    """How a gateway spells models: the table of `docs/mapping.md`."""

    provider: Line = ""
    """The provider whose IDs are the gateway's own; where left out, the gateway itself."""
    providers: Mapping[str, SpelledNames] = _EMPTY
    organisations: Mapping[str, Text] = _EMPTY
    families: Mapping[str, Text] = _EMPTY
    aliases: Mapping[str, tuple[Line, Line]] = _EMPTY
    aliases_at: Mapping[str, Mapping[str, tuple[Line, Line]]] = _EMPTY
    spelled: Spelled = ""
    """IDs are the vendor's own, as they are or after the provider's ID, whether its list has them or not."""
    like: Line = ""
    """Another gateway, which spells models in the same way; what is not in this one's own list is not offered."""

    def inconsistency(self) -> str:
        """Why it is no scheme; empty where it is."""
        from polyroute.schemes import scheme

        if self.spelled and self.like:
            return "`spelled` and `like` say the same thing twice"
        try:
            scheme({**self.table(), "provider": "x"}, {})
        except ValueError as wrong:
            return str(wrong)
        return ""

    def table(self) -> dict[str, Any]:
        """The table that `polyroute.schemes` reads."""
        found: dict[str, Any] = json_form.plain(self._replace(spelled="", like=""))
        return found


class ModelList(NamedTuple):
    """A list of a provider's models that `polyroute refresh` fetches from the provider's own host, without a key."""

    provider: Slug
    url: Url
    at: Line = ""
    """Where in the answer the list stands, as a dotted path; empty where it is the answer itself."""
    fields: Mapping[str, Filled] = MappingProxyType({"id": "id"})
    """By field of a model, where in each entry its value stands, as a dotted path."""
    price_tokens: Annotated[int, Least(1)] = 1_000_000
    """For how many tokens its prices are."""

    def inconsistency(self) -> str:
        """Why nothing could be read of it; empty where it can."""
        if unknown := sorted({*self.fields} - ({*Model._fields} - _NEVER_LISTED)):
            return f"fields: {', '.join(unknown)} is no field of a model that a list can give"
        return "" if "id" in self.fields else "fields: `id` is missing"


class Description(NamedTuple):
    """A plugin as data."""

    name: PluginName = ""
    """Empty where it leaves that to its folder's name."""
    version: Line = ""
    protocol: Literal[1] = 1
    providers: tuple[Provider, ...] = ()
    routeability: tuple[Routeability, ...] = ()
    mappings: Mapping[str, Spelling] = _EMPTY
    """By gateway, how it spells models."""
    models: tuple[Model, ...] = ()
    probes: tuple[Probe, ...] = ()
    lists: tuple[ModelList, ...] = ()
    executable: Executable | None = None
    methods: tuple[Method, ...] = ()
    """What the executable answers besides `describe`."""
    features: tuple[Text, ...] = ()
    """What is optional in the protocol, and it has."""
    files: tuple[str, ...] = ()
    """Names of the files beside the manifest that it was read from."""

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """The commands that are run for its secrets, each once."""
        slots = (slot for each in self.providers for group in each.requirement for slot in group.slots)
        found = (alternative.command for slot in slots for alternative in slot.alternatives)
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def runs_programs(self) -> bool:
        """Whether it is used only after the user has approved it: it is a program, or names a command."""
        return self.executable is not None or bool(self.commands)
