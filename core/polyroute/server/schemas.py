"""Models of query parameters and bodies, which also define their schemas in the OpenAPI document."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from polyroute.custom_models.entry_check import FIELDS, typed_base_url
from polyroute.dexto_compat.http import PREFER_CREDITS_FIELD
from polyroute.integrations.formats import FORMATS

_KEY_PATTERN = r"[ \t\r\n]*[!#%&(-\[\]-_a-~][!#-&(-\[\]-_a-~]*[ \t\r\n]*"
_MASK_PATTERN = r" *[!-~]{0,8}(?:[*\u2022.]{3,}|\u2026)[!-~]{0,4} *"


def _key(text: str) -> str:
    if re.fullmatch(_KEY_PATTERN, text) is None:
        raise ValueError("must be visible ASCII without quotes, backslashes, spaces and $NAME")
    return text


def _as_stored(name: str, mask: str = "") -> Any:
    """Return annotations for a field that is checked as in the file of custom models, or matches the pattern `mask`."""
    field = FIELDS[name]

    def check(value: Any) -> Any:
        is_mask = bool(mask) and isinstance(value, str) and re.fullmatch(mask, value) is not None
        if not (is_mask or field.accepts([value])):
            raise ValueError(f"must be {field.wanted}")
        return int(value) if isinstance(value, float) else value

    schema = dict(field.schema)
    if mask:
        schema["pattern"] = f"^(?:{schema['pattern'][1:-1]}|{mask})$"
    return Field(json_schema_extra=schema), BeforeValidator(check)


Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Address = Annotated[str, *_as_stored("baseURL")]
TypedAddress = Annotated[str, Field(json_schema_extra=FIELDS["baseURL"].schema), AfterValidator(typed_base_url)]
Secret = Annotated[str, *_as_stored("apiKey", _MASK_PATTERN)]
Count = Annotated[int, *_as_stored("maxInputTokens")]
ModelName = Annotated[str, *_as_stored("name")]
ProviderName = Annotated[str, *_as_stored("provider")]
DisplayName = Annotated[str, *_as_stored("displayName")]
FilePath = Annotated[str, *_as_stored("filePath")]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
Flag = Annotated[Literal["true", "false", "1", "0"] | None, Field(default=None)]


class Body(BaseModel):
    """A JSON object. Unknown fields are ignored, and the response has a note that names them."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class Query(BaseModel):
    """Query parameters. Unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class CatalogQuery(Query):
    """The part and the form of the catalog to return."""

    mode: Literal["grouped", "flat"] = Field("grouped", description="Group by provider, or return one list of models.")
    scope: Literal["all", "curated"] = Field("all", description="Everything, or a small selection.")
    provider: str = Field("", max_length=500, description="Only these providers, separated by commas.")
    hasKey: Flag = Field(None, description="Only providers that can (or can't) be used by some route.")
    fileType: Literal["pdf", "image", "audio", "video", "document"] | None = Field(
        None, description="Only models that accept this file type."
    )
    defaultOnly: Flag = Field(None, description="Only each provider's default model.")
    includeModels: Flag = Field(None, description="Whether the grouped form includes models; default true.")
    usable: Flag = Field(None, description="Only models that can (or can't) be run now.")
    allKinds: Flag = Field(None, description="Whether embedding, image and speech models are included.")


_ABILITY = "(?:tools|reasoning|structuredOutput|temperature|image|pdf|audio|video)"
_ABILITIES = f"^(?:{_ABILITY}(?:,{_ABILITY})*)?$"


def _abilities(text: str) -> str:
    if re.fullmatch(_ABILITIES, text) is None:
        raise ValueError("must be abilities, with commas between")
    return text


class ModelsQuery(Query):
    """The models to return, and their order. A fact that is not known does not count as met."""

    q: str = Field("", max_length=200, description="Words of a name or an ID, in any spelling.")
    can: Annotated[str, Field(json_schema_extra={"pattern": _ABILITIES}), AfterValidator(_abilities)] = Field(
        "", description="What models must be able to do, with commas between."
    )
    usable: Flag = Field(None, description="Only models that can be run now.")
    free: Flag = Field(None, description="Only models that cost nothing.")
    context: int = Field(0, ge=0, le=2**53, description="The least context, in tokens.")
    price: float | None = Field(None, ge=0, description="The highest price in USD of a million input tokens.")
    maker: str = Field("", max_length=200, description="Only models of this maker.")
    sort: Literal["", "price", "context", "newest", "name", "-price", "-context", "-newest", "-name"] = Field(
        "", description="By one fact, best first, or with `-` last; by default matches, then bands."
    )
    limit: int = Field(0, ge=0, le=2**31, description="At most so many; 0 for all.")

    @property
    def abilities(self) -> set[str]:
        """The abilities in `can`."""
        return {each for each in self.can.split(",") if each}


class SearchQuery(Query):
    """The words to search for."""

    q: str = Field("", max_length=200, description="Words of a name or an ID, in any spelling.")


class SnippetQuery(Query):
    """A model, and the form of the code."""

    model: str = Field(min_length=3, max_length=1_000, description="A model reference, `provider/model`.")
    via: str = Field("", max_length=200, description="A route, `direct` or a gateway; by default the one to take.")
    format: Literal[tuple(FORMATS)] = Field("python", description="The language or configuration.")  # type: ignore[valid-type]


class StatusQuery(Query):
    """The providers to return."""

    provider: str = Field("", max_length=500, description="Only these providers, separated by commas.")


class ModelQuery(Query):
    """One model."""

    model: str = Field(min_length=3, max_length=1_000, description="A model reference, `provider/model`.")


class CapabilitiesQuery(Query):
    """One model of one provider."""

    provider: Text = Field(description="A provider's ID or alias.")
    model: Text = Field(description="The model ID, as the provider or a gateway spells it.")


class CurrentQuery(Query):
    """The session whose current model is requested."""

    sessionId: str = Field("", max_length=500, description="A session ID; empty for the model of all sessions.")


class Reasoning(Body):
    """How a model should reason. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    variant: Text
    budgetTokens: Count = 0


