"""The immutable results of a catalog, the origin of a plugin, and the findings of a check of one."""

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from polyroute.named_tuples import NamedTuple
from polyroute.types import DIRECT, AuthHeader, Credential, Evidence, Model, ModelRef, Problem, Provider


class Route(NamedTuple):
    """One way to run a model, or a provider's models where `model_id` is None."""

    model_id: str | None
    """The model ID as the endpoint of this route spells it."""
    mapping: Evidence | None
    via: str
    """`direct`, or the gateway's provider ID."""
    usable: bool
    base_url: str
    protocol: str
    auth: AuthHeader
    headers: tuple[tuple[str, str], ...]
    credential: Credential | None
    reason: str
    """Why the route is usable, or why it is not."""
    remedy: str = ""
    """What the user can do to make it usable; empty for a usable route."""
    allowed: bool = True
    """Whether an organisation's policy allows it; if not, no key would make it usable."""
    listing: Model | None = None
    """The model's entry in the list of the endpoint that the route leads to, with its price and context there. None if
    that list does not have it, or if the route goes through a gateway and is not usable."""

    @property
    def cost(self) -> float | None:
        """The price of this route for comparison, in US dollars per million tokens, of which a quarter is output.

        None if a price is unknown.
        """
        listing = self.listing
        if listing is None or listing.input_price is None or listing.output_price is None:
            return None
        return 0.75 * listing.input_price + 0.25 * listing.output_price


_AS_RUN = ("context", "output", "input_price", "output_price")
_UNKNOWN = Model("", "")
_ALWAYS_NAMED = 3


def as_run(model: Model, route: Route | None) -> Model:
    """Return a listed model with the limits and prices of the route that would run it; None where they are unknown.

    Without a route it has those of its own list.
    """
    listing = route and route.listing
    if route is None or listing is model or (listing is None and route.via == DIRECT):
        return model
    return model._replace(**{name: getattr(listing or _UNKNOWN, name) for name in _AS_RUN})


class NamedRoutes(NamedTuple):
    """The routes to name to a user, and the other gateways: for each kind one sentence is enough."""

    shown: list[Route]
    without_key: list[str]
    not_allowed: list[str]
    """Those that an organisation's policy does not allow."""


def named(routes: Sequence[Route]) -> NamedRoutes:
    """Return the routes to name: of gateways without a key, or not allowed, only a few or those among the first."""
    later = [each for each in routes[_ALWAYS_NAMED:] if each.via != DIRECT]
    kinds = [[each.via for each in later if not each.credential and each.allowed is kind] for kind in (True, False)]
    keyless, forbidden = (each if len(each) >= _ALWAYS_NAMED else [] for each in kinds)
    rest = {*keyless, *forbidden}
    shown = [each for at, each in enumerate(routes) if at < _ALWAYS_NAMED or each.via not in rest]
    return NamedRoutes(shown, keyless, forbidden)


PriceKind = Literal["metered", "free", "plan", "local", "unknown"]


class Price(NamedTuple):
    """What a model costs at one endpoint, in US dollars per million tokens; None where that is not known."""

    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    kind: PriceKind = "unknown"
    """`metered` by tokens, `free`, by a subscription (`plan`), on the user's own server (`local`), or `unknown`."""


class Offer(NamedTuple):
    """One way to run a model: at one provider, by one route."""

    model: ModelRef
    """The reference that selects it: the model that was asked for, its maker's, or another provider's own."""
    provider: str
    """The provider that the request goes to."""
    route: Route
    """The route, with the reason and the remedy if it is not usable."""
    listing: Model | None
    """The entry for the model in the list of `provider`; None if there is none."""
    price: Price
    other_ids: tuple[str, ...] = ()
    """Further IDs of the same model at `provider`: of other regions, or with a date."""


class Mapped(NamedTuple):
    """A gateway's ID for one provider's model, with evidence and a reason."""

    provider: str
    """The provider as given: an ID, an alias, or an unknown name."""
    model: str
    via: str
    """The gateway's provider ID."""
    id: str | None
    evidence: Evidence
    why: str
    suggestions: tuple[str, ...] = ()
    """Model references that may have been meant, if there is no ID."""


