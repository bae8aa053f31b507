"""What turns a manifest into hooks like a Python plugin's, so that nobody downstream can tell them apart.

They are made here and registered with nobody: pluggy would take 0.1 ms each to check what can't be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from polyroute.manifests import manifests
from polyroute.manifests.description import Description
from polyroute.manifests.manifests import Manifest
from polyroute.types import Mapper, Model

if TYPE_CHECKING:
    from polyroute.schemes import Scheme

Hooks = Mapping[str, tuple[Callable[..., Any], tuple[str, ...]]]
"""By hook, the function that implements it and the names of its arguments."""

Listed = Callable[[str], Iterable[str]]
"""The IDs in the list of a provider, whoever brought it."""


class Failed(Exception):
    """What stands behind an adapter gave no usable answer; says so in words fit to be shown."""


def hooks(manifest: Manifest) -> Hooks:
    """The hooks that a manifest implements."""
    models = partial(manifests.models, manifest)
    return described(manifest.description, models if manifest.listed else None)


def described(description: Description, models: Callable[[], Iterable[Model]] | None) -> Hooks:
    """The hooks that a description implements, with what lists its models where there is something."""
    found: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
        "polyroute_providers": (lambda: description.providers, ())
    }
    if description.routeability:
        found["polyroute_routeability"] = (lambda: description.routeability, ())
    if description.mappings:
        found["polyroute_model_ids"] = (partial(_mappers, description, models), ("listed",))
    if models:
        found["polyroute_models"] = (partial(_models, models), ("provider_ids",))
    return found


def _models(models: Callable[[], Iterable[Model]], provider_ids: frozenset[str]) -> Iterable[Model]:
    return [model for model in models() if model.provider in provider_ids]


def _mappers(
    description: Description, models: Callable[[], Iterable[Model]] | None, listed: Listed
) -> Mapping[str, Mapper]:
    from polyroute.mapping import SchemeMapper

    return {
        gateway: SchemeMapper(partial(_scheme, gateway, table, models or tuple, listed))
        for gateway, table in description.mappings.items()
    }


def _scheme(gateway: str, table: Mapping[str, Any], models: Callable[[], Iterable[Model]], listed: Listed) -> Scheme:
    """The scheme of a gateway, for its own list and those of the vendors in it."""
    from polyroute.schemes import scheme

    dates = {each.id: tuple(filter(None, [each.release_date])) for each in models() if each.provider == gateway}
    makers = {name.partition("/")[0] for name in dates} | table.get("providers", {}).keys()
    return scheme(table, dates, {maker: ids for maker in makers if (ids := tuple(listed(maker)))})
