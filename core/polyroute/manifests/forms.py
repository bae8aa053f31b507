"""The parts of `polyroute.manifests.describe`: pydantic models that lead to the core's own types."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from polyroute.manifests.description import PLAIN_NAME
from polyroute.schemes import scheme
from polyroute.types import (
    Alternative,
    AuthHeader,
    BaseUrlRule,
    Check,
    CredentialKind,
    Model,
    Slot,
)

_SLUG = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"
_URL = r"^$|^(https?://|\$\{)[^\s?#@]+$"
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
_PLUGIN = rf"^({PLAIN_NAME})?$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
HOST = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$"

SHAPES = {
    _SLUG: "is no lower-case slug",
    _URL: "is no http or https address (without user, query or fragment)",
    _LINE: "holds control characters",
    HOST: "is no host name",
    _PLUGIN: "is no name for a plugin: letters, digits, `.`, `_` and `-` are",
    NAME: "is no name of a variable",
}

Line = Annotated[str, Field(pattern=_LINE)]
Text = Annotated[str, Field(pattern=_LINE, min_length=1)]
PluginName = Annotated[str, Field(pattern=_PLUGIN, max_length=100)]
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
