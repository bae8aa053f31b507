"""The vocabulary of answers: what a catalog says of providers and models, as immutable values."""

from collections.abc import Mapping
from typing import NamedTuple

from polyroute.logins import Credential
from polyroute.types import (
    DIRECT,
    AuthHeader,
    Evidence,
    Problem,
    Provider,
)


class Route(NamedTuple):
    """One way to run a model, or a provider's models where `model_id` is None."""

    model_id: str | None
    """The ID as the endpoint of this route spells it."""
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
    """Why it is usable, or why not."""
    remedy: str = ""
    """What a user can do about it; empty where it is usable."""


class Mapped(NamedTuple):
    """A gateway's ID for one provider's model, with all that there is to say of it."""

    provider: str
    """As it was given: an ID, an alias, or no provider at all."""
    model: str
    via: str
    """The gateway's provider ID."""
    id: str | None
    evidence: Evidence
    why: str
    suggestions: tuple[str, ...] = ()
    """Model references that may be meant, where there is no ID."""


class ProviderStatus(NamedTuple):
    """Whether a provider's models can be run, by which routes, and if not, why not."""

    provider: Provider
    routes: tuple[Route, ...]
    """In the order in which they are tried; the direct one is always among them."""
    gateways: tuple[str, ...]
    """Every gateway there is, whether it carries this provider or not."""

    @property
    def has_direct_key(self) -> bool:
        """Whether the direct route is usable."""
        return self.credential_sources[DIRECT]

    @property
    def has_effective_credentials(self) -> bool:
        """Whether at least one usable route exists."""
        return any(route.usable for route in self.routes)

    def can_route_via(self, gateway: str) -> bool:
        """Whether `gateway` may carry this provider's models, with or without a credential."""
        return any(route.via == gateway for route in self.routes)

    @property
    def credential_sources(self) -> dict[str, bool]:
        """For `direct` and each gateway, whether a usable route leads there."""
        usable = {route.via for route in self.routes if route.usable}
        vias = (DIRECT, *(g for g in self.gateways if g != self.provider.id))
        return {via: via in usable for via in vias}


class Status(NamedTuple):
    """The whole picture: every provider, and what is amiss."""

    providers: Mapping[str, ProviderStatus]
    """By provider ID, sorted."""
    preferred: str
    """`direct`, or the gateway that is tried first."""
    problems: tuple[Problem, ...]
