"""The parts of `polyroute.describe`: pydantic models that lead to the core's own types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from polyroute.schemes import scheme
from polyroute.types import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    BaseUrlRule,
    Check,
    CredentialKind,
    CustomModelRules,
    Group,
    Model,
    Provider,
    ProviderKind,
    Routeability,
    Slot,
)

_SLUG = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"
_URL = r"^$|^(https?://|\$\{)[^\s?#@]+$"
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
HOST = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$"

SHAPES = {
    _SLUG: "is no lower-case slug",
    _URL: "is no http or https address (without user, query or fragment)",
    _LINE: "holds control characters",
    HOST: "is no host name",
    NAME: "is no name of a variable",
}

Line = Annotated[str, Field(pattern=_LINE)]
Text = Annotated[str, Field(pattern=_LINE, min_length=1)]
Slug = Annotated[str, Field(pattern=_SLUG, max_length=100)]
Url = Annotated[str, Field(pattern=_URL)]
Variable = Annotated[str, Field(pattern=NAME)]
SlotName = Annotated[str, Field(pattern=r"^\w+$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]


def named(field: str, value: Any) -> Any:
    """The table for which a bare text may stand."""
    return {field: value} if isinstance(value, str) else value


class Form(BaseModel):
    """Strict: nothing is converted, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class AlternativeForm(Form):
    """One place that can fill a slot; a variable may be given as its bare name."""

    variable: Line = ""
    file: Line = ""
    names_file: bool = False
    section: Line = ""
    keys: list[Text] = []
    json_field: Line = ""

    @model_validator(mode="after")
    def _is_one_place(self) -> AlternativeForm:
        if bool(self.variable) == bool(self.file):
            raise ValueError("give either a `variable` or a `file`")
        if bool(self.section) != bool(self.keys):
            raise ValueError("`section` and `keys` go together")
        return self

    def made(self) -> Alternative:
        """The same in the core's words."""
        return Alternative(self.variable, self.file, self.names_file, self.section, tuple(self.keys), self.json_field)


class SlotForm(Form):
    """One thing that the provider needs."""

    places: list[Annotated[AlternativeForm, BeforeValidator(partial(named, "variable"), str | AlternativeForm)]] = (
        Field(alias="from", min_length=1)
    )
    """Where it is looked for, in order: names of variables, or tables."""
    secret: bool = False
    default: Line = ""
    check: Check = ""
    remedy: Line = ""

    def made(self, name: str) -> Slot:
        """The same in the core's words."""
        alternatives = tuple([each.made() for each in self.places])
        return Slot(name, alternatives, self.secret, self.default, self.check, self.remedy)


class GroupForm(Form):
    """Slots that together make a credential; none at all where nothing is needed."""

    slots: list[SlotName] = []
    kind: CredentialKind = "api-key"


class AuthForm(Form):
    """Where the secret goes: the header's name and what stands before the secret in it."""

    name: HeaderName = "Authorization"
    prefix: Line = "Bearer "

    def made(self) -> AuthHeader:
        """The same in the core's words."""
        return AuthHeader(self.name, self.prefix)


class CaseForm(Form):
    """Another base URL for one value of one slot."""

    slot: SlotName
    value: Line
    base_url: Url


class CustomModelsForm(Form):
    """What a person's own models of the provider need."""

    base_url: BaseUrlRule = "no"
    file_suffix: Line = ""


class RouteabilityForm(Form):
    """Whose models a gateway carries."""

    offered: list[Text] | None = None
    """Namespaces of its list; where left out, those of `models`."""
    namespaces: dict[str, Text] = {}
    """Provider to namespace; where left out, those of the mapping."""
    providers: list[Slug] = []
    like: Line = ""
    preferred: bool = False


class NamingForm(Form):
    """How one provider names models."""

    namespace: Line = ""
    rules: list[Text] = []
    prefixes: list[Text] = []
    suffixes: list[Text] = []
    aliases: list[Text] = []


AliasForm = Annotated[list[Line], Field(min_length=2, max_length=2)]


class MappingForm(Form):
    """How a gateway spells models."""

    provider: Line = ""
    """The provider whose IDs are the gateway's own; where left out, the gateway itself."""
    providers: dict[str, NamingForm] = {}
    organisations: dict[str, Text] = {}
    families: dict[str, Text] = {}
    aliases: dict[str, AliasForm] = {}
    aliases_at: dict[str, dict[str, AliasForm]] = {}

    @model_validator(mode="after")
    def _is_a_scheme(self) -> MappingForm:
        scheme(self.table("x"), {})
        return self

    def table(self, gateway: str) -> dict[str, Any]:
        """The table that `polyroute.schemes` reads."""
        return {**self.model_dump(exclude_defaults=True), "provider": self.provider or gateway}


class ModelForm(Form):
    """One model on offer; its bare ID is enough. Prices in US dollars per million tokens."""

    id: Text
    name: Line = ""
    context: Annotated[int, Field(gt=0)] | None = None
    output: Annotated[int, Field(gt=0)] | None = None
    input_price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    output_price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    input_modalities: list[Text] = []
    output_modalities: list[Text] = []
    release_date: Annotated[str, Field(pattern=r"^$|^\d{4}(-\d\d){0,2}$")] = ""
    base_url: Url = ""
    protocol: Line = ""
    auth: AuthForm | None = None
    headers: dict[HeaderName, Line] = {}

    def made(self, provider: str) -> Model:
        """The same in the core's words."""
        prices = self.input_price, self.output_price
        modalities = tuple(self.input_modalities), tuple(self.output_modalities)
        facts = (provider, self.id, self.name, self.context, self.output, *prices, *modalities, self.release_date)
        auth = self.auth.made() if self.auth else None
        return Model(*facts, self.base_url, self.protocol, auth, tuple(self.headers.items()))


Models = list[Annotated[ModelForm, BeforeValidator(partial(named, "id"), str | ModelForm)]]


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
    also_speaks: list[Text] = []
    routeability: RouteabilityForm | None = None
    mapping: MappingForm | None = None
    models: Annotated[Models, BeforeValidator(lambda value: value, Models | str)] = []

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
            also_speaks=tuple(self.also_speaks),
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
