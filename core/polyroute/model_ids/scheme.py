"""How a gateway spells models, as data: the type `Scheme` and its form in TOML, which manifests can embed.

`docs/mapping.md` documents the format; `polyroute.model_ids.mapper` is the engine that applies a scheme.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from polyroute.model_ids.normalize import MAKERS, RULES
from polyroute.named_tuples import NamedTuple

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Naming(NamedTuple):
    """How one provider names models."""

    namespace: str = ""
    """The gateway's namespace for the provider, if it makes its models itself."""
    rules: tuple[str, ...] = ()
    """Names in `spelling.RULES`, applied in order, and in `spelling.MAKERS`."""
    prefixes: tuple[str, ...] = ()
    """Prefixes of its IDs that are not part of a model's name, in lower case."""
    suffixes: tuple[str, ...] = ()
    """Suffixes that say how a model is served, in lower case."""

    @property
    def is_plain(self) -> bool:
        """Whether its IDs are plain names of models."""
        return not (self.rules or self.prefixes or self.suffixes)


class Alias(NamedTuple):
    """The gateway's model that a name means."""

    id: str
    """Empty if the name must not be mapped to the model that it resembles."""
    why: str


class Scheme(NamedTuple):
    """How a gateway spells models, as data."""

    provider: str
    """The provider whose IDs are the gateway's own and are used unchanged."""
    models: Mapping[str, tuple[str, ...]]
    """The gateway's list: each ID with its known release dates (ISO 8601)."""
    namings: Mapping[str, Naming] = _EMPTY
    """By provider ID. A namespace that several vendors share maps back to the vendor of its name, else the first."""
    same: Mapping[str, str] = _EMPTY
    """From other names of providers to their IDs."""
    organisations: Mapping[str, str] = _EMPTY
    """From makers as hosts spell them to the namespace. A namespace always stands for itself."""
    families: Mapping[str, str] = _EMPTY
    """From the first words of models' names to the namespace."""
    aliases: Mapping[str, Alias] = _EMPTY
    """By `namespace/name`, mappings that no rule can derive."""
    aliases_at: Mapping[str, Mapping[str, Alias]] = _EMPTY
    """By provider, the aliases that hold for its IDs only."""
    native: Mapping[str, tuple[str, ...]] = _EMPTY
    """By vendor, the IDs in its own list, to which the gateway's IDs are mapped back."""
    listings: Mapping[str, Naming] = _EMPTY
    """By provider ID, how its IDs are read only to group listings, where that differs from `namings`."""
    stated: Mapping[str, Mapping[str, tuple[str, str]]] = _EMPTY
    """By provider and ID in lower case, what lists state (`list_evidence`): an ID (empty: none) and the reason."""


def scheme(
    table: Mapping[str, Any],
    models: Mapping[str, tuple[str, ...]],
    native: Mapping[str, tuple[str, ...]] = _EMPTY,
    stated: Mapping[str, Mapping[str, tuple[str, str]]] = _EMPTY,
) -> Scheme:
    """Return the scheme in a TOML table for a gateway with these models. Raises ValueError for an unknown rule."""
    providers: Mapping[str, Mapping[str, Any]] = table.get("providers", {})
    listings: Mapping[str, Mapping[str, Any]] = table.get("listings", {})
    namings = [*providers.values(), *listings.values()]
    if wrong := {rule for each in namings for rule in each.get("rules", ())} - {*RULES, *MAKERS}:
        raise ValueError(f"there is no rule {' or '.join(sorted(wrong))}; the rules are {', '.join([*MAKERS, *RULES])}")
    aliases = table.get("aliases", {})
    return Scheme(
        table["provider"],
        models,
        {name: _naming(each) for name, each in providers.items()},
        {alias: name for name, each in providers.items() for alias in each.get("aliases", ())},
        table.get("organisations", {}),
        table.get("families", {}),
        {name: Alias(*each) for name, each in aliases.items()},
        {at: {name: Alias(*each) for name, each in inner.items()} for at, inner in table.get("aliases_at", {}).items()},
        native,
        {name: _naming(each) for name, each in listings.items()},
        stated,
    )


def _naming(table: Mapping[str, Any]) -> Naming:
    affixes = (tuple(each.lower() for each in table.get(key, ())) for key in ("prefixes", "suffixes"))
    return Naming(table.get("namespace", ""), tuple(table.get("rules", ())), *affixes)
