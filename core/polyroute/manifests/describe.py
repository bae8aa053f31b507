"""One description of a plugin, from outside: the pydantic model that manifests and executables' answers are parsed by.

Import it where something is parsed, and nowhere else: pydantic costs more than all of `polyroute status`. What comes
out is a `Description`, made of the core's own types.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from polyroute.manifests.description import MAX_MODELS, Description, Executable
from polyroute.manifests.forms import (
    HOST,
    NAME,
    SHAPES,
    AuthForm,
    CaseForm,
    CustomModelsForm,
    Form,
    GroupForm,
    HeaderName,
    Line,
    MappingForm,
    ModelForm,
    PluginName,
    RouteabilityForm,
    SlotForm,
    SlotName,
    Slug,
    Text,
    Url,
    Variable,
    named,
)
from polyroute.types import (
    Alternative,
    BaseUrlCase,
    CustomModelRules,
    Group,
    Model,
    Provider,
    ProviderKind,
    Routeability,
    Slot,
)

AnyForm = TypeVar("AnyForm", bound=Form)

_FAULTS_TOLD = 20
_SHOWN = 60
"""Characters of a wrong value that are shown."""

Method = Literal["detect", "models", "map", "verify", "secret"]

_NEVER_GRANTED = r"(LD|DYLD|POLYROUTE)_\w*|PYTHON\w*|NODE_OPTIONS|BASH_ENV|ENV|PERL5OPT|PERL5LIB|PATH|IFS|SHELLOPTS"
"""Variables that no executable gets: they would run other code than what was approved."""


def _may_be_granted(name: str) -> str:
    if re.fullmatch(_NEVER_GRANTED, name):
        raise ValueError(f"{name} can never be granted: it would run other code than what was approved")
    return name


def _stays_in_place(argv: list[str]) -> list[str]:
    """What is run lies in the plugin's folder, on the fixed PATH, or where the whole path says."""
    if "/" in argv[0] and not argv[0].startswith(("./", "/")):
        raise ValueError(f"{argv[0]!r} should begin with ./ or /, or be a bare name")
    if out := next((each for each in argv if each.startswith("./") and ".." in each.split("/")), ""):
        raise ValueError(f"{out!r} leads out of the plugin's folder")
    return argv


Granted = Annotated[str, Field(pattern=NAME), AfterValidator(_may_be_granted)]


Models = list[Annotated[ModelForm, BeforeValidator(partial(named, "id"), str | ModelForm)]]


def _few_enough(models: Any) -> Any:
    if isinstance(models, list) and len(models) > MAX_MODELS:
        raise ValueError(f"lists more than {MAX_MODELS:,} models")
    return models


class ProviderForm(Form):
    """Whose models a person selects. `env` alone is the shortest requirement; `slots` and `groups` say more."""

    name: Line = ""
    kind: ProviderKind = "host"
    env: list[Variable] = []
    """Variables, any of which holds the key."""
    slots: dict[SlotName, SlotForm] = {}
    groups: list[GroupForm] = []
    """Any one suffices; where left out, all slots together are the only one."""
    base_url: Url = ""
    base_url_cases: list[CaseForm] = []
    protocol: Text = "openai-chat"
    auth: AuthForm = AuthForm()
    headers: dict[HeaderName, Line] = {}
    aliases: list[Text] = []
    selectable: bool = True
    custom_models: CustomModelsForm | None = None
    documentation: Url = ""
    key_variable: Variable | Literal[""] = ""
    also_speaks: list[Text] = []
    routeability: RouteabilityForm | None = None
    mapping: MappingForm | None = None
    models: Annotated[Models, BeforeValidator(_few_enough, Models | str)] = []

    @model_validator(mode="after")
    def _hangs_together(self) -> ProviderForm:
        if self.env and "key" in self.slots:
            raise ValueError("`env` is the slot `key`: give one of the two")
        known = {*self.slots, *(["key"] if self.env else [])}
        if unknown := {name for group in self.groups for name in group.slots} - known:
            raise ValueError(f"a group names slots that are not there: {', '.join(sorted(unknown))}")
        self._check_urls(known)
        return self

    def _check_urls(self, known: set[str]) -> None:
        others: tuple[CaseForm | ModelForm, ...] = (*self.base_url_cases, *self.models)
        urls = [self.base_url, *(each.base_url for each in others)]
        filled = {name for url in urls for name in re.findall(r"\$\{(\w*)\}", url)}
        if unknown := (filled | {case.slot for case in self.base_url_cases}) - known:
            raise ValueError(f"a base URL names slots that are not there: {', '.join(sorted(unknown))}")
        secret = {name for name, slot in self.slots.items() if slot.secret} | (known - self.slots.keys())
        if filled & secret:
            raise ValueError(f"a base URL holds a secret, {', '.join(sorted(filled & secret))}; keys never go in URLs")

    def made(self, provider_id: str) -> Provider:
        """The same in the core's words."""
        return Provider(
            provider_id,
            self.name or provider_id,
            self.kind,
            tuple(self._groups()),
            self.base_url.rstrip("/"),
            tuple([BaseUrlCase(each.slot, each.value, each.base_url.rstrip("/")) for each in self.base_url_cases]),
            self.protocol,
            self.auth.made(),
            tuple(self.headers.items()),
            tuple(self.aliases),
            self.selectable,
            CustomModelRules(**dict(self.custom_models)) if self.custom_models else None,
            self.documentation,
            self.key_variable,
            tuple(self.also_speaks),
        )

    def rule(self, provider_id: str) -> Routeability | None:
        """Whose models it carries, if it says so or is a gateway with a list."""
        said = self.routeability
        if said is None and (self.kind != "gateway" or not self.models):
            return None
        said = said or RouteabilityForm()
        listed = {each.id.partition("/")[0] for each in self.models if "/" in each.id}
        offered = frozenset(listed if said.offered is None else said.offered)
        spelled = self.mapping.providers.items() if self.mapping else ()
        namespaces = {name: naming.namespace for name, naming in spelled if naming.namespace}
        return Routeability(
            provider_id, offered, {**namespaces, **said.namespaces}, tuple(said.providers), said.like, said.preferred
        )

    def scheme(self, provider_id: str) -> dict[str, Any] | None:
        """How it spells models, where it says so or is a gateway with a list."""
        listed = self.mapping is None and self.models and self.rule(provider_id)
        return (self.mapping or MappingForm()).table(provider_id) if self.mapping or listed else None

    def _groups(self) -> Iterable[Group]:
        slots = {name: slot.made(name) for name, slot in self.slots.items()}
        if self.env:
            slots = {"key": Slot("key", tuple(map(Alternative, self.env)), secret=True), **slots}
        if not self.groups and slots:
            yield Group(tuple(slots.values()))
        for group in self.groups:
            yield Group(tuple([slots[name] for name in group.slots]), group.kind)


