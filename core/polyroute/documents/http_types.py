"""Types of documents: responses of the HTTP API that the command line does not have."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from polyroute.dexto_compat.types import FileType, GatewayAuth, GatewayTaken, Paradigm
from polyroute.documents.facts import Facts, Id, TypedDict
from polyroute.documents.list_types import ModelAbilities
from polyroute.documents.types import ProviderStatusDocument
from polyroute.types import BaseUrlRule


class Pricing(TypedDict):
    """Prices in USD per million tokens."""

    inputPerM: float
    outputPerM: float


class Verdict(TypedDict):
    """The route that a model would take."""

    usable: bool
    """Whether at least one route can run it now."""
    via: str | None
    """The route that it would take: `direct`, a gateway, or null."""
    why: NotRequired[str]
    """Why it can't be run. In the catalog it is omitted if it is the reason of its provider's routes."""


class ListedModel(Verdict):
    """A listed model."""

    name: str
    """The model's ID at its provider."""
    provider: NotRequired[str]
    """Only in the flat form."""
    displayName: NotRequired[str]
    """The model's display name."""
    maxInputTokens: Annotated[int, Facts(exclusiveMinimum=0)]
    """The maximum number of input tokens; 128,000 if it is unknown."""
    supportedFileTypes: list[FileType]
    """The types of input besides text."""
    pricing: NotRequired[Pricing]
    default: NotRequired[bool]
    """Whether it is the provider's default model."""


class CustomModelRulesDocument(TypedDict):
    """A provider's rules for custom models."""

    baseURL: BaseUrlRule
    fileSuffix: str
    """The suffix of the model's file; empty if its models are not files."""


class ProviderDetails(ProviderStatusDocument):
    """A provider without its models."""

    hasApiKey: bool
    """Effective: whether at least one route is usable."""
    primaryEnvVar: str
    """The variable to set first; empty if none is needed."""
    supportsBaseURL: bool
    """Whether its custom models may have a base URL."""
    supportedFileTypes: list[FileType]
    """The types of input besides text that some of its models accept."""
    customModels: CustomModelRulesDocument | None
    """Its rules for custom models; null if it accepts none."""
    documentation: str | None
    """The address of its documentation."""


class ListedProvider(ProviderDetails):
    """A provider with its models."""

    models: list[ListedModel]


class Gateway(TypedDict):
    """A gateway to other providers' models, selectable or not."""

    name: str
    """The gateway's display name."""
    usable: bool
    """Whether there is a credential for it."""
    primaryEnvVar: str
    """The variable to set first; empty if none is needed."""
    carries: int
    """The number of providers whose models it may carry."""
    preferred: bool
    """Whether its routes are tried first."""
    preferredByDefault: bool
    """Whether its routes are tried first if the user has no other preference."""


class CatalogDocument(TypedDict):
    """The fields that both forms of the catalog have."""

    auth: GatewayAuth
    gateways: dict[Id, Gateway]


class Grouped(CatalogDocument):
    """The catalog by provider."""

    providers: dict[str, ListedProvider]


class Flat(CatalogDocument):
    """The catalog as one list."""

    models: list[ListedModel]


class ReasoningSupport(TypedDict):
    """The reasoning settings that a model supports, as far as they are known."""

    capable: bool
    """Whether it can reason, or may: false only if it is known that it can't."""
    paradigm: Paradigm
    variants: list[dict[str, str]]
    supportedVariants: list[str]
    defaultVariant: NotRequired[str]
    supportsBudgetTokens: bool


class Capabilities(TypedDict):
    """What a model can: the types of input that it accepts, its reasoning settings, and other abilities."""

    provider: str
    model: str
    supportedFileTypes: list[FileType]
    reasoning: ReasoningSupport
    can: ModelAbilities


class ReasoningChoice(TypedDict):
    """The reasoning settings of the current model."""

    variant: str
    budgetTokens: NotRequired[int]


class ModelFacts(TypedDict, total=False):
    """The known facts about a model."""

    baseURL: str
    displayName: str
    maxInputTokens: int
    maxOutputTokens: int


class Settings(TypedDict, total=False):
    """Settings that were chosen together with a model."""

    maxIterations: int
    temperature: float | None
    allowedMediaTypes: list[str]
    reasoning: ReasoningChoice | None
    reasoningEffort: str


class Config(ModelFacts, Settings):
    """The chosen model with its settings."""

    provider: str
    model: str
    hasApiKey: bool
    """Effective: whether at least one route is usable."""


class Routing(GatewayTaken):
    """The route that the current model would take."""

    via: str | None


class Current(TypedDict):
    """The current model."""

    config: Config
    routing: Routing
    chosen: bool
    """False if no model was chosen, so that this is a default."""


class Noted(TypedDict):
    """The response to a request with a body."""

    notes: NotRequired[list[str]]
    """Messages for the user, such as fields of the request that were ignored."""


class Switched(Noted):
    """The model that is current now."""

    config: Config
    sessionId: NotRequired[str]


class GatewayModel(TypedDict):
    """The facts about a model in the gateway's list."""

    contextLength: NotRequired[int]


class Validation(TypedDict):
    """Whether a gateway has a model."""

    valid: bool
    modelId: str
    status: Literal["valid", "invalid", "unknown"]
    error: NotRequired[str]
    info: NotRequired[GatewayModel]
    suggestions: NotRequired[list[str]]
    """Similarly spelled IDs, if the model is not in the list."""


class Done(Noted):
    """The request succeeded."""

    ok: Literal[True]


class ListsRefreshed(Done):
    """The result of refreshing the lists."""

    message: str


class GatewayStatus(TypedDict):
    """Whether the gateway can be used."""

    enabled: bool
    authenticated: bool
    canUse: bool


class Health(Done):
    """The server is running."""


class Issue(TypedDict):
    """One error in a request."""

    code: str
    message: str
    scope: str
    type: str
    severity: Literal["error"]
    path: list[str | int]
    context: NotRequired[dict[str, Any]]


class ErrorAnswer(TypedDict):
    """An error response."""

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
    """False; present only for operations whose clients check it."""


class Snippet(TypedDict):
    """How to call a model."""

    format: str
    text: str | None
    """A program, a command or a configuration. Keys are referenced by variables or commands, and never written. Null if
    the route can't be expressed in this format."""
    reason: str | None
    """Why not; null if it can."""
    formats: dict[str, str]
    """All formats, and what each is called."""
