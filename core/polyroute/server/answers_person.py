"""What answers about the person's own things hold: see `answers`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from polyroute.server.answers import Answer, Auth, FileType


class Preferences(Answer):
    """What the person prefers."""

    prefer: str | None = Field(description="As said by the person, or null.")
    first: str = Field(description="The route that comes first where nothing is said of a provider.")
    order: list[str]
    pins: dict[str, str]
    disabled: list[str]
    routes: list[str] = Field(description="All that may be preferred.")
    auth: Auth


class CustomModel(Answer):
    """A person's own model; its key is masked."""

    name: str = Field(min_length=1)
    provider: str
    baseURL: str | None = None
    displayName: str | None = None
    maxInputTokens: int | None = None
    maxOutputTokens: int | None = None
    apiKey: str | None = Field(None, description="A mask, or the name of a variable; sent back it means: keep.")
    filePath: str | None = None


class ShownCustomModel(CustomModel):
    """A person's own model with the route that it would take."""

    usable: bool
    via: str | None
    why: str | None = None


class CustomModels(Answer):
    """The person's own models."""

    models: list[ShownCustomModel]


class Advice(Answer):
    """What to know of a model before it is added."""

    provider: str
    name: str = Field(description="The ID as it would be stored.")
    exists: bool = Field(description="Whether the person has added it already.")
    usable: bool
    via: str | None
    why: str | None = None
    notes: list[str]
    suggestions: list[str] = Field(description="IDs that are spelled alike, in the provider's list.")


class SavedCustomModel(Answer):
    """What was saved."""

    ok: Literal[True]
    model: CustomModel
    created: bool
    note: str | None = None


class Deleted(Answer):
    """What was removed."""

    ok: Literal[True]
    deleted: str


class Verification(Answer):
    """Whether a key works right now, as its endpoint said."""

    state: Literal["valid", "invalid", "no_credit", "rate_limited", "unreachable", "unsupported"]
    message: str | None
    remaining: str | None = Field(description="The credit that is left, where the endpoint tells.")


class Verified(Answer):
    """The document of `polyroute verify --json`."""

    schema_: Literal[1] = Field(alias="schema")
    verifications: dict[str, Verification] = Field(description="By provider.")


class Picked(Answer):
    """A model in the picker."""

    provider: str
    model: str
    baseURL: str | None = None
    displayName: str | None = None
    supportedFileTypes: list[FileType]
    source: Literal["catalog", "custom", "local-installed"]
    usable: bool
    via: str | None
    why: str | None = None


class PickerState(Answer):
    """What the picker offers first."""

    featured: list[Picked]
    recents: list[Picked]
    favorites: list[Picked]
    custom: list[Picked]


class Done(Answer):
    """It was done."""

    ok: Literal[True]


class Toggled(Done):
    """Whether it is a favourite now."""

    isFavorite: bool


class Counted(Done):
    """How many there are now."""

    count: int


class KeyStatus(Answer):
    """The provider's own key, masked."""

    provider: str
    envVar: str
    hasKey: bool = Field(description="The provider's own key alone; see `hasEffectiveCredentials`.")
    keyValue: str | None = Field(None, description="A mask.")
    hasEffectiveCredentials: bool


class KeySaved(Done):
    """Where the key is kept."""

    provider: str
    envVar: str
    notes: list[str]
    pinned: bool = Field(description="Whether the provider was pinned to its direct route, and so uses the key.")
