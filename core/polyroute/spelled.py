"""Mappers for gateways without a scheme of their own: IDs are spelled as by the vendor, or as by another gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

from polyroute.types import IdMapping, Mapper, ModelRef, Routeability

Listed = Callable[[str], Iterable[str]]
"""The IDs in the list of a provider, whoever brought it."""


class SpelledMapper:
    """A gateway that takes vendors' own IDs, bare or after the provider's ID."""

    def __init__(self, rule: Routeability, has_provider: bool, listed: Listed) -> None:
        self._rule = rule
        self._has_provider = has_provider
        self._listed = listed

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """The vendor's own ID, whether the gateway's list has it or not."""
        if model.provider == self._rule.gateway:
            return IdMapping(model.id, "verbatim", f"{model.id} is an ID of its own, kept to the letter")
        namespace = self._rule.namespaces.get(model.provider, model.provider)
        spelled = f"{namespace}/{model.id}" if self._has_provider else model.id
        if spelled in self._own:
            return IdMapping(spelled, "listed", f"{spelled} is in its list")
        return IdMapping(spelled, "unlisted", f"{spelled}: it takes IDs as the vendor spells them")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """The model of exactly one vendor whose own list has it."""
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
        """By provider, its namespace."""
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
    """A gateway that spells models as another does, and offers what its own list has."""

    def __init__(
        self, gateway: str, like: str, listed: Listed, others: Mapping[str, Mapper] = MappingProxyType({})
    ) -> None:
        """`others` are the mappers of all gateways, by gateway."""
        self._gateway, self._like, self._listed, self._others = gateway, like, listed, others

    def among(self, others: Mapping[str, Mapper]) -> LikeMapper:
        """The same mapper with `others` beside it."""
        return LikeMapper(self._gateway, self._like, self._listed, others)

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """The other gateway's ID, where the own list has it or there is none."""
        if model.provider == self._gateway:
            return IdMapping(model.id, "verbatim", f"{model.id} is an ID of its own, kept to the letter")
        other = self._other
        if other is None:
            why = f"its models are spelled as {self._like} spells them, which has no mapper of its own"
            return IdMapping(None, "unknown", why)
        found = other.lookup(model)
        if found.id is None or not self._own:
            return found if found.id is None else found._replace(evidence="unlisted")
        if found.id in self._own:
            return IdMapping(found.id, "listed", f"{found.id} is in its list")
        return IdMapping(None, "not_offered", f"{model.id}: its list does not have {found.id}")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """What the other gateway's ID leads to, where the own list has it or there is none."""
        other = self._other
        return other.reverse(gateway_id) if other and (not self._own or gateway_id in self._own) else None

    @property
    def _other(self) -> Mapper | None:
        other = self._others.get(self._like)
        return None if isinstance(other, LikeMapper) else other  # no chain can lead in a circle

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self._listed(self._gateway))
