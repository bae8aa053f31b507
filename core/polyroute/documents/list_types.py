"""Types of documents: models, lists, verifications of keys, and findings about configurations."""

from __future__ import annotations

from typing import Literal, NotRequired

from polyroute.documents.facts import Filled, Moment, TypedDict
from polyroute.documents.types import Document, VerificationDocument, WithProblems
from polyroute.list_refresh import State
from polyroute.results import PriceKind
from polyroute.types import ModelStatus
from polyroute.validation.sections import Severity


class ModelAbilities(TypedDict):
    """What a model can. Null means that it is not known, and never no."""

    tools: bool | None
    """Whether it can call tools."""
    reasoning: bool | None
    """Whether it can reason before it answers."""
    structuredOutput: bool | None
    """Whether its output can be held to a JSON Schema."""
    temperature: bool | None
    """Whether its temperature can be set."""


class ModelDocument(ModelAbilities):
    """One model, or with `--offers` one entry of a list. What is not known is null, or empty if it is a text.

    Limits and prices are those of the route that would be taken, else as they are listed.
    """

    id: str
    """The maker's reference; of a model whose maker is unknown, the reference of its only entry."""
    provider: str
    """The ID of the provider that it is selected at: where it can be run, else its maker."""
    model: str
    """The model's ID at that provider."""
    maker: str
    """The ID of the maker: that of its provider, or the name under which others list its models."""
    name: str
    """The model's display name; may be empty."""
    context: int | None
    """The maximum number of tokens of input and output together."""
    output: int | None
    """The maximum number of tokens of one response."""
    inputPrice: float | None
    """The price in USD per million input tokens."""
    outputPrice: float | None
    """The price in USD per million output tokens."""
    priceKind: PriceKind
    """`metered` by tokens, `free`, paid by a subscription (`plan`), on an own server (`local`), or `unknown`."""
    inputModalities: list[str]
    """The types of input, such as `text` and `image`."""
    outputModalities: list[str]
    """The types of output."""
    inputLimit: int | None
    """The maximum number of tokens of input, if that is less than `context`."""
    cacheReadPrice: float | None
    """The price in USD per million input tokens that are read from the endpoint's cache."""
    cacheWritePrice: float | None
    """The price in USD per million input tokens that are written to the endpoint's cache."""
    releaseDate: str
    """The date of its release in ISO 8601, or only the month or year; may be empty."""
    knowledge: str
    """The date up to which its training data reaches, in the same form; may be empty."""
    family: str
    """The maker's line of models that it belongs to; may be empty."""
    status: ModelStatus
    """`deprecated`, `alpha` or `beta`; or empty."""
    openWeights: bool | None
    """Whether its weights are published; null if that is not known."""
    custom: bool
    """Whether the user added it."""
    providers: list[str]
    """The IDs of the providers that list it."""
    usable: bool
    """Whether it can be run, as far as can be determined without the network."""
    via: str | None
    """The route that would be taken: `direct` or a gateway; null if there is none."""


class ModelListDocument(TypedDict):
    """The age of a model list."""

    name: str
    """The name of the list."""
    fetched: Moment | None
    """When it was fetched; null if the bundled list is used."""
    bundled: str | None
    """The date or version of the bundled list; or null."""
    fresh: bool
    """Whether it was fetched within the last day."""


class ModelsDocument(WithProblems):
    """The listed models, and the ages of their lists."""

    models: list[ModelDocument]
    """The models that match the query."""
    lists: list[ModelListDocument]
    """The lists that contain models."""


class Verifications(WithProblems):
    """Whether keys work now, according to their endpoints."""

    verifications: dict[str, VerificationDocument]
    """By provider, the state of its key according to its endpoint."""
    notes: NotRequired[list[str]]
    """Messages for the user, in responses of the HTTP API."""


class TroubleAction(TypedDict):
    """Something that helps."""

    kind: Literal["refresh", "setup", "repair", "disable", "command"]
    """`refresh` the lists, `setup` a provider, `repair` the file, `disable` a plugin, or run a `command`."""
    command: NotRequired[str]
    """The command line that does it."""
    provider: NotRequired[str]
    """The provider to set up."""
    plugin: NotRequired[str]
    """The plugin to disable."""


