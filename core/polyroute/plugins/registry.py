"""Which plugin owns which provider, and which providers each gateway carries: declarations, checked and indexed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from polyroute._internal.problems import Reporter
from polyroute._internal.terminal import quoted, some_of
from polyroute.lists.stored import FetchedList
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.trust.approvals import Owner
from polyroute.results import Plugin
from polyroute.types import CHEAPEST, DEFAULT_RANK, DIRECT, Problem, Provider, Routeability

_NEVER_BY_NAME = ("own-cloud", "own-server")
_RULES = "polyroute_routeability"
_MOST_LIKES = 10
"""The most gateways each of which is like the next: all of a chain are looked at for each of its members."""

Owners = Mapping[str, Owner]
"""By provider ID, its owner when the user agreed to give it a key."""


class Registry(NamedTuple):
    """The providers and their owners, by ID and by alias."""

    providers: Mapping[str, Provider]
    """By ID, sorted."""
    owners: Mapping[str, Plugin]
    names: Mapping[str, str]
    """From each ID and alias to the ID."""
    lost: frozenset[tuple[Plugin, str]]
    """Third-party plugins with a provider that they declared but do not own: what they say about it is ignored."""
    claimed: Mapping[Plugin, tuple[Provider, ...]]
    """By plugin, every provider that it declares, whether it owns it or not."""
    agreed: Mapping[str, frozenset[str]]
    """The hosts that the user has agreed to, by provider of a third-party Python plugin.

    For manifests, the user agrees to the manifest as a whole.
    """


def assign_owners(answers: Sequence[tuple[Plugin, Provider]], report: Reporter, recorded: Owners) -> Registry:
    """Give each provider ID and alias to the first plugin that declares it; the others get a problem.

    The host's own plugins and the bundled plugins come first, then third-party plugins that are recorded as the
    owner, then the others in order of rank.
    """
    providers: dict[str, Provider] = {}
    owners: dict[str, Plugin] = {}
    names: dict[str, str] = {}
    lost = set()
    for plugin, provider in sorted(answers, key=lambda answer: _turn(answer[0], answer[1], recorded)):
        if fault := _taken(provider.id, names, owners):
            report(_refused(plugin, fault, provider.id))
            if not plugin.is_bundled:  # an application that overrides a provider still wants the list of its models
                lost.add((plugin, provider.id))
            continue
        providers[provider.id], owners[provider.id] = provider, plugin
        for name in dict.fromkeys((provider.id, *provider.aliases)):
            if fault := _taken(name, names, owners):
                report(_refused(plugin, f"alias of {provider.id!r}: {fault}", provider.id))
            else:
                names[name] = provider.id
    claimed: dict[Plugin, list[Provider]] = {}
    for plugin, provider in answers:
        claimed.setdefault(plugin, []).append(provider)
    agreed = {name: each.hosts for name, each in recorded.items() if name in owners and _may_move(owners[name])}
    found = {name: providers[name] for name in sorted(providers)}
    return Registry(
        found, owners, names, frozenset(lost), {plugin: tuple(each) for plugin, each in claimed.items()}, agreed
    )


def _may_move(owner: Plugin) -> bool:
    return owner.is_third_party and owner.kind == "python"


def without(claims: Registry, refused: Iterable[tuple[Plugin, str]]) -> Registry:
    """Return the claims with these plugins' lists ignored for providers that a third-party plugin owns."""
    lost = {pair for pair in refused if (owner := claims.owners.get(pair[1])) and owner.is_third_party}
    return claims._replace(lost=claims.lost | lost)


def nicknamed(name: str, providers: Mapping[str, Provider]) -> str:
    """Return the provider that users call `name`, in lower case; empty if there is none."""
    return next((each.id for each in providers.values() if name in each.nicknames), "")


def closest(name: str, names: Mapping[str, str], providers: Mapping[str, Provider]) -> list[str]:
    """Return the providers that users call `name`, or whose ID or alias (in `names`) is most similar to it."""
    import difflib

    plain = name.strip().lower().replace(" ", "-")
    if plain not in names and (known := nicknamed(plain, providers)):
        return [known]
    close = [plain] if plain in names else difflib.get_close_matches(plain, names, 3, 0.7)
    return list(dict.fromkeys(names[each] for each in close))


