"""Declarations: what the HTTP API answers beyond the documents of the command."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from polyroute.dexto_compat.types import FileType, GatewayAuth, GatewayTaken
from polyroute.documents.facts import Facts, Id, TypedDict
from polyroute.documents.types import ProviderStatusDocument
from polyroute.types import BaseUrlRule


class Pricing(TypedDict):
    """US dollars per million tokens."""

    inputPerM: float
    outputPerM: float


class Verdict(TypedDict):
    """Which route a model would take."""

    usable: bool
    """Whether some route can run it now."""
    via: str | None
    """The route that it would take: `direct`, a gateway, or null."""
    why: NotRequired[str]
    """Why it can't be run. In the catalog it is left out where it is the reason of its provider's routes."""


class ListedModel(Verdict):
    """A model on offer."""

    name: str
    """The model's ID at its provider."""
    provider: NotRequired[str]
    """Only in the flat form."""
    displayName: NotRequired[str]
    """The model's name for people."""
    maxInputTokens: Annotated[int, Facts(exclusiveMinimum=0)]
    """How many tokens it reads at most; 128,000 where nobody knows."""
    supportedFileTypes: list[FileType]
    """What it reads besides text."""
    pricing: NotRequired[Pricing]
    default: NotRequired[bool]
    """Whether it is the provider's default model."""


class CustomModelRulesDocument(TypedDict):
    """What a user's own models of a provider need."""

    baseURL: BaseUrlRule
    fileSuffix: str
    """What the name of the model's file ends with; empty where it is no file."""


class ProviderDetails(ProviderStatusDocument):
    """A provider without its models."""

    hasApiKey: bool
    """Effective: some route is usable."""
    primaryEnvVar: str
    """The variable to set first; empty where none is needed."""
    supportsBaseURL: bool
    """Whether a user's own models of it may have a base URL."""
    supportedFileTypes: list[FileType]
    """What some of its models read besides text."""
    customModels: CustomModelRulesDocument | None
    """Null where a user can add no models of their own."""
    documentation: str | None
    """The address of its documentation."""


class ListedProvider(ProviderDetails):
    """A provider with its models."""

    models: list[ListedModel]


class Gateway(TypedDict):
    """A gateway to other providers' models, selectable or not."""

    name: str
    """The gateway's name for people."""
    usable: bool
    """Whether a credential for it is there."""
    primaryEnvVar: str
    """The variable to set first; empty where none is needed."""
    carries: int
    """How many providers' models it may carry."""
    preferred: bool
    """Whether its routes are tried first."""
    preferredByDefault: bool
    """Whether its routes are tried first where the user prefers nothing else."""


class CatalogDocument(TypedDict):
    """What both forms of the catalog have."""

    auth: GatewayAuth
    gateways: dict[Id, Gateway]


class Grouped(CatalogDocument):
    """The catalog by provider."""

    providers: dict[str, ListedProvider]


class Flat(CatalogDocument):
    """The catalog as one list."""

    models: list[ListedModel]


class ReasoningSupport(TypedDict):
    """How a model can reason."""

    capable: bool
    paradigm: Literal["effort", "adaptive-effort", "thinking-level", "budget", "none"]
    variants: list[dict[str, str]]
    supportedVariants: list[str]
    supportsBudgetTokens: bool


class Capabilities(TypedDict):
    """What a model takes."""

    provider: str
    model: str
    supportedFileTypes: list[FileType]
    reasoning: ReasoningSupport


class ReasoningChoice(TypedDict):
    """How the chosen model is to reason."""

    variant: str
    budgetTokens: NotRequired[int]


class ModelFacts(TypedDict, total=False):
    """What is known of a model."""

    baseURL: str
    displayName: str
    maxInputTokens: int
    maxOutputTokens: int


class Settings(TypedDict, total=False):
    """Settings that came with a choice."""

    maxIterations: int
    temperature: float | None
    allowedMediaTypes: list[str]
    reasoning: ReasoningChoice | None
    reasoningEffort: str


class Config(ModelFacts, Settings):
    """A model that was chosen, with its settings."""

    provider: str
    model: str
    hasApiKey: bool
    """Effective: some route is usable."""


class Routing(GatewayTaken):
    """The route that the current model would take."""

    via: str | None


class Current(TypedDict):
    """The current model."""

    config: Config
    routing: Routing
    chosen: bool
    """False as long as nobody chose: then it is a default."""


class Switched(TypedDict):
    """What is current now."""

    config: Config
    sessionId: NotRequired[str]


class GatewayModel(TypedDict):
    """What the gateway's list says of a model."""

    contextLength: NotRequired[int]


class Validation(TypedDict):
    """Whether a gateway has a model."""

    valid: bool
    modelId: str
    status: Literal["valid", "invalid", "unknown"]
    error: NotRequired[str]
    info: NotRequired[GatewayModel]
    suggestions: NotRequired[list[str]]
    """Where it is not in the list: IDs that are spelled alike."""


class Done(TypedDict):
    """It was done."""

    ok: Literal[True]


class ListsRefreshed(Done):
    """What was refreshed."""

    message: str


class GatewayStatus(TypedDict):
    """Whether the gateway can be used."""

    enabled: bool
    authenticated: bool
    canUse: bool


class LocalModels(TypedDict):
    """Models on this machine."""

    models: list[dict[str, Any]]


class Health(Done):
    """It answers."""


class Issue(TypedDict):
    """One thing that is wrong in what was sent."""

    code: str
    message: str
    scope: str
    type: str
    severity: Literal["error"]
    path: list[str | int]
    context: NotRequired[dict[str, Any]]


class ErrorAnswer(TypedDict):
    """Whatever goes wrong."""

    code: str
    message: str
    scope: str
    type: str
    context: NotRequired[dict[str, Any]]
    recovery: NotRequired[str]
    issues: NotRequired[list[Issue]]
    errorCount: NotRequired[int]
    warningCount: NotRequired[int]
    severity: Literal["error"]
    traceId: str
    endpoint: str
    method: str
    ok: NotRequired[bool]
    """False; only where clients of the operation look for it."""
