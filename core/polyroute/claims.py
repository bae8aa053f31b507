"""Who owns which provider, and what a gateway carries: plugins' declarations, checked and indexed once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from polyroute.loading import Plugin
from polyroute.types import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    Group,
    Problem,
    Provider,
    ProviderKind,
    Routeability,
    Slot,
)

_SLUG = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
_KINDS = get_args(ProviderKind)
_NEVER_BY_NAME = ("own-cloud", "own-server")


class Claims(NamedTuple):
    """Providers with their owners, by ID and by every name."""

    providers: Mapping[str, Provider]
    """In order of ID."""
    owners: Mapping[str, Plugin]
    names: Mapping[str, str]
    """ID and aliases to ID."""


def settle(answers: Sequence[tuple[Plugin, Provider]], problems: list[Problem]) -> Claims:
    """Give each provider ID and alias to whoever comes first; everybody else gets a problem."""
    providers: dict[str, Provider] = {}
    owners: dict[str, Plugin] = {}
    names: dict[str, str] = {}
    for plugin, provider in answers:
        if fault := _fault(provider) or _taken(provider.id, names, owners):
            problems.append(_refused(plugin, fault))
            continue
        providers[provider.id] = provider
        owners[provider.id] = plugin
        names[provider.id] = provider.id
    _add_aliases(providers, owners, names, problems)
    return Claims({name: providers[name] for name in sorted(providers)}, owners, names)


def _add_aliases(
    providers: Mapping[str, Provider], owners: Mapping[str, Plugin], names: dict[str, str], problems: list[Problem]
) -> None:
    for provider in providers.values():
        for alias in provider.aliases:
            if fault := _taken(alias, names, owners):
                problems.append(_refused(owners[provider.id], f"alias of {provider.id!r}: {fault}"))
            else:
                names[alias] = provider.id


def _taken(name: str, names: Mapping[str, str], owners: Mapping[str, Plugin]) -> str:
    return f"{name!r} belongs to plugin {owners[names[name]].label} already" if name in names else ""


def _refused(plugin: Plugin, fault: str) -> Problem:
    remedy = f"Uninstall or disable one of the two, or correct it (POLYROUTE_DISABLE_PLUGINS={plugin.name})."
    return plugin.problem(fault, remedy, "polyroute_providers")


def carriers(
    answers: Sequence[tuple[Plugin, Routeability]], claims: Claims, problems: list[Problem]
) -> tuple[dict[str, Routeability], dict[str, tuple[str, ...]]]:
    """Evaluate all rules: the rules by gateway, and for each provider the gateways that carry it.

    The work grows with the length of the rules, not with gateways times providers.
    """
    rules = {rule.gateway: rule for _, rule in _own_rules(answers, claims, problems)}
    carried: dict[str, list[str]] = {}
    for gateway, rule in rules.items():
        whole = _with_likes(rule, rules, problems)
        for provider in dict.fromkeys(_carried(whole, rule, claims.providers, problems)):
            carried.setdefault(provider, []).append(gateway)
    return rules, {provider: tuple(gateways) for provider, gateways in carried.items()}


def _own_rules(
    answers: Sequence[tuple[Plugin, Routeability]], claims: Claims, problems: list[Problem]
) -> Iterable[tuple[Plugin, Routeability]]:
    for plugin, rule in answers:
        if not _rule_is_sound(rule):
            fault, remedy = f"gave a rule for {rule.gateway!r} that has wrong types", "Correct the plugin."
        elif claims.owners.get(rule.gateway) != plugin:
            fault = f"says what {rule.gateway!r} carries, which is not a provider of its own"
            remedy = "Declare the gateway as a provider too."
        else:
            yield plugin, rule
            continue
        problems.append(plugin.problem(fault, remedy, "polyroute_routeability"))


def _with_likes(rule: Routeability, rules: Mapping[str, Routeability], problems: list[Problem]) -> list[Routeability]:
    chain = [rule]
    while (other := rules.get(chain[-1].like)) and other not in chain:
        chain.append(other)
    if chain[-1].like:
        fault = f"{rule.gateway} carries what {chain[-1].like} does, which is not there or leads in a circle"
        problems.append(Problem(fault, "Install or enable the plugin that provides it.", hook="polyroute_routeability"))
    return chain


def _carried(
    rules: Iterable[Routeability], own: Routeability, providers: Mapping[str, Provider], problems: list[Problem]
) -> Iterable[str]:
    for rule in rules:
        named = {name: rule.namespaces.get(name, name) for name in (*rule.offered, *rule.namespaces)}
        offered = [name for name, namespace in named.items() if namespace in rule.offered]
        yield from (name for name in offered if name in providers and providers[name].kind == "vendor")
        for name in rule.providers:
            if name in providers and providers[name].kind in _NEVER_BY_NAME:
                fault = f"{own.gateway} can't carry {name}: it is the person's own cloud or server"
                problems.append(Problem(fault, "Correct the plugin.", hook="polyroute_routeability"))
            elif name in providers and name != own.gateway:
                yield name


def _fault(provider: Provider) -> str:
    """What is wrong with a provider's declaration; in full before anybody relies on it."""
    if not isinstance(provider.id, str) or not re.fullmatch(_SLUG, provider.id):
        return f"the provider ID {provider.id!r} is no lower-case slug"
    checks = (
        (isinstance(provider.name, str) and bool(provider.name), "name"),
        (provider.kind in _KINDS, "kind"),
        (
            _all(provider.requirement, Group) and all(_group_is_sound(each) for each in provider.requirement),
            "requirement",
        ),
        (isinstance(provider.base_url, str), "base_url"),
        (_all(provider.base_url_cases, BaseUrlCase), "base_url_cases"),
        (isinstance(provider.protocol, str), "protocol"),
        (isinstance(provider.auth, AuthHeader), "auth"),
        (_all(provider.headers, tuple), "headers"),
        (_all(provider.aliases, str), "aliases"),
    )
    wrong = [name for sound, name in checks if not sound]
    return f"provider {provider.id!r} has a wrong {' and '.join(wrong)}" if wrong else ""


def _rule_is_sound(rule: Routeability) -> bool:
    sets = isinstance(rule.offered, frozenset) and isinstance(rule.namespaces, Mapping)
    return sets and isinstance(rule.gateway, str) and _all(rule.providers, str)


def _group_is_sound(group: Group) -> bool:
    return _all(group.slots, Slot) and all(_all(slot.alternatives, Alternative) for slot in group.slots)


def _all(values: object, kind: type) -> bool:
    return isinstance(values, tuple) and all(isinstance(each, kind) for each in values)
