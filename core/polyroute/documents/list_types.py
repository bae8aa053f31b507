"""Declarations: models, their lists, and what is found out about keys and configurations."""

from __future__ import annotations

from polyroute.documents.facts import Moment, TypedDict
from polyroute.documents.types import VerificationDocument, WithProblems
from polyroute.list_refresh import State
from polyroute.validation.sections import Severity


class ModelDocument(TypedDict):
    """A model on offer. Prices are in US dollars per million tokens; null where nothing is known."""

    provider: str
    """The provider's ID."""
    model: str
    """The model's ID at its provider."""
    name: str
    """The model's name for people; may be empty."""
    context: int | None
    """How many tokens of input and output together."""
    output: int | None
    """How many tokens one answer has at most."""
    inputPrice: float | None
    """US dollars per million tokens that it reads."""
    outputPrice: float | None
    """US dollars per million tokens that it writes."""
    inputModalities: list[str]
    """What it reads, such as `text` and `image`."""
    outputModalities: list[str]
    """What it writes."""
    releaseDate: str
    """The day of its release in ISO 8601, or the month or year; may be empty."""
    custom: bool
    """Whether the user added it."""


class ModelListDocument(TypedDict):
    """How old one list of models is."""

    name: str
    """The name of the list."""
    fetched: Moment | None
    """When it was fetched; null where the installed one is used."""
    bundled: str | None
    """The day or version of the installed list; or null."""
    fresh: bool
    """Whether it is newer than a day."""


class ModelsDocument(WithProblems):
    """The models on offer, and how old the lists are that they come from."""

    models: list[ModelDocument]
    """The models that were asked for."""
    lists: list[ModelListDocument]
    """The lists that models come from."""


class Verifications(WithProblems):
    """Whether keys work right now, as their endpoints said."""

    verifications: dict[str, VerificationDocument]
    """By provider, what its endpoint says of the key."""


class FetchedListDocument(TypedDict):
    """What became of one list."""

    name: str
    """The name of the list."""
    url: str
    """Where it is fetched from."""
    state: State
    """`updated`; `unchanged`, as the server said; `fresh`, so that nobody was asked; `offline`; `failed`."""
    fetched: Moment | None
    """When the list that is there now was fetched; or null."""
    models: int | None
    """How many models that one has; or null."""
    error: str | None
    """Why it could not be fetched; or null."""


class ChangeDocument(TypedDict):
    """Something that a fetched list says of how a provider is called."""

    provider: str
    """The provider's ID."""
    what: str
    """`base URL`, `variables`, …; `base URL of MODEL`; or `new provider`."""
    before: str
    """What was known before; empty where nothing was."""
    after: str
    """What the list says."""


class Refreshed(WithProblems):
    """What became of each list of models."""

    lists: list[FetchedListDocument]
    """The lists that plugins have."""
    accepted: list[ChangeDocument]
    """What the user agreed to by this `--accept`."""
    waiting: list[ChangeDocument]
    """What is not used before the user agrees."""


class FindingDocument(TypedDict):
    """One thing that is wrong with a configuration, or doubtful."""

    file: str
    """The file."""
    line: int | None
    """The line; null where the format does not tell."""
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


class Findings(WithProblems):
    """Whether configurations name models that can be run."""

    valid: bool
    """Whether there is no error; else the exit status is 1."""
    findings: list[FindingDocument]
    """What is wrong or doubtful, in all files."""
