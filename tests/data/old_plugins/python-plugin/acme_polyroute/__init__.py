"""A whole provider plugin: who Acme is, what it needs, and which models it has."""

from __future__ import annotations

from collections.abc import Iterable

from polyroute import Alternative, Group, Model, Provider, Slot, hookimpl


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """Acme, called with the key in ACME_API_KEY."""
    key = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
    yield Provider("acme", "Acme", "host", (Group((key,)),), "https://api.acme.example/v1")


@hookimpl
def polyroute_models(provider_ids: frozenset[str]) -> Iterable[Model]:
    """Acme's models."""
    if "acme" in provider_ids:
        yield Model("acme", "acme-large", "Acme Large", context=128_000, output=8_192)