class TroubleDocument(TypedDict):
    """One thing that is wrong."""

    id: Filled
    """It stays the same as long as the trouble does."""
    code: Filled
    """Its kind, for programs: one of the codes in docs/json.md; new ones may be added."""
    severity: Literal["error", "warning", "advice"]
    """`error` if something does not work, `warning` if something may not, `advice` if all works."""
    title: Filled
    """What is wrong, in a few words."""
    subject: Filled
    """What is concerned: a plugin, a provider, a list, a file or a variable."""
    message: Filled
    """What is wrong."""
    file: str | None
    """The file that it is about."""
    line: int | None
    """The line in that file, if it is known."""
    affects: list[str]
    """The IDs of the providers concerned; empty if all or none are."""
    remedy: str
    """What the user can do about it."""
    actions: list[TroubleAction]
    """What helps."""


class RepairedFileDocument(TypedDict):
    """What was done with a damaged file."""

    file: str
    """The path of the file."""
    note: str
    """What was done, in a sentence."""
    original: str | None
    """The path of the copy of the damaged file; null if the file itself has all of it, in comments."""


class Diagnosis(Document):
    """Everything that is wrong, errors first."""

    healthy: bool
    """Whether nothing is."""
    problems: list[TroubleDocument]
    """One entry for each thing that is wrong."""
    repaired: NotRequired[list[RepairedFileDocument]]
    """With `--repair`, the damaged files that were repaired before."""


class FetchedListDocument(TypedDict):
    """The result of refreshing one list."""

    name: str
    """The name of the list."""
    url: str
    """The address from which it is fetched."""
    state: State
    """`updated`; `unchanged` according to the server; `fresh`, so that no request was made; `offline`; `failed`."""
    fetched: Moment | None
    """When the stored list was fetched; or null."""
    models: int | None
    """The number of models in the stored list; or null."""
    error: str | None
    """Why it could not be fetched; or null."""


class ChangeDocument(TypedDict):
    """A change in a fetched list of how a provider is called."""

    provider: str
    """The provider's ID."""
    what: str
    """`base URL`, `variables`, …; `base URL of MODEL`; or `new provider`."""
    before: str
    """The value known before; empty if there was none."""
    after: str
    """The value in the fetched list."""


class MovesDocument(TypedDict):
    """What came and went with newly fetched lists."""

    modelsAdded: int
    """How many models are listed that were not listed before."""
    modelsRemoved: int
    """How many models are no longer listed."""
    providersAdded: list[str]
    """The IDs of providers that have models only now."""
    providersRemoved: list[str]
    """The IDs of providers that no longer have any."""


class Refreshed(WithProblems):
    """The result of refreshing each list."""

    lists: list[FetchedListDocument]
    """The lists that plugins declare."""
    accepted: list[ChangeDocument]
    """The changes that the user agreed to with this `--accept`."""
    waiting: list[ChangeDocument]
    """The changes that are not used before the user agrees."""
    moves: MovesDocument | None
    """What came and went; null if no list was updated."""


class FindingDocument(TypedDict):
    """An error or a warning about a configuration."""

    file: str
    """The path of the file."""
    line: int | None
    """The line number, from 1; null if it is not known."""
    column: int | None
    """The column, from 1; null if it is not known."""
    code: str
    """One of the codes in docs/validation.md."""
    severity: Severity
    """Only an `error` makes the configuration invalid."""
    path: str
    """The field, as in `agents[0].llm.apiKey`."""
    message: str
    """What is wrong."""
    remedy: str
    """What the user can do about it."""


class UnreadableFile(TypedDict):
    """A file that can't be read as a configuration that is known."""

    file: str
    """The path of the file."""
    message: str
    """Why it can't be read."""


class Findings(WithProblems):
    """Whether configurations name models that can be run."""

    valid: bool
    """Whether there is no error; if there is one, the exit status is 1."""
    findings: list[FindingDocument]
    """The findings in all files."""
    unreadable: list[UnreadableFile]
    """The files that can't be read; if there are any, the exit status is 2."""