def _turn(plugin: Plugin, provider: Provider, recorded: Owners) -> int:
    if not plugin.is_third_party:
        return 0
    owner = recorded.get(provider.id)
    return 1 if owner and owner.identity == plugin.identity else 2


def _taken(name: str, names: Mapping[str, str], owners: Mapping[str, Plugin]) -> str:
    if name in ("", DIRECT, CHEAPEST):
        return f"{name!r} is not a valid name for a provider"
    return f"{name!r} belongs to plugin {owners[names[name]].label} already" if name in names else ""


def _refused(plugin: Plugin, fault: str, provider: str) -> Problem:
    remedy = f"Uninstall, disable or correct one of the two plugins (POLYROUTE_DISABLE_PLUGINS={quoted(plugin.name)})."
    return plugin.problem(fault, remedy, "polyroute_providers", code="provider-taken", provider=provider)


def merged_lists(
    answers: Sequence[tuple[Plugin, FetchedList]], claims: Registry, report: Reporter
) -> tuple[FetchedList, ...]:
    """Return one list for each name. Plugins may share a list, each naming its own gateways for it.

    A list named after a provider belongs to the provider's owner; the same list of a plugin that lost the claim to the
    provider is a problem.
    """
    lists: dict[str, FetchedList] = {}
    owners: dict[str, Plugin] = {}
    own = {each.name: (plugin, each) for plugin, each in answers if claims.owners.get(each.name) == plugin}
    for plugin, each in answers:
        if (plugin, each.name) in claims.lost:
            fault = f"the list {each.name!r} belongs to plugin {claims.owners[each.name].label}"
            report(plugin.problem(fault, "Correct the plugin.", "polyroute_lists", code="list-taken"))
            continue
        first_owner, first_list = own.get(each.name, (plugin, each))
        first, owner = lists.setdefault(each.name, first_list), owners.setdefault(each.name, first_owner)
        if first is each or (first.url, first.check) == (each.url, each.check):
            lists[each.name] = first._replace(gateways=tuple(dict.fromkeys((*first.gateways, *each.gateways))))
        else:
            fault = f"the list {each.name!r} already belongs to plugin {owner.label}"
            report(plugin.problem(fault, "Give it another name.", "polyroute_lists", code="list-taken"))
    return tuple(lists.values())


class Gateways(NamedTuple):
    """Which providers gateways carry."""

    rules: Mapping[str, Routeability]
    """By gateway, in order of rank."""
    carriers: Mapping[str, tuple[str, ...]]
    """By provider, the gateways that carry it, in order of rank."""
    representatives: Mapping[str, Plugin]
    """By gateway, the plugin that declares what it carries and how it spells models: its owner or an extension."""


def gateways(answers: Sequence[tuple[Plugin, Routeability]], claims: Registry, report: Reporter) -> Gateways:
    """Evaluate all routeability rules. The work grows with the rules' length, not with gateways times providers."""
    accepted = dict(_accepted(answers, claims, report))
    ranked = sorted(accepted.items(), key=lambda item: item[1][1].rank)
    rules = {gateway: rule for gateway, (_, rule) in ranked}
    representatives = {gateway: plugin for gateway, (plugin, _) in accepted.items()}
    carried: dict[str, list[str]] = {}
    for problem in _like_nobody(rules, representatives):
        report(problem)
    for gateway, rule in rules.items():
        whole = _with_likes(rule, rules)
        if rule.by_list and (makers := claims.providers[gateway].makers):
            whole = [_narrowed(whole, makers)]
        for provider in dict.fromkeys(_carried(whole, rule, representatives[gateway], claims.providers, report)):
            carried.setdefault(provider, []).append(gateway)
    return Gateways(rules, {provider: tuple(each) for provider, each in carried.items()}, representatives)


