"""Declarations: providers, routes and problems."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from polyroute.dexto_compat.types import GatewayAuth, GatewayRouting
from polyroute.documents.facts import BaseUrl, Facts, Filled, Id, Moment, TypedDict
from polyroute.types import Evidence, ProviderKind, VerificationState

Version = Literal[1]


class ProblemDocument(TypedDict):
    """Something that went wrong in one plugin, file or entry. Fields that say nothing are left out."""

    message: Filled
    """What went wrong, in words."""
    remedy: NotRequired[str]
    """What the user can do about it."""
    plugin: NotRequired[str]
    """The plugin that it went wrong in, by name."""
    distribution: NotRequired[str]
    """The distribution that brought the plugin."""
    version: NotRequired[str]
    """The version of the distribution."""
    hook: NotRequired[str]
    """The hook that was called."""
    path: NotRequired[str]
    """The file that it is about."""
    code: NotRequired[str]
    """What kind of problem it is, for programs: one of the words in docs/json.md; new ones may come."""
    provider: NotRequired[str]
    """The ID of the provider that it is about."""


class Document(TypedDict):
    """A JSON document of the command."""

    schema: Version
    """The version of this form. It changes only when a reader would break."""


class WithProblems(Document):
    """A document that also says what is wrong."""

    problems: list[ProblemDocument]
    """What is wrong in plugins, files and preferences; everything else holds."""


class SourceDocument(TypedDict):
    """Where a secret was found, in parts; empty where a part says nothing."""

    layer: Filled
    """`host`, `env`, `project .env`, `keyring`, `global .env`, `file`, `command` or `plugin`."""
    name: str
    """The variable, the entry in the keyring, or the command."""
    path: str
    """The file that holds the value."""
    section: str
    """The section of an INI file."""
    field: str
    """The key in the section, or the place in the JSON."""


class ProviderRoute(TypedDict):
    """One way to run a provider's models."""

    via: Id
    """`direct`, to the provider itself, or the gateway's provider ID."""
    usable: bool
    """Whether it works with what is there, as far as can be seen without the network."""
    credential: Filled | None
    """Where the secret was found, such as `env ACME_API_KEY`, or `none needed`; never its value. Null where there is
    none."""
    expiresAt: Moment | None
    """When the login ends, in ISO 8601 (UTC); null where nobody knows, and where there is no credential."""
    reason: Filled
    """Why it is usable, or why not, in words."""
    remedy: Filled | None
    """What the user can do about it, in words; null where nothing needs to be done."""


class ProviderStatusDocument(GatewayRouting):
    """Whether a provider's models can be run, and by which routes."""

    name: Filled
    """The provider's name for people."""
    kind: ProviderKind
    """A vendor makes its models; a host runs other makers' models; an own cloud is billed to the user's own account
    there; an own server is run by the user; a gateway is declared to carry others' models."""
    selectable: bool
    """May stand in a model reference. False for what is only a way to pay."""
    aliases: Annotated[list[Filled], Facts(uniqueItems=True)]
    """Other tools' names for it, understood wherever the ID is."""
    hasDirectKey: bool
    """The direct route is usable, with the provider's own credential or without need of one."""
    hasEffectiveCredentials: bool
    """At least one route is usable: its models can be run."""
    credentialSources: Annotated[dict[Id, bool], Facts(required=["direct"])]
    """For `direct` and for each gateway that is installed, whether a usable route leads there."""
    routes: Annotated[
        list[ProviderRoute],
        Facts(contains={"properties": {"via": {"const": "direct"}}}, minContains=1, maxContains=1),
    ]
    """In the order in which they are tried; the direct one is always among them."""


class VerificationDocument(TypedDict):
    """Whether a key works right now, as its endpoint said."""

    state: VerificationState
    """`unsupported`: there is no key, or no request is known by which the endpoint would tell."""
    message: str | None
    """Why, in the endpoint's own words where it had any."""
    remaining: str | None
    """The credit that is left, with its currency, where the endpoint tells."""


class StatusDocument(WithProblems):
    """Every provider with its routes: which can be used with what is there; for the others why not and what to do."""

    auth: GatewayAuth
    """The gateway behind a login, in the words that its clients know."""
    providers: dict[Id, ProviderStatusDocument]
    """Every provider that is known, by ID."""
    verifications: NotRequired[dict[str, VerificationDocument]]
    """With `--verified`, by provider, what its endpoint says of the key."""


class AuthHeaderDocument(TypedDict):
    """Where the secret goes."""

    header: Filled
    """The name of the header, such as `Authorization`."""
    prefix: str
    """What stands before the secret in it, such as `Bearer ` with its blank; often empty."""


class RouteTarget(TypedDict):
    """Where requests along a route go, and with what."""

    via: Id
    """`direct`, to the provider itself, or the gateway's provider ID."""
    protocol: Filled
    """The wire protocol: one of the names in docs/architecture.md, such as `openai-chat`; a plugin may bring others."""
    auth: AuthHeaderDocument
    """Where the secret goes."""
    headers: dict[str, str]
    """What every request needs besides; never secret."""
    source: SourceDocument | None
    """The same as `credential`, for programs; null where no secret is needed or found."""


class RouteDocument(ProviderRoute, RouteTarget):
    """One way to run a model."""

    modelId: Filled | None
    """The model ID as the endpoint of this route spells it; null where it is not known."""
    mapping: Evidence | None
    """How the model ID is known. `verbatim`: kept to the letter, as the endpoint takes any ID or no list of its models
    is known. `listed`: in the endpoint's list. `unlisted`: in no list; sent to the provider as entered. `not_offered`:
    the gateway is known not to offer it. `unknown`: the gateway's list has no such model. With the last two there is no
    model ID. Null where no model was asked about."""
    baseUrl: Filled | None
    """The only place where the credential may be sent; null where it depends on a setting that is missing."""


class TakenRoute(RouteTarget):
    """The route to take."""

    modelId: Filled
    """The model ID as the endpoint of this route spells it."""
    mapping: Annotated[Evidence, Facts(enum=["verbatim", "listed", "unlisted"])]
    """How the model ID is known."""
    baseUrl: BaseUrl
    """The only place where the credential may be sent."""
    credential: Filled
    """Where the secret was found, or `none needed`; never its value."""


class Resolution(WithProblems):
    """The route to take for one model, and all its routes in order."""

    model: Annotated[str, Facts(pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?/[\s\S]+$")]
    """The reference `provider/model`, with the provider's ID in place of an alias and the model ID to the letter; split
    at the first slash."""
    route: TakenRoute | None
    """The route to take: the first usable one. Null where the model can't be run; then the exit status is 1."""
    routes: Annotated[list[RouteDocument], Facts(minItems=1)]
    """All routes in the order in which they are tried, usable or not."""


class ExplanationDocument(WithProblems):
    """Why a provider or a model can be run, or why not, in words."""

    subject: str
    """What was asked about: a provider's ID or a model reference."""
    usable: bool
    """Whether it can be run; else the exit status is 1."""
    text: list[str]
    """The explanation, line by line."""
    routes: list[RouteDocument]
    """The routes in order; those of a provider name no model."""


class MappedDocument(TypedDict):
    """What a gateway calls one model: one line of output for each model."""

    provider: str
    """As it was given."""
    model: str
    """As it was given."""
    via: Id
    """The gateway's provider ID."""
    id: str | None
    """The gateway's ID for the model; or null."""
    evidence: Evidence
    """How the ID is known."""
    suggestions: list[str]
    """Where `id` is null, references that may be meant, likeliest first."""
