"""A plugin's description as data: its manifest, or what its executable returns from `describe`.

`parser` parses a document into a description. `serialization` derives from the types how one is stored between runs.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from polyroute.named_tuples import NamedTuple
from polyroute.types import FailureRule, Model, Probe, Provider, Routeability, serialization
from polyroute.types.constraints import Filled, Granted, Least, Line, Rule, Slug, Text, Url

MAX_MODELS = 10_000
"""The most models that one list may have."""
PLAIN_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""The pattern of a plugin's name, which is also the name of its folder in the plugin folder."""

Method = Literal["detect", "models", "map", "verify", "secret"]
Spelled = Literal["", "vendor", "provider/id"]

Host = Annotated[str, Rule(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?", "is not a host name")]
PluginName = Annotated[
    str, Rule(f"({PLAIN_NAME})?", "is not a valid name for a plugin: use letters, digits, `.`, `_` and `-`", 100)
]
_NEVER_LISTED = {"provider", "base_url", "protocol", "auth", "headers"}
"""Fields of a model that its provider's list can't give."""
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Executable(NamedTuple):
    """A plugin's executable and what it is granted, which its own description can't extend."""

    argv: Annotated[tuple[Text, ...], Least(1)]
    """The program and its arguments; a program that begins with `./` is relative to the plugin's folder."""
    variables: tuple[Granted, ...] = ()
    """The environment variables that it gets, in addition to a fixed PATH and the language settings."""
    hosts: tuple[Host, ...] = ()
    """The hosts that its providers may use; `host:port` if the port is not the default one."""
    settings: tuple[Granted, ...] = ()
    """Those of `variables` whose values are not secret; `detect` gets them too."""

    def inconsistency(self) -> str:
        """Return why the executable can't be run with these fields; empty if it can."""
        if "/" in self.argv[0] and not self.argv[0].startswith(("./", "/")):
            return f"argv: {self.argv[0]!r} should begin with ./ or /, or be a bare name"
        if out := next((each for each in self.argv if each.startswith("./") and ".." in each.split("/")), ""):
            return f"argv: {out!r} leads out of the plugin's folder"
        more = sorted({*self.settings} - {*self.variables})
        return f"settings: {', '.join(more)} should be among `variables` too" if more else ""


class SpelledNames(NamedTuple):
    """How one provider names its models."""

    namespace: Line = ""
    rules: tuple[Text, ...] = ()
    prefixes: tuple[Text, ...] = ()
    suffixes: tuple[Text, ...] = ()
    aliases: tuple[Text, ...] = ()


class Spelling(NamedTuple):
    """How a gateway spells model IDs: the table described in `docs/mapping.md`."""

    provider: Line = ""
    """The provider whose model IDs are the gateway's own; the gateway itself by default."""
    providers: Mapping[str, SpelledNames] = _EMPTY
    organisations: Mapping[str, Text] = _EMPTY
    families: Mapping[str, Text] = _EMPTY
    aliases: Mapping[str, tuple[Line, Line]] = _EMPTY
    aliases_at: Mapping[str, Mapping[str, tuple[Line, Line]]] = _EMPTY
    spelled: Spelled = ""
    """Take vendors' own IDs, unchanged (`vendor`) or after the provider's ID (`provider/id`), even if not listed."""
    like: Line = ""
    """Another gateway whose scheme reads this one's IDs too. Models that are not in its own list are not offered."""
    rules: tuple[Text, ...] = ()
    """With `like`, the rules for this gateway's own IDs, unless the other's scheme has them; likewise the next two."""
    prefixes: tuple[Text, ...] = ()
    suffixes: tuple[Text, ...] = ()

    def inconsistency(self) -> str:
        """Return why these fields are not a valid scheme; empty if they are."""
        from polyroute.model_ids.scheme import scheme

        if self.spelled and self.like:
            return "`spelled` and `like` exclude each other: give one of the two"
        if any(self.own_naming) and not self.like:
            return "`rules`, `prefixes` and `suffixes` go with `like`"
        try:
            scheme({**self.table(), "provider": "x"}, {})
        except ValueError as wrong:
            return str(wrong)
        return ""

    def table(self) -> dict[str, Any]:
        """Return the table that `polyroute.model_ids.scheme` reads."""
        plain = self._replace(spelled="", like="", rules=(), prefixes=(), suffixes=())
        found: dict[str, Any] = serialization.plain(plain)
        if any(self.own_naming):
            own = dict(zip(("rules", "prefixes", "suffixes"), self.own_naming, strict=True))
            found["providers"] = {self.provider: own, **found.get("providers", {})}
        return found

    @property
    def own_naming(self) -> tuple[tuple[str, ...], ...]:
        """How the gateway's own IDs are read: rules, prefixes and suffixes."""
        return self.rules, self.prefixes, self.suffixes


class ModelList(NamedTuple):
    """A model list that `polyroute refresh` fetches from the provider's own host, without a key."""

    provider: Slug
    url: Url
    at: Line = ""
    """The dotted path of the list in the response; empty if the response itself is the list."""
    fields: Mapping[str, Filled] = MappingProxyType({"id": "id"})
    """From each field of a model to the dotted path of its value in an entry."""
    price_tokens: Annotated[int, Least(1)] = 1_000_000
    """The number of tokens that the list's prices are for."""

    def inconsistency(self) -> str:
        """Return why no model could be read from the list; empty if models can be read."""
        if unknown := sorted({*self.fields} - ({*Model._fields} - _NEVER_LISTED)):
            return f"fields: {', '.join(unknown)} is not a field of a model that a list can set"
        return "" if "id" in self.fields else "fields: `id` is missing"


class Description(NamedTuple):
    """A plugin's description as data."""

    name: PluginName = ""
    """The plugin's name; empty to use the name of its folder."""
    version: Line = ""
    protocol: Literal[1] = 1
    providers: tuple[Provider, ...] = ()
    routeability: tuple[Routeability, ...] = ()
    mappings: Mapping[str, Spelling] = _EMPTY
    """From each gateway to how it spells models."""
    models: tuple[Model, ...] = ()
    failures: Mapping[str, tuple[FailureRule, ...]] = _EMPTY
    """By provider, how its endpoint words errors; the first rule that matches applies."""
    probes: tuple[Probe, ...] = ()
    lists: tuple[ModelList, ...] = ()
    executable: Executable | None = None
    methods: tuple[Method, ...] = ()
    """The methods that the executable supports in addition to `describe`."""
    features: tuple[Text, ...] = ()
    """The optional features of the protocol that it supports."""
    files: tuple[str, ...] = ()
    """The names of the files next to the manifest that it was read from."""

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """The distinct commands that are run for its secrets."""
        slots = (slot for each in self.providers for group in each.requirement for slot in group.slots)
        found = (alternative.command for slot in slots for alternative in slot.alternatives)
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def runs_programs(self) -> bool:
        """Whether it needs the user's approval, because it is an executable or names a command."""
        return self.executable is not None or bool(self.commands)
