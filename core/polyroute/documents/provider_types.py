"""Types of documents: providers as clients show them, with the settings that they need."""

from __future__ import annotations

from polyroute.documents.facts import Id, Moment, TypedDict
from polyroute.documents.list_types import FetchedListDocument, MovesDocument
from polyroute.documents.types import SourceDocument, VerificationDocument
from polyroute.results import LocalState
from polyroute.types import ProviderKind


class SettingDocument(TypedDict):
    """A value that a provider needs."""

    name: str
    """The variable that can hold it."""
    secret: bool
    hint: str
    """What its plugin says about it; may be empty."""
    found: bool


class AskedServer(TypedDict):
    """One of the user's own servers."""

    id: Id
    address: str
    state: LocalState
    """`unchecked` if it is at an address where it is not asked."""
    since: Moment | None
    """When it was first found in this state and with these models; null if it was not asked."""
    models: int
    """How many models it has, if it runs."""


class VerifiedDocument(VerificationDocument):
    """What an endpoint said about a key."""

    when: Moment
    """When it said so."""


class ShownProvider(TypedDict):
    """A provider, whether it is set up, and what it needs."""

    id: Id
    name: str
    kind: ProviderKind
    usable: bool
    """Whether its own credential was found, or it needs none."""
    effective: bool
    """Whether its models can be run, by its own credential or through a gateway."""
    reason: str
    """Why it can be used directly, or why not."""
    remedy: str | None
    """What the user can do about it; null if nothing needs to be done."""
    credential: str | None
    """Where the secret was found, or `none needed`; never its value. Null if there is no credential."""
    source: SourceDocument | None
    """The same, for programs."""
    removable: bool
    """Whether the key is kept where Polyroute stores keys, so that it can be replaced and removed."""
    needs: list[SettingDocument]
    """The settings that it needs; empty for one whose login a plugin finds."""
    models: int
    """How many models it lists. One that it lists in several places or forms counts once."""
    address: str | None
    """The base URL of an own server; null for any other provider."""
    local: AskedServer | None
    """What is known of an own server, without asking it now; null for any other provider."""
    verified: VerifiedDocument | None
    """What its endpoint said about the key that is set now, if it was asked; else null."""
    documentation: str | None
    """The page of its documentation; or null."""
    keysPage: str | None
    """The page where its users make keys; or null."""


class ShownLists(TypedDict):
    """The lists of models."""

    date: str
    """The date of the newest one in ISO 8601; may be empty."""
    days: int | None
    """Its age in days; null if its date is not known."""


class ProvidersDocument(TypedDict):
    """All providers that a user can set up."""

    providers: list[ShownProvider]
    """Those that are set up first, then by the number of their models."""
    lists: ShownLists


class AskedServers(TypedDict):
    """Which of the user's own servers run now."""

    servers: list[AskedServer]


class ListsFetched(TypedDict):
    """The result of fetching all lists again."""

    lists: list[FetchedListDocument]
    moves: MovesDocument | None
    """What came and went; null if no list was updated."""
