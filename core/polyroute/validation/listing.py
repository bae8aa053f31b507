"""Whether a provider has a model, as far as lists tell: they are never the newest."""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from polyroute.lists.stored import age
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef
from polyroute.validation.sections import Severity

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.lists.stored import Age

_ALIKE, _VERY_ALIKE = 0.75, 0.9
_MOST = 3
_VERSION = r"(?:[@-]\d{8}|-\d{4}-\d{2}-\d{2}|-\d{2}-\d{4}|-\d{4}|-latest|@latest|@default)$"
_REGION = r"^(?:us|eu|apac|au|jp|ca|sa|me|af|us-gov|global)\."
_OF_ONES_OWN = r"^(?:ft:|arn:|@|projects/|endpoints/|publishers/|accounts/[^/]+/(?:deployments|models)/)|[*]"


class Unlisted(NamedTuple):
    """A model that its provider's list does not have."""

    code: str
    severity: Severity
    message: str
    remedy: str


def unlisted(
    catalog: Catalog, ref: ModelRef, by_strictness: Severity, *, runs: bool = False, is_split: bool = False
) -> Unlisted | None:
    """Return what is to be said about a model that is in no list; None if nothing.

    It is a warning where the list is old, where the provider takes names of the user's own, or where the model `runs`
    all the same; else it is as severe as `by_strictness` says. `is_split`: the provider has a field of its own.
    """
    provider, listed = catalog.plugins.providers[ref.provider], catalog.plugins.models(ref.provider)
    if _is_listed(ref.id, listed) or catalog.custom_model(ref):
        return None
    if once := _undoubled(catalog, ref, listed):
        doubled = once if is_split else f"{ref.provider}/{once}"
        wrong: Severity = "warning" if provider.kind == "own-server" else by_strictness
        return Unlisted("doubled_prefix", wrong, "the provider stands in it twice", f"Write {doubled}.")
    if not listed or provider.kind == "own-server":
        return None
    of, takes_own = _age(catalog, ref.provider), provider.kind == "own-cloud"
    close = difflib.get_close_matches(ref.id, listed, _MOST, _VERY_ALIKE if takes_own else _ALIKE)
    if takes_own and not close:
        return None
    is_certain = not (takes_own or runs or (of and of.is_old)) and (_is_typo(ref.id, close) or _is_fresh(of))
    severity: Severity = by_strictness if is_certain else "warning"
    if (makers := _of_vendors(catalog.plugins).get(ref.id)) and provider.kind == "vendor":
        fault = f"{ref.id} is not a model of {provider.id}"
        wrong = "warning" if of and of.is_old and runs else "error"
        return Unlisted("model_incompatible", wrong, fault, f"Did you mean {' or '.join(makers)}?")
    fault = f"{ref.id} is not in the list of {provider.id}'s models{_dated(of)}"
    return Unlisted("model_not_listed", severity, fault, _remedy(ref, close, of, takes_own=takes_own))


def closest(catalog: Catalog, model_id: str) -> tuple[list[str], list[str]]:
    """Return the vendors' models with this ID, and those with the most similar IDs, as references."""
    vendors = _of_vendors(catalog.plugins)
    if model_id in vendors:
        return list(vendors[model_id]), []
    return [], [vendors[each][0] for each in difflib.get_close_matches(model_id, vendors, _MOST, _ALIKE)]


@lru_cache(maxsize=4)
def _of_vendors(plugins: Plugins) -> Mapping[str, tuple[str, ...]]:
    """Return references to the models of all vendors by their IDs."""
    found: dict[str, tuple[str, ...]] = {}
    for provider in plugins.providers.values():
        if provider.kind == "vendor":
            for model_id, model in plugins.models(provider.id).items():
                found[model_id] = (*found.get(model_id, ()), str(model.ref))
    return found


def _is_listed(model_id: str, listed: Container[str]) -> bool:
    if model_id in listed or re.search(_OF_ONES_OWN, model_id):
        return True
    plain = re.sub(_REGION, "", model_id)
    forms = {plain, re.sub(_VERSION, "", plain), plain.rpartition(":")[0], re.sub(r"\[\w+\]$", "", plain)}
    return any(form in listed for form in forms if form)


def _age(catalog: Catalog, provider: str) -> Age | None:
    lists = catalog.plugins.lists
    own = [each for each in lists if provider in each.gateways]
    return age((own or list(lists))[0]) if lists else None


def _is_fresh(of: Age | None) -> bool:
    return bool(of and of.is_fresh)


def _is_typo(model_id: str, close: list[str]) -> bool:
    """Return whether an ID differs from a listed one in letters only: a new version has other digits."""
    return any(re.findall(r"\d", model_id) == re.findall(r"\d", each) for each in close)


def _dated(of: Age | None) -> str:
    return f" ({of})" if of else ""


def _remedy(ref: ModelRef, close: list[str], of: Age | None, *, takes_own: bool) -> str:
    meant = f"Did you mean {' or '.join(f'{ref.provider}/{each}' for each in close)}?" if close else ""
    if takes_own:
        return f"{meant} A name of your own is fine."
    newer = "" if of and of.is_fresh else " A newer list may have it: polyroute refresh."
    return f"{meant or f'See `polyroute models --provider {ref.provider}`.'}{newer}"


def _undoubled(catalog: Catalog, ref: ModelRef, listed: Iterable[str]) -> str:
    """Return the ID without a prefix that stands twice; empty if none does.

    A gateway may have models under its own name: only what is longer than those is a prefix.
    """
    first, _, rest = ref.id.partition("/")
    names = catalog.plugins.names
    is_owner = "/" not in rest and any(each.startswith(f"{first}/") for each in listed)
    if rest and names.get(first) == ref.provider and not is_owner:
        return rest
    parts = ref.id.split("/")
    if len(parts) > 2 and parts[0] == parts[1]:
        return "/".join(parts[1:])
    return ""
