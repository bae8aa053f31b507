"""What requests hold: read strictly, and described in the API's OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Address = Annotated[str, Field(max_length=2_000)]
Secret = Annotated[str, Field(max_length=10_000)]
Count = Annotated[int, Field(gt=0, le=2**53)]
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
    provider: str = Field("", max_length=4_000, description="Only these providers, separated by commas.")
    hasKey: Flag = Field(None, description="Only providers that can, or can't, be used by any route.")
    fileType: Literal["pdf", "image", "audio", "video", "document"] | None = Field(
        None, description="Only models that take this."
    )
    defaultOnly: Flag = Field(None, description="Only each provider's default model.")
    includeModels: Flag = Field(None, description="Whether the grouped form lists models; it does by default.")
    usable: Flag = Field(None, description="Only models that can, or can't, be run now.")


class StatusQuery(Query):
    """Which providers."""

    provider: str = Field("", max_length=4_000, description="Only these providers, separated by commas.")


class ModelQuery(Query):
    """One model."""

    model: str = Field(min_length=3, max_length=2_000, description="A reference, provider/model.")


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
    budgetTokens: Count | None = None


class SwitchBody(Body):
    """A model to make current."""

    provider: Text | None = None
    model: Text | None = None
    baseURL: Address | None = None
    apiKey: Secret | None = None
    sessionId: Annotated[str, Field(max_length=500)] | None = None
    maxIterations: Count | None = None
    maxInputTokens: Count | None = None
    maxOutputTokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    allowedMediaTypes: Annotated[list[Text], Field(max_length=100)] | None = None
    reasoning: Reasoning | None = None
    reasoningEffort: Text | None = None


class CustomModelBody(Body):
    """A person's own model."""

    name: Text
    provider: Text | None = None
    baseURL: Address | None = None
    displayName: Annotated[str, Field(max_length=1_000)] | None = None
    maxInputTokens: Count | None = None
    maxOutputTokens: Count | None = None
    apiKey: Secret | None = None
    filePath: Annotated[str, Field(max_length=4_000)] | None = None
    reasoning: Reasoning | None = None
    reasoningEffort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None


class DeleteQuery(Query):
    """Which of several models of one name."""

    provider: str = Field("", max_length=1_000, description="Needed where several providers have a model of the name.")


class KeyBody(Body):
    """A provider's own key."""

    provider: Text
    apiKey: Annotated[str, Field(min_length=1, max_length=10_000)]


class PickedBody(Body):
    """A model in the picker."""

    provider: Text
    model: Text
    baseURL: Address | None = None


class FavoritesBody(Body):
    """All favourites, in place of those before."""

    favorites: Annotated[list[PickedBody], Field(max_length=100)]


class PreferencesBody(Body):
    """What to change; what is left out stays, and null takes it away."""

    prefer: Text | None = None
    pins: dict[str, str | None] | None = None
    order: list[Text] | None = None
    disabled: list[Text] | None = None
    preferDextoCredits: bool | None = None


class Empty(Query):
    """No parameters."""
