"""Types of documents: keys, preferences and custom models."""

from __future__ import annotations

from typing import Annotated, NotRequired

from polyroute.custom_models.transfer import Action
from polyroute.documents.facts import Facts, Filled, Id, Moment, TypedDict
from polyroute.documents.types import (
    AuthHeaderDocument,
    Document,
    SourceDocument,
    VerificationDocument,
    Version,
    WithProblems,
)
from polyroute.types import CredentialKind


class KeyDocument(TypedDict):
    """The source of a provider's own key, without the key itself."""

    provider: str | None
    """The provider's ID; null for a keyring entry with a name chosen by the user."""
    variable: str | None
    """The variable, or the name of the keyring entry; null for a provider without a single key."""
    credential: str | None
    """Where the key is, such as `env ACME_API_KEY`; null if there is none."""
    source: SourceDocument | None
    """The same as `credential`, for programs."""
    mask: str | None
    """A mask with the last characters of a long key; null if there is no key."""
    baseUrl: str | None
    """The address that it is sent to; null if there is none."""
    alsoReadBy: list[str]
    """Other providers that read the key from the same place, perhaps for another address."""


class Keys(WithProblems):
    """The existing keys, and their sources."""

    keys: list[KeyDocument]
    """The keys of providers, then the keyring entries with names chosen by the user."""


class StoredKey(Document):
    """The place where a key is stored."""

    provider: str | None
    """The provider's ID; null for a keyring entry with a name chosen by the user."""
    variable: str
    """The variable, or the name of the keyring entry."""
    source: SourceDocument | None
    """Where the key is now."""
    kept: bool
    """Whether the value was a mask, so that nothing was changed."""
    pinned: str | None
    """The configuration file in which the provider was pinned to its direct route; or null."""
    notes: list[str]
    """Messages for the user."""
    settings: dict[str, SourceDocument]
    """By variable, where the settings are now that were given with the key."""
    verification: NotRequired[VerificationDocument]
    """Whether the endpoint accepts the key. Left out if it was not asked, as when the key comes from a pipe."""


class RemovedKey(Document):
    """The places from which a key was removed, and the key that is left."""

    provider: str | None
    """The provider's ID; null for a keyring entry with a name chosen by the user."""
    variable: str
    """The variable, or the name of the keyring entry."""
    removed: list[SourceDocument]
    """Where the key was removed."""
    left: SourceDocument | None
    """The source of a key that the provider still has, in a place where Polyroute keeps no keys; or null."""
    notes: list[str]
    """Messages for the user."""


class CredentialFound(Document):
    """Everything that a call of the model needs, except the secret."""

    model: str
    """The model reference."""
    via: Id
    """`direct`, to the provider itself, or the gateway's provider ID."""
    modelId: str | None
    """The model ID as the endpoint of this route spells it."""
    baseUrl: str | None
    """The only place to which the secret may be sent."""
    auth: AuthHeaderDocument
    """The header that carries the secret."""
    credential: str | None
    """Where the secret was found; never its value."""
    source: SourceDocument | None
    """The same as `credential`, for programs; null if no secret is needed."""


class Revealed(TypedDict):
    """A secret, and how it is sent. This is the only document that contains a secret."""

    type: CredentialKind
    """The kind of secret."""
    value: str
    """The secret; empty if none is needed."""
    header: Filled
    """The name of the header that carries the secret."""
    prefix: str
    """The text before the secret in the header."""
    headers: dict[str, str]
    """Additional headers, which may be secret too."""
    baseUrl: str
    """The only place to which the secret may be sent."""
    expiresAt: Moment | None
    """When it expires, in ISO 8601 (UTC); null if that is unknown."""


class PreferenceList(WithProblems):
    """The user's preferences."""

    prefer: str | None
    """The preferred route; or null."""
    order: list[str]
    """The full order of routes; empty if the user has set none."""
    pins: dict[str, str]
    """By provider or model reference, the route that is tried first."""
    disableProviders: list[str]
    """The disabled providers."""
    first: str
    """The route that is tried first for a provider without a pin."""
    file: str
    """The configuration file."""


Preferred = TypedDict(
    "Preferred",
    {
        "schema": Annotated[Version, Facts(description="The version of the document.")],
        "prefer": Annotated[str | None, Facts(description="The route that is tried first now; or null.")],
        "for": Annotated[str | None, Facts(description="The provider or model to which it applies; null for all.")],
        "file": Annotated[str, Facts(description="The configuration file that was written.")],
    },
)
"""The preference that was written or removed."""


class ShortcutsDocument(WithProblems):
    """The user's own names for models."""

    shortcuts: dict[str, str]
    """The model reference for each name."""
    file: str
    """The configuration file."""


class CustomModelDocument(TypedDict):
    """A custom model with all its fields in the file; the key is masked."""

    provider: str
    """The provider as written in the file: an ID, an alias, or a provider that is not installed."""
    name: Filled
    """The model's ID."""
    baseURL: NotRequired[str]
    """Its own base URL."""
    displayName: NotRequired[str]
    """Its display name."""
    maxInputTokens: NotRequired[int]
    """The maximum number of input tokens."""
    maxOutputTokens: NotRequired[int]
    """The maximum number of output tokens."""
    apiKey: NotRequired[str]
    """A mask, or the name of a variable or a keyring entry. If it is sent back, the stored key is kept."""
    filePath: NotRequired[str]
    """The path of the model's file."""


class CustomModelList(WithProblems):
    """The custom models."""

    models: list[CustomModelDocument]
    """The models in the order of the file."""


class CustomModelShown(Document):
    """A custom model, and how it would run."""

    model: CustomModelDocument
    """The model as it is in the file."""
    created: NotRequired[bool]
    """Whether it was added; absent if nothing was changed."""
    runs: str | None
    """`direct` or the gateway via which it would run; null if it can't be run."""
    notes: list[str]
    """Messages for the user."""


class CustomModelRemoved(Document):
    """The model that was removed."""

    removed: CustomModelDocument
    """The model as it was in the file."""


class ImportedEntry(TypedDict):
    """The result of importing one entry."""

    model: str | None
    """The model reference; null if the entry has none."""
    action: Action
    """What was done with the entry; with `--dry-run`, what would be done."""
    note: str | None
    """The reason; or null."""


class CustomModelsImported(Document):
    """The result of each entry of an imported file. The exit status is 1 if one is refused or in conflict."""

    written: bool
    """Whether the file of custom models was changed."""
    entries: list[ImportedEntry]
    """The entries in the order of the imported file."""


class CustomModelsExported(Document):
    """The file to which the models were exported."""

    file: str
    """The path of the file."""
    secrets: bool
    """Whether it contains keys."""


class RepairedFile(TypedDict):
    """What was saved from a damaged file."""

    original: str
    """The path of the copy of the damaged file."""
    saved: int
    """The number of entries that could be read."""


class CustomModelsRepaired(Document):
    """The result of repairing a file."""

    file: str
    """The file of custom models."""
    repaired: RepairedFile | None
    """What was saved; null if the file was not damaged."""
    moved: int
    """How many entries moved to Polyroute's own file, since the other tool can't read the shared one with them."""
