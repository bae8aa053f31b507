"""Models of query parameters and bodies, which also define their schemas in the OpenAPI document."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from polyroute.dexto_compat.http import PREFER_CREDITS_FIELD


def _fitting(pattern: str, message: str) -> Any:
    """Return annotations for a text that must match `pattern`; `message` says what is required if it does not."""

    def fit(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(message)
        return text

    return Field(json_schema_extra={"pattern": f"^{pattern}$"}), AfterValidator(fit)


def _whole(number: Any) -> Any:
    """Convert 1.0 to 1: JSON has only one kind of number."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


# White space as defined by Python or by JavaScript: the schema is used in both.
_VISIBLE = r"[^\s\u001c-\u001f\u0085\ufeff]"
_NAME = _fitting(rf"{_VISIBLE}(?:[\s\S]*{_VISIBLE})?", "must not begin or end with white space")
_HEX = "[0-9A-Fa-f]{1,4}"
_IPV6 = rf"\[(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}(?::{_HEX}){{0,3}})?::(?:{_HEX}(?::{_HEX}){{0,2}})?)\]"
_PORT = "(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_URL = _fitting(
    rf"""(?:https?://(?:[0-9A-Za-z._-]+|{_IPV6})(?::{_PORT})?(?:/[!"%->@-\[\]-~]*)?)?""",
    "must be an http or https URL in ASCII, without a user name, ?, #, $ or backslash",
)
_SECRET = _fitting(
    r"(?:[ -~]*| *[!-~]{0,8}(?:[*\u2022.]{3,}|\u2026)[!-~]{0,4} *)",
    "must be visible ASCII, or the mask of the stored key",
)
_KEY = _fitting(
    r"[ \t\r\n]*[!#%&(-\[\]-_a-~][!#-&(-\[\]-_a-~]*[ \t\r\n]*",
    "must be visible ASCII without quotes, backslashes, spaces and $NAME",
)

Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Address = Annotated[str, Field(max_length=2_000), *_URL]
Secret = Annotated[str, Field(max_length=10_000), *_SECRET]
Count = Annotated[int, Field(gt=0, le=2**53), BeforeValidator(_whole)]
ModelName = Annotated[str, Field(min_length=1, max_length=1_000), *_NAME]
DisplayName = Annotated[str, Field(max_length=1_000)]
FilePath = Annotated[str, Field(max_length=4_000)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
Flag = Annotated[Literal["true", "false", "1", "0"] | None, Field(default=None)]


class Body(BaseModel):
    """A JSON object. Unknown fields are refused, since a misspelt one would be ignored silently."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


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
    """How a model should reason."""

    variant: Text
    budgetTokens: Count = 0


class SwitchBody(Body):
    """A model to make current. Without a provider, fields that are left out keep their current values."""

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
    provider: Text = ""
    baseURL: Address = ""
    displayName: DisplayName = ""
    maxInputTokens: Count = 0
    maxOutputTokens: Count = 0
    apiKey: Secret = ""
    filePath: FilePath = ""
    reasoning: Reasoning | None = None
    reasoningEffort: Effort = "none"


class CustomModelChanges(Body):
    """Changes to fields of a custom model. Null removes a field; fields that are left out stay."""

    name: ModelName = ""
    baseURL: Address | None = None
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


class KeyBody(Body):
    """A provider's own key."""

    provider: Text
    apiKey: Annotated[str, Field(min_length=1, max_length=10_000), *_KEY]


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


class Empty(Query):
    """No parameters."""
