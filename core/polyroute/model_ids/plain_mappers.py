"""Mappers for gateways without their own scheme, which spell IDs like the vendor or like another gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

from polyroute.types import IdMapping, Mapper, ModelRef, Routeability

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
    """The mapper of a gateway that spells models like another gateway and offers what its own list has."""

    def __init__(
        self, gateway: str, like: str, listed: Listed, others: Mapping[str, Mapper] = MappingProxyType({})
    ) -> None:
        """`others` has the mappers of all gateways, by gateway."""
        self._gateway, self._like, self._listed, self._others = gateway, like, listed, others

    def among(self, others: Mapping[str, Mapper]) -> LikeMapper:
        """Return the same mapper with access to `others`."""
        return LikeMapper(self._gateway, self._like, self._listed, others)

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the other gateway's ID, if this gateway's own list has it or there is no such list."""
        if model.provider == self._gateway:
            return IdMapping(model.id, "verbatim", f"{model.id} is one of its own IDs and is used unchanged")
        other = self._other
        if other is None:
            why = f"its models are spelled as at {self._like}, which has no mapper"
            return IdMapping(None, "unknown", why)
        found = other.lookup(model)
        if found.id is None or not self._own:
            return found if found.id is None else found._replace(evidence="unlisted")
        if found.id in self._own:
            return IdMapping(found.id, "listed", f"{found.id} is in its list")
        return IdMapping(None, "not_offered", f"{model.id}: its list does not have {found.id}")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return what the other gateway maps the ID back to, if the own list has it or there is no such list."""
        other = self._other
        return other.reverse(gateway_id) if other and (not self._own or gateway_id in self._own) else None

    @property
    def _other(self) -> Mapper | None:
        other = self._others.get(self._like)
        return None if isinstance(other, LikeMapper) else other  # so that there are no chains, and no loops

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self._listed(self._gateway))
