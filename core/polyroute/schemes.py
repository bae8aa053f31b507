"""How a gateway spells models, as data: the one type, and its form in TOML, which manifests can embed.

`docs/mapping.md` tells how a scheme is written; `polyroute.mapping` is the engine that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from polyroute.spelling import MAKERS, RULES

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Naming(NamedTuple):
    """How one provider names models."""

    namespace: str = ""
    """The gateway's namespace for it, where it makes its models itself."""
    rules: tuple[str, ...] = ()
    """Names in `spelling.RULES`, applied in order, and in `spelling.MAKERS`."""
    prefixes: tuple[str, ...] = ()
    """What its IDs start with and a model's name does not, in lower case."""
    suffixes: tuple[str, ...] = ()
    """What says how it serves a model, at the end, in lower case."""

    @property
    def is_plain(self) -> bool:
        """Whether its IDs are nothing but names of models."""
        return not (self.rules or self.prefixes or self.suffixes)


class Alias(NamedTuple):
    """What a name means at the gateway."""

    id: str
    """Empty where the name must not be taken for what it looks like."""
    why: str


class Scheme(NamedTuple):
    """How a gateway spells models: all that is particular about it, as data."""

    provider: str
    """The provider whose IDs are the gateway's own, and kept to the letter."""
    models: Mapping[str, tuple[str, ...]]
    """The gateway's list: each ID with the dates known of it, ISO 8601."""
    namings: Mapping[str, Naming] = _EMPTY
    """By provider ID. Of several vendors with one namespace, the way back leads to that of its name, else the first."""
    same: Mapping[str, str] = _EMPTY
    """Other names of providers."""
    organisations: Mapping[str, str] = _EMPTY
    """Makers as hosts spell them, to namespace. A namespace is one spelling of itself."""
    families: Mapping[str, str] = _EMPTY
    """First words of models' names, to namespace."""
    aliases: Mapping[str, Alias] = _EMPTY
    """What no rule can know, by `namespace/name`."""
    aliases_at: Mapping[str, Mapping[str, Alias]] = _EMPTY
    """By provider, what a name means there and nowhere else."""
    native: Mapping[str, tuple[str, ...]] = _EMPTY
    """By vendor, the IDs in its own list: what the way back can lead to."""


def scheme(
    table: Mapping[str, Any], models: Mapping[str, tuple[str, ...]], native: Mapping[str, tuple[str, ...]] = _EMPTY
) -> Scheme:
    """The scheme that a TOML table describes, for a gateway with these models. Raises ValueError."""
    providers: Mapping[str, Mapping[str, Any]] = table.get("providers", {})
    if wrong := {rule for each in providers.values() for rule in each.get("rules", ())} - {*RULES, *MAKERS}:
        raise ValueError(f"no rule is called {' or '.join(sorted(wrong))}; there are {', '.join([*MAKERS, *RULES])}")
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
    )


def _naming(table: Mapping[str, Any]) -> Naming:
    affixes = (tuple(each.lower() for each in table.get(key, ())) for key in ("prefixes", "suffixes"))
    return Naming(table.get("namespace", ""), tuple(table.get("rules", ())), *affixes)
