"""Types of documents: responses of the HTTP API about custom models, keys, preferences and the model picker."""

from __future__ import annotations

from typing import Literal, NotRequired

from polyroute.dexto_compat.types import FileType, GatewayAuth
from polyroute.documents.custom_model_types import CustomModelDocument
from polyroute.documents.facts import TypedDict
from polyroute.documents.http_types import Done, Verdict
from polyroute.documents.list_types import RepairedFileDocument


class PreferencesDocument(TypedDict):
    """The user's preferences."""

    prefer: str | None
    """The preferred route as set by the user, or null."""
    first: str
    """The route that is tried first for a provider without a pin."""
    order: list[str]
    pins: dict[str, str]
    disabled: list[str]
    routes: list[str]
    """All routes that can be preferred."""
    locked: list[str]
    """The fields of this document that an organisation's policy locks: a change answers 409."""
    contact: str | None
    """Whom or what to ask to have something changed that is locked; null without a policy."""
    auth: GatewayAuth


class ShownCustomModel(CustomModelDocument, Verdict):
    """A custom model with the route that it would take."""


class CustomModels(TypedDict):
    """The custom models."""

    models: list[ShownCustomModel]


class Advice(Verdict):
    """Facts about a model before it is added."""

    provider: str
    name: str
    """The ID as it would be stored."""
    exists: bool
    """Whether such a custom model exists."""
    notes: list[str]
    suggestions: list[str]
    """Similarly spelled IDs in the provider's list."""


class SavedCustomModel(Done):
    """The model that was saved."""

    model: CustomModelDocument
    created: bool
    note: NotRequired[str]


class Deleted(Done):
    """The model that was removed."""

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
    """The models that the picker lists first."""

    featured: list[PickedDocument]
    recents: list[PickedDocument]
    favorites: list[PickedDocument]
    custom: list[PickedDocument]


class Toggled(Done):
    """Whether the model is a favorite now."""

    isFavorite: bool


class FileRepaired(Done, RepairedFileDocument):
    """What was done with a damaged file."""


class PluginSwitched(Done):
    """A plugin that was switched off or on."""

    plugin: str
    enabled: bool
    """Whether it may be used now."""


class Counted(Done):
    """The number of favorites now."""

    count: int


class KeyStatus(TypedDict):
    """The provider's own key, masked."""

    provider: str
    envVar: str
    hasKey: bool
    """Whether the provider's own key is set; see also `hasEffectiveCredentials`."""
    keyValue: NotRequired[str]
    """A mask."""
    source: NotRequired[str]
    """Where the key was found."""
    hasEffectiveCredentials: bool


class KeySaved(Done):
    """The place where a key was stored."""

    provider: str
    envVar: str
    """The variable of the key; without a key, that of the first setting."""
    source: str | None
    """Where the key is now, as text."""
    pinned: bool
    """Whether the provider was pinned to its direct route, so that the key is used."""


class KeyRemoved(Done):
    """The result of removing a provider's key."""

    provider: str
    envVar: str
    removed: bool
    """Whether a key was stored, and is removed now."""
    left: str | None
    """Where another key is still found, as text; or null."""
