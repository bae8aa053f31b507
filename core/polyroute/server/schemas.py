"""What requests hold: read strictly, and described in the API's OpenAPI document."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from polyroute.dexto_compat.http import PREFER_CREDITS_FIELD


def _fitting(pattern: str, told: str) -> Any:
    """What a text must match, said in words where it does not."""

    def fit(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(told)
        return text

    return Field(json_schema_extra={"pattern": f"^{pattern}$"}), AfterValidator(fit)


def _whole(number: Any) -> Any:
    """JSON knows one kind of number: 1.0 is a whole one."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


# White space is what Python or JavaScript takes for it: a schema is read by both.
_VISIBLE = r"[^\s\u001c-\u001f\u0085\ufeff]"
_NAME = _fitting(rf"{_VISIBLE}(?:[\s\S]*{_VISIBLE})?", "must not begin or end with white space")
_HEX = "[0-9A-Fa-f]{1,4}"
_IPV6 = rf"\[(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}(?::{_HEX}){{0,3}})?::(?:{_HEX}(?::{_HEX}){{0,2}})?)\]"
_PORT = "(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_URL = _fitting(
    rf"""(?:https?://(?:[0-9A-Za-z._-]+|{_IPV6})(?::{_PORT})?(?:/[!"%->@-\[\]-~]*)?)?""",
    "must be an http or https address in ASCII, without user name, ?, #, $ and backslash",
)
_SECRET = _fitting(
    r"(?:[ -~]*| *[!-~]{0,8}(?:[*\u2022.]{3,}|\u2026)[!-~]{0,4} *)",
    "must be visible ASCII, or a mask of the stored one",
)
_KEY = _fitting(
    r"[ \t\r\n]*[!#%&(-\[\]-_a-~][!#-&(-\[\]-_a-~]*[ \t\r\n]*",
    "must be visible ASCII without quotes, backslashes and spaces, and no $NAME",
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
    """A JSON object. Fields that nobody knows are refused: a misspelt one would be lost without a word."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class Query(BaseModel):
    """Query parameters. Those that nobody knows are passed over."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class CatalogQuery(Query):
    """Which part of the catalog, in which form."""

    mode: Literal["grouped", "flat"] = Field("grouped", description="By provider, or one list of models.")
    scope: Literal["all", "curated"] = Field("all", description="Everything, or a small set for a first look.")
    provider: str = Field("", max_length=500, description="Only these providers, separated by commas.")
    hasKey: Flag = Field(None, description="Only providers that can, or can't, be used by any route.")
    fileType: Literal["pdf", "image", "audio", "video", "document"] | None = Field(
        None, description="Only models that take this."
    )
    defaultOnly: Flag = Field(None, description="Only each provider's default model.")
    includeModels: Flag = Field(None, description="Whether the grouped form lists models; it does by default.")
    usable: Flag = Field(None, description="Only models that can, or can't, be run now.")


class StatusQuery(Query):
    """Which providers."""

    provider: str = Field("", max_length=500, description="Only these providers, separated by commas.")


class ModelQuery(Query):
    """One model."""

    model: str = Field(min_length=3, max_length=1_000, description="A reference, provider/model.")


class CapabilitiesQuery(Query):
    """One model of one provider."""

    provider: Text = Field(description="A provider's ID or alias.")
    model: Text = Field(description="The model, in the provider's or a gateway's spelling.")


class CurrentQuery(Query):
    """Whose current model."""

    sessionId: str = Field("", max_length=500, description="A session; without it, what goes for all.")


class Reasoning(Body):
    """How a model is to reason."""

    variant: Text
    budgetTokens: Count = 0


class SwitchBody(Body):
    """A model to make current. Without a provider what is current stays, but for what is named."""

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
    """A person's own model. An empty text takes a field away."""

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
    """Fields of a person's own model to change: null takes one away, and what is left out stays."""

    name: ModelName = ""
    baseURL: Address | None = None
    displayName: DisplayName | None = None
    maxInputTokens: Count | None = None
    maxOutputTokens: Count | None = None
    apiKey: Secret | None = None
    filePath: FilePath | None = None


class CustomModelQuery(Query):
    """Which of several models of one name."""

    provider: str = Field("", max_length=1_000, description="Needed where several providers have a model of the name.")


class AdviceQuery(Query):
    """A model that a person may want to add."""

    provider: Text = Field(description="A provider's ID or alias.")
    name: Text = Field(description="The model ID as it is being entered, perhaps with the provider in front.")


class KeyBody(Body):
    """A provider's own key."""

    provider: Text
    apiKey: Annotated[str, Field(min_length=1, max_length=10_000), *_KEY]


class VerifyBody(Body):
    """Whose keys to verify: none named means all that are there."""

    providers: Annotated[list[Text], Field(max_length=500)] = []
    paid: bool = False
    """Whether requests that cost something may be sent."""


class PickedBody(Body):
    """A model in the picker."""

    provider: Text
    model: Text
    baseURL: Address = ""


class FavoritesBody(Body):
    """All favourites, in place of those before."""

    favorites: Annotated[list[PickedBody], Field(max_length=100)]


class PreferencesBody(Body):
    """What to change; what is left out stays, null and an empty list take away what there is."""

    prefer: Text | None = None
    pins: dict[str, str | None] = {}
    order: list[Text] = []
    disabled: list[Text] = []
    preferCredits: bool = Field(False, validation_alias=PREFER_CREDITS_FIELD)


class Empty(Query):
    """No parameters."""
