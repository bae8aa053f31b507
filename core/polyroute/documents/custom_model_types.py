"""Declarations: the user's own keys, preferences and models."""

from __future__ import annotations

from typing import Annotated, NotRequired

from polyroute.custom_models.transfer import Action
from polyroute.documents.facts import Facts, Filled, Id, Moment, TypedDict
from polyroute.documents.types import AuthHeaderDocument, Document, SourceDocument, Version, WithProblems
from polyroute.types import CredentialKind


class KeyDocument(TypedDict):
    """Where a provider's own key comes from, never the key."""

    provider: str | None
    """The provider's ID; null for an entry of the keyring under a name of the user's own."""
    variable: str | None
    """The variable, or that name; null for a provider without a single key."""
    credential: str | None
    """Where the key is, such as `env ACME_API_KEY`; null where there is none."""
    source: SourceDocument | None
    """The same in parts."""
    mask: str | None
    """The last characters of a long key; null where nothing of it is shown."""


class Keys(WithProblems):
    """The keys that are there, and where they come from."""

    keys: list[KeyDocument]
    """One for each provider, then those under names of the user's own."""


class StoredKey(Document):
    """Where a key is kept now."""

    provider: str | None
    """The provider's ID; null for a name of the user's own."""
    variable: str
    """The variable, or that name."""
    source: SourceDocument | None
    """Where the key is now."""
    kept: bool
    """A mask came back, so nothing was changed."""
    pinned: str | None
    """The configuration file in which the provider was pinned to its direct route; or null."""
    notes: list[str]
    """What the user should know, in words."""


class RemovedKey(Document):
    """Where a key was removed, and what is left."""

    provider: str | None
    """The provider's ID; null for a name of the user's own."""
    variable: str
    """The variable, or that name."""
    removed: list[SourceDocument]
    """Where the key was removed."""
    left: SourceDocument | None
    """Where the provider still has a key, which is not Polyroute's to remove; or null."""
    notes: list[str]
    """What the user should know, in words."""


class CredentialFound(Document):
    """With what the model can be run, but for the secret."""

    model: str
    """The model reference."""
    via: Id
    """`direct`, to the provider itself, or the gateway's provider ID."""
    modelId: str | None
    """The model ID as the endpoint of this route spells it."""
    baseUrl: str | None
    """The only place where the secret may be sent."""
    auth: AuthHeaderDocument
    """Where the secret goes."""
    credential: str | None
    """Where the secret was found; never its value."""
    source: SourceDocument | None
    """The same in parts; null where no secret is needed."""


class Revealed(TypedDict):
    """A secret, and how it is sent: the only document with a secret in it."""

    type: CredentialKind
    """What kind of secret it is."""
    value: str
    """The secret; empty where none is needed."""
    header: Filled
    """The name of the header that it goes into."""
    prefix: str
    """What stands before the secret in the header."""
    headers: dict[str, str]
    """Further headers; they may be secret too."""
    baseUrl: str
    """The only place where the secret may be sent."""
    expiresAt: Moment | None
    """When it ends, in ISO 8601 (UTC); null where nobody knows."""


class PreferenceList(WithProblems):
    """What the user prefers."""

    prefer: str | None
    """The route that the user put first; or null."""
    order: list[str]
    """The full order of routes, where the user gave one."""
    pins: dict[str, str]
    """By provider or model reference, the only route to take."""
    disableProviders: list[str]
    """The providers that are not used."""
    first: str
    """The route that comes first where nothing is said of a provider."""
    file: str
    """The configuration file."""


Preferred = TypedDict(
    "Preferred",
    {
        "schema": Annotated[Version, Facts(description="The version of this form.")],
        "prefer": Annotated[str | None, Facts(description="The route that comes first now; or null.")],
        "for": Annotated[str | None, Facts(description="The provider or model that it is for; null for all.")],
        "file": Annotated[str, Facts(description="The configuration file that was written.")],
    },
)
"""The preference that was written or taken back."""


class CustomModelDocument(TypedDict):
    """A user's own model, with all fields that its file has; the key is masked."""

    provider: str
    """As it is written in the file: an ID, an alias, or a provider that is not installed."""
    name: Filled
    """The model's ID."""
    baseURL: NotRequired[str]
    """Its own base URL."""
    displayName: NotRequired[str]
    """Its name for people."""
    maxInputTokens: NotRequired[int]
    """How many tokens it reads at most."""
    maxOutputTokens: NotRequired[int]
    """How many tokens it writes at most."""
    apiKey: NotRequired[str]
    """A mask, or the name of a variable or of an entry in the keyring; sent back it means: keep."""
    filePath: NotRequired[str]
    """The file that it is."""


class CustomModelList(WithProblems):
    """The user's own models."""

    models: list[CustomModelDocument]
    """The models in the order of the file."""


class CustomModelShown(Document):
    """One of the user's own models, and how it would run."""

    model: CustomModelDocument
    """The model as it is in the file."""
    created: NotRequired[bool]
    """Whether it was added; only where something was changed."""
    runs: str | None
    """`direct` or the gateway by which it would run; null where it can't be run."""
    notes: list[str]
    """What the user should know, in words."""


class CustomModelRemoved(Document):
    """The model that was removed."""

    removed: CustomModelDocument
    """The model as it was in the file."""


class ImportedEntry(TypedDict):
    """What became of one entry."""

    model: str | None
    """The model reference; null where the entry has none."""
    action: Action
    """What was done with it, or would be."""
    note: str | None
    """Why; or null."""


class CustomModelsImported(Document):
    """What became of each entry of an imported file. The exit status is 1 where one is refused or in conflict."""

    written: bool
    """Whether the file of custom models was changed."""
    entries: list[ImportedEntry]
    """The entries in the order of the imported file."""


class CustomModelsExported(Document):
    """Where the models were written to."""

    file: str
    """The file."""
    secrets: bool
    """Whether keys are in it."""


class RepairedFile(TypedDict):
    """What was saved of a broken file."""

    original: str
    """Where the broken file is kept."""
    saved: int
    """How many entries could be read."""


class CustomModelsRepaired(Document):
    """What became of a broken file."""

    file: str
    """The file of custom models."""
    repaired: RepairedFile | None
    """What was saved; null where nothing was broken."""
