"""Types of documents: providers, routes and problems."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from polyroute.dexto_compat.types import GatewayAuth, GatewayRouting
from polyroute.documents.facts import BaseUrl, Facts, Filled, Id, Moment, TypedDict
from polyroute.types import Evidence, ProviderKind, VerificationState

Version = Literal[1]


class ProblemDocument(TypedDict):
    """Something that went wrong in one plugin, file or entry. Empty fields are omitted."""

    message: Filled
    """What went wrong."""
    remedy: NotRequired[str]
    """What the user can do about it."""
    plugin: NotRequired[str]
    """The name of the plugin in which it went wrong."""
    distribution: NotRequired[str]
    """The distribution that contains the plugin."""
    version: NotRequired[str]
    """The version of the distribution."""
    hook: NotRequired[str]
    """The hook that was called."""
    path: NotRequired[str]
    """The file that the problem is about."""
    code: NotRequired[str]
    """The kind of problem, for programs: one of the codes in docs/json.md; new ones may be added."""
    provider: NotRequired[str]
    """The ID of the provider that the problem is about."""


class Document(TypedDict):
    """A JSON document of the command line."""

    schema: Version
    """The version of the document. It changes only if readers would break."""


class CommandError(TypedDict):
    """Why a command failed."""

    code: Annotated[str, Facts(pattern="^[a-z]+(_[a-z]+)*$")]
    """The kind of error, for programs: the name of its class in `polyroute.errors` in snake case. New ones may come.

    `usage_error` and the classes derived from it mean that nothing was done; `unavailable` that it may work later.
    """
    message: Filled
    """What is wrong and how to fix it, as it is printed on stderr."""
    remedy: str | None
    """The part of the message that says how to fix it; null if it can't be told from the rest."""
    suggestions: list[str]
    """What may have been meant instead of a misspelled word: commands, options, providers, routes or models."""


class FailureDocument(Document):
    """Printed instead of a command's own document if it fails."""

    error: CommandError


class WithProblems(Document):
    """A document that also has problems."""

    problems: list[ProblemDocument]
    """The problems of plugins, files and preferences. The rest of the document is valid regardless."""


class SourceDocument(TypedDict):
    """Where a secret was found. Parts that don't apply are empty."""

    layer: Filled
    """`host`, `env`, `project .env`, `keyring`, `global .env`, `organisation`, `file`, `command` or `plugin`."""
    name: str
    """The variable, the keyring entry, or the command."""
    path: str
    """The file that contains the value."""
    section: str
    """The section of an INI file."""
    field: str
    """The key in the section, or the path in the JSON."""


class ProviderRoute(TypedDict):
    """One way to run a provider's models."""

    via: Id
    """`direct`, to the provider itself, or the gateway's provider ID."""
    usable: bool
    """Whether it works with the available credentials, as far as can be determined without the network."""
    credential: Filled | None
    """Where the secret was found, such as `env ACME_API_KEY`, or `none needed`; never its value. Null if there is no
    credential."""
    expiresAt: Moment | None
    """When the credential expires, in ISO 8601 (UTC); null if that is unknown or there is no credential."""
    reason: Filled
    """Why it is usable, or why it is not."""
    remedy: Filled | None
    """What the user can do about it; null if nothing needs to be done."""


class ProviderStatusDocument(GatewayRouting):
    """Whether a provider's models can be run, and by which routes."""

    name: Filled
    """The provider's display name."""
    kind: ProviderKind
    """A vendor makes its models; a host runs other makers' models; an own cloud is billed to the user's own account
    there; an own server is run by the user; a gateway is declared to carry others' models."""
    selectable: bool
    """Whether it can be used in model references. False for a provider that is only a way to pay."""
    aliases: Annotated[list[Filled], Facts(uniqueItems=True)]
    """Other tools' names for it, which can be used in place of the ID."""
    hasDirectKey: bool
    """Whether the direct route is usable, with the provider's own credential or because it needs none."""
    hasEffectiveCredentials: bool
    """Whether at least one route is usable, so that its models can be run."""
    credentialSources: Annotated[dict[Id, bool], Facts(required=["direct"])]
    """For `direct` and each installed gateway, whether the route via it is usable."""
    routes: Annotated[
        list[ProviderRoute],
        Facts(contains={"properties": {"via": {"const": "direct"}}}, minContains=1, maxContains=1),
    ]
    """The routes in the order in which they are tried; the direct route is always among them."""


class VerificationDocument(TypedDict):
    """Whether a key works now, according to its endpoint."""

    state: VerificationState
    """`unsupported` means that there is no key, or that its plugin declares no request that verifies a key."""
    message: str | None
    """The reason, in the endpoint's own words if it returned any."""
    remaining: str | None
    """The remaining credit with its currency, if the endpoint returns it."""