def _accepted(
    answers: Sequence[tuple[Plugin, Routeability]], claims: Registry, report: Reporter
) -> Iterable[tuple[str, tuple[Plugin, Routeability]]]:
    """Yield the accepted rules with their plugins: owners' rules, then the first rule that extends each provider."""
    spoken: dict[str, Plugin] = {}
    for plugin, rule in answers:
        if claims.owners.get(rule.gateway) == plugin:
            spoken[rule.gateway] = plugin
            yield rule.gateway, (plugin, rule._replace(extends=False))
    for plugin, rule in answers:
        if claims.owners.get(rule.gateway) == plugin:
            continue
        if fault := _not_extended(plugin, rule, claims, spoken):
            remedy = "Declare the gateway as a provider too, or extend the provider of another plugin (`extends`)."
            report(plugin.problem(fault, remedy, _RULES, code="not-a-gateway", provider=rule.gateway))
        else:
            spoken[rule.gateway] = plugin
            rank = rule.rank if plugin.is_bundled else max(rule.rank, DEFAULT_RANK)
            yield rule.gateway, (plugin, rule._replace(preferred=False, rank=rank))


def _not_extended(plugin: Plugin, rule: Routeability, claims: Registry, spoken: Mapping[str, Plugin]) -> str:
    """Return why a rule for another plugin's provider is not accepted; empty if it is."""
    name = rule.gateway
    if not rule.extends or (plugin, name) in claims.lost:
        return f"declares what {name!r} carries, which is not its own provider"
    if name not in claims.providers:
        return f"extends {name!r}, which no plugin declares"
    if name in spoken:
        return f"extends {name!r}, for which plugin {spoken[name].label} already declares what it carries"
    kind = claims.providers[name].kind
    return f"extends {name!r}, which is the user's {kind.replace('-', ' ')}" if kind in _NEVER_BY_NAME else ""


def extended(claims: Registry, found: Gateways) -> Mapping[str, Provider]:
    """Return the providers, with the kind of those that a plugin extends set to `gateway`."""
    kinds = {name: "gateway" for name, rule in found.rules.items() if rule.extends}
    return {name: each._replace(kind="gateway") if name in kinds else each for name, each in claims.providers.items()}


def _with_likes(rule: Routeability, rules: Mapping[str, Routeability]) -> list[Routeability]:
    chain = [rule]
    while (other := rules.get(chain[-1].like)) and other not in chain and len(chain) < _MOST_LIKES:
        chain.append(other)
    return chain


def _like_nobody(rules: Mapping[str, Routeability], representatives: Mapping[str, Plugin]) -> Iterable[Problem]:
    """Yield one problem for the gateways of each distribution that are like one that does not exist."""
    lost: dict[tuple[str, str, str], list[str]] = {}
    for gateway, rule in rules.items():
        if missing := _with_likes(rule, rules)[-1].like:
            author = representatives[gateway]
            lost.setdefault((missing, author.distribution, author.distribution or author.name), []).append(gateway)
    for (missing, *_), gateways in lost.items():
        verb = "is" if len(gateways) == 1 else "are"
        fault = (
            f"{some_of(gateways)} {verb} like {missing}, which is not installed, refers back to it or is too far away"
        )
        remedy = "Install or enable the plugin that provides it."
        yield representatives[gateways[0]].problem(fault, remedy, _RULES, code="like-nobody", provider=gateways[0])


def _narrowed(chain: Sequence[Routeability], makers: Iterable[str]) -> Routeability:
    """Return the first rule of a chain of likes, with the namespaces of these makers."""
    known = _merged([rule.makers for rule in chain])
    namespaces = _merged([rule.namespaces for rule in chain])
    offered = frozenset(known.get(maker, maker) for maker in makers)
    return chain[0]._replace(offered=chain[0].offered | offered, namespaces=namespaces)


def _merged(tables: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the entries of all tables, of which the first counts. One that is alone is not copied."""
    first, *others = [*filter(None, tables)] or [{}]
    return {name: each for table in (*reversed(others), first) for name, each in table.items()} if others else first


def _carried(
    rules: Iterable[Routeability],
    own: Routeability,
    author: Plugin,
    providers: Mapping[str, Provider],
    report: Reporter,
) -> Iterable[str]:
    for rule in rules:
        known = (rule.offered | rule.namespaces.keys()) & providers.keys()
        offered = [name for name in known if rule.namespaces.get(name, name) in rule.offered]
        yield from (name for name in offered if providers[name].kind == "vendor")
        for name in rule.providers:
            if name in providers and providers[name].kind in _NEVER_BY_NAME:
                fault = f"{own.gateway} can't carry {name}: it is the user's own cloud or server"
                remedy = "Correct the plugin."
                report(author.problem(fault, remedy, _RULES, code="not-carried", provider=own.gateway))
            elif name in providers and name != own.gateway:
                yield name
