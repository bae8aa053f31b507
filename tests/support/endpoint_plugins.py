"""Plugins whose providers are endpoints on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import polyroute_openrouter
from polyroute import (
    Alternative,
    Catalog,
    Environment,
    FailureRule,
    Group,
    Mapper,
    Plugins,
    Preferences,
    Provider,
    Routeability,
    Slot,
    hookimpl,
)
from tests.support.fake_endpoint import Upstream

BUNDLED = ("direct", "openrouter", "dexto")
CLAUDE = "anthropic/claude-sonnet-4-5"
CLAUDE_AT_GATEWAYS = "anthropic/claude-sonnet-4.5"


class Direct:
    """A vendor `acme` with a key in ACME_KEY, whose endpoint is `upstream`."""

    def __init__(self, upstream: Upstream, failures: tuple[FailureRule, ...] = (), **facts: object) -> None:
        self.provider = _provider("acme", upstream, "vendor")._replace(**facts)  # type: ignore[arg-type]
        self.failures = failures

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return the vendor."""
        return [self.provider]

    @hookimpl
    def polyroute_failures(self) -> Mapping[str, Iterable[FailureRule]]:
        """Return how its endpoint words errors."""
        return {self.provider.id: self.failures}


class Gateway:
    """A gateway that carries and maps like OpenRouter, and passes on every error of a provider.

    Its key is in the variable `<NAME>_KEY`.
    """

    def __init__(self, upstream: Upstream, name: str = "umbrella") -> None:
        self.provider = _provider(name, upstream, "gateway")

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return the gateway."""
        return [self.provider]

    @hookimpl
    def polyroute_failures(self) -> Mapping[str, Iterable[FailureRule]]:
        """Return the rules of all providers."""
        return {self.provider.id: every_failure()}

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """Return OpenRouter's rule."""
        return [polyroute_openrouter.routeability(self.provider.id)]

    @hookimpl
    def polyroute_model_ids(self) -> Mapping[str, Mapper]:
        """Return OpenRouter's mapping."""
        return {self.provider.id: polyroute_openrouter.mapper()}


def _provider(name: str, upstream: Upstream, kind: str) -> Provider:
    key = Slot("key", (Alternative(f"{name.upper()}_KEY"),), secret=True)
    return Provider(
        name,
        name.title(),
        kind,  # type: ignore[arg-type]
        (Group((key,)),),
        upstream.url,
        protocol=upstream.protocols[0],
        auth=upstream.auth,
        also_speaks=upstream.protocols[1:],
    )


@cache
def every_failure() -> tuple[FailureRule, ...]:
    """Return the failure rules that all bundled providers declare."""
    plugins = Plugins.load(only=BUNDLED, environment=Environment({}))
    return tuple(rule for name in plugins.providers for rule in plugins.failures.get(name, ()))


def catalog_of(*plugins: object, preferences: Preferences | None = None, **variables: str) -> Catalog:
    """Return a catalog of these plugins and the bundled ones, for a user with these variables and no files."""
    return Catalog.load(
        plugins,
        only=BUNDLED,
        environment=Environment(variables),
        preferences=preferences or Preferences(),
    )