class ProviderStatus(NamedTuple):
    """The routes to a provider's models, and whether any of them is usable."""

    provider: Provider
    routes: tuple[Route, ...]
    """In the order in which they are tried; always contains the direct route."""
    gateways: tuple[str, ...]
    """The IDs of all gateways, whether or not they carry this provider."""
    unused: str = ""
    """Which logins and settings are there that are not used, and why; empty if there are none, or if routes say so."""

    @property
    def has_direct_key(self) -> bool:
        """Whether the direct route is usable."""
        return any(route.usable for route in self.routes if route.via == DIRECT)

    @property
    def has_effective_credentials(self) -> bool:
        """Whether at least one usable route exists."""
        return any(route.usable for route in self.routes)

    def can_route_via(self, gateway: str) -> bool:
        """Return whether `gateway` may carry this provider's models, with or without a credential."""
        return any(route.via == gateway for route in self.routes)

    @property
    def credential_sources(self) -> dict[str, bool]:
        """For `direct` and each gateway, whether the route via it is usable."""
        sources = dict.fromkeys((DIRECT, *self.gateways), False)
        sources.pop(self.provider.id, None)
        sources.update((route.via, True) for route in self.routes if route.usable)
        return sources


LocalState = Literal["running", "not_running", "unchecked"]


class LocalServer(NamedTuple):
    """What is known of one of the user's own servers."""

    provider: str
    address: str
    state: LocalState
    models: tuple[Model, ...] = ()
    """The models that it has, if it runs."""
    since: float = 0.0
    """When it was first found as it is now, in seconds since 1970; 0 if it was not asked."""


class Status(NamedTuple):
    """The status of every provider, and all problems."""

    providers: Mapping[str, ProviderStatus]
    """The status of each provider by ID, sorted."""
    preferred: str
    """`direct`, or the ID of the gateway that is tried first."""
    problems: tuple[Problem, ...]


Commands = Mapping[str, str]
"""The absolute path of the program for each command name, looked up when the user approved the plugin."""
Origin = Literal["host", "bundled", "installed", "folder", "project"]
Kind = Literal["python", "manifest", "executable"]


class Plugin(NamedTuple):
    """One plugin: its origin, and whether it is enabled."""

    name: str
    distribution: str = ""
    """The distribution that contains it; empty if it was not installed."""
    version: str = ""
    enabled: bool = True
    reason: str = ""
    """Why it is not enabled."""
    kind: Kind = "python"
    manifest: str = ""
    """The path of its manifest; empty for a Python plugin."""
    in_project: bool = False
    """Whether it is part of a project instead of the user's own."""
    is_bundled: bool = False
    """Whether its distribution is bundled: it comes first and is trusted like Polyroute itself."""
    rank: int = 0
    """Its position in the order of ownership."""

    @property
    def origin(self) -> Origin:
        """Where it comes from: the host, an installed distribution, the user's plugin folder, or a project."""
        if self.distribution:
            return "bundled" if self.is_bundled else "installed"
        return ("project" if self.in_project else "folder") if self.manifest else "host"

    @property
    def is_third_party(self) -> bool:
        """Whether it comes from neither the host nor Polyroute itself."""
        return self.origin not in ("host", "bundled")

    @property
    def folder(self) -> str:
        """The folder of its manifest; empty for a Python plugin."""
        return os.path.dirname(self.manifest)

    @property
    def identity(self) -> str:
        """The identity recorded for the owner of a provider: its distribution, else the folder of its manifest."""
        return self.distribution or (os.path.realpath(self.folder) if self.manifest else "")

    @property
    def label(self) -> str:
        """Its name with the distribution and version, or with the folder, for messages."""
        where = f"{self.distribution} {self.version}" if self.distribution else self.folder
        return f"{self.name} ({where})" if where else self.name

    def problem(self, message: str, remedy: str, hook: str = "", *, code: str, provider: str = "") -> Problem:
        """Return a problem attributed to this plugin."""
        facts = (self.name, self.distribution, self.version, hook, self.manifest)
        return Problem(message, remedy, *facts, code, provider)


class Refused(Exception):
    """A plugin is rejected and is not enabled."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Failed(Exception):
    """A plugin's backend returned no usable result; the message can be shown to users."""

    def __init__(self, message: str, code: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        """What the user can do about it, according to the plugin."""


Severity = Literal["error", "warning", "advice"]


class Finding(NamedTuple):
    """One finding of a check."""

    code: str
    """A short name that stays the same in every version, such as `base-url-missing`."""
    severity: Severity
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} [{self.code}] {self.remedy}".rstrip()


class Trouble(NamedTuple):
    """One thing that is wrong."""

    code: str
    """Its kind, for programs: one of the codes in `docs/json.md`."""
    severity: Severity
    """`error` if something does not work, `warning` if something may not, `advice` if all works."""
    subject: str
    """What is concerned: a plugin, a provider, a list, a file or a variable."""
    message: str
    remedy: str
    path: str = ""
    affects: tuple[str, ...] = ()
    """The providers concerned; empty if all or none are."""
    plugin: str = ""
    """The plugin that is at fault, if it can be disabled and is not part of Polyroute."""


def passes(findings: list[Finding]) -> bool:
    """Return whether no finding is an error."""
    return all(each.severity != "error" for each in findings)
