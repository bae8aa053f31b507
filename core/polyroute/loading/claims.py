"""Who owns which provider, and what a gateway carries: plugins' declarations, checked and indexed once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from polyroute.lists import FetchedList
from polyroute.loading.plugin import Plugin
from polyroute.system.plain import quoted
from polyroute.types import DIRECT, Problem, Provider, Routeability

_NEVER_BY_NAME = ("own-cloud", "own-server")


class Claims(NamedTuple):
    """Providers with their owners, by ID and by every name."""

    providers: Mapping[str, Provider]
    """In order of ID."""
    owners: Mapping[str, Plugin]
    names: Mapping[str, str]
    """ID and aliases to ID."""
    lost: frozenset[tuple[Plugin, str]]
    """Which third party claimed a provider that is somebody else's: nothing that it says of that counts."""


def settle(answers: Sequence[tuple[Plugin, Provider]], problems: list[Problem]) -> Claims:
    """Give each provider ID and alias to whoever comes first; everybody else gets a problem."""
    providers: dict[str, Provider] = {}
    owners: dict[str, Plugin] = {}
    names: dict[str, str] = {}
    lost = set()
    for plugin, provider in answers:
        if fault := _taken(provider.id, names, owners):
            problems.append(_refused(plugin, fault))
            if plugin.origin != "bundled":  # a host that brings a provider still wants the list of its models
                lost.add((plugin, provider.id))
            continue
        providers[provider.id], owners[provider.id] = provider, plugin
        for name in (provider.id, *provider.aliases):
            if fault := _taken(name, names, owners):
                problems.append(_refused(plugin, f"alias of {provider.id!r}: {fault}"))
            else:
                names[name] = provider.id
    return Claims({name: providers[name] for name in sorted(providers)}, owners, names, frozenset(lost))


def _taken(name: str, names: Mapping[str, str], owners: Mapping[str, Plugin]) -> str:
    if name in ("", DIRECT):
        return f"{name!r} is no name for a provider"
    return f"{name!r} belongs to plugin {owners[names[name]].label} already" if name in names else ""


def _refused(plugin: Plugin, fault: str) -> Problem:
    remedy = f"Uninstall or disable one of the two, or correct it (POLYROUTE_DISABLE_PLUGINS={quoted(plugin.name)})."
    return plugin.problem(fault, remedy, "polyroute_providers")


def united(answers: Sequence[tuple[Plugin, FetchedList]], problems: list[Problem]) -> tuple[FetchedList, ...]:
    """One list of each name: plugins may share one, and a gateway says so for itself alone."""
    lists: dict[str, FetchedList] = {}
    owners: dict[str, Plugin] = {}
    for plugin, each in answers:
        first, owner = lists.setdefault(each.name, each), owners.setdefault(each.name, plugin)
        if (first.url, first.check) == (each.url, each.check):
            lists[each.name] = first._replace(gateways=tuple(dict.fromkeys((*first.gateways, *each.gateways))))
        else:
            fault = f"the list {each.name!r} belongs to plugin {owner.label} already"
            problems.append(plugin.problem(fault, "Give it another name.", "polyroute_lists"))
    return tuple(lists.values())


def carriers(
    answers: Sequence[tuple[Plugin, Routeability]], claims: Claims, problems: list[Problem]
) -> tuple[dict[str, Routeability], dict[str, tuple[str, ...]]]:
    """Evaluate all rules: the rules by gateway, and for each provider the gateways that carry it.

    The work grows with the length of the rules, not with gateways times providers.
    """
    rules = {rule.gateway: rule for rule in _own_rules(answers, claims, problems)}
    carried: dict[str, list[str]] = {}
    for gateway, rule in rules.items():
        owner = claims.owners[gateway]
        whole = _with_likes(rule, rules, owner, problems)
        for provider in dict.fromkeys(_carried(whole, rule, owner, claims.providers, problems)):
            carried.setdefault(provider, []).append(gateway)
    return rules, {provider: tuple(gateways) for provider, gateways in carried.items()}


def _own_rules(
    answers: Sequence[tuple[Plugin, Routeability]], claims: Claims, problems: list[Problem]
) -> Iterable[Routeability]:
    for plugin, rule in answers:
        if claims.owners.get(rule.gateway) == plugin:
            yield rule
        else:
            fault = f"says what {rule.gateway!r} carries, which is not a provider of its own"
            problems.append(plugin.problem(fault, "Declare the gateway as a provider too.", "polyroute_routeability"))


def _with_likes(
    rule: Routeability, rules: Mapping[str, Routeability], owner: Plugin, problems: list[Problem]
) -> list[Routeability]:
    chain = [rule]
    while (other := rules.get(chain[-1].like)) and other not in chain:
        chain.append(other)
    if chain[-1].like:
        fault = f"{rule.gateway} carries what {chain[-1].like} does, which is not there or leads in a circle"
        problems.append(
            owner.problem(fault, "Install or enable the plugin that provides it.", "polyroute_routeability")
        )
    return chain


def _carried(
    rules: Iterable[Routeability],
    own: Routeability,
    owner: Plugin,
    providers: Mapping[str, Provider],
    problems: list[Problem],
) -> Iterable[str]:
    for rule in rules:
        named = {name: rule.namespaces.get(name, name) for name in (*rule.offered, *rule.namespaces)}
        offered = [name for name, namespace in named.items() if namespace in rule.offered]
        yield from (name for name in offered if name in providers and providers[name].kind == "vendor")
        for name in rule.providers:
            if name in providers and providers[name].kind in _NEVER_BY_NAME:
                fault = f"{own.gateway} can't carry {name}: it is the person's own cloud or server"
                problems.append(owner.problem(fault, "Correct the plugin.", "polyroute_routeability"))
            elif name in providers and name != own.gateway:
                yield name
