"""Types of documents: models as clients show them, and the ways to run one."""

from __future__ import annotations

from typing import Literal, NotRequired

from polyroute.documents.facts import Id, TypedDict
from polyroute.documents.types import SourceDocument
from polyroute.results import LocalState, PriceKind
from polyroute.types import ModelStatus

Ability = Literal["tools", "reasoning", "structuredOutput", "temperature", "image", "pdf", "audio", "video"]
"""What a model can do, or which input it takes besides text."""
BandName = Literal["favorite", "recent", "own", "runs", "setup"]


class EndpointPrice(TypedDict):
    """What a model costs, in USD per million tokens; what is not known is left out."""

    input: NotRequired[float]
    output: NotRequired[float]
    cacheRead: NotRequired[float]
    """Input tokens that are read from the endpoint's cache."""
    cacheWrite: NotRequired[float]
    """Input tokens that are written to the endpoint's cache."""
    kind: PriceKind
    """`metered` by tokens, `free`, paid by a subscription (`plan`), on an own server (`local`), or `unknown`."""


class Runs(TypedDict):
    """Whether a model can be run, and how."""

    usable: bool
    """Whether it can be run, as far as can be determined without the network."""
    checked: NotRequired[bool]
    """False if only the user's own server, which was not asked whether it runs, can run it; else left out."""
    server: NotRequired[LocalState]
    """The state of the user's own server that would be taken, or that would have to run; else left out."""
    via: NotRequired[str]
    """The route that would be taken: `direct` or a gateway; left out if there is none."""
    provider: NotRequired[str]
    """The ID of the provider that the request would go to; left out if there is none."""
    model: NotRequired[str]
    """The reference to select: the one that can be run, else the maker's. Left out if it is the `id` of the row."""
    missing: NotRequired[Literal["key", "settings"]]
    """What is needed if it can't be run: `key` if a single key is enough, else `settings`. Left out if it can
    be, or if only a server would have to run, or if a policy does not allow it."""
    allowed: NotRequired[bool]
    """False if an organisation's policy does not allow it by any way; else left out."""


class ModelRowDocument(TypedDict):
    """One model, whoever offers it. What is empty, not known, or false is left out, unless false says something."""

    id: str
    """The maker's reference; of a model whose maker is unknown, the reference of its only entry.

    The maker is the part before the first slash: its provider's ID, or the name under which others list its models.
    """
    name: str
    context: NotRequired[int]
    """The maximum number of tokens of input and output together."""
    output: NotRequired[int]
    """The maximum number of tokens of one response."""
    can: NotRequired[list[Ability]]
    """What it is known to be able to do."""
    unknown: NotRequired[list[Ability]]
    """The abilities of which it is not known whether it has them; those in neither list are missing."""
    released: NotRequired[str]
    """The date of its release in ISO 8601, or only the month or year."""
    isNew: NotRequired[bool]
    """True if it was released in the 45 days before the date of the lists."""
    status: NotRequired[ModelStatus]
    """`deprecated`, `alpha` or `beta`."""
    openWeights: NotRequired[bool]
    """Whether its weights are published."""
    providers: int
    """The number of providers that list it."""
    aliases: NotRequired[list[str]]
    """Names and IDs by which others list it, if they have words that neither its name nor its ID has."""
    free: NotRequired[str]
    """The reference of a variant that costs nothing, and has limits of its own."""
    runs: Runs
    price: EndpointPrice
    """The price of the way that would be taken, else the lowest that is listed."""
    band: BandName
    """Where it stands in the order: `favorite`, `recent`, `own`, `runs` now, or `setup` if something is missing."""
    custom: NotRequired[bool]
    """True if the user added it."""


class ModelRowsDocument(TypedDict):
    """The models that a query selects, in order."""

    models: list[ModelRowDocument]
    total: int
    """How many models the query selects; `limit` may have left out some of them."""
    date: str
    """The date of the newest list in ISO 8601; may be empty."""
    names: dict[str, str]
    """The display names of providers, by their IDs."""


class FoundModels(TypedDict):
    """The models that a query finds."""

    models: list[str]
    """Their `id`, best first."""


class MissingSetting(TypedDict):
    """A value that a way needs."""

    name: str
    """Its name, which is that of the variable that can hold it, if there is one."""
    secret: bool
    hint: str
    """What the user can do to provide it."""


class Way(TypedDict):
    """One way to run a model."""

    provider: Id
    """The provider that the request goes to."""
    via: Id
    """The route: `direct`, or the gateway's provider ID."""
    model: str
    """The reference that selects it."""
    modelId: str | None
    """The model ID as the endpoint of this route spells it."""
    otherIds: list[str]
    """Further IDs by which this provider lists the same at the same terms: of other regions, or with a date."""
    price: EndpointPrice
    context: int | None
    """The maximum number of tokens of input and output together there; null if it is not known."""
    output: int | None
    """The maximum number of tokens of one response there; null if it is not known."""
    usable: bool
    """Whether it works with the available credentials, as far as can be determined without the network."""
    reason: str
    """Why it is usable, or why it is not."""
    remedy: str | None
    """What the user can do about it; null if nothing needs to be done."""
    credential: str | None
    """Where the secret was found, or `none needed`; never its value. Null if there is no credential."""
    source: SourceDocument | None
    """The same as `credential`, for programs; null if no secret is needed or found."""
    missing: list[MissingSetting]
    """What is missing, if it is not usable."""
    pinned: bool
    """Whether the user has pinned this route for the model or its provider."""
    allowed: NotRequired[bool]
    """False if an organisation's policy does not allow it; else left out."""


class ModelDetails(ModelRowDocument):
    """One model, with everything that is known about it."""

    inputLimit: int | None
    """The maximum number of tokens of input, if that is less than `context`."""
    knowledge: str
    """The date up to which its training data reaches, in ISO 8601; may be empty."""
    family: str
    """The maker's line of models that it belongs to; may be empty."""
    inputModalities: list[str]
    """The types of input, such as `text` and `image`."""
    outputModalities: list[str]
    """The types of output."""
    ways: list[Way]
    """Every way to run it, one for each provider and variant (free, quantised) there.

    Usable ones come first, in the order in which they would be taken.
    """
