"""The models that clients name. A name is never resolved by likeness, and never to the newest of several models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from polyroute._internal.spelling import did_you_mean
from polyroute.errors import InvalidModelReference
from polyroute.types import ModelRef, Provider

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_LONG_CONTEXT = "[1m]"
"""A suffix by which an agent asks for a longer context. It is never a part of a model's ID."""
_ALIKE, _MOST = 0.75, 3


def named(name: str, protocol: str, catalog: Catalog, shortcuts: Mapping[str, str]) -> str | ModelRef:
    """Return the model reference that a client of the API `protocol` means by `name`.

    In this order: the user's shortcut, `provider/id`, the ID of a model of the user's own, the exact ID in the list of
    the provider that designed the API, the exact ID in the list of one vendor. Raises InvalidModelReference if it is
    none of them, or if several vendors list the ID and it is unknown which of them makes the model.
    """
    name = name.removesuffix(_LONG_CONTEXT)
    if name in shortcuts:
        return shortcuts[name]
    if "/" in name and name.partition("/")[0] in catalog.plugins.names:
        return name
    own = [ref for ref in catalog.custom_refs if ref.id == name]
    return _only(name, own) if own else _listed(name, protocol, catalog, shortcuts)


def _listed(name: str, protocol: str, catalog: Catalog, shortcuts: Mapping[str, str]) -> ModelRef:
    vendors = [each for each in catalog.plugins.providers.values() if _lists(each, name, catalog)]
    designers = [each for each in vendors if protocol in each.own_protocols]
    found = [ModelRef(each.id, name) for each in designers or vendors]
    if len(found) > 1:
        found = _of_their_maker(found, catalog) or found
    return _only(name, found) if found else _refuse(name, catalog, shortcuts)


def _lists(provider: Provider, name: str, catalog: Catalog) -> bool:
    return provider.kind == "vendor" and provider.selectable and name in catalog.plugins.models(provider.id)


def _of_their_maker(found: Sequence[ModelRef], catalog: Catalog) -> list[ModelRef]:
    """Return the one of several vendors' models that is its maker's own, if that is certain."""
    groups = catalog.plugins.groups
    makers = {groups.native(*each) for each in found} if groups else set()
    return [each for each in found if makers == {each}]


def _only(name: str, found: Sequence[ModelRef]) -> ModelRef:
    if len(found) == 1:
        return found[0]
    references = [*map(str, found)]
    raise InvalidModelReference(
        f"{name} is the ID of several models.", f"Write {' or '.join(references)}.", references[:_MOST]
    )


def _refuse(name: str, catalog: Catalog, shortcuts: Mapping[str, str]) -> ModelRef:
    """Raise the error for a name that is no model's, with similar names."""
    if "/" in name:  # a reference, whose provider is unknown
        catalog.routes(name)
    known = dict.fromkeys((*shortcuts, *(each.id for each in catalog.plugins.all_models())))
    alike = _references(get_close_matches(name, known, _MOST, _ALIKE), catalog)
    remedy = "Name the model as `provider/model`, or define it: `polyroute shortcut set NAME provider/model`."
    meant = f"{did_you_mean(alike)} {remedy}" if alike else remedy
    raise InvalidModelReference(f"No vendor lists a model {name!r}.", meant, alike)


def _references(names: Sequence[str], catalog: Catalog) -> Sequence[str]:
    first = {each.id: each.ref for each in reversed([*catalog.plugins.all_models()])}
    return [str(first.get(each, each)) for each in names]
