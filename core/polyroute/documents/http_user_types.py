"""Declarations: what the HTTP API answers about the user's own models, keys, preferences and choices."""

from __future__ import annotations

from typing import Literal, NotRequired

from polyroute.dexto_compat.types import FileType, GatewayAuth
from polyroute.documents.custom_model_types import CustomModelDocument
from polyroute.documents.facts import TypedDict
from polyroute.documents.http_types import Done, Verdict


class PreferencesDocument(TypedDict):
    """What the user prefers."""

    prefer: str | None
    """As said by the user, or null."""
    first: str
    """The route that comes first where nothing is said of a provider."""
    order: list[str]
    pins: dict[str, str]
    disabled: list[str]
    routes: list[str]
    """All that may be preferred."""
    auth: GatewayAuth


class ShownCustomModel(CustomModelDocument, Verdict):
    """A user's own model with the route that it would take."""


class CustomModels(TypedDict):
    """The user's own models."""

    models: list[ShownCustomModel]


class Advice(Verdict):
    """What to know of a model before it is added."""

    provider: str
    name: str
    """The ID as it would be stored."""
    exists: bool
    """Whether the user has added it already."""
    notes: list[str]
    suggestions: list[str]
    """IDs that are spelled alike, in the provider's list."""


class SavedCustomModel(Done):
    """What was saved."""

    model: CustomModelDocument
    created: bool
    note: NotRequired[str]


class Deleted(Done):
    """What was removed."""

    deleted: str


class PickedDocument(Verdict):
    """A model in the picker."""

    provider: str
    model: str
    baseURL: NotRequired[str]
    displayName: NotRequired[str]
    supportedFileTypes: list[FileType]
    source: Literal["catalog", "custom", "local-installed"]


class PickerStateDocument(TypedDict):
    """What the picker offers first."""

    featured: list[PickedDocument]
    recents: list[PickedDocument]
    favorites: list[PickedDocument]
    custom: list[PickedDocument]


class Toggled(Done):
    """Whether it is a favourite now."""

    isFavorite: bool


class Counted(Done):
    """How many there are now."""

    count: int


class KeyStatus(TypedDict):
    """The provider's own key, masked."""

    provider: str
    envVar: str
    hasKey: bool
    """The provider's own key alone; see `hasEffectiveCredentials`."""
    keyValue: NotRequired[str]
    """A mask."""
    source: NotRequired[str]
    """Where the key was found."""
    hasEffectiveCredentials: bool


class KeySaved(Done):
    """Where the key is kept."""

    provider: str
    envVar: str
    source: str | None
    """Where the key is now, in words."""
    pinned: bool
    """Whether the provider was pinned to its direct route, and so uses the key."""
    notes: list[str]