class SwitchBody(Body):
    """A model to make current, by its provider, its ID or both."""

    provider: Text = ""
    model: Text = ""
    baseURL: Address = ""
    apiKey: Secret = ""
    sessionId: Annotated[str, Field(max_length=500)] = ""
    maxIterations: Count = 0
    maxInputTokens: Count = 0
    maxOutputTokens: Count = 0
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    allowedMediaTypes: Annotated[list[Text], Field(max_length=100)] = []
    reasoning: Reasoning | None = None
    reasoningEffort: Effort = "none"


class CustomModelBody(Body):
    """A custom model. An empty string removes a field."""

    name: ModelName
    provider: ProviderName = ""
    baseURL: TypedAddress = ""
    displayName: DisplayName = ""
    maxInputTokens: Count = 0
    maxOutputTokens: Count = 0
    apiKey: Secret = ""
    filePath: FilePath = ""
    reasoning: Reasoning | None = None
    reasoningEffort: Effort = "none"


class CustomModelChanges(Body):
    """Changes to a custom model. Null removes a field; fields that are left out stay."""

    name: ModelName = ""
    baseURL: TypedAddress | None = None
    displayName: DisplayName | None = None
    maxInputTokens: Count | None = None
    maxOutputTokens: Count | None = None
    apiKey: Secret | None = None
    filePath: FilePath | None = None


class CustomModelQuery(Query):
    """Which of several custom models with the same name is meant."""

    provider: str = Field(
        "", max_length=1_000, description="Required if several providers have a custom model with this name."
    )


class AdviceQuery(Query):
    """A custom model that a user is about to add."""

    provider: Text = Field(description="A provider's ID or alias.")
    name: Text = Field(description="The model ID as entered so far, with or without the provider in front.")


Key = Annotated[
    str,
    Field(min_length=1, max_length=10_000, json_schema_extra={"pattern": f"^{_KEY_PATTERN}$"}),
    AfterValidator(_key),
]


class KeyBody(Body):
    """A provider's own key, or all settings that it needs."""

    provider: Text
    apiKey: Key | None = None
    values: Annotated[dict[Text, Text], Field(max_length=20)] = {}
    """By variable; instead of `apiKey`."""

    @model_validator(mode="after")
    def _either(self) -> KeyBody:
        if (self.apiKey is None) == (not self.values):
            raise ValueError("give either apiKey or values")
        return self


class VerifyBody(Body):
    """The providers whose keys to verify. An empty list means all providers with a key."""

    providers: Annotated[list[Text], Field(max_length=500)] = []
    paid: bool = False
    """Whether requests that cost money may be sent."""


class PickedBody(Body):
    """A model in the picker."""

    provider: Text
    model: Text
    baseURL: Address = ""


class FavoritesBody(Body):
    """All favourites, which replace the previous ones."""

    favorites: Annotated[list[PickedBody], Field(max_length=100)]


class PreferencesBody(Body):
    """Changes to preferences. Fields that are left out stay; null or an empty list removes a value."""

    prefer: Text | None = None
    pins: dict[str, str | None] = {}
    order: list[Text] = []
    disabled: list[Text] = []
    preferCredits: bool = Field(False, validation_alias=PREFER_CREDITS_FIELD)


class ShortcutsBody(Body):
    """All shortcuts: the model for each name."""

    shortcuts: dict[Text, Text]


class RepairBody(Body):
    """A file that a problem names."""

    file: Annotated[str, Field(min_length=1, max_length=4_000)]


class FileBody(Body):
    """A file with a model."""

    filePath: Annotated[str, Field(min_length=1, max_length=4_000)]


class ServedQuery(Query):
    """The local server to ask."""

    baseURL: Annotated[str, *_as_stored("baseURL")] = Field("", description="Its address; by default the usual one.")


class Empty(Query):
    """No parameters."""
