"""Mappers for gateways without their own scheme, which spell IDs like the vendor or like another gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute.lazy import cached_property
from polyroute.model_ids.normalize import dated, without_separators
from polyroute.types import IdMapping, Mapper, ModelRef, Routeability

if TYPE_CHECKING:
    from polyroute.model_ids.groups import Groups
    from polyroute.model_ids.scheme import Scheme

Listed = Callable[[str], Iterable[str]]
"""Returns the IDs in a provider's list, whichever plugin supplied it."""


class SpelledMapper:
    """The mapper of a gateway that takes vendors' own IDs, unchanged or after the provider's ID."""

    def __init__(self, rule: Routeability, has_provider: bool, listed: Listed) -> None:
        self._rule = rule
        self._has_provider = has_provider
        self._listed = listed

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the vendor's own ID, even if the gateway's list does not have it."""
        if model.provider == self._rule.gateway:
            return IdMapping(model.id, "verbatim", f"{model.id} is one of its own IDs and is used unchanged")
        namespace = self._rule.namespaces.get(model.provider, model.provider)
        spelled = f"{namespace}/{model.id}" if self._has_provider else model.id
        if spelled in self._own:
            return IdMapping(spelled, "listed", f"{spelled} is in its list")
        return IdMapping(spelled, "unlisted", f"{spelled}: it takes IDs as the vendor spells them")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return the vendor's model if exactly one vendor's own list has it, else None."""
        namespace, slash, rest = gateway_id.partition("/") if self._has_provider else ("", "", gateway_id)
        if self._has_provider and not slash:
            return None
        vendors = [name for name, own in self._vendors.items() if not self._has_provider or own == namespace]
        found = [ModelRef(name, rest) for name in vendors if rest in self._native(name)]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self._listed(self._rule.gateway))

    @cached_property
    def _vendors(self) -> dict[str, str]:
        """From each provider to its namespace."""
        names = (*sorted(self._rule.offered), *self._rule.providers)
        return {**{name: name for name in names}, **self._rule.namespaces}

    def _native(self, vendor: str) -> frozenset[str]:
        known = self._natives.get(vendor)
        if known is None:
            known = self._natives[vendor] = frozenset(self._listed(vendor))
        return known

    @cached_property
    def _natives(self) -> dict[str, frozenset[str]]:
        return {}


class LikeMapper:
    """The mapper of a gateway whose IDs another gateway's scheme can read: equal words are the same model.

    Only models in the gateway's own list are offered. Without such a list it takes the other gateway's IDs.
    """

    def __init__(self, gateway: str, like: str, listed: Listed, more: Scheme | None = None) -> None:
        """`more` is how the gateway spells models beyond what the other's scheme says."""
        self.gateway, self.like, self.more = gateway, like, more
        self._listed = listed
        self._others: Mapping[str, Mapper] = MappingProxyType({})
        self._groups: Groups | None = None

    def among(self, others: Mapping[str, Mapper], groups: Groups | None) -> LikeMapper:
        """Return the same mapper with access to the mappers of all gateways, and to the words of all lists."""
        found = LikeMapper(self.gateway, self.like, self._listed, self.more)
        found._others, found._groups = others, groups
        return found

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the ID by which the gateway's own list has the model, or the reason why there is none."""
        if model.provider == self.gateway:
            return IdMapping(model.id, "verbatim", f"{model.id} is one of its own IDs and is used unchanged")
        if self._other is None:
            return IdMapping(None, "unknown", f"its models are spelled as at {self.like}, which has no mapper")
        groups = self._reading
        if groups is None:
            return self._as_the_other(self._other.lookup(model))
        word = groups.word(model)
        if word is None:
            return IdMapping(None, "unknown", f"{model.id}: it is not known which model that is")
        ids = groups.at(self.gateway, word)
        if not ids:
            return IdMapping(None, "not_offered", f"{model.id}: its list does not have {word}")
        found = _closest(model.id, ids)
        return IdMapping(found, "listed", f"{found} is in its list")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return the maker's own model for one of the gateway's IDs, if exactly one is certain."""
        if self._other is None:
            return None
        if groups := self._reading:
            return groups.native(self.gateway, gateway_id)
        return self._other.reverse(gateway_id) if not self._own or gateway_id in self._own else None

    @property
    def reads_groups(self) -> bool:
        """Whether all IDs that `lookup` returns for others' models are in the groups."""
        return self._reading is not None

    @property
    def _reading(self) -> Groups | None:
        """The groups, if the gateway's own list is known; a model list is not read to find that out."""
        return self._groups if self._groups is not None and (self._groups.has(self.gateway) or self._own) else None

    def _as_the_other(self, found: IdMapping) -> IdMapping:
        if found.id is None or found.id in self._own:
            return found
        if not self._own:
            return found._replace(evidence="unlisted")
        return IdMapping(None, "not_offered", f"its list does not have {found.id}")

    @property
    def _other(self) -> Mapper | None:
        other = self._others.get(self.like)
        return None if isinstance(other, LikeMapper) else other  # so that there are no chains, and no loops

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self._listed(self.gateway))


def _closest(model_id: str, ids: Sequence[str]) -> str:
    """Return the ID that is spelled most like `model_id`, or has its date; else the plainest."""
    if len(ids) == 1:
        return ids[0]
    name, split = without_separators(model_id), dated(model_id.lower())
    spelled = [each for each in ids if without_separators(each.rpartition("/")[2]) == name]
    same_day = [each for each in ids if split and (other := dated(each)) and other[1].agrees(split[1])]
    return (*spelled, *same_day, *ids)[0]
