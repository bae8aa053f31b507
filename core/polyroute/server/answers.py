"""What answers hold, as the OpenAPI document describes them. Only tests hold answers to these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FileType = Literal["pdf", "image", "audio", "video", "document"]


class Answer(BaseModel):
    """A document; new fields may come at any time."""

    model_config = ConfigDict(extra="allow")


class Pricing(Answer):
    """US dollars per million tokens."""

    inputPerM: float
    outputPerM: float


class ListedModel(Answer):
    """A model on offer."""

    name: str = Field(description="The model's ID at its provider.")
    provider: str | None = Field(None, description="In the flat form.")
    displayName: str | None = None
    maxInputTokens: int = Field(gt=0)
    default: bool = False
    supportedFileTypes: list[FileType]
    pricing: Pricing | None = None
    usable: bool = Field(description="Whether some route can run it now.")
    via: str | None = Field(description="The route it would take: `direct`, a gateway, or null.")
    why: str | None = Field(None, description="Why not, where that is not the reason of its provider's routes.")


class ProviderRoute(Answer):
    """One way to run a provider's models."""

    via: str
    usable: bool
    credential: str | None = Field(description="Where the secret was found; never its value.")
    expiresAt: str | None = Field(description="When the login ends, in ISO 8601 (UTC); null where nobody knows.")
    reason: str
    remedy: str | None


class ProviderStatus(Answer):
    """Whether a provider's models can be run, by which routes."""

    name: str
    kind: Literal["vendor", "host", "own-cloud", "own-server", "gateway"]
    selectable: bool
    aliases: list[str]
    hasDirectKey: bool
    hasEffectiveCredentials: bool
    canRouteViaDexto: bool
    credentialSources: dict[str, bool]
    routes: list[ProviderRoute]


class CustomModelRules(Answer):
    """What a person's own models of a provider need."""

    baseURL: Literal["required", "optional", "no"]
    fileSuffix: str = Field(description="What the name of the model's file ends with; empty where it is no file.")


class ListedProvider(ProviderStatus):
    """A provider with its models."""

    hasApiKey: bool = Field(description="Effective: some route is usable.")
    primaryEnvVar: str
    supportsBaseURL: bool
    supportedFileTypes: list[FileType]
    customModels: CustomModelRules | None = Field(description="Null where a person can add no models of their own.")
    models: list[ListedModel]


class Auth(Answer):
    """Whether the gateway behind a login can be used, and comes first."""

    hasDextoKey: bool
    preferDextoCredits: bool


class Gateway(Answer):
    """What leads to other providers' models, selectable or not."""

    name: str
    usable: bool
    primaryEnvVar: str
    carries: int = Field(description="How many providers' models it may carry.")


class Grouped(Answer):
    """The catalog by provider."""

    auth: Auth
    gateways: dict[str, Gateway]
    providers: dict[str, ListedProvider]


class Flat(Answer):
    """The catalog as one list."""

    auth: Auth
    gateways: dict[str, Gateway]
    models: list[ListedModel]


class Problem(Answer):
    """Something that went wrong in one plugin, file or entry; what has no meaning there is left out."""

    message: str
    remedy: str = ""
    code: str = Field("", description="A short name for it, the same in every version.")
    plugin: str = ""
    provider: str = Field("", description="The provider that it concerns.")
    path: str = Field("", description="The file that it concerns.")


class Status(Answer):
    """The document of `polyroute status --json`."""

    schema_: Literal[1] = Field(alias="schema")
    auth: Auth
    providers: dict[str, ProviderStatus]
    problems: list[Problem]


class TakenRoute(Answer):
    """The route to take."""

    via: str
    modelId: str | None
    baseUrl: str | None
    protocol: str


class Resolution(Answer):
    """The document of `polyroute resolve --json`."""

    schema_: Literal[1] = Field(alias="schema")
    model: str
    route: TakenRoute | None = Field(description="Null where no route is usable.")
    routes: list[ProviderRoute]
    problems: list[Problem]


class Reasoning(Answer):
    """How a model can reason."""

    capable: bool
    paradigm: Literal["effort", "adaptive-effort", "thinking-level", "budget", "none"]
    variants: list[dict[str, str]]
    supportedVariants: list[str]
    supportsBudgetTokens: bool


class Capabilities(Answer):
    """What a model takes."""

    provider: str
    model: str
    supportedFileTypes: list[FileType]
    reasoning: Reasoning


class Config(Answer):
    """A model that was chosen, with its settings."""

    provider: str
    model: str
    hasApiKey: bool = Field(description="Effective: some route is usable.")
    displayName: str | None = None
    baseURL: str | None = None
    maxInputTokens: int | None = None
    maxOutputTokens: int | None = None


class Routing(Answer):
    """The route that the current model would take."""

    viaDexto: bool
    via: str | None


class Current(Answer):
    """The current model."""

    config: Config
    routing: Routing
    chosen: bool = Field(description="False as long as nobody chose: then it is a default.")


class Switched(Answer):
    """What is current now."""

    config: Config
    sessionId: str | None = None


class Validation(Answer):
    """Whether a gateway has a model."""

    valid: bool
    modelId: str
    status: Literal["valid", "invalid", "unknown"]
    error: str | None = None
    info: dict[str, Any] | None = None


class Refreshed(Answer):
    """What was refreshed."""

    ok: Literal[True]
    message: str


class GatewayStatus(Answer):
    """Whether the gateway can be used."""

    enabled: bool
    authenticated: bool
    canUse: bool


class LocalModels(Answer):
    """Models on this machine."""

    models: list[dict[str, Any]]


class Plugins(Answer):
    """The document of `polyroute plugins --json`."""

    schema_: Literal[1] = Field(alias="schema")
    plugins: list[dict[str, Any]]
    problems: list[Problem]


class Health(Answer):
    """It answers."""

    ok: Literal[True]


class Issue(Answer):
    """One thing that is wrong in what was sent."""

    code: str
    message: str
    path: list[str | int]


class Error(Answer):
    """Whatever goes wrong."""

    code: str
    message: str
    scope: str
    type: str
    context: dict[str, Any] | None = None
    recovery: str | None = None
    issues: list[Issue] | None = None
    traceId: str
    endpoint: str
    method: str
