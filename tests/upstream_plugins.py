"""Plugins whose providers are endpoints on this machine."""

from __future__ import annotations

from collections.abc import Mapping

import polyroute_openrouter
from polyroute import (
    Alternative,
    Catalog,
    Environment,
    Group,
    Mapper,
    Preferences,
    Provider,
    Routeability,
    Slot,
    hookimpl,
)
from tests.fake_upstream import Upstream

CLAUDE = "anthropic/claude-sonnet-4-5"
CLAUDE_AT_GATEWAYS = "anthropic/claude-sonnet-4.5"


class Direct:
    """A vendor `acme` with a key in ACME_KEY, whose endpoint is `upstream`."""

    def __init__(self, upstream: Upstream, **facts: object) -> None:
        self.provider = _provider("acme", upstream, "vendor")._replace(**facts)  # type: ignore[arg-type]

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """The vendor."""
        return [self.provider]


class Gateway:
    """A gateway that carries what OpenRouter does and spells it so; its key is in the variable `<NAME>_KEY`."""

    def __init__(self, upstream: Upstream, name: str = "umbrella") -> None:
        self.provider = _provider(name, upstream, "gateway")

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """The gateway."""
        return [self.provider]

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """OpenRouter's rule."""
        return [polyroute_openrouter.routeability(self.provider.id)]

    @hookimpl
    def polyroute_model_ids(self) -> Mapping[str, Mapper]:
        """OpenRouter's mapping."""
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


def catalog_of(*plugins: object, preferences: Preferences | None = None, **variables: str) -> Catalog:
    """A catalog of these plugins and the bundled ones, for somebody with these variables and no files."""
    return Catalog.load(
        plugins,
        only=["direct", "openrouter", "dexto"],
        environment=Environment(variables),
        preferences=preferences or Preferences(),
    )
