"""The values that a catalog returns for providers and models. All are immutable."""

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

    @property
    def has_direct_key(self) -> bool:
        """Whether the direct route is usable."""
        return self.credential_sources[DIRECT]

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
        usable = {route.via for route in self.routes if route.usable}
        vias = (DIRECT, *(g for g in self.gateways if g != self.provider.id))
        return {via: via in usable for via in vias}


class Status(NamedTuple):
    """The status of every provider, and all problems."""

    providers: Mapping[str, ProviderStatus]
    """The status of each provider by ID, sorted."""
    preferred: str
    """`direct`, or the ID of the gateway that is tried first."""
    problems: tuple[Problem, ...]