class StatusDocument(WithProblems):
    """Every provider with its routes; for routes that are not usable, the reason and the remedy."""

    auth: GatewayAuth
    """The gateway of a login, in the format that its clients know."""
    providers: dict[Id, ProviderStatusDocument]
    """Every known provider, by ID."""
    verifications: NotRequired[dict[str, VerificationDocument]]
    """With `--verified`, the state of each provider's key according to its endpoint."""


class AuthHeaderDocument(TypedDict):
    """The header that carries the secret."""

    header: Filled
    """The name of the header, such as `Authorization`."""
    prefix: str
    """The text before the secret, such as `Bearer ` with a space; often empty."""


class RouteTarget(TypedDict):
    """The endpoint of a route, and how to send requests to it."""

    via: Id
    """`direct`, to the provider itself, or the gateway's provider ID."""
    protocol: Filled
    """The wire protocol: one of the names in docs/architecture.md, such as `openai-chat`; plugins may add others."""
    auth: AuthHeaderDocument
    """The header that carries the secret."""
    headers: dict[str, str]
    """Additional headers that every request needs; never secret."""
    source: SourceDocument | None
    """The same as `credential`, for programs; null if no secret is needed or found."""


class PriceDocument(TypedDict):
    """A price in USD per million tokens."""

    input: float
    """The price of input tokens."""
    output: float
    """The price of output tokens."""


class RouteDocument(ProviderRoute, RouteTarget):
    """One way to run a model."""

    modelId: Filled | None
    """The model ID as the endpoint of this route spells it; null if it is unknown."""
    mapping: Evidence | None
    """How the model ID is known. `verbatim`: unchanged, because the endpoint accepts any ID or has no known list.
    `listed`: in the endpoint's list. `unlisted`: in no list; sent to the provider as entered. `not_offered`: the
    gateway is known not to offer it. `unknown`: the gateway's list has no such model. For the last two there is no
    model ID. Null if the route is not for one model."""
    baseUrl: Filled | None
    """The only place to which the credential may be sent; null if it depends on a missing setting."""
    context: int | None
    """The maximum number of tokens of input and output together by this route; null if it is unknown."""
    price: PriceDocument | None
    """The price by this route; null if it is unknown. `resolve` does not look it up if the route goes
    through a gateway and is not usable; `explain` does."""


class TakenRoute(RouteTarget):
    """The route to take."""

    modelId: Filled
    """The model ID as the endpoint of this route spells it."""
    mapping: Annotated[Evidence, Facts(enum=["verbatim", "listed", "unlisted"])]
    """How the model ID is known."""
    baseUrl: BaseUrl
    """The only place to which the credential may be sent."""
    credential: Filled
    """Where the secret was found, or `none needed`; never its value."""
    context: int | None
    """The maximum number of tokens of input and output together by this route; null if it is unknown."""
    price: PriceDocument | None
    """The price by this route; null if it is unknown."""


class Resolution(WithProblems):
    """The route to take for one model, and all its routes in order."""

    model: Annotated[str, Facts(pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?/[\s\S]+$")]
    """The reference `provider/model`, with the provider's ID in place of an alias and the model ID exactly as entered;
    split at the first slash."""
    route: TakenRoute | None
    """The route to take: the first usable one. Null if the model can't be run; then the exit status is 1."""
    routes: Annotated[list[RouteDocument], Facts(minItems=1)]
    """All routes in the order in which they are tried, usable or not."""
    elsewhere: list[str]
    """If no route is usable, the references by which the same model can be run now, the preferred one first."""


class ExplanationDocument(WithProblems):
    """Why a provider or a model can be run, or why not, as text."""

    subject: str
    """The provider's ID or the model reference."""
    usable: bool
    """Whether it can be run; if not, the exit status is 1."""
    text: list[str]
    """The explanation, line by line."""
    routes: list[RouteDocument]
    """The routes in order; those of a provider have no model ID."""
    elsewhere: list[str]
    """If the model can't be run, the references by which the same model can be run now, the preferred one first."""


class MappedDocument(TypedDict):
    """A gateway's ID for one model: one line of output for each model."""

    provider: str
    """The provider as entered."""
    model: str
    """The model ID as entered."""
    via: Id
    """The gateway's provider ID."""
    id: str | None
    """The gateway's ID for the model; or null."""
    evidence: Evidence
    """How the ID is known."""
    suggestions: list[str]
    """If `id` is null, references that may have been meant, the likeliest first."""