class ExecutableForm(Form):
    """What the plugin's program is, and all that it is granted."""

    argv: Annotated[list[Text], Field(min_length=1), AfterValidator(_stays_in_place)]
    variables: list[Granted] = []
    hosts: list[Annotated[str, Field(pattern=HOST)]] = []


class Describe(Form):
    """A plugin: its manifest, or what its executable answers to `describe`."""

    name: PluginName = ""
    version: Line = ""
    protocol: Literal[1] = 1
    methods: list[Method] = []
    """What the executable answers besides `describe`."""
    features: list[Text] = []
    providers: dict[Slug, ProviderForm] = {}
    executable: ExecutableForm | None = None

    def made(self) -> Description:
        """The same in the core's words."""
        forms = self.providers.items()
        granted = self.executable
        return Description(
            self.name,
            self.version,
            self.protocol,
            tuple([form.made(name) for name, form in forms]),
            tuple([rule for name, form in forms if (rule := form.rule(name))]),
            {name: table for name, form in forms if (table := form.scheme(name))},
            tuple([model.made(name) for name, form in forms for model in form.models]),
            Executable(tuple(granted.argv), tuple(granted.variables), tuple(granted.hosts)) if granted else None,
            tuple(self.methods),
            tuple(self.features),
        )


class Wrong(ValueError):
    """A description that can't be used: the place of each fault in it, and what is wrong there in words."""

    def __init__(self, faults: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{place(where)}: {what}" if where else what for where, what in self.faults))


def parse(data: Any, *, strict: bool = True) -> Description:
    """The description in a manifest's table or, not `strict`, in the answer of a program, whose unknown fields are
    passed over since a later minor version may have added them. Raises Wrong.
    """
    return _validated(Describe, data, strict=strict).made()


def models(rows: Iterable[Any], provider: str) -> list[Model]:
    """Models as a program lists them for one provider; unknown fields are passed over. Raises Wrong."""
    return [_validated(ModelForm, named("id", row), strict=False).made(provider) for row in rows]


def schema() -> dict[str, Any]:
    """The JSON Schema of a manifest, for editors."""
    found = Describe.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Polyroute plugin.toml"}


def place(where: Iterable[str | int]) -> str:
    """A place in a document, as TOML writes it."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{_short(step)}" if text else _short(step)
    return text


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _validated(form: type[AnyForm], data: Any, *, strict: bool) -> AnyForm:
    try:
        return form.model_validate(data, extra=None if strict else "ignore")
    except ValidationError as error:
        raise Wrong(_faults(error.errors(include_url=False))) from None


def _faults(errors: Sequence[Mapping[str, Any]]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """Each error with its place: as many as somebody reads."""
    for each in errors[:_FAULTS_TOLD]:
        yield tuple(step for step in each["loc"] if step != "[key]"), _words(each)
    if len(errors) > _FAULTS_TOLD:
        yield (), f"and {len(errors) - _FAULTS_TOLD:,} more faults"


def _words(error: Mapping[str, Any]) -> str:
    """What is wrong, for people: pydantic's words, but where ours are plainer."""
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return f"is no known key.{_closest(str(error['loc'][-1]))}"
    if kind == "string_pattern_mismatch":
        return f"{_short(repr(given))} {SHAPES.get(error['ctx']['pattern'], 'has a wrong form')}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "model_type":
        return "should be a table"
    return {"missing": "is missing"}.get(kind, str(error["msg"]).replace("Input should", "should").lower())


def _closest(key: str) -> str:
    known = {field.alias or name for form in Form.__subclasses__() for name, field in form.model_fields.items()}
    close = difflib.get_close_matches(key, known, 1)
    return f" Did you mean {close[0]!r}?" if close else ""
